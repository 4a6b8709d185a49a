package apitest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

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
func converse(q Request, target Target, patience time.Duration) (answer, error) {
	conn, err := net.Dial("tcp", target.Host)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = conn.Close() }() // nothing is left to lose
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
		a.problems = append(a.problems, err, resp.Body.Close(), explained(resp, body, q.Plain, target.Front))
		a.statuses = append(a.statuses, resp.StatusCode)
	}
	return a, nil
}

// explained checks that a refusal is a problem document, or the HTTP library's line of text where that may be.
func explained(resp *http.Response, body []byte, plain bool, front func(http.Header) bool) error {
	if resp.StatusCode < 400 || front != nil && front(resp.Header) {
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
func judge(q Request, a answer) error {
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
	if bytes.Contains(bytes.ToLower(a.raw), []byte(strings.ToLower(Marker))) {
		errs = append(errs, errors.New("the answer repeats what was sent"))
	}
	return errors.Join(errs...)
}

// Storm sends each of the requests to the target and holds the answer against what the request may get: in its time, as a
// problem document that repeats nothing of it. The next request must be answered well.
func Storm(t *testing.T, target Target, all []Request) {
	t.Helper()
	var stalled sync.WaitGroup
	var slowest time.Duration
	var worst string
	for _, q := range all {
		began := time.Now()
		if q.Stalls {
			stalled.Go(func() {
				a, err := converse(q, target, stallTime)
				if err == nil {
					err = judge(q, a)
				}
				if err != nil {
					t.Errorf("%s: after %v: %v", q.Name, time.Since(began).Round(time.Second), err)
				}
			})
			continue
		}
		a, err := converse(q, target, 2*requestTime)
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
	t.Logf("%d hostile requests; the longest took %v (%s); stalled ones were ended after at most %v",
		len(all), slowest.Round(time.Millisecond), worst, time.Since(began).Round(time.Second))
}

// healthy returns the status of a health check on a fresh connection.
func healthy(host string) int {
	q := Request{Raw: func(Target) string {
		return "GET /healthz HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"
	}}
	a, err := converse(q, Target{Host: host}, requestTime)
	if err != nil || len(a.statuses) != 1 {
		return 0
	}
	return a.statuses[0]
}
