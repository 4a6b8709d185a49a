//go:build linux && cgo

package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/functions/api/apitest"
	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/ocr/worker/workertest"
	"github.com/lethe-ocr/lethe/shared/storage/azure/azurite"
)

// The test binary becomes another program on a kernel that lacks mechanisms, when it is executed with their names in this
// variable.
const lacksVariable = "LETHE_TEST_LACKS"

func TestMain(m *testing.M) {
	names := os.Getenv(lacksVariable)
	if names == "" {
		os.Exit(m.Run())
	}
	var mechanisms []workertest.Mechanism
	for name := range strings.SplitSeq(names, ",") {
		mechanisms = append(mechanisms, workertest.Mechanism(name))
	}
	if err := errors.Join(workertest.Lack(mechanisms...), os.Unsetenv(lacksVariable)); err != nil {
		panic(err)
	}
	panic(syscall.Exec(os.Args[1], os.Args[1:], os.Environ())) // #nosec G204 G702 -- the program under test
}

// run returns the command that runs the program, on a kernel that lacks mechanisms if some are named.
func run(t *testing.T, lacks string, args ...string) *exec.Cmd {
	t.Helper()
	return runOther(t, lacks, program(t), args...)
}

func runOther(t *testing.T, lacks, path string, args ...string) *exec.Cmd {
	t.Helper()
	if lacks == "" {
		cmd := exec.Command(path, args...)
		cmd.Env = os.Environ()
		return cmd
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if path, err = exec.LookPath(path); err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, append([]string{path}, args...)...)
	cmd.Env = append(os.Environ(), lacksVariable+"="+lacks)
	return cmd
}

// row returns what /readyz says of a condition, and its status.
func row(t *testing.T, base, name string) (ok bool, detail string, status int) {
	t.Helper()
	res, err := http.Get(base + "/readyz") //nolint:noctx // the server is the test's own
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }() // read to its end
	var ready struct {
		Checks []struct {
			Name, Detail string
			OK           bool
		}
	}
	if err := json.NewDecoder(res.Body).Decode(&ready); err != nil {
		t.Fatal(err)
	}
	for _, c := range ready.Checks {
		if c.Name == name {
			return c.OK, c.Detail, res.StatusCode
		}
	}
	t.Fatalf("there is no row %s", name)
	return false, "", 0
}

// unsafeRow checks that readiness names what is open, what the kernel lacks and the remedy.
func unsafeRow(t *testing.T, base string) {
	t.Helper()
	ok, detail, status := row(t, base, "sandbox")
	if ok || status != http.StatusServiceUnavailable {
		t.Errorf("status %d, sandbox %v", status, ok)
	}
	for _, part := range []string{"network", "programs", "signals", "seccomp", "5.13", "LETHE_SANDBOX"} {
		if !strings.Contains(detail, part) {
			t.Errorf("the row does not name %s: %s", part, detail)
		}
	}
}

func TestServerThatCannotConfineItsWorkersTakesNothingInAndErases(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	before := startAt(t, data)
	text := photo(t, ocrtest.Letter(4))
	kept := before.follow(before.send(text, client.Settings{}).ID, patience)
	due := before.follow(before.send(text, client.Settings{}).ID, patience)
	waiting, err := before.Create(t.Context(), client.Settings{}, "")
	if err != nil {
		t.Fatal(err)
	}
	before.stop()

	s := &server{t: t, data: data, log: &journal{}, app: before.app, secret: before.secret, lacks: "seccomp"}
	s.run([]string{"LETHE_SWEEP_INTERVAL=1s"}, "serve", "--data", data, "--listen", "127.0.0.1:0")
	unsafeRow(t, s.url)
	raw := apitest.Caller{T: t, Base: s.url, App: s.app, Key: s.secret} // the client would try again
	for path, body := range map[string]string{"/v1/tasks": "{}", "/v1/tasks/" + waiting.ID + "/upload-link": ""} {
		if status := raw.Call(http.MethodPost, path, body, nil); status != http.StatusServiceUnavailable {
			t.Errorf("%s: %d, want 503", path, status)
		}
	}
	var b bytes.Buffer
	if _, err := s.Fetch(t.Context(), kept.ID, "txt", &b); err != nil || b.Len() == 0 {
		t.Errorf("a result cannot be fetched: %v", err)
	}
	if gone, err := s.Delete(t.Context(), kept.ID); err != nil || gone.Erased.IsZero() {
		t.Errorf("delete: %+v, %v", gone, err)
	}
	s.stop()

	// The clock too: what was read before is due at once under a shorter policy.
	s = &server{t: t, data: data, log: &journal{}, app: before.app, secret: before.secret, lacks: "seccomp"}
	s.run([]string{"LETHE_SWEEP_INTERVAL=1s", "LETHE_RETAIN_PROCESSED=1s", "LETHE_RETAIN_MARGIN=900ms"},
		"serve", "--data", data, "--listen", "127.0.0.1:0")
	deadline := time.Now().Add(time.Minute)
	for raw.Base = s.url; ; time.Sleep(100 * time.Millisecond) {
		status, found := raw.Call(http.MethodGet, "/v1/tasks/"+due.ID, "", nil), s.left(ocrtest.Words(ocrtest.Letter(4))[0])
		if status == http.StatusGone && len(found) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the clock did not erase: status %d, left behind are %v", status, found)
		}
	}
}

