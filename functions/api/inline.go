package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/web"
)

// documentTypes are what a request's own body may be. The content decides what it is; the header only says that it is no
// JSON.
func documentTypes() []string {
	return []string{
		"application/octet-stream", "application/pdf", "image/tiff", "image/png", "image/jpeg", "image/bmp", "image/gif",
		"image/webp", "image/jp2",
	}
}

// takesInline reports whether a request creates a task with its document in the body.
func (a *API) takesInline(r *http.Request) bool {
	if r.Method != http.MethodPost || r.URL.Path != "/v1/tasks" {
		return false
	}
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && slices.Contains(documentTypes(), mediaType)
}

// inline streams the body into storage; it is never held in memory.
func (a *API) inline(w http.ResponseWriter, r *http.Request) {
	app, err := a.Guard.Check(r.Context(), r.Header.Get("Authorization"), r.RemoteAddr, "submit")
	if err == nil {
		web.Note(r.Context(), app.ID, "/v1/tasks")
		r = r.WithContext(context.WithValue(r.Context(), callerKey{}, app))
		err = a.takeInline(w, r)
	}
	if err != nil {
		web.Error(a.Log)(w, r, err)
	}
}

func (a *API) takeInline(w http.ResponseWriter, r *http.Request) error {
	wanted, err := settingsOf(r)
	if err != nil {
		return err
	}
	tooLarge := fault.New(fault.BodyTooLarge, "a document in the request's body has at most %d bytes; use an upload link for a larger one", a.Inline)
	if r.ContentLength > a.Inline {
		return tooLarge
	}
	key := r.Header.Get("Idempotency-Key")
	if err := checkKey(key); err != nil {
		return err
	}
	body := &limited{body: http.MaxBytesReader(w, r.Body, a.Inline)}
	accepted, err := a.Intake.CreateWith(r.Context(), wanted.order(r.Context(), key), task.Body{Reader: body, ContentType: "application/octet-stream"})
	if body.exceeded {
		return tooLarge
	}
	if err != nil {
		return err
	}
	out := a.created(accepted)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Location", out.Location)
	w.WriteHeader(out.Status)
	_ = json.NewEncoder(w).Encode(out.Body) // a client that has gone asks again
	return nil
}

// settingsOf reads settings from the query. The password has a header of its own: addresses reach logs.
func settingsOf(r *http.Request) (settings, error) {
	var s settings
	for name, values := range r.URL.Query() {
		value := values[len(values)-1]
		var err error
		switch name {
		case "languages":
			s.Languages = strings.Split(strings.Join(values, ","), ",")
		case "formats":
			s.Formats = strings.Split(strings.Join(values, ","), ",")
		case "profile":
			s.Profile = value
		case "on_page_error":
			s.OnPageError = value
		case "retain_seconds":
			s.RetainSeconds, err = strconv.Atoi(value)
		case "delete_on_fetch":
			s.DeleteOnFetch, err = strconv.ParseBool(value)
		default:
			return settings{}, fault.New(fault.BadField, "a query parameter is unknown; there are languages, formats, profile, on_page_error, retain_seconds, delete_on_fetch").In("query")
		}
		if err != nil {
			return settings{}, fault.New(fault.BadField, "the value of the parameter cannot be read").In(name)
		}
	}
	s.Password = r.Header.Get("Document-Password")
	return s, nil
}

// limited notes that a body was larger than its limit.
type limited struct {
	body     io.Reader
	exceeded bool
}

// Read implements io.Reader.
func (l *limited) Read(p []byte) (int, error) {
	n, err := l.body.Read(p)
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		l.exceeded = true
	}
	return n, err
}
