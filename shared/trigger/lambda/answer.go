package lambda

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/trigger"
)

// OnRequest translates a request to a function URL. Its answer is streamed: it begins when the handler writes, and as much of it
// is in memory as one write holds.
func OnRequest(h http.Handler, log *slog.Logger) Function { return onRequest{h, log} }

type onRequest struct {
	handler http.Handler
	log     *slog.Logger
}

func (f onRequest) answer(ctx context.Context, event []byte) (any, error) {
	r, err := newRequest(ctx, event)
	if err != nil {
		f.log.ErrorContext(ctx, logevent.InvocationMalformed, "function", "api")
		r = (&http.Request{Method: http.MethodGet, Header: http.Header{}}).WithContext(ctx)
		return f.serve(ctx, r, func(w http.ResponseWriter, r *http.Request) {
			httpserver.Error(f.log)(w, r, fault.New(fault.BadRequest, "this is no request of HTTP"))
		}), nil
	}
	return f.serve(ctx, r, f.handler.ServeHTTP), nil
}

// lastWord is how long before the end of its invocation a request's context ends, so that its handler can still say so.
const lastWord = time.Second

// serve calls the handler and returns its answer once that has begun.
func (f onRequest) serve(ctx context.Context, r *http.Request, handler http.HandlerFunc) *streamed {
	ctx, stop := context.WithCancel(ctx)
	if end, ok := ctx.Deadline(); ok {
		var early context.CancelFunc
		ctx, early = context.WithDeadline(ctx, end.Add(-min(lastWord, time.Until(end)/10)))
		outer := stop
		stop = func() { early(); outer() }
	}
	ours, theirs := net.Pipe()
	w := &answerWriter{header: http.Header{}, method: r.Method, conn: theirs, begun: make(chan struct{})}
	out := &streamed{w: w, conn: ours, stop: stop, ended: make(chan struct{})}
	go func() {
		defer close(out.ended)
		w.finish(f.log, r, trigger.Recovered(func() error {
			handler(w, r.WithContext(ctx))
			return nil
		}))
	}()
	<-w.begun
	out.LambdaFunctionURLStreamingResponse = &events.LambdaFunctionURLStreamingResponse{
		StatusCode: w.status, Headers: w.sent, Cookies: w.cookies, Body: out.body(),
	}
	return out
}

// streamed is an answer on its way: the library reads prelude and body from it, and closes it before the next event.
type streamed struct {
	*events.LambdaFunctionURLStreamingResponse
	w     *answerWriter
	conn  net.Conn
	stop  context.CancelFunc
	ended chan struct{}
}

// Close ends the request, whose client may have gone, and waits for its handler.
func (s *streamed) Close() error {
	s.stop()
	err := s.conn.Close()
	<-s.ended
	return err
}

// errBroken ends an answer of which a part is missing, so that no client takes it for whole.
var errBroken = failure{fault.Unavailable}

// body reads what the handler writes.
func (s *streamed) body() io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		n, err := s.conn.Read(p)
		if errors.Is(err, io.EOF) && s.w.broken.Load() {
			return n, errBroken
		}
		return n, err
	})
}

type readerFunc func(p []byte) (int, error)

// Read implements io.Reader.
func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// answerWriter is the http.ResponseWriter of a streamed answer. Only its handler's goroutine uses it, until begun is closed.
type answerWriter struct {
	header http.Header
	method string
	conn   net.Conn

	begun   chan struct{} // closed once status, sent and cookies stand
	status  int
	sent    map[string]string
	cookies []string
	broken  atomic.Bool
}

// Header implements http.ResponseWriter.
func (w *answerWriter) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter. What is only informational is not passed on.
func (w *answerWriter) WriteHeader(status int) {
	if w.status != 0 || status < http.StatusOK {
		return
	}
	for _, name := range append(hopByHop(), "Date") { // the platform says when it was
		w.header.Del(name)
	}
	w.status, w.sent, w.cookies = status, map[string]string{}, w.header["Set-Cookie"]
	for name, values := range w.header {
		if name != "Set-Cookie" && len(values) > 0 {
			w.sent[name] = strings.Join(values, ", ")
		}
	}
	close(w.begun)
}

// Write implements http.ResponseWriter. It returns once the bytes are on their way.
func (w *answerWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		if w.header.Get("Content-Type") == "" && len(p) > 0 {
			w.header.Set("Content-Type", http.DetectContentType(p))
		}
		w.WriteHeader(http.StatusOK)
	}
	switch {
	case w.method == http.MethodHead:
		return len(p), nil
	case w.status == http.StatusNoContent, w.status == http.StatusNotModified:
		return 0, http.ErrBodyNotAllowed
	}
	return w.conn.Write(p)
}

// FlushError begins the answer; nothing that was written waits here.
func (w *answerWriter) FlushError() error {
	w.WriteHeader(http.StatusOK)
	return nil
}

// SetReadDeadline does nothing: the whole request is there.
func (w *answerWriter) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline bounds how long a write waits for the client.
func (w *answerWriter) SetWriteDeadline(t time.Time) error { return w.conn.SetWriteDeadline(t) }

// finish ends the answer of a handler that has returned, or panicked.
func (w *answerWriter) finish(log *slog.Logger, r *http.Request, err error) {
	if err != nil && w.status == 0 {
		clear(w.header)
		// Nobody reads yet: what is written waits for the reader, which begins with the header.
		httpserver.Error(log)(w, r, fault.New(fault.InternalError, "the service failed to answer the request"))
		err = nil
	}
	w.WriteHeader(http.StatusOK)
	w.broken.Store(err != nil || w.broken.Load())
	_ = w.conn.Close() // of a pipe: never fails
}
