package api_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/task"
)

// canary is planted wherever a client can put text. It must reach neither the log nor an answer.
const canary = "CANARYe7c1"

func TestNothingThatAClientSendsReachesLogOrProblems(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Scopes()...)
	existing := w.task(c, task.Completed).Ref.ID
	encoded := base64.StdEncoding.EncodeToString([]byte(canary + ":" + canary))
	stranger := client{header: "Basic " + encoded}
	credential := strings.TrimPrefix(c.header, "Basic ")

	pdf := []string{"Content-Type", "application/pdf"}
	for name, rec := range map[string]*httptest.ResponseRecorder{
		"password":              w.call(t, c, "POST", "/v1/tasks", `{"password":"`+canary+`"}`),
		"password of bad type":  w.call(t, c, "POST", "/v1/tasks", `{"password":["`+canary+`"]}`),
		"language":              w.call(t, c, "POST", "/v1/tasks", `{"languages":["`+canary+`"]}`),
		"profile":               w.call(t, c, "POST", "/v1/tasks", `{"profile":"`+canary+`"}`),
		"broken JSON":           w.call(t, c, "POST", "/v1/tasks", `{"password":`+canary),
		"bare text":             w.call(t, c, "POST", "/v1/tasks", canary),
		"key":                   w.call(t, c, "POST", "/v1/tasks", `{}`, "Idempotency-Key", canary),
		"long key":              w.call(t, c, "POST", "/v1/tasks", `{}`, "Idempotency-Key", strings.Repeat(canary, 30)),
		"document":              w.call(t, c, "POST", "/v1/tasks", canary, pdf...),
		"large document":        w.call(t, c, "POST", "/v1/tasks", strings.Repeat(canary, inlineLimit), pdf...),
		"document's password":   w.call(t, c, "POST", "/v1/tasks", "%PDF", append(pdf, "Document-Password", canary)...),
		"query":                 w.call(t, c, "POST", "/v1/tasks?retain_seconds="+canary, "%PDF", pdf...),
		"boolean in query":      w.call(t, c, "POST", "/v1/tasks?delete_on_fetch="+canary, "%PDF", pdf...),
		"limit":                 w.call(t, c, "GET", "/v1/tasks?limit="+canary, ""),
		"state":                 w.call(t, c, "GET", "/v1/tasks?state="+canary, ""),
		"broken query":          w.call(t, c, "GET", "/v1/tasks?limit=1;"+canary, ""),
		"task id":               w.call(t, c, "GET", "/v1/tasks/"+canary, ""),
		"format":                w.call(t, c, "GET", "/v1/tasks/"+existing+"/results/"+canary, ""),
		"path":                  w.call(t, c, "GET", "/"+canary, ""),
		"unclean path":          w.call(t, c, "GET", "//"+canary+"/../v1/tasks", ""),
		"wrong method":          w.call(t, c, canary, "/v1/tasks", ""),
		"content type":          w.call(t, c, "POST", "/v1/tasks", `{}`, "Content-Type", canary+"/"+canary),
		"media type parameters": w.call(t, c, "POST", "/v1/tasks", `{}`, "Content-Type", "x/y;a="+canary),
		"preference":            w.call(t, c, "GET", "/v1/tasks/"+existing, "", "Prefer", "wait="+canary),
		"version":               w.call(t, c, "GET", "/v1/tasks/"+existing, "", "If-None-Match", `"`+canary+`"`),
		"accept":                w.call(t, c, "GET", "/v1/tasks", "", "Accept", canary+"/x"),
		"user agent":            w.call(t, c, "GET", "/v1/tasks", "", "User-Agent", canary, "Referer", canary, "X-Request-Id", canary, "X-Forwarded-For", canary, "Cookie", canary),
		"credentials":           w.call(t, stranger, "GET", "/v1/tasks", ""),
		"bearer":                w.call(t, client{header: "Bearer " + canary}, "GET", "/v1/tasks", ""),
		"name":                  w.call(t, c, "POST", "/v1/applications", `{"name":"`+canary+`\u001b","scopes":["read"]}`),
		"scope":                 w.call(t, c, "POST", "/v1/applications", `{"name":"a","scopes":["`+canary+`"]}`),
		"expiry":                w.call(t, c, "POST", "/v1/applications", `{"name":"a","scopes":["read"],"expires":"`+canary+`"}`),
		"application":           w.call(t, c, "DELETE", "/v1/applications/"+canary, ""),
		"webhook in the clear":  w.call(t, c, "POST", "/v1/applications/"+c.id+"/webhooks", `{"url":"http://`+canary+`.test/"}`),
		"webhook with a query":  w.call(t, c, "POST", "/v1/applications/"+c.id+"/webhooks", `{"url":"https://a.test/?`+canary+`"}`),
		"webhook with a user":   w.call(t, c, "POST", "/v1/applications/"+c.id+"/webhooks", `{"url":"https://`+canary+`@a.test/"}`),
		"event":                 w.call(t, c, "POST", "/v1/applications/"+c.id+"/webhooks", `{"url":"https://a.test/","events":["`+canary+`"]}`),
		"webhook":               w.call(t, c, "DELETE", "/v1/applications/"+c.id+"/webhooks/"+canary, ""),
		"deliveries":            w.call(t, c, "GET", "/v1/deliveries?after="+canary, ""),
	} {
		answer := rec.Body.String()
		for h, values := range rec.Header() {
			answer += h + strings.Join(values, " ")
		}
		if strings.Contains(answer, canary) {
			t.Errorf("%s: status %d came back with it: %s", name, rec.Code, answer)
		}
		if rec.Code >= 500 {
			t.Errorf("%s: status %d", name, rec.Code)
		}
	}
	for _, secret := range []string{canary, encoded, credential, "signature"} {
		if strings.Contains(w.log.String(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
}

func TestOneLineIsLoggedForEachRequest(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Read)
	path := "/v1/tasks/" + w.task(c, task.Queued).Ref.ID
	for _, s := range []struct {
		call        func() *httptest.ResponseRecorder
		route       string
		application string
		code        string
	}{
		{func() *httptest.ResponseRecorder { return w.call(t, c, "GET", path, "") }, "/v1/tasks/{id}", c.id, ""},
		{func() *httptest.ResponseRecorder { return w.call(t, c, "DELETE", path, "") }, "/v1/tasks/{id}", "", "scope_missing"},
		{func() *httptest.ResponseRecorder { return w.call(t, client{}, "GET", path, "") }, "/v1/tasks/{id}", "", "credentials_missing_or_wrong"},
		{func() *httptest.ResponseRecorder { return w.call(t, c, "GET", "/nowhere", "") }, "", "", "not_found"},
		{func() *httptest.ResponseRecorder {
			return w.call(t, client{}, "POST", "/v1/tasks", "x", "Content-Type", "application/pdf")
		}, "/v1/tasks", "", "credentials_missing_or_wrong"},
		{func() *httptest.ResponseRecorder { return w.call(t, c, "GET", "/v1/tasks?limit=0", "") }, "/v1/tasks", c.id, "bad_field"},
		{func() *httptest.ResponseRecorder { return w.call(t, client{}, "GET", "/v1/openapi.json", "") }, "/v1/openapi.json", "", ""},
	} {
		before := len(w.log.String())
		rec := s.call()
		var done []map[string]any
		for line := range strings.Lines(w.log.String()[before:]) {
			var v map[string]any
			if err := json.Unmarshal([]byte(line), &v); err != nil {
				t.Fatal(err)
			}
			if v["msg"] == "request.done" {
				done = append(done, v)
			}
		}
		if len(done) != 1 {
			t.Fatalf("%d lines for a request", len(done))
		}
		d := done[0]
		if d["route"] != s.route || d["application"] != s.application || d["code"] != s.code || d["status"] != float64(rec.Code) ||
			d["bytes"] != float64(rec.Body.Len()) || d["request"] != rec.Header().Get("X-Request-Id") {
			t.Errorf("logged %v for status %d", d, rec.Code)
		}
	}
}

func TestPanicBecomesAnInternalErrorWithoutItsValue(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Read)
	w.now = func() time.Time { panic(canary) }
	rec := w.call(t, c, "GET", "/v1/retention", "")
	if p := problem(t, rec); p.Code != "internal_error" || strings.Contains(rec.Body.String(), canary) || strings.Contains(w.log.String(), canary) {
		t.Errorf("%+v; log %s", p, w.log.String())
	}
}

