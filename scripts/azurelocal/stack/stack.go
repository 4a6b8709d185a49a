package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/lethe-ocr/lethe/scripts/process"
	"github.com/lethe-ocr/lethe/shared/loopback"
)

// Config describes one function app to run.
type Config struct {
	Tools    Tools
	Package  string            // folder with host.json, <function>/function.json and the program
	Folder   string            // empty folder for the copy; the caller removes it
	Storage  string            // connection string, see Azurite.ConnectionString
	Settings map[string]string // the program's settings, beside what the host needs
	Schedule string            // of the timers, in place of the package's; empty to keep it
	Events   Events            // how blobs' events are delivered
	Log      io.Writer         // gets what host and program print; may be nil
}

// Stack is one function app under a real Functions host. StartHost, KillHost and Stop are called from one goroutine.
type Stack struct {
	cfg       Config
	functions map[string][]string // by trigger
	port      int
	log       *process.Buffer
	host      *process.Process // replaced by StartHost
	forwarder *forwarder

	mu  sync.Mutex
	key string // of the blob webhook; guarded by mu
}

// Start copies the package, runs the host over the copy, and forwards events until ctx ends or Stop is called.
func Start(ctx context.Context, cfg Config) (*Stack, error) {
	if missing := cfg.Tools.MissingHost(); missing != "" {
		return nil, errors.New(missing)
	}
	functions, err := copyPackage(ctx, cfg, cfg.Folder)
	if err != nil {
		return nil, err
	}
	port, err := loopback.FreePort(ctx)
	if err != nil {
		return nil, err
	}
	s := &Stack{cfg: cfg, functions: functions, port: port, log: &process.Buffer{Also: cfg.Log}}
	if err := s.StartHost(ctx); err != nil {
		return nil, err
	}
	if !s.BlobTrigger() {
		return s, nil
	}
	s.forwarder, err = startForwarder(ctx, s)
	if err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// BlobTrigger reports whether the host calls functions for blobs and queue messages. If not, documents are found by the
// timer's function.
func (s *Stack) BlobTrigger() bool { return len(s.functions["blobTrigger"]) > 0 }

// URL is the address of the app, without a slash at its end.
func (s *Stack) URL() string { return "http://127.0.0.1:" + strconv.Itoa(s.port) }

// Log returns everything that host and program have printed.
func (s *Stack) Log() []byte { return s.log.Bytes() }

// Handler returns the process id of the program under the host, zero if it does not run.
func (s *Stack) Handler() int {
	for pid, parent := range s.host.Members() {
		if parent == s.host.PID() {
			return pid
		}
	}
	return 0
}

// Ended is closed once the host has ended.
func (s *Stack) Ended() <-chan struct{} { return s.host.Ended() }

// KillHandler ends the program at once; the host starts it again.
func (s *Stack) KillHandler() error {
	pid := s.Handler()
	if pid == 0 {
		return errors.New("the program does not run")
	}
	return syscall.Kill(pid, syscall.SIGKILL)
}

// KillHost ends the host at once, as a lost machine would, and then the program that a killed host leaves behind.
func (s *Stack) KillHost() { s.host.Kill() }

// Stop ends forwarder, host and program. The storage is its caller's.
func (s *Stack) Stop() {
	if s.forwarder != nil {
		s.forwarder.stop()
	}
	s.host.Stop()
}

// StartHost runs the host after KillHost, on the same port. It returns when the host answers requests.
func (s *Stack) StartHost(ctx context.Context) error {
	program, dotnet := s.cfg.Tools.host()
	var env []string
	if dotnet != "" {
		env = []string{
			"DOTNET_ROOT=" + dotnet,
			"DOTNET_ROLL_FORWARD=Major",
			"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1", //nolint:misspell // the runtime's name for it
		}
	}
	cmd := exec.Command(program, "host", "start", "--port", strconv.Itoa(s.port))
	cmd.Dir = s.cfg.Folder
	cmd.Env = append(append(process.Environment(), "FUNCTIONS_CORE_TOOLS_TELEMETRY_OPTOUT=1"), env...)
	host, err := process.Start(ctx, cmd, s.log)
	if err != nil {
		return fmt.Errorf("start the Functions host: %w", err)
	}
	s.host = host
	if err := host.Await(ctx, 2*time.Minute, s.ready); err != nil {
		host.Stop()
		return fmt.Errorf("wait for the Functions host: %w: %s", err, s.log.Tail())
	}
	return nil
}

// ready reports whether the host runs and has its keys.
func (s *Stack) ready(ctx context.Context) bool {
	var status struct{ State string }
	if s.admin(ctx, "host/status", &status) != nil || status.State != "Running" {
		return false
	}
	if !s.BlobTrigger() {
		return true
	}
	var keys struct {
		Keys []struct{ Name, Value string }
	}
	if s.admin(ctx, "host/systemkeys", &keys) != nil {
		return false
	}
	for _, k := range keys.Keys {
		if k.Name == "blobs_extension" {
			s.mu.Lock()
			s.key = k.Value
			s.mu.Unlock()
			return true
		}
	}
	return false
}

// admin asks the host about itself. Core Tools want no key for it.
func (s *Stack) admin(ctx context.Context, path string, answer any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+"/admin/"+path, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("host answered %d", res.StatusCode)
	}
	return json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(answer)
}

// webhook is where Event Grid sends the events of blobs for the function.
func (s *Stack) webhook(function string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := url.Values{"functionName": {"Host.Functions." + function}, "code": {s.key}}
	return s.URL() + "/runtime/webhooks/blobs?" + q.Encode()
}
