package azure

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/trigger"
)

// Function is what the host invokes: one of the program's functions, behind the translation of its trigger. An error means
// that another try may succeed; the host then tries again at once.
type Function func(ctx context.Context, p payload) error

// OnBlob translates a blob trigger. The host sends a reference to the blob; content that arrives all the same is not read.
func OnBlob(f trigger.Function[trigger.Upload]) Function {
	return func(ctx context.Context, p payload) error {
		u, err := p.upload()
		if err != nil {
			return trigger.ErrMalformed
		}
		return f(ctx, u)
	}
}

// OnMessage translates a trigger of the queue that the program and Event Grid write to.
func OnMessage(f trigger.Function[trigger.Message]) Function {
	return func(ctx context.Context, p payload) error {
		text, err := p.message()
		if err != nil {
			return trigger.ErrMalformed
		}
		if u, ok := createdBlob(text); ok {
			return f(ctx, trigger.Message{Upload: u})
		}
		m, err := trigger.ParseJob(text)
		if err != nil {
			return err
		}
		return f(ctx, m)
	}
}

// OnPoison translates a trigger of PoisonQueue.
func OnPoison(f trigger.Function[trigger.Message]) Function {
	return func(ctx context.Context, p payload) error {
		text, err := p.message()
		if err != nil {
			return trigger.ErrMalformed
		}
		u, ok := poisonedBlob(text)
		if !ok {
			return trigger.ErrMalformed
		}
		return f(ctx, trigger.Message{Upload: u})
	}
}

// OnDelivery translates a trigger of the queue of webhooks.
func OnDelivery(f trigger.Function[trigger.Delivery]) Function {
	return func(ctx context.Context, p payload) error {
		text, err := p.message()
		if err != nil {
			return trigger.ErrMalformed
		}
		d, err := trigger.ParseDelivery(text)
		if err != nil {
			return err
		}
		return f(ctx, d)
	}
}

// OnTimer translates a timer trigger.
func OnTimer(f trigger.Function[trigger.Tick]) Function {
	return func(ctx context.Context, _ payload) error { return f(ctx, trigger.Tick{}) }
}

// Handler answers everything that the host sends.
type Handler struct {
	api       http.Handler
	functions map[string]Function
	log       *slog.Logger
}

// New returns a handler that passes clients' requests to api and invocations to the function of their name.
func New(api http.Handler, functions map[string]Function, log *slog.Logger) *Handler {
	return &Handler{api: api, functions: functions, log: log}
}

// ServeHTTP distinguishes invocations from clients' requests. The route of the HTTP function excludes the names of the others, and
// a request that the host proxied says for whom: a client can reach no function either way.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	f, known := h.functions[name]
	switch {
	case proxied(r):
		h.api.ServeHTTP(w, r)
	case known && r.Method == http.MethodPost:
		h.invoke(w, r, name, f)
	case r.Method == http.MethodPost && strings.HasPrefix(r.UserAgent(), hostAgent):
		// A function of another version of the package: its message must fail here, and stay for that version.
		h.log.ErrorContext(r.Context(), logevent.InvocationFailed, "kind", fault.NotFound)
		w.WriteHeader(http.StatusNotFound)
	case name == "":
		w.WriteHeader(http.StatusNoContent) // the host polls until it is answered
	default:
		h.api.ServeHTTP(w, r)
	}
}

// hostAgent begins the user agent of the host's own requests.
const hostAgent = "Azure-Functions-Host/"

// proxied reports whether the request is a client's. The host sets both headers on each request that it passes on, and
// neither on its own.
func proxied(r *http.Request) bool {
	return len(r.Header.Values("X-Forwarded-For")) > 0 || len(r.Header.Values("X-Forwarded-Host")) > 0
}

// answer is what the host wants for a success. Less than it hangs the invocation or is copied into a log.
const answer = `{"Outputs":{},"Logs":[],"ReturnValue":null}`

func (h *Handler) invoke(w http.ResponseWriter, r *http.Request, name string, f Function) {
	err := trigger.Recovered(func() error { return h.call(r, name, f) })
	if !trigger.Settled(r.Context(), h.log, name, err) {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, answer) // a host that has gone invokes again
}

func (h *Handler) call(r *http.Request, name string, f Function) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxPayload+1))
	if err != nil {
		return err
	}
	if len(body) > maxPayload {
		// The host reads no answer before it has sent everything.
		_, err = io.Copy(io.Discard, r.Body)
		return errors.Join(trigger.ErrMalformed, err)
	}
	p, err := parsePayload(body)
	if err != nil {
		return trigger.ErrMalformed
	}
	if p.inline() {
		h.log.ErrorContext(r.Context(), logevent.InvocationInline, "function", name)
	}
	return f(r.Context(), p)
}
