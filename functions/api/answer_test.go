package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/lethe-ocr/lethe/functions/api"
	"github.com/lethe-ocr/lethe/shared/httpserver"
)

// watched notes whether it was read.
type watched struct{ read bool }

func (b *watched) Read([]byte) (int, error) {
	b.read = true
	return 0, io.ErrUnexpectedEOF
}

// stream posts a body that breaks off at once, and tells whether anybody read it.
func (w *world) stream(t *testing.T, c client, target, mediaType string) (rec *httptest.ResponseRecorder, read bool) {
	t.Helper()
	body := &watched{}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, body)
	r.Header.Set("Content-Type", mediaType)
	if c.header != "" {
		r.Header.Set("Authorization", c.header)
	}
	rec = httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec, body.read
}

// problem reads a problem document and checks what holds for all of them.
func problem(t *testing.T, rec *httptest.ResponseRecorder) httpserver.Problem {
	t.Helper()
	var p httpserver.Problem
	if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil {
		t.Fatalf("status %d with a body that is no problem document: %v: %s", rec.Code, err, rec.Body)
	}
	if ct := rec.Header().Get("Content-Type"); ct != httpserver.ProblemType {
		t.Errorf("content type is %q", ct)
	}
	if p.Status != rec.Code || p.Title != http.StatusText(rec.Code) || p.Type != "about:blank" || p.Code == "" || p.Detail == "" {
		t.Errorf("status %d with the document %+v", rec.Code, p)
	}
	if p.Instance == "" || p.Instance != rec.Header().Get("X-Request-Id") {
		t.Errorf("instance %q of request %q", p.Instance, rec.Header().Get("X-Request-Id"))
	}
	return p
}

// read decodes a JSON answer of the status.
func read[T any](t *testing.T, rec *httptest.ResponseRecorder, status int) T {
	t.Helper()
	var v T
	if rec.Code != status {
		t.Fatalf("status %d, want %d: %s", rec.Code, status, rec.Body)
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v: %s", err, rec.Body)
	}
	return v
}

func check(name string, ok bool) api.Check { return api.Check{Name: name, OK: ok} }
