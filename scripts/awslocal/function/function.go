// Package function runs a Lambda function on one machine: each instance is the package's bootstrap under AWS's own Runtime
// Interface Emulator. What the emulator leaves out, this package does: several instances, of which each carries out one
// invocation at a time; an instance that stands still between invocations, as a frozen sandbox does; and another sandbox after a
// crash or an invocation that took too long.
package function

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/lethe-ocr/lethe/scripts/awslocal/functionurl"
	"github.com/lethe-ocr/lethe/scripts/process"
	"github.com/lethe-ocr/lethe/shared/loopback"
)

// Config is what the platform knows of a function.
type Config struct {
	Emulator    string // the program aws-lambda-rie
	Package     string // folder of the unpacked package, with bootstrap
	Name        string
	Handler     string
	Region      string
	Memory      int           // MiB that the function is told it has; nothing enforces it
	Timeout     time.Duration // of an invocation, in whole seconds
	Concurrency int           // how many instances there may be
	Env         []string      // beside the process's own environment
	Log         io.Writer     // gets what emulator and function print
}

// Error is what a function answered in place of a result, or what the platform says of one that did not answer.
type Error struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

func (e *Error) Error() string { return "the function failed: " + e.Type }

// Types of errors that are the platform's. After them the sandbox is another.
const (
	exited   = "Runtime.ExitError"
	timedOut = "Sandbox.Timedout"
)

// Function is a function with its instances.
type Function struct {
	cfg Config

	mu        sync.Mutex
	instances []*instance // guarded by mu, with their field busy
	stopped   bool        // guarded by mu
	calls     int         // guarded by mu
	failing   int         // guarded by mu
}

// instance is one sandbox.
type instance struct {
	process *process.Process
	url     string
	busy    bool
	frozen  map[int]int // what stands still
}

// New is a function without instances; the first invocation starts one.
func New(cfg Config) *Function { return &Function{cfg: cfg} }

// Invoke implements functionurl.Invoker. The emulator hands an answer on when it is whole: the reader waits for nothing.
func (f *Function) Invoke(ctx context.Context, event []byte) (io.ReadCloser, error) {
	answer, err := f.Call(ctx, event)
	return io.NopCloser(bytes.NewReader(answer)), err
}

