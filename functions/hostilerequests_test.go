//go:build linux && cgo

package main_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/functions/api/apitest"
	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/httpserver"
)

// What one request may take, and one that the client never ends.
const (
	requestTime = 5 * time.Second
	stallTime   = 40 * time.Second
)

// answer is what came back on a connection.
type answer struct {
	statuses []int
	raw      []byte
	problems []error // answers that are not what they should be
}

// converse sends a request on a connection of its own and reads until the server closes it.
func converse(host string, q apitest.Request, target apitest.Target, patience time.Duration) (answer, error) {
	conn, err := net.Dial("tcp", host)
	if err != nil {
		return answer{}, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return answer{}, err
	}
	written := make(chan struct{})
	go func() {
		defer close(written)
		_, _ = io.WriteString(conn, q.Raw(target)) // the server may have heard enough
		if tcp, ok := conn.(*net.TCPConn); ok && q.Hangs {
			_ = tcp.CloseWrite()
		}
	}()
	raw, err := io.ReadAll(io.LimitReader(conn, 4<<20))
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		return answer{raw: raw}, err
	}
	<-written
	a := answer{raw: raw}
	for r := bufio.NewReader(bytes.NewReader(raw)); ; {
		if _, err := r.Peek(1); err != nil {
			break
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			a.problems = append(a.problems, fmt.Errorf("an answer that cannot be read: %w", err))
			break
		}
		body, err := io.ReadAll(resp.Body)
		a.problems = append(a.problems, err, resp.Body.Close(), explained(resp, body, q.Plain))
		a.statuses = append(a.statuses, resp.StatusCode)
	}
	return a, nil
}

// explained checks that a refusal is a problem document, or the HTTP library's line of text where that may be.
func explained(resp *http.Response, body []byte, plain bool) error {
	if resp.StatusCode < 400 {
		return nil
	}
	if plain && strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain") && resp.Header.Get("X-Request-Id") == "" {
		if len(body) > 100 {
			return fmt.Errorf("a plain answer of %d bytes", len(body))
		}
		return nil
	}
	if plain && len(body) == 0 && resp.Header.Get("X-Request-Id") == "" {
		return nil
	}
	var p httpserver.Problem
	switch err := json.Unmarshal(body, &p); {
	case resp.Header.Get("Content-Type") != httpserver.ProblemType:
		return fmt.Errorf("status %d of type %q", resp.StatusCode, resp.Header.Get("Content-Type"))
	case err != nil:
		return fmt.Errorf("status %d: %w", resp.StatusCode, err)
	case p.Status != resp.StatusCode || p.Code == "" || p.Detail == "" || p.Instance == "" || len(body) > 2000:
		return fmt.Errorf("status %d with a problem of %d bytes: %+v", resp.StatusCode, len(body), p)
	case p.Code == "internal_error":
		return fmt.Errorf("status %d: the service met a fault of its own", resp.StatusCode)
	}
	return nil
}

// judge holds an answer against what the request may get.
func judge(q apitest.Request, a answer) error {
	errs := a.problems
	if len(a.statuses) == 0 && !slices.Contains(q.Status, 0) {
		errs = append(errs, errors.New("no answer"))
	}
	if len(a.statuses) > q.Answers {
		errs = append(errs, fmt.Errorf("%d answers, want at most %d", len(a.statuses), q.Answers))
	}
	for _, s := range a.statuses {
		if !slices.Contains(q.Status, s) {
			errs = append(errs, fmt.Errorf("status %d, want one of %v", s, q.Status))
		}
	}
	if bytes.Contains(bytes.ToLower(a.raw), []byte(strings.ToLower(apitest.Marker))) {
		errs = append(errs, errors.New("the answer repeats what was sent"))
	}
	return errors.Join(errs...)
}

