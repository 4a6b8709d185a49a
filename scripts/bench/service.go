package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/lethe-ocr/lethe/scripts/azurelocal/stack"
	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/loopback"
)

// service is the program answering requests, in one of its roles.
type service struct {
	name        string
	cmd         *exec.Cmd
	url         string
	app, secret string
	answered    time.Duration // from the process's start to its first answer
}

// unlimited lifts the limit on calls, which is not what is measured.
func unlimited() []string {
	return append(os.Environ(), "LETHE_RATE_PER_SECOND=1000000", "LETHE_RATE_BURST=1000000")
}

// onMachine starts the role of one machine.
func onMachine(ctx context.Context, bin string) (*service, error) {
	s := &service{name: "one machine", cmd: exec.CommandContext(ctx, bin, "serve", "--ephemeral")}
	s.cmd.Env = unlimited()
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		return nil, errors.Join(err, s.stop())
	}
	var at struct{ URL, App, Secret string }
	if err := json.Unmarshal(line, &at); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	s.url, s.app, s.secret = at.URL, at.App, at.Secret
	return s, s.await(ctx, "/healthz", began)
}

// asHandler starts the role of a function app's custom handler, over an emulator of its storage.
func asHandler(ctx context.Context, bin, connection string) (*service, error) {
	free, err := loopback.FreePort(ctx)
	if err != nil {
		return nil, err
	}
	port := strconv.Itoa(free)
	s := &service{name: "custom handler", cmd: exec.CommandContext(ctx, bin, "functions"), url: "http://127.0.0.1:" + port, app: "bench", secret: "lethe_bench"}
	hash := sha256.Sum256([]byte(s.secret))
	key, _, err := ledger.GenerateKey("bench") // without one nothing is taken in
	if err != nil {
		return nil, err
	}
	s.cmd.Env = append(unlimited(), "FUNCTIONS_CUSTOMHANDLER_PORT="+port, "Documents="+connection, "LETHE_SIGNING_KEY="+key,
		"LETHE_BOOTSTRAP_APP="+s.app, "LETHE_BOOTSTRAP_HASH="+hex.EncodeToString(hash[:]))
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	return s, s.await(ctx, "/", began)
}

// await asks until the first answer, whatever it says.
func (s *service) await(ctx context.Context, path string, began time.Time) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			s.answered = time.Since(began)
			return resp.Body.Close()
		}
		if time.Since(began) > 30*time.Second || ctx.Err() != nil {
			return errors.Join(fmt.Errorf("%s did not answer: %w", s.name, err), s.stop())
		}
		time.Sleep(time.Millisecond)
	}
}

func (s *service) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	_ = s.cmd.Wait() // the handler's way to end is an error
	return nil
}

func (s *service) client() (*client.Client, error) {
	return client.New(client.Config{URL: s.url, Application: s.app, Secret: s.secret})
}

// services measures how soon the program answers, how many status calls it answers, and how fast it creates many tasks, in both roles in
// one run.
func services(ctx context.Context, bin string, w io.Writer) error {
	local, err := onMachine(ctx, bin)
	if err != nil {
		return err
	}
	first, err := local.firstPage(ctx)
	if err != nil {
		return errors.Join(err, local.stop())
	}
	fmt.Fprintf(w, "\nStart on one machine: first answer after %d ms, first page after %d ms more.\n", local.answered.Milliseconds(), first.Milliseconds())
	base, err := local.status(ctx)
	if err != nil {
		return errors.Join(err, local.stop())
	}
	batches, err := local.creating(ctx)
	if err := errors.Join(err, local.stop()); err != nil {
		return err
	}
	fmt.Fprintf(w, "1,000 tasks in one call on one machine: %s. Goal: 2,000 ms.\n", batches)
	tools := stack.FindTools(".")
	if missing := tools.MissingAzurite(); missing != "" {
		fmt.Fprintf(w, "Status calls on one machine: %s.\nThe custom handler was not measured: %s.\n", base, missing)
		return nil
	}
	azurite, err := stack.StartAzurite(ctx, tools)
	if err != nil {
		return err
	}
	defer azurite.Stop()
	handler, err := asHandler(ctx, bin, azurite.ConnectionString())
	if err != nil {
		return err
	}
	over, err := handler.status(ctx)
	if err != nil {
		return errors.Join(err, handler.stop())
	}
	batches, err = handler.creating(ctx)
	if err := errors.Join(err, handler.stop()); err != nil {
		return err
	}
	fmt.Fprintf(w, "1,000 tasks in one call of the custom handler over Azurite: %s.\n", batches)
	fmt.Fprintf(w, "Start of the custom handler: first answer after %d ms, %.2f of the other role's.\n", handler.answered.Milliseconds(), handler.answered.Seconds()/local.answered.Seconds())
	fmt.Fprintf(w, "Status calls on one machine: %s.\nStatus calls of the custom handler over Azurite: %s; %.2f of the calls per core-second.\n", base, over, over.perCore/base.perCore)
	return nil
}

// firstPage sends a page and waits for its text.
func (s *service) firstPage(ctx context.Context) (time.Duration, error) {
	c, err := s.client()
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "lethe-bench-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // the machine clears it in the end
	docs, err := documents("", dir)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	_, err = through(ctx, c, docs[0], "fast")
	return time.Since(began), err
}

// readiness is what the program says of itself.
func (s *service) readiness(ctx context.Context) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/readyz", nil)
	if err != nil {
		return err.Error()
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = resp.Body.Close() }() // read as far as it goes
	said, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	return cmp.Or(string(said), fmt.Sprint(err))
}

// load is what status calls came to.
type load struct {
	perCore float64 // calls per core-second of the program
	p99     time.Duration
}

// String implements fmt.Stringer.
func (l load) String() string {
	return fmt.Sprintf("%.0f per core-second, p99 %.1f ms", l.perCore, float64(l.p99.Microseconds())/1000)
}

// status asks for the state of waiting tasks for some seconds, several at a time.
func (s *service) status(ctx context.Context) (load, error) {
	const tasks, callers, span = 50, 4, 5 * time.Second
	c, err := s.client()
	if err != nil {
		return load{}, err
	}
	var ids []string
	for patience := time.Now().Add(30 * time.Second); len(ids) < tasks; {
		t, err := c.Create(ctx, client.Settings{}, "")
		switch {
		case err == nil:
			ids = append(ids, t.ID)
		case time.Now().After(patience):
			return load{}, fmt.Errorf("%s takes in no task: %w; it says %s", s.name, err, s.readiness(ctx))
		default:
			time.Sleep(100 * time.Millisecond) // a first start makes its storage and its application beside the first answers
		}
	}
	before, err := cpuTime(s.cmd.Process.Pid)
	if err != nil {
		return load{}, err
	}
	var (
		mu     sync.Mutex
		took   []time.Duration
		failed error
		wg     sync.WaitGroup
	)
	until := time.Now().Add(span)
	for caller := range callers {
		wg.Go(func() {
			for n := caller; time.Now().Before(until); n++ {
				began := time.Now()
				_, err := c.Get(ctx, ids[n%tasks], 0)
				mu.Lock()
				took, failed = append(took, time.Since(began)), errors.Join(failed, err)
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	after, err := cpuTime(s.cmd.Process.Pid)
	if err := errors.Join(failed, err); err != nil {
		return load{}, err
	}
	slices.Sort(took)
	return load{perCore: float64(len(took)) / (after - before).Seconds(), p99: took[len(took)*99/100]}, nil
}

// cpuTime is what a process used so far; fields 14 and 15 of proc_pid_stat(5), in hundredths of a second.
func cpuTime(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	var ticks int64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}
