package httpserver_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
)

// transfer is one that a test ends.
type transfer struct {
	ctx   context.Context
	end   context.CancelCauseFunc
	moved atomic.Int64
}

func (t *transfer) Context() context.Context { return t.ctx }
func (t *transfer) Moved(n int)              { t.moved.Add(int64(n)) }

// transferring serves a handler over a real connection and hands each transfer to the test.
func transferring(t *testing.T, h func(http.ResponseWriter, *http.Request, *transfer)) (address string, opened chan *transfer) {
	t.Helper()
	opened = make(chan *transfer, 10)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		one := &transfer{}
		one.ctx, one.end = context.WithCancelCause(r.Context())
		opened <- one
		h(w, r, one)
		one.end(context.Canceled)
	}))
	server.Config.ConnContext = httpserver.KeepConn
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, opened
}

func gone() error { return fault.New(fault.TaskErased, "gone") }

func TestAnswerThatNobodyTakesEndsWithItsTransfer(t *testing.T) {
	ended := make(chan error, 1)
	address, opened := transferring(t, func(w http.ResponseWriter, _ *http.Request, one *transfer) {
		answer := httpserver.Answer(w, one)
		var err error
		for err == nil {
			_, err = answer.Write(make([]byte, 64<<10))
		}
		ended <- err
	})
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address[len("http://"):])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	one := <-opened
	for before := int64(-1); one.moved.Load() > before; time.Sleep(50 * time.Millisecond) {
		before = one.moved.Load() // until the connection takes no more
	}
	one.end(gone())
	if err := <-ended; !errors.Is(err, fault.TaskErased) {
		t.Errorf("the answer ended with %v", err)
	}
	if _, err := io.Copy(io.Discard, conn); err == nil {
		t.Error("the connection was closed as if the answer were whole")
	}
}

func TestBodyThatDoesNotComeEndsWithItsTransfer(t *testing.T) {
	ended := make(chan error, 1)
	address, opened := transferring(t, func(w http.ResponseWriter, r *http.Request, one *transfer) {
		_, err := io.Copy(io.Discard, httpserver.Body(w, r.Body, one))
		ended <- err
		w.WriteHeader(http.StatusGone)
	})
	body, client := io.Pipe()
	status := make(chan int, 1)
	go func() {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, body)
		if err != nil {
			t.Error(err)
			return
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			status <- 0 // the connection broke, which is an answer too
			return
		}
		_ = resp.Body.Close() // only the status counts
		status <- resp.StatusCode
	}()
	if _, err := io.WriteString(client, "a few bytes"); err != nil {
		t.Fatal(err)
	}
	(<-opened).end(gone())
	if err := <-ended; !errors.Is(err, fault.TaskErased) {
		t.Errorf("the body ended with %v", err)
	}
	_ = client.Close()
	if got := <-status; got != 0 && got != http.StatusGone {
		t.Errorf("status %d", got)
	}
}

func TestTransfersThatEndWellLeaveTheConnectionAlone(t *testing.T) {
	address, opened := transferring(t, func(w http.ResponseWriter, r *http.Request, one *transfer) {
		if _, err := io.Copy(httpserver.Answer(w, one), httpserver.Body(w, r.Body, one)); err != nil {
			t.Error(err)
		}
	})
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for range 20 {
		resp, err := client.Post(address, "text/plain", strings.NewReader("some bytes")) //nolint:noctx // it ends with the server
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, resp.Body)
		if err := errors.Join(err, resp.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if (<-opened).ctx.Err() == nil {
			t.Error("the transfer is still open")
		}
	}
}
