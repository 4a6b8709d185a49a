//go:build linux && cgo

package main_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/loopback"
)

// freePort is one of this machine that nobody listens at.
func freePort(t *testing.T) string {
	t.Helper()
	port, err := loopback.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(port)
}

// program returns the built program: LETHE_BIN, or one that is built now.
func program(t *testing.T) string {
	t.Helper()
	if bin := os.Getenv("LETHE_BIN"); bin != "" {
		return bin
	}
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// build builds the program once for all tests.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "lethe-test-")
	if err != nil {
		return "", err
	}
	for name, folder := range map[string]string{"lethe": ".", "lethe-worker": "./worker"} {
		out, err := exec.Command("go", "build", "-o", filepath.Join(dir, name), folder).CombinedOutput() // #nosec G204 -- of this list
		if err != nil {
			return "", fmt.Errorf("build: %w\n%s", err, out)
		}
	}
	return filepath.Join(dir, "lethe"), nil
})

// soak reports whether the long counts are wanted.
func soak() bool { return os.Getenv("LETHE_SOAK") != "" }

// count is the short or the long count.
func count(short, long int) int {
	if soak() {
		return long
	}
	return short
}

// patience is how long a test waits for what a healthy program does in seconds: a busy machine fails no test.
const patience = 10 * time.Minute

// server is a running program with a client.
type server struct {
	*client.Client
	t      *testing.T
	bin    string // another program than the present one
	cmd    *exec.Cmd
	data   string
	clock  string
	url    string
	log    *journal // what it wrote
	app    string
	secret string
	lacks  string // what its kernel lacks
	ended  chan error
}

// start runs an ephemeral server whose private folder lies below dir.
func start(t *testing.T, env ...string) *server {
	t.Helper()
	s := &server{t: t, data: t.TempDir(), log: &journal{}}
	s.run(append(env, "TMPDIR="+s.data), "serve", "--ephemeral")
	return s
}

// startAt runs a server over a data folder that outlives it, with an application of its own.
func startAt(t *testing.T, data string, env ...string) *server {
	t.Helper()
	s := &server{t: t, data: data, log: &journal{}}
	s.run(env, "serve", "--data", data, "--listen", "127.0.0.1:0")
	return s
}

