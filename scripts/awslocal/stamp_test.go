package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/lethe-ocr/lethe/scripts/awslocal/stack"
	"github.com/lethe-ocr/lethe/scripts/stamptest"
	"github.com/lethe-ocr/lethe/shared/storage/aws/emulator"
)

// emulators are shared by the stamps of these tests; their files are below emulatorFolder.
var (
	emulators      emulator.Set
	emulatorFolder string
)

func TestMain(m *testing.M) {
	os.Exit(func() int {
		folder, err := os.MkdirTemp("", "awslocal-test-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.RemoveAll(folder) }() // of tests that have ended
		emulatorFolder = filepath.Join(folder, "emulators")
		if err := errors.Join(os.Mkdir(emulatorFolder, 0o700), os.Setenv("TMPDIR", emulatorFolder)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer emulators.Close()
		return m.Run()
	}())
}

// unpacked is the Lambda package that LAMBDA_PACKAGE names, or else one with the program that LETHE_BIN names.
var unpacked = sync.OnceValues(func() (string, error) {
	folder := filepath.Join(filepath.Dir(emulatorFolder), "package")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return "", err
	}
	if archive := os.Getenv("LAMBDA_PACKAGE"); archive != "" {
		return folder, stack.Unpack(archive, folder)
	}
	program := os.Getenv("LETHE_BIN")
	if program == "" {
		return "", nil
	}
	if err := os.Symlink(program, filepath.Join(folder, "bootstrap")); err != nil {
		return "", err
	}
	warm := exec.Command(program, "warm")
	warm.Env = append(os.Environ(), "LETHE_CACHE="+filepath.Join(folder, "cache"))
	if err := os.Mkdir(filepath.Join(folder, "cache"), 0o700); err != nil {
		return "", err
	}
	out, err := warm.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("fill the compilation cache: %w: %s", err, out)
	}
	return folder, err
})

// stamp is a running stamp. It is driven as a client drives it: through HTTP alone.
type stamp struct {
	*stack.Stack
	stamptest.Client
	public string // half of the signing key
}

// start runs a stamp of its own for the test, with a timer that ticks every five seconds. It skips by name what is missing.
func start(t *testing.T, settings map[string]string, change func(*stack.Config)) *stamp {
	t.Helper()
	folder, err := unpacked()
	if err != nil {
		t.Fatal(err)
	}
	if folder == "" {
		t.Skip("no package: LAMBDA_PACKAGE names no zip, and LETHE_BIN no program")
	}
	s := &stamp{}
	values, public := stamptest.Settings(t)
	maps.Copy(values, settings)
	s.public = public
	cfg := stack.Config{
		Emulators: &emulators, Package: folder, Name: strings.ToLower(strings.Map(letters, t.Name())), Settings: values,
		Tick: 5 * time.Second, Hidden: 10 * time.Second,
	}
	cfg.Name = cfg.Name[max(0, len(cfg.Name)-40):]
	if change != nil {
		change(&cfg)
	}
	s.Stack, err = stack.Start(t.Context(), cfg)
	if errors.Is(err, emulator.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.Client = stamptest.Client{Base: s.URL(), Uploaded: http.StatusOK}
	t.Cleanup(func() {
		s.Stop()
		s.checkSilence(t)
		if t.Failed() {
			t.Logf("the log ends with:\n%s", s.Log()[max(0, len(s.Log())-6000):])
		}
	})
	stamptest.Await(t, "the stamp is ready", func() bool { return s.Try(t, http.MethodGet, "/readyz", nil) == http.StatusOK })
	return s
}

func letters(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
		return r
	}
	return -1
}

// checkSilence looks for content and secrets in everything that emulator and functions printed.
func (s *stamp) checkSilence(t *testing.T) {
	t.Helper()
	for _, word := range []string{stamptest.Canary, stamptest.Secret, "X-Amz-Signature", emulator.SecretKey} {
		if bytes.Contains(s.Log(), []byte(word)) {
			t.Errorf("%q is in the log", word)
		}
	}
}

// keys lists the keys of objects that hold the text.
func (s *stamp) keys(t *testing.T, text string) []string {
	t.Helper()
	var found []string
	for pages := s3.NewListObjectsV2Paginator(s.S3, &s3.ListObjectsV2Input{Bucket: &s.Bucket}); pages.HasMorePages(); {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			if key := aws.ToString(o.Key); strings.Contains(key, text) {
				found = append(found, key)
			}
		}
	}
	return found
}

// copies counts the objects whose keys hold the task's id.
func (s *stamp) copies(t *testing.T, id string) int {
	t.Helper()
	return len(s.keys(t, id))
}