// Each hostile request gets the answer that is right for it, in its time, as a problem document that repeats nothing of
// it, and the service answers the next one.
func TestHostileRequestsAreRefused(t *testing.T) {
	t.Parallel() // most of its time is spent waiting
	all := apitest.Requests()
	if len(all) < 100 {
		t.Errorf("only %d hostile requests", len(all))
	}
	// Not an ephemeral server, which has an address more for its clock. The application may do everything, so that nothing
	// is refused before it is looked at.
	s := &server{t: t, data: t.TempDir(), log: &bytes.Buffer{}}
	s.app, s.secret = s.almighty()
	s.run(hostileSettings(), "serve", "--data", s.data, "--listen", "127.0.0.1:0")
	target := s.target()
	idle, open := resident(s.cmd.Process.Pid), s.descriptors()
	var stalled sync.WaitGroup
	var slowest time.Duration
	var worst string
	for _, q := range all {
		began := time.Now()
		if q.Stalls {
			stalled.Go(func() {
				a, err := converse(target.Host, q, target, stallTime)
				if err == nil {
					err = judge(q, a)
				}
				if err != nil {
					t.Errorf("%s: after %v: %v", q.Name, time.Since(began).Round(time.Second), err)
				}
			})
			continue
		}
		a, err := converse(target.Host, q, target, 2*requestTime)
		if err == nil {
			err = judge(q, a)
		}
		if err != nil {
			t.Errorf("%s: %v", q.Name, err)
		}
		took := time.Since(began)
		if took > requestTime {
			t.Errorf("%s: took %v, at most %v is allowed", q.Name, took, requestTime)
		}
		if took > slowest {
			slowest, worst = took, q.Name
		}
		if status := healthy(target.Host); status != http.StatusOK {
			t.Fatalf("%s: the next request was answered with %d", q.Name, status)
		}
	}
	began := time.Now()
	stalled.Wait()
	t.Logf("%d hostile requests; the longest took %v (%s); stalled ones were ended after at most %v; the server rose by %d MB, its descriptors by %d",
		len(all), slowest.Round(time.Millisecond), worst, time.Since(began).Round(time.Second), (resident(s.cmd.Process.Pid)-idle)>>20, s.descriptors()-open)
	if strings.Contains(strings.ToLower(s.log.String()), strings.ToLower(apitest.Marker)) {
		t.Error("the log repeats what was sent")
	}
	if done := s.follow(s.send(photo(t, "After the storm."), client.Settings{}).ID, patience); done.State != "Completed" {
		t.Errorf("a good document ended as %+v", done)
	}
}

// almighty makes an application with every scope that concerns documents and applications.
func (s *server) almighty() (id, secret string) {
	s.t.Helper()
	out, err := exec.Command(program(s.t), "app", "create", "--init", "--data", s.data, "--scopes", "submit,read,delete,admin", "--json").Output()
	if err != nil {
		s.t.Fatalf("make application: %v", err)
	}
	var app struct{ ID, Secret string }
	if err := json.Unmarshal(out, &app); err != nil {
		s.t.Fatal(err)
	}
	return app.ID, app.Secret
}

// target makes the tasks that requests are about.
func (s *server) target() apitest.Target {
	s.t.Helper()
	ended := s.follow(s.send(photo(s.t, "Before the storm."), client.Settings{}).ID, patience)
	waiting, err := s.Create(s.t.Context(), client.Settings{}, "")
	if err != nil {
		s.t.Fatal(err)
	}
	link, err := url.Parse(waiting.Upload.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	return apitest.Target{
		Host: link.Host, Authorization: "Basic " + base64.StdEncoding.EncodeToString([]byte(s.app+":"+s.secret)),
		Task: waiting.ID, Ended: ended.ID, Upload: link.RequestURI(),
	}
}

// healthy returns the status of a health check on a fresh connection.
func healthy(host string) int {
	q := apitest.Request{Raw: func(apitest.Target) string {
		return "GET /healthz HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"
	}}
	a, err := converse(host, q, apitest.Target{}, requestTime)
	if err != nil || len(a.statuses) != 1 {
		return 0
	}
	return a.statuses[0]
}

// descriptors counts what the server has open. Where its list cannot be read, the size of its table stands for it.
func (s *server) descriptors() int {
	if open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.cmd.Process.Pid)); err == nil {
		return len(open)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	n := 0
	if _, size, ok := strings.Cut(string(status), "FDSize:"); ok {
		_, _ = fmt.Sscan(size, &n) // 0 says that it is not known
	}
	return n
}