func TestServerReadsDocumentsWhereItMay(t *testing.T) {
	for name, c := range map[string]struct {
		lacks string
		env   []string
	}{
		"without Landlock":                         {"landlock", nil},
		"without anything, which somebody accepts": {"landlock,seccomp", []string{"LETHE_SANDBOX=best-effort"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &server{t: t, data: t.TempDir(), log: &journal{}, lacks: c.lacks}
			s.run(append(c.env, "TMPDIR="+s.data), "serve", "--ephemeral")
			if ok, detail, status := row(t, s.url, "sandbox"); !ok || status != http.StatusOK {
				t.Errorf("status %d: %s", status, detail)
			}
			if done := s.follow(s.send(photo(t, ocrtest.Letter(5)), client.Settings{Formats: []string{"txt", "pdf"}}).ID, patience); done.State != "Completed" {
				t.Errorf("the task ended as %+v", done)
			}
		})
	}
}

func TestFunctionAppThatCannotConfineItsWorkersTakesNothingInAndErases(t *testing.T) {
	account := azurite.Start(t).Account(t)
	before, stop := handlerOf(t, account, "", "/readyz")
	var made struct {
		ID     string
		Upload struct {
			URL     string
			Headers map[string]string
		}
	}
	if status := before.Call(http.MethodPost, "/v1/tasks", "{}", &made); status != http.StatusCreated {
		t.Fatalf("create: %d", status)
	}
	put, err := http.NewRequestWithContext(t.Context(), http.MethodPut, made.Upload.URL, bytes.NewReader(photo(t, ocrtest.Letter(6))))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range made.Upload.Headers {
		put.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(put)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusCreated {
		t.Fatalf("upload: %d, %v", res.StatusCode, err)
	}
	stop()

	c, _ := handlerOf(t, account, "seccomp", "/healthz")
	unsafeRow(t, c.Base)
	if status := c.Call(http.MethodPost, "/v1/tasks", "{}", nil); status != http.StatusServiceUnavailable {
		t.Errorf("create: %d, want 503", status)
	}
	var task struct{ State string }
	if status := c.Call(http.MethodGet, "/v1/tasks/"+made.ID, "", &task); status != http.StatusOK || task.State == "Completed" {
		t.Errorf("status %d, state %s", status, task.State)
	}
	deadline := time.Now().Add(time.Minute)
	for {
		status := c.Call(http.MethodDelete, "/v1/tasks/"+made.ID, "", nil)
		if status == http.StatusOK {
			break
		}
		if status != http.StatusAccepted || time.Now().After(deadline) {
			t.Fatalf("delete: %d", status)
		}
		time.Sleep(200 * time.Millisecond)
	}
	if status := c.Call(http.MethodGet, "/v1/tasks/"+made.ID, "", nil); status != http.StatusGone {
		t.Errorf("after the delete: %d", status)
	}
}

func TestDoctorTriesThePlaceForASandbox(t *testing.T) {
	for name, c := range map[string]struct {
		lacks string
		code  int
		says  []string
	}{
		"a whole kernel":   {"", 0, []string{"ok", "all closed"}},
		"without Landlock": {"landlock", 0, []string{"ok", "all closed"}},
		"without seccomp":  {"seccomp", 1, []string{"breach", "network", "programs", "seccomp filters", "5.13"}},
		"without both":     {"landlock,seccomp", 1, []string{"breach", "writing", "opening", "Landlock", "5.13"}},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := run(t, c.lacks, "doctor", "--sandbox")
			cmd.Dir = t.TempDir() // no data folder is needed
			out, err := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != c.code {
				t.Errorf("code %d (%v), want %d", code, err, c.code)
			}
			for _, part := range c.says {
				if !strings.Contains(string(out), part) {
					t.Errorf("it does not say %q:\n%s", part, out)
				}
			}
		})
	}
}

func TestDemoSaysTheRemedyWhereThereIsNoSandbox(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	cmd := runOther(t, "landlock,seccomp", "../scripts/demo.sh")
	bin, err := filepath.Abs(program(t))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(cmd.Env, "DEMO_ONLY=1", "LETHE_BIN="+bin, "LETHE_DATA="+data)
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Errorf("it went on:\n%s", out)
	}
	for _, part := range []string{"network", "Landlock", "seccomp filters", "Linux 5.13", "LETHE_SANDBOX=best-effort"} {
		if !strings.Contains(string(out), part) {
			t.Errorf("it does not say %q:\n%s", part, out)
		}
	}
	if _, err := os.Stat(data); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a data folder was made: %v", err)
	}
}

func TestReadTakesWhatTheKernelGivesUnlessASandboxIsRequired(t *testing.T) {
	file := filepath.Join(t.TempDir(), "scan.jpg")
	if err := os.WriteFile(file, photo(t, ocrtest.Letter(7)), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := run(t, "landlock,seccomp", "read", file)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	cmd = run(t, "landlock,seccomp", "read", file)
	cmd.Env = append(cmd.Env, "LETHE_SANDBOX=required")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "network") || !strings.Contains(string(out), "5.13") {
		t.Errorf("%v: %s", err, out)
	}
}
