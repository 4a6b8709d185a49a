package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"github.com/lethe-ocr/lethe/scripts/azurelocal/stack"
	"github.com/lethe-ocr/lethe/scripts/stamptest"
)

// root is the project's folder.
const root = "../.."

// standin is the stand-in program under a real host.
type standin struct {
	*stack.Stack
	storage string
	lines   string
	began   time.Duration // until the host answered
}

// line is what the stand-in wrote down about one call.
type line struct {
	Call, Name, Body string
	Header           http.Header
}

// startStandin runs the stand-in with the project's own host.json and function.json files. It skips by name what is missing.
func startStandin(t *testing.T, change func(*stack.Config)) *standin {
	t.Helper()
	tools := stack.FindTools(root)
	for _, missing := range []string{tools.MissingHost(), tools.MissingAzurite()} {
		if missing != "" {
			t.Skip(missing)
		}
	}
	azurite, err := stack.StartAzurite(t.Context(), tools)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(azurite.Stop)
	s := &standin{storage: azurite.ConnectionString(), lines: filepath.Join(t.TempDir(), "lines")}
	for _, container := range []string{"uploads", "results"} {
		if _, err := s.blobs(t).CreateContainer(t.Context(), container, nil); err != nil {
			t.Fatal(err)
		}
	}
	cfg := stack.Config{
		Tools:    tools,
		Package:  stage(t),
		Folder:   t.TempDir(),
		Storage:  s.storage,
		Settings: map[string]string{"STANDIN_LINES": s.lines},
	}
	change(&cfg)
	began := time.Now()
	s.Stack, err = stack.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.began = time.Since(began)
	t.Cleanup(s.Stop)
	return s
}

// needExtension skips a test of blob or queue triggers where the host does not know them.
func needExtension(t *testing.T) {
	t.Helper()
	if missing := stack.FindTools(root).MissingExtension(); missing != "" {
		t.Skip(missing)
	}
}

// stage builds the stand-in into a folder that looks like the package.
func stage(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(folder, "lethe"), "./testdata/standin")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the stand-in: %v\n%s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(root, "functions", "*", "function.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range append(files, filepath.Join(root, "host.json")) {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(folder, strings.TrimPrefix(strings.TrimPrefix(from, root+"/"), "functions/"))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func (s *standin) blobs(t *testing.T) *azblob.Client {
	t.Helper()
	c, err := azblob.NewClientFromConnectionString(s.storage, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// put uploads a blob.
func (s *standin) put(t *testing.T, container, name string, content []byte) {
	t.Helper()
	if _, err := s.blobs(t).UploadBuffer(t.Context(), container, name, content, nil); err != nil {
		t.Fatalf("upload: %v", err)
	}
}

// send puts a message on a queue, which it makes.
func (s *standin) send(t *testing.T, queue, text string) {
	t.Helper()
	c, err := azqueue.NewQueueClientFromConnectionString(s.storage, queue, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = c.Create(t.Context(), nil) // it may be there
	if _, err := c.EnqueueMessage(t.Context(), base64.StdEncoding.EncodeToString([]byte(text)), nil); err != nil {
		t.Fatal(err)
	}
}

// called returns what the stand-in wrote down about calls of that name for that name.
func (s *standin) called(t *testing.T, call, name string) []line {
	t.Helper()
	text, err := os.ReadFile(s.lines)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var found []line
	for one := range bytes.Lines(text) {
		var l line
		if json.Unmarshal(one, &l) == nil && l.Call == call && l.Name == name {
			found = append(found, l)
		}
	}
	return found
}

// awaitCalls waits for at least n calls.
func (s *standin) awaitCalls(t *testing.T, n int, call, name string) []line {
	t.Helper()
	stamptest.Await(t, call+" is called for "+name, func() bool { return len(s.called(t, call, name)) >= n })
	return s.called(t, call, name)
}
