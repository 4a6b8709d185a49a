package httpserver

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
)

// request is what is logged of a request. Handlers fill it; it is written once at the end.
type request struct {
	id string

	mu          sync.Mutex
	route       string // the pattern, never the path; guarded by mu
	application string // guarded by mu
	code        string // of the problem; guarded by mu
	broken      bool   // the body could not be read to its end; guarded by mu
	private     bool   // the request held a password or a tag; guarded by mu
}

func (r *request) broke() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.broken
}

type requestKey struct{}

// of returns the request's notes, or notes that nobody reads.
func of(ctx context.Context) *request {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r
	}
	return &request{}
}

// Note records for the log who sent the request and which route it took. Route is a pattern such as /v1/tasks/{id}.
func Note(ctx context.Context, application, route string) {
	if application != "" {
		vouch(ctx)
	}
	r := of(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.application, r.route = application, route
}

// Private marks a request whose data must not stay in memory: its connection, whose buffers have it, ends with the
// answer. It is called before that begins.
func Private(ctx context.Context) {
	r := of(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.private = true
}

// Explain returns the problem document of an error with the request's id, and logs the cause of a fault of ours.
func Explain(ctx context.Context, log *slog.Logger, err error) *Problem {
	r := of(ctx)
	if kind := fault.KindOf(err); r.broke() && (kind == fault.Internal || kind == fault.Unavailable) {
		err = fault.New(fault.BadRequest, "the request body ended early or its chunked encoding is invalid; send it again").In("body")
	}
	p, ok := errors.AsType[*Problem](err)
	if !ok {
		p = NewProblem(err)
	}
	p.Instance = r.id
	r.mu.Lock()
	r.code = string(p.Code)
	r.mu.Unlock()
	if kind := fault.KindOf(err); !ok && (kind == fault.Internal || kind == fault.Unavailable) {
		log.ErrorContext(ctx, logevent.RequestFailed, "request", r.id, "code", p.Code, "error", err)
	}
	return p
}

// aborted is the code of a request whose answer is cut off. If none began, its status is 0.
const aborted = "aborted"

// Watch is told of each request as it begins, and by what it returns of its end: route is a pattern, never the path, and code that of
// a problem or aborted. The context is the request's from then on.
type Watch func(r *http.Request) (ctx context.Context, ended func(method, route, code string, status int))

// Serve wraps a handler with what every request gets: an id, safe headers, one log line, and an answer instead of a
// broken connection when a handler panics.
func Serve(next http.Handler, log *slog.Logger, now func() time.Time) http.Handler {
	return ServeWatched(next, log, now, func(r *http.Request) (context.Context, func(string, string, string, int)) {
		return r.Context(), func(string, string, string, int) {}
	})
}

// ServeWatched is Serve with somebody who watches.
func ServeWatched(next http.Handler, log *slog.Logger, now func() time.Time, watch Watch) http.Handler {
	problem := Error(log)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := now()
		notes := &request{id: newID()}
		ctx, ended := watch(r)
		r = r.WithContext(context.WithValue(ctx, requestKey{}, notes))
		safe(w.Header(), r.TLS != nil)
		w.Header().Set("X-Request-Id", notes.id)
		out := &counted{ResponseWriter: w, notes: notes}
		if r.Body != nil && r.Body != http.NoBody { // which Drain knows: a request without a body may keep its connection
			r.Body = &body{ReadCloser: r.Body, notes: notes}
		}
		defer func() {
			cause := recover()
			aborts := cause == http.ErrAbortHandler //nolint:errorlint // the documented way to compare it
			if cause != nil && !aborts {
				// The value of a panic may hold anything; the stack shows where it was.
				log.ErrorContext(r.Context(), logevent.RequestFailed, "request", notes.id, "stack", string(debug.Stack()))
				if out.status == 0 {
					problem(out, r, fault.New(fault.InternalError, "the service failed to answer the request"))
				}
			}
			notes.mu.Lock()
			defer notes.mu.Unlock()
			switch {
			case aborts:
				notes.code = cmp.Or(notes.code, aborted)
			case out.status == 0:
				out.status = http.StatusOK // what the server sends for a handler that wrote nothing
			}
			log.InfoContext(r.Context(), logevent.RequestDone,
				"request", notes.id, "method", method(r.Method), "route", notes.route, "status", out.status, "bytes", out.bytes,
				"seconds", now().Sub(began).Seconds(), "application", notes.application, "code", notes.code)
			ended(method(r.Method), notes.route, notes.code, out.status)
			if aborts {
				panic(cause) // so that the server cuts the connection
			}
		}()
		next.ServeHTTP(out, r)
	})
}

// body notes that a client broke off or sent chunks that do not fit: what then fails is no fault of the service.
type body struct {
	io.ReadCloser
	notes *request
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.notes.mu.Lock()
		defer b.notes.mu.Unlock()
		b.notes.broken = true
	}
	return n, err
}

// method keeps a made-up method out of the log.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions:
		return m
	default:
		return "other"
	}
}

// safe sets headers for answers that no browser should keep, guess at, frame or run.
func safe(h http.Header, tls bool) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	if tls {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

func newID() string {
	id, err := uuid.NewV4()
	if err != nil {
		return ""
	}
	return id.String()
}

// counted notes status and size of an answer.
type counted struct {
	http.ResponseWriter
	notes  *request
	status int
	bytes  int64
}

// WriteHeader implements http.ResponseWriter.
func (c *counted) WriteHeader(status int) {
	if status == http.StatusInternalServerError && c.notes.broke() {
		status = http.StatusBadRequest // frameworks that read the body themselves
	}
	if c.status == 0 {
		c.status = status
		c.notes.mu.Lock()
		if c.notes.private {
			once(c.ResponseWriter)
		}
		c.notes.mu.Unlock()
	}
	c.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (c *counted) Write(p []byte) (int, error) {
	if c.status == 0 {
		c.WriteHeader(http.StatusOK)
	}
	n, err := c.ResponseWriter.Write(p)
	c.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (c *counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// Once refuses a header that is sent twice although only one value of it can count.
func Once(h http.Header, names ...string) error {
	for _, name := range names {
		if len(h.Values(name)) > 1 {
			return fault.New(fault.BadRequest, "the header is sent more than once; send it once").In(name)
		}
	}
	return nil
}
