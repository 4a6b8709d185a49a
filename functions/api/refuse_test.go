package api_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/task"
)

// Every refusal says which field, what the limit is, and what to do.
func TestRefusedRequestsNameFieldLimitAndRemedy(t *testing.T) {
	long := strings.Repeat("k", 201)
	for _, s := range []struct {
		name                 string
		method, target, body string
		header               []string
		status               int
		code, field          string
		says                 []string // the limit and the remedy
	}{
		{name: "no JSON", method: "POST", target: "/v1/tasks", body: `{`,
			status: 400, code: "bad_request", field: "body", says: []string{"JSON", "/v1/openapi.json"}},
		{name: "JSON twice", method: "POST", target: "/v1/tasks", body: `{}{}`,
			status: 400, code: "bad_request", field: "body", says: []string{"JSON"}},
		{name: "array for object", method: "POST", target: "/v1/tasks", body: `[]`,
			status: 422, code: "bad_field", field: "body", says: []string{"expected object"}},
		{name: "unknown field", method: "POST", target: "/v1/tasks", body: `{"langs":["eng"]}`,
			status: 422, code: "bad_field", field: "langs", says: []string{"unknown", "leave it out"}},
		{name: "unknown field in a batch", method: "POST", target: "/v1/tasks:batch", body: `{"tasks":[{},{"langs":[]}]}`,
			status: 422, code: "bad_field", field: "tasks[1].langs", says: []string{"unknown"}},
		{name: "string for list", method: "POST", target: "/v1/tasks", body: `{"languages":"eng"}`,
			status: 422, code: "bad_field", field: "languages", says: []string{"expected array"}},
		{name: "unknown language", method: "POST", target: "/v1/tasks", body: `{"languages":["tlh"]}`,
			status: 422, code: "language_unknown", field: "languages", says: []string{"installed are: eng, rus"}},
		{name: "unknown profile", method: "POST", target: "/v1/tasks", body: `{"profile":"best"}`,
			status: 422, code: "bad_field", field: "profile", says: []string{"accurate", "fast"}},
		{name: "negative retention", method: "POST", target: "/v1/tasks", body: `{"retain_seconds":-1}`,
			status: 422, code: "bad_field", field: "retain_seconds", says: []string{">= 1"}},
		{name: "overflowing retention", method: "POST", target: "/v1/tasks", body: `{"retain_seconds":9223372036854775807}`,
			status: 422, code: "bad_field", field: "retain_seconds"},
		{name: "retention that wraps to a second", method: "POST", target: "/v1/tasks", body: `{"retain_seconds":18446744075}`,
			status: 422, code: "bad_field", field: "retain_seconds", says: []string{"82800"}},
		{name: "fraction of a second", method: "POST", target: "/v1/tasks", body: `{"retain_seconds":1.5}`,
			status: 422, code: "bad_field", field: "retain_seconds", says: []string{"expected integer"}},
		{name: "long key", method: "POST", target: "/v1/tasks", body: `{}`, header: []string{"Idempotency-Key", long},
			status: 422, code: "bad_field", field: "Idempotency-Key", says: []string{"<= 200"}},
		{name: "large body", method: "POST", target: "/v1/tasks", body: `{"password":"` + strings.Repeat("x", 64<<10) + `"}`,
			status: 413, code: "body_too_large", field: "body", says: []string{"65536 bytes", "send less"}},
		{name: "large batch", method: "POST", target: "/v1/tasks:batch", body: strings.Repeat(" ", 2<<20),
			status: 413, code: "body_too_large", field: "body", says: []string{"2097152 bytes"}},
		{name: "no batch", method: "POST", target: "/v1/tasks:batch",
			status: 400, code: "bad_request", field: "body", says: []string{"missing"}},
		{name: "empty batch", method: "POST", target: "/v1/tasks:batch", body: `{"tasks":[]}`,
			status: 422, code: "bad_field", field: "tasks", says: []string{">= 1"}},
		{name: "form", method: "POST", target: "/v1/tasks", body: "a=b", header: []string{"Content-Type", "application/x-www-form-urlencoded"},
			status: 415, code: "media_type_unsupported", field: "Content-Type", says: []string{"application/json"}},
		{name: "odd content type", method: "POST", target: "/v1/tasks", body: "a=b", header: []string{"Content-Type", ";+"},
			status: 415, code: "media_type_unsupported", field: "Content-Type"},
		{name: "document for a batch", method: "POST", target: "/v1/tasks:batch", body: "%PDF", header: []string{"Content-Type", "application/pdf"},
			status: 415, code: "media_type_unsupported", field: "Content-Type"},
		{name: "unknown parameter", method: "GET", target: "/v1/tasks?page=2",
			status: 422, code: "bad_field", field: "page", says: []string{"unknown", "leave it out"}},
		{name: "limit too high", method: "GET", target: "/v1/tasks?limit=1001",
			status: 422, code: "bad_field", field: "limit", says: []string{"<= 1000"}},
		{name: "limit no number", method: "GET", target: "/v1/tasks?limit=many",
			status: 422, code: "bad_field", field: "limit", says: []string{"wrong form"}},
		{name: "unknown state", method: "GET", target: "/v1/tasks?state=Done",
			status: 422, code: "bad_field", field: "state", says: []string{"Completed"}},
		{name: "settings in the address without a document", method: "POST", target: "/v1/tasks?languages=eng", body: `{}`,
			status: 422, code: "bad_field", field: "languages"},
		{name: "unknown parameter with a document", method: "POST", target: "/v1/tasks?langs=eng", body: "%PDF", header: []string{"Content-Type", "application/pdf"},
			status: 422, code: "bad_field", field: "langs", says: []string{"unknown"}},
		{name: "password in the address", method: "POST", target: "/v1/tasks?password=x", body: "%PDF", header: []string{"Content-Type", "application/pdf"},
			status: 422, code: "bad_field", field: "password", says: []string{"Document-Password"}},
		{name: "retention no number", method: "POST", target: "/v1/tasks?retain_seconds=day", body: "%PDF", header: []string{"Content-Type", "application/pdf"},
			status: 422, code: "bad_field", field: "retain_seconds", says: []string{"wrong form"}},
		{name: "long key with a document", method: "POST", target: "/v1/tasks", body: "%PDF", header: []string{"Content-Type", "application/pdf", "Idempotency-Key", long},
			status: 422, code: "bad_field", field: "Idempotency-Key", says: []string{"200"}},
		{name: "large document", method: "POST", target: "/v1/tasks", body: strings.Repeat("x", inlineLimit+1), header: []string{"Content-Type", "application/pdf"},
			status: 413, code: "body_too_large", field: "body", says: []string{"1000 bytes", "upload link"}},
		{name: "unknown scope", method: "POST", target: "/v1/applications", body: `{"name":"a","scopes":["root"]}`,
			status: 422, code: "bad_field", field: "scopes", says: []string{"submit"}},
		{name: "no name", method: "POST", target: "/v1/applications", body: `{"scopes":["read"]}`,
			status: 422, code: "bad_field", field: "body", says: []string{"name"}},
		{name: "past expiry", method: "POST", target: "/v1/applications", body: `{"name":"a","scopes":["read"],"expires":"2020-01-01T00:00:00Z"}`,
			status: 422, code: "bad_field", field: "expires", says: []string{"past", "leave it out"}},
		{name: "no time", method: "POST", target: "/v1/applications", body: `{"name":"a","scopes":["read"],"expires":"soon"}`,
			status: 422, code: "bad_field", field: "expires", says: []string{"RFC 3339"}},
		{name: "unknown address", method: "GET", target: "/v2/tasks", status: 404, code: "not_found", says: []string{"/v1/openapi.json"}},
		{name: "slash at the end", method: "GET", target: "/v1/tasks/", status: 404, code: "not_found"},
		{name: "unclean address", method: "GET", target: "/v1/../v1/tasks", status: 404, code: "not_found"},
		{name: "wrong method", method: "PUT", target: "/v1/tasks", body: `{}`, status: 405, code: "method_not_allowed", says: []string{"GET, HEAD, POST"}},
	} {
		t.Run(s.name, func(t *testing.T) {
			w := newWorld()
			p := problem(t, w.call(t, w.client(t, access.Scopes()...), s.method, s.target, s.body, s.header...))
			if p.Status != s.status || string(p.Code) != s.code || p.Field != s.field || p.Retryable {
				t.Errorf("%+v", p)
			}
			for _, words := range s.says {
				if !strings.Contains(p.Detail, words) {
					t.Errorf("detail %q does not say %q", p.Detail, words)
				}
			}
			if len(w.tasks) > 0 {
				t.Error("a task was created")
			}
		})
	}
}