func (s *server) run(env []string, args ...string) {
	s.t.Helper()
	s.cmd = runOther(s.t, s.lacks, cmp.Or(s.bin, program(s.t)), args...)
	s.cmd.Env = append(s.cmd.Env, env...)
	s.cmd.Stderr = s.log
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.ended = make(chan error, 1)
	lines := bufio.NewScanner(stdout)
	ready := make(chan map[string]string, 1)
	go func() {
		for lines.Scan() {
			_, _ = fmt.Fprintln(s.log, lines.Text()) // a journal takes everything
			var line map[string]any
			if json.Unmarshal(lines.Bytes(), &line) != nil {
				continue
			}
			switch {
			case line["clock"] != nil:
				ready <- map[string]string{"url": text(line["url"]), "app": text(line["app"]), "secret": text(line["secret"]), "clock": text(line["clock"])}
			case line["event"] == "server.ready":
				ready <- map[string]string{"url": text(line["address"])}
			}
		}
		s.ended <- s.cmd.Wait()
	}()
	s.t.Cleanup(s.stop)
	select {
	case at := <-ready:
		s.clock, s.url = at["clock"], at["url"]
		if at["app"] != "" {
			s.app, s.secret = at["app"], at["secret"]
		}
		if s.app == "" {
			s.app, s.secret = s.newApplication()
		}
		if s.Client, err = client.New(client.Config{URL: at["url"], Application: s.app, Secret: s.secret}); err != nil {
			s.t.Fatal(err)
		}
	case err := <-s.ended:
		s.t.Fatalf("the server ended: %v\n%s", err, s.log)
	case <-time.After(patience):
		s.t.Fatalf("the server did not start:\n%s", s.log)
	}
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func (s *server) newApplication() (id, secret string) {
	s.t.Helper()
	out, err := exec.Command(program(s.t), "app", "create", "--data", s.data, "--json").Output()
	if err != nil {
		s.t.Fatalf("make application: %v", err)
	}
	var app struct{ ID, Secret string }
	if err := json.Unmarshal(out, &app); err != nil {
		s.t.Fatal(err)
	}
	return app.ID, app.Secret
}

// stop ends the server as an operator would, and waits.
func (s *server) stop() {
	if s.cmd.Process.Signal(syscall.SIGTERM) != nil {
		return // ended already
	}
	select {
	case err := <-s.ended:
		if err != nil {
			s.t.Errorf("the server ended with %v", err)
		}
	case <-time.After(40 * time.Second):
		s.t.Error("the server did not stop")
		_ = s.cmd.Process.Kill()
	}
}

// kill ends the server as a power cut would.
func (s *server) kill() {
	s.t.Helper()
	if err := s.cmd.Process.Kill(); err != nil {
		s.t.Fatal(err)
	}
	if err := <-s.ended; err == nil {
		s.t.Error("the killed server ended as if nothing had happened")
	}
}

// reborn ends the server as a power cut would, and starts it again over the same folder for the same application.
func (s *server) reborn() *server {
	s.t.Helper()
	s.kill()
	next := &server{t: s.t, data: s.data, log: &journal{}, app: s.app, secret: s.secret}
	next.run(nil, "serve", "--data", s.data, "--listen", "127.0.0.1:0")
	return next
}

// send makes a task and uploads a document.
func (s *server) send(content []byte, settings client.Settings) *client.Task {
	s.t.Helper()
	task, err := s.trySend(s.t.Context(), content, settings)
	if err != nil {
		s.t.Fatal(err)
	}
	return task
}

func (s *server) trySend(ctx context.Context, content []byte, settings client.Settings) (*client.Task, error) {
	task, err := s.Create(ctx, settings, "")
	if err != nil {
		return nil, err
	}
	return task, s.Upload(ctx, task, func() (io.ReadCloser, int64, error) {
		return io.NopCloser(bytes.NewReader(content)), int64(len(content)), nil
	})
}

// follow waits until a task has ended.
func (s *server) follow(id string, patience time.Duration) *client.Task {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	for {
		task, err := s.Get(ctx, id, 5*time.Second)
		if err != nil {
			s.t.Fatalf("task %s: %v", id, err)
		}
		if task.Over() {
			return task
		}
	}
}

// advance moves the clock of an ephemeral server, which then sweeps.
func (s *server) advance(d time.Duration) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.clock, strings.NewReader(fmt.Sprintf(`{"advance":%q}`, d)))
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("advance: %d, %v", resp.StatusCode, err)
	}
}

// left lists files below the data folder that belong to documents, or that hold one of the needles.
func (s *server) left(needles ...string) []string {
	s.t.Helper()
	var found []string
	err := filepath.WalkDir(s.data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if strings.Contains(path, "/blobs/") && !strings.Contains(path, "/blobs/ledger/") || strings.Contains(path, "/staging/") && !strings.Contains(path, "/staging/ledger~") {
			found = append(found, path)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil // it went while we looked
		}
		for _, n := range needles {
			if bytes.Contains(content, []byte(n)) {
				found = append(found, path+" holds "+strconv.Quote(n))
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

// workers lists the processes that the server started.
func (s *server) workers() []int {
	var pids []int
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", s.cmd.Process.Pid, s.cmd.Process.Pid))
	if err != nil {
		return nil
	}
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", s.cmd.Process.Pid))
	if err != nil {
		return nil
	}
	for _, t := range tasks {
		if more, err := os.ReadFile(t); err == nil {
			children = append(append(children, ' '), more...)
		}
	}
	seen := map[int]bool{}
	for f := range strings.FieldsSeq(string(children)) {
		if pid, err := strconv.Atoi(f); err == nil && !seen[pid] {
			seen[pid] = true
			pids = append(pids, pid)
		}
	}
	return pids
}

// resident returns the resident memory of a process in bytes.
func resident(pid int) int64 {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(statm))
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// processorTime is what the worker processes that live have used.
func (s *server) processorTime() time.Duration {
	var sum time.Duration
	for _, pid := range s.workers() {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(stat), ") ")
		for _, field := range strings.Fields(rest)[11:13] { // user and system time, in hundredths of a second
			n, _ := strconv.Atoi(field)
			sum += time.Duration(n) * 10 * time.Millisecond
		}
	}
	return sum
}