// Call carries out one invocation and returns the answer. An error is an *Error if the function failed, and
// functionurl.ErrThrottled if every instance is busy and no other may be started. The end of ctx does not end the invocation,
// as the platform's does not when a client goes.
func (f *Function) Call(ctx context.Context, event []byte) ([]byte, error) {
	i, err := f.take(context.WithoutCancel(ctx))
	if err != nil {
		return nil, err
	}
	type result struct {
		answer []byte
		err    error
	}
	done := make(chan result, 1)
	go func() {
		answer, err := f.run(context.WithoutCancel(ctx), i, event)
		done <- result{answer, err}
	}()
	select {
	case r := <-done:
		return r.answer, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// run carries out an invocation on an instance that was taken, and gives it back.
func (f *Function) run(ctx context.Context, i *instance, event []byte) ([]byte, error) {
	process.Signal(i.frozen, syscall.SIGCONT)
	answer, err := i.post(ctx, event)
	var failed *Error
	if err != nil && (!errors.As(err, &failed) || failed.Type == exited || failed.Type == timedOut) {
		f.drop(i) // the platform gives up the whole sandbox, with all that runs in it
		return nil, err
	}
	i.freeze()
	f.mu.Lock()
	defer f.mu.Unlock()
	i.busy = false
	return answer, err
}

// take finds a free instance or starts one.
func (f *Function) take(ctx context.Context) (*instance, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopped {
		return nil, errors.New("the function is no more")
	}
	if f.failing > 0 {
		f.failing--
		return nil, &Error{Type: "Runtime.InvalidEntrypoint", Message: "told to fail"}
	}
	for _, i := range f.instances {
		if !i.busy {
			i.busy = true
			f.calls++
			return i, nil
		}
	}
	if len(f.instances) >= f.cfg.Concurrency {
		return nil, functionurl.ErrThrottled
	}
	i, err := f.start(ctx)
	if err != nil {
		return nil, fmt.Errorf("start an instance of %s: %w", f.cfg.Name, err)
	}
	f.instances = append(f.instances, i)
	f.calls++
	return i, nil
}

// start runs one instance. It is ready when the emulator listens: the function itself is started by the first invocation.
func (f *Function) start(ctx context.Context) (*instance, error) {
	var addresses [2]string
	for n := range addresses {
		port, err := loopback.FreePort(ctx)
		if err != nil {
			return nil, err
		}
		addresses[n] = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	}
	cmd := exec.Command(f.cfg.Emulator, "--log-level", "error",
		"--runtime-interface-emulator-address", addresses[0], "--runtime-api-address", addresses[1],
		filepath.Join(f.cfg.Package, "bootstrap"), f.cfg.Handler)
	cmd.Dir = f.cfg.Package
	cmd.Env = append(append(process.Environment(),
		"AWS_REGION="+f.cfg.Region, "AWS_DEFAULT_REGION="+f.cfg.Region, "AWS_LAMBDA_FUNCTION_NAME="+f.cfg.Name,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE="+strconv.Itoa(f.cfg.Memory),
		"AWS_LAMBDA_FUNCTION_TIMEOUT="+strconv.Itoa(int(f.cfg.Timeout.Seconds()))), f.cfg.Env...)
	p, err := process.Start(ctx, cmd, f.cfg.Log)
	if err != nil {
		return nil, err
	}
	i := &instance{process: p, url: "http://" + addresses[0] + "/2015-03-31/functions/function/invocations", busy: true}
	var d net.Dialer
	err = p.Await(ctx, time.Minute, func(ctx context.Context) bool {
		conn, err := d.DialContext(ctx, "tcp", addresses[0])
		if err != nil {
			return false
		}
		_ = conn.Close()
		return true
	})
	if err != nil {
		p.Kill()
		return nil, err
	}
	return i, nil
}

// post sends the event to the emulator, which answers when the function is ready for the next one.
func (i *instance) post(ctx context.Context, event []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, i.url, bytes.NewReader(event))
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("the emulator took no event: %w", err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("read the emulator's answer: %w", err)
	}
	return answer, failure(res.StatusCode, answer)
}

// failure says whether an answer is that of a function that failed. The emulator passes a failure for an answer; the platform
// says in a header which it is.
func failure(status int, answer []byte) error {
	if bytes.HasPrefix(answer, []byte("Task timed out after ")) {
		return &Error{Type: timedOut, Message: string(answer)}
	}
	var e Error
	if json.Unmarshal(answer, &e) == nil && e.Type != "" {
		return &e
	}
	if status != http.StatusOK {
		return &Error{Type: exited, Message: fmt.Sprintf("the emulator answered with %d", status)}
	}
	return nil
}

// freeze makes everything in the sandbox stand still. The emulator itself is the platform's and runs on.
func (i *instance) freeze() {
	i.frozen = i.sandbox()
	process.Freeze(i.frozen)
}

// sandbox lists the processes of the function.
func (i *instance) sandbox() map[int]int {
	members := i.process.Members()
	delete(members, i.process.PID())
	return members
}

// drop ends an instance and forgets it.
func (f *Function) drop(i *instance) {
	i.process.Kill()
	f.mu.Lock()
	defer f.mu.Unlock()
	for n, one := range f.instances {
		if one == i {
			f.instances = append(f.instances[:n], f.instances[n+1:]...)
			return
		}
	}
}

// Kill ends the function's processes at once, as a sandbox that is lost, in each instance that is busy, and reports how many
// instances that were.
func (f *Function) Kill() int {
	n := 0
	for _, i := range f.list() {
		f.mu.Lock()
		busy := i.busy
		f.mu.Unlock()
		if members := i.sandbox(); busy && len(members) > 0 {
			process.Signal(members, syscall.SIGKILL)
			n++
		}
	}
	return n
}

// Fail makes so many invocations fail before the function has begun, as when its sandbox does not start.
func (f *Function) Fail(invocations int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failing = invocations
}

// Bootstraps returns the process ids of the function's own processes, one for each instance that was invoked.
func (f *Function) Bootstraps() []int {
	var all []int
	for _, i := range f.list() {
		for pid, parent := range i.sandbox() {
			if parent == i.process.PID() {
				all = append(all, pid)
			}
		}
	}
	return all
}

// Calls is how many invocations there were, without those that were throttled.
func (f *Function) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// Stop ends every instance; no other one is started.
func (f *Function) Stop() {
	f.mu.Lock()
	f.stopped = true
	f.mu.Unlock()
	for _, i := range f.list() {
		i.process.Kill()
	}
}

func (f *Function) list() []*instance {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]*instance(nil), f.instances...)
}