func TestDocumentThatSaysItIsTooLargeIsNotRead(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Submit)
	body := &watched{}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/tasks", body)
	r.ContentLength = inlineLimit + 1
	r.Header.Set("Content-Type", "application/pdf")
	r.Header.Set("Authorization", c.header)
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	if p := problem(t, rec); p.Code != "body_too_large" || body.read {
		t.Errorf("%+v; the body was read: %v", p, body.read)
	}
}

// Not every server that the interface runs behind holds a body to the length that it announces.
func TestLargeDocumentOfUnknownOrWrongLengthIsCutOff(t *testing.T) {
	for _, length := range []int64{-1, 10} {
		w := newWorld()
		c := w.client(t, access.Submit)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/tasks", strings.NewReader(strings.Repeat("x", inlineLimit+1)))
		r.ContentLength = length
		r.Header.Set("Content-Type", "application/pdf")
		r.Header.Set("Authorization", c.header)
		rec := httptest.NewRecorder()
		w.handler.ServeHTTP(rec, r)
		p := problem(t, rec)
		if p.Status != 413 || p.Code != "body_too_large" || !strings.Contains(p.Detail, "upload link") || len(w.tasks) > 0 {
			t.Errorf("length %d: %+v and %d tasks", length, p, len(w.tasks))
		}
	}
}