// FuzzCreate sends settings of any form. Whatever they are, the answer is a task or a problem that repeats none of them.
func FuzzCreate(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"languages":["eng"],"formats":["txt"]}`, `{"retain_seconds":1e400}`, `{"retain_seconds":1e3}`, `{"password":"\ud800"}`, `null`, `[]`, `{"a":{"b":{}}}`,
		"\xff", `{"languages":null}`, `{"LANGUAGES":["eng"]}`, `{"profile":"fast","profile":"x"}`, strings.Repeat("[", 9999),
	} {
		f.Add([]byte(seed))
	}
	w := newWorld()
	handler := unlimited(f, w)
	f.Fuzz(func(t *testing.T, body []byte) {
		rec := handler(t, "/v1/tasks", body)
		checkFuzzed(t, rec)
	})
}

// FuzzInlineQuery sends settings of any form in the address.
func FuzzInlineQuery(f *testing.F) {
	for _, seed := range []string{"", "languages=eng", "retain_seconds=99999999999999999999", "delete_on_fetch=maybe", "%zz", "a=b;c=d", "formats=&formats="} {
		f.Add(seed)
	}
	w := newWorld()
	handler := unlimited(f, w)
	f.Fuzz(func(t *testing.T, query string) {
		if strings.ContainsAny(query, " \t\r\n#") || !printable(query) {
			t.Skip("no query of a request line")
		}
		checkFuzzed(t, handler(t, "/v1/tasks?"+query, []byte("%PDF"), "Content-Type", "application/pdf"))
	})
}

// FuzzCreateTask sends any body as any type with any headers that settings or keys come in.
func FuzzCreateTask(f *testing.F) {
	for _, seed := range [][3]string{
		{"application/json", "key", `{}`}, {"application/pdf", "", "%PDF"}, {"application/json; charset=latin1", "\xff", `{"languages":["eng"]}`},
		{"application/merge-patch+json", "", `{}`}, {"application/cbor", "", "\xa0"}, {"", "", "{}"}, {"text/json", " ", "null"},
		{"application/octet-stream;;", "k,k", ""}, {"APPLICATION/PDF", strings.Repeat("k", 201), strings.Repeat("x", inlineLimit+1)},
		{"multipart/form-data; boundary=b", "", "--b\r\n\r\n--b--"},
	} {
		f.Add(seed[0], seed[1], []byte(seed[2]))
	}
	w := newWorld()
	handler := unlimited(f, w)
	f.Fuzz(func(t *testing.T, mediaType, key string, body []byte) {
		checkFuzzed(t, handler(t, "/v1/tasks", body, "Content-Type", mediaType, "Idempotency-Key", key, "Document-Password", key))
	})
}

func printable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// unlimited calls the interface as an application that is never slowed down, and forgets what it created.
func unlimited(f *testing.F, w *world) func(t *testing.T, target string, body []byte, header ...string) *httptest.ResponseRecorder {
	f.Helper()
	app, secret, err := w.apps.Create(f.Context(), access.Application{Name: "fuzz", Scopes: []access.Scope{access.Submit}}, time.Time{})
	if err != nil {
		f.Fatal(err)
	}
	return func(t *testing.T, target string, body []byte, header ...string) *httptest.ResponseRecorder {
		t.Helper()
		w.clock = w.clock.Add(time.Second)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(string(body)))
		r.Header.Set("Authorization", basic(app.ID, secret))
		setHeaders(r, header)
		rec := httptest.NewRecorder()
		w.handler.ServeHTTP(rec, r)
		clear(w.tasks)
		clear(w.keys)
		w.orders, w.bodies = nil, nil
		w.log.buf.Reset()
		return rec
	}
}

func checkFuzzed(t *testing.T, rec *httptest.ResponseRecorder) {
	t.Helper()
	switch {
	case rec.Code == 201:
	case rec.Code >= 400 && rec.Code < 500:
		if p := problem(t, rec); p.Field == "" {
			t.Errorf("the problem names no field: %+v", p)
		}
	default:
		t.Errorf("status %d: %s", rec.Code, rec.Body)
	}
}
