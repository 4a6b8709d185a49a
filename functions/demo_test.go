//go:build linux && cgo

package main_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lethe-ocr/lethe/shared/client"
)

// demo is scripts/demo.sh over a data folder, with a document, on an address of loopback.
func demo(t *testing.T, data, listen, file string) *exec.Cmd {
	t.Helper()
	bin, err := filepath.Abs(program(t))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "../scripts/demo.sh")
	cmd.Env = append(os.Environ(), "DEMO_ONLY=1", "LETHE_BIN="+bin, "LETHE_DATA="+data, "LETHE_LISTEN="+listen, "FILE="+file, "TMPDIR="+t.TempDir())
	return cmd
}

// freeAddress is an address on which nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().String()
}

func TestDemoDoesNotGoOnAgainstAServerThatItDidNotStart(t *testing.T) {
	var asked atomic.Int64
	foreign := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) })) // ready, whatever is asked
	defer foreign.Close()
	listen, file := foreign.Listener.Addr().String(), filepath.Join(t.TempDir(), "page.jpg")
	if err := os.WriteFile(file, photo(t, "Gardens and rain."), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := demo(t, filepath.Join(t.TempDir(), "data"), listen, file).CombinedOutput()
	if err == nil {
		t.Error("it went on")
	}
	for _, part := range []string{listen, "LETHE_LISTEN", "address already in use"} {
		if !strings.Contains(string(out), part) {
			t.Errorf("it does not say %q:\n%s", part, out)
		}
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("it asked the other server %d times", n)
	}
}

func TestDemoTakesNoFolderForADocument(t *testing.T) {
	folder := t.TempDir()
	out, err := demo(t, filepath.Join(t.TempDir(), "data"), freeAddress(t), folder).CombinedOutput()
	if err == nil || !strings.Contains(string(out), folder+" is a folder: name one document") || strings.Contains(string(out), "1. Starting") {
		t.Errorf("%v:\n%s", err, out)
	}
}

// The same document lives in another task, whose files hold the same words and bytes.
func TestDemoLooksForItsOwnDocumentAlone(t *testing.T) {
	data, file := t.TempDir(), filepath.Join(t.TempDir(), "page.jpg")
	page := photo(t, "Gardens and rainwater, mountains and everything underneath.")
	if err := os.WriteFile(file, page, 0o600); err != nil {
		t.Fatal(err)
	}
	s := startAt(t, data)
	s.follow(s.send(page, client.Settings{}).ID, patience)
	s.stop()
	// A record may hold a word within which one of the document's stands.
	if out, err := exec.Command(program(t), "app", "create", "--data", data, "--name", "everythings").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := demo(t, data, freeAddress(t), file).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Done.") {
		t.Errorf("%v:\n%s", err, out)
	}
	if strings.Contains(string(out), "Nothing: 0 words") || strings.Contains(string(out), "and 0 runs") {
		t.Errorf("it looked for nothing:\n%s", out)
	}

	cmd := demo(t, data, freeAddress(t), file)
	said, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var problem strings.Builder
	cmd.Stderr = &problem
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "3. ") { // what a fault would leave behind
			if err := os.WriteFile(filepath.Join(data, "blobs", "left"), page, 0o600); err != nil {
				t.Error(err)
			}
		}
	}
	_, _ = io.Copy(io.Discard, said)
	if err := cmd.Wait(); err == nil || !strings.Contains(problem.String(), "left behind in "+filepath.Join(data, "blobs", "left")) {
		t.Errorf("a copy that was left is not found: %v\n%s", err, problem.String())
	}
}