func TestMadeUpFieldNamesAreCut(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Scopes()...)
	name := strings.Repeat("n", 5000)
	for _, rec := range []*httptest.ResponseRecorder{
		w.call(t, c, "POST", "/v1/tasks", `{"`+name+`":1}`),
		w.call(t, c, "GET", "/v1/tasks?"+name+"=1", ""),
		w.call(t, c, "POST", "/v1/tasks?"+name+"=1", "%PDF", "Content-Type", "application/pdf"),
	} {
		if p := problem(t, rec); p.Status != 422 || len(p.Field) > 100 || len(p.Detail) > 500 {
			t.Errorf("status %d with a field of %d and a detail of %d bytes", p.Status, len(p.Field), len(p.Detail))
		}
	}
}

func TestDomainFaultsBecomeTheirStatus(t *testing.T) {
	for name, s := range map[string]struct {
		err        error
		status     int
		code       string
		retryable  bool
		retryAfter string
	}{
		"state":       {fault.New(fault.WrongState, "x"), 409, "wrong_state", false, ""},
		"lost race":   {fault.New(fault.ETagMismatch, "x"), 412, "etag_mismatch", true, ""},
		"key reused":  {fault.New(fault.IdempotencyReuse, "x"), 422, "idempotency_key_reused", false, ""},
		"quota":       {fault.New(fault.OpenTasksExceeded, "x").Retry(1500 * time.Millisecond), 429, "open_tasks_exceeded", true, "2"},
		"storage":     {fault.New(fault.StorageUnavailable, "x").Retry(time.Minute), 503, "storage_unavailable", true, "60"},
		"closed":      {fault.New(fault.IntakeClosed, "x"), 503, "intake_closed", true, ""},
		"wrapped":     {errors.Join(errors.New("cause"), fault.New(fault.TaskErased, "x")), 410, "task_erased", false, ""},
		"unknown":     {errors.New("dial tcp 10.0.0.1: secret-cause"), 500, "internal_error", true, ""},
		"explained 5": {fault.New(fault.InternalError, "secret-cause"), 500, "internal_error", true, ""},
	} {
		w := newWorld()
		c := w.client(t, access.Read, access.Submit)
		w.broken = s.err
		for _, call := range [][3]string{{"GET", "/v1/tasks/" + taskID(w.clock), ""}, {"GET", "/v1/tasks", ""}, {"POST", "/v1/tasks", "{}"}} {
			rec := w.call(t, c, call[0], call[1], call[2])
			p := problem(t, rec)
			if p.Status != s.status || string(p.Code) != s.code || p.Retryable != s.retryable || rec.Header().Get("Retry-After") != s.retryAfter {
				t.Errorf("%s: %+v, Retry-After %q", name, p, rec.Header().Get("Retry-After"))
			}
			if strings.Contains(rec.Body.String(), "secret-cause") || strings.Contains(rec.Body.String(), "10.0.0.1") {
				t.Errorf("%s: the cause reached the client", name)
			}
		}
		if s.status == 500 && !strings.Contains(w.log.String(), "secret-cause") {
			t.Errorf("%s: the cause is not in the log", name)
		}
	}
}

func TestOnlyASubmittedTaskGetsAFreshLink(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Submit)
	if p := problem(t, w.call(t, c, "POST", "/v1/tasks/"+w.task(c, task.Queued).Ref.ID+"/upload-link", "")); p.Status != 409 || p.Code != "wrong_state" {
		t.Errorf("%+v", p)
	}
}

func TestAnswersCarrySafeHeaders(t *testing.T) {
	w := newWorld()
	for _, target := range []string{"/healthz", "/v1/tasks", "/nowhere"} {
		h := w.call(t, client{}, "GET", target, "").Header()
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", target, name, h.Get(name))
			}
		}
	}
}

// The library's router would answer such an address with a redirect that repeats it.
func TestUncleanAddressesAreFoundNowhere(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Scopes()...)
	for _, path := range []string{
		"/", "//", "//v1/tasks", "/v1//tasks", "/v1/x/../tasks", "/./v1/tasks", "/v1/tasks/..", "/v1/%2e%2e/v1/tasks", "/v1/tasks//", "//healthz",
	} {
		rec := w.call(t, c, "GET", "http://x"+path, "")
		if rec.Code != 404 || rec.Header().Get("Location") != "" {
			t.Errorf("%s: status %d, to %q", path, rec.Code, rec.Header().Get("Location"))
		}
	}
	if rec := w.call(t, c, "OPTIONS", "*", ""); rec.Code != 404 {
		t.Errorf("no path: status %d", rec.Code)
	}
}
