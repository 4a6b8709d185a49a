package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/request"
	"github.com/lethe-ocr/lethe/shared/task"
)

// documentTypes are what a request's own body may be. The content decides what it is; the header only says that it is no
// JSON.
func documentTypes() []string {
	return append([]string{octets}, ocr.MediaTypes()...)
}

// takesInline reports whether a request creates a task with its document in the body.
func (a *API) takesInline(r *http.Request) bool {
	if r.Method != http.MethodPost || r.URL.Path != tasksPath {
		return false
	}
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && slices.Contains(documentTypes(), mediaType)
}

// inline streams the body into storage; it is never held in memory.
func (a *API) inline(w http.ResponseWriter, r *http.Request) {
	op := a.huma.OpenAPI().Paths[tasksPath].Post
	ctx, err := a.check(r.Context(), op, r.Header.Get("Authorization"), r.RemoteAddr)
	if err == nil {
		r = r.WithContext(ctx)
		err = a.takeInline(w, r)
	}
	if err != nil {
		httpserver.Error(a.Log)(w, r, err)
	}
}

func (a *API) takeInline(w http.ResponseWriter, r *http.Request) error {
	wanted, err := a.settingsOf(r)
	if err != nil {
		return described(err)
	}
	tooLarge := fault.New(fault.BodyTooLarge, "a document in the request body may have at most %d bytes; use an upload link for a larger one", a.Inline).In("body")
	if r.ContentLength > a.Inline {
		return tooLarge
	}
	key := r.Header.Get("Idempotency-Key")
	if err := checkKey(key); err != nil {
		return err
	}
	body := newLimited(w, r, a.Inline)
	accepted, err := a.Intake.CreateWith(r.Context(), order(r.Context(), wanted, key),
		task.Body{Reader: body, Size: r.ContentLength, ContentType: octets, Attach: body.attach})
	if body.exceeded {
		return tooLarge
	}
	if err != nil {
		return err
	}
	out, err := a.created(r.Context(), accepted)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Location", out.Location)
	w.WriteHeader(out.Status)
	_ = json.NewEncoder(w).Encode(out.Body) // a client that has gone asks again
	return nil
}

// octets is the media type of a document whose content says what it is.
const octets = "application/octet-stream"

// settingsOf reads settings from the query, and those that must not stand in an address from headers of their own.
func (a *API) settingsOf(r *http.Request) (request.Settings, error) {
	all := request.All()
	for _, f := range all {
		if f.Header != "" && r.URL.Query().Has(f.Name) {
			return request.Settings{}, fault.New(fault.BadField, "query parameters appear in logs; send this setting in the header %s", f.Header).In(f.Name)
		}
	}
	values, err := a.document.parameters(r)
	if err != nil {
		return request.Settings{}, err
	}
	wanted := request.Settings{}
	for _, f := range all {
		text := values[f.Name]
		if f.Header != "" {
			text = r.Header.Get(f.Header)
		}
		if text == "" {
			continue
		}
		if err := f.Parse(&wanted, text); err != nil {
			return request.Settings{}, fault.New(fault.BadField, "%s", err).In(f.Name)
		}
	}
	return wanted, nil
}

// limited notes that a body was larger than its limit. It gives up on a client that sends nothing for a while, and ends with
// the transfer that it belongs to.
type limited struct {
	w        http.ResponseWriter
	body     io.Reader
	tied     io.Reader // the body, tied to a transfer
	exceeded bool
}

func newLimited(w http.ResponseWriter, r *http.Request, limit int64) *limited {
	l := &limited{w: w, body: http.MaxBytesReader(w, r.Body, limit)}
	l.attach(unregistered{r.Context()})
	return l
}

// attach ends reads with a transfer. The domain counts what it reads.
func (l *limited) attach(t task.Transfer) {
	l.tied = httpserver.Body(l.w, l.body, unregistered{t.Context()})
}

// Read implements io.Reader.
func (l *limited) Read(p []byte) (int, error) {
	n, err := l.tied.Read(p)
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		l.exceeded = true
	}
	return n, err
}

// unregistered is a transfer that nobody counts or waits for.
type unregistered struct{ ctx context.Context } //nolint:containedctx // a transfer is one call

// Context implements task.Transfer.
func (u unregistered) Context() context.Context { return u.ctx }

// Moved implements task.Transfer.
func (unregistered) Moved(int) {}

// Close implements task.Transfer.
func (unregistered) Close() {}
