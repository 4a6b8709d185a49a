package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/task"
)

// described is an operation as the served description has it.
type described struct {
	route   route
	query   []string
	headers []string
	schema  map[string]any // of the JSON body, nil for none
	text    string         // that goes with the request
	typed   string         // its media type
}

// operations lists every operation of the description.
func operations(t *testing.T) []described {
	t.Helper()
	doc := description(t)
	routed := map[string]route{}
	for _, r := range routes() {
		routed[r.id] = r
	}
	for id, path := range openRoutes() {
		routed[id] = route{id: id, method: "GET", path: path, good: 200}
	}
	var all []described
	for _, item := range at[map[string]any](t, doc, "paths") {
		for _, op := range item.(map[string]any) {
			d := described{route: routed[at[string](t, op, "operationId")], typed: "application/json"}
			if d.route.id == "" {
				t.Fatalf("%s has no row in the table of routes", at[string](t, op, "operationId"))
			}
			d.text = d.route.body
			if d.route.typed != "" {
				d.typed = d.route.typed
			} else if _, takes := op.(map[string]any)["requestBody"]; takes {
				d.schema = resolve(t, doc, at[map[string]any](t, op, "requestBody", "content", "application/json", "schema"))
			}
			list, _ := op.(map[string]any)["parameters"].([]any)
			for _, p := range list {
				switch name := at[string](t, p, "name"); at[string](t, p, "in") {
				case "query":
					d.query = append(d.query, name)
				case "header":
					d.headers = append(d.headers, name)
				}
			}
			all = append(all, d)
		}
	}
	return all
}

func resolve(t *testing.T, doc, schema map[string]any) map[string]any {
	t.Helper()
	if ref, ok := schema["$ref"].(string); ok {
		return at[map[string]any](t, doc, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
	}
	return schema
}

// slip is a request with one mistake.
type slip struct {
	name   string
	query  string
	body   string
	header []string // added to those of the request, names and values in turn
	field  string
	status []int
}

// slips lists the mistakes that can be made with an operation.
func (d described) slips(t *testing.T) []slip {
	t.Helper()
	both := []int{400, 422}
	all := []slip{
		{"unknown parameter", "zz=1", d.text, nil, "zz", []int{422}},
		{"unknown parameter without a value", "zz", d.text, nil, "zz", []int{422}},
		{"nameless parameter", "=1", d.text, nil, `""`, []int{422}},
		{"broken escape in a name", "z%zz=1", d.text, nil, "z%zz", []int{400}},
		{"lone percent sign", "zz=%", d.text, nil, "zz", both},
		{"semicolon", "zz=1;yy=2", d.text, nil, "zz", both},
	}
	for _, name := range d.query {
		all = append(all,
			slip{"broken escape", name + "=60%zz", d.text, nil, name, []int{400}},
			slip{"escape cut short", name + "=6%1", d.text, nil, name, []int{400}},
			slip{"repeated parameter", name + "=1&" + name + "=1", d.text, nil, name, []int{422}},
			slip{"repeated parameter, once escaped", name + "=1&%" + fmt.Sprintf("%x", name[0]) + name[1:] + "=1", d.text, nil, name, []int{422}},
			slip{"odd case", strings.ToUpper(name[:1]) + name[1:] + "=1", d.text, nil, strings.ToUpper(name[:1]) + name[1:], []int{422}},
			slip{"parameter without a value", name + "=", d.text, nil, name, []int{422}},
			slip{"parameter after a semicolon", name + "=1;zz=2", d.text, nil, name, []int{400}},
		)
	}
	for _, name := range []string{"Document-Password", "Document-Subject"} {
		if !slices.Contains(d.headers, name) {
			all = append(all, slip{"header of a document without one", "", d.text, []string{name, "x"}, name, []int{422}})
		}
	}
	for _, name := range d.headers {
		if name != "If-None-Match" && name != "Prefer" { // lists, whose parts may come one by one
			all = append(all, slip{"repeated header", "", d.text, []string{name, "x", name, "x"}, name, []int{400}})
		}
	}
	if d.typed == "application/json" {
		all = append(all, d.amiss(t)...)
	}
	return all
}

// amiss lists the mistakes in a JSON body, at every depth of the schema.
func (d described) amiss(t *testing.T) []slip {
	t.Helper()
	if d.schema == nil {
		return []slip{
			{"field of a body that is not taken", "", `{"zz":1}`, nil, "zz", []int{422}},
			{"body that is not taken", "", `[1]`, nil, "body", []int{400}},
			{"text that is not taken", "", "retain_seconds=60", nil, "body", []int{400}},
		}
	}
	var all []slip
	all = append(all, slip{"deep nesting", "", strings.Repeat(`[`, 5000), nil, "body", []int{400}})
	object := func(prefix, path, suffix string, fields []string) {
		at := func(name string) string { return strings.TrimPrefix(path+"."+name, ".") }
		all = append(all, slip{"unknown field", "", prefix + `"zz":1` + suffix, nil, at("zz"), []int{422}})
		for _, name := range fields {
			odd := strings.ToUpper(name[:1]) + name[1:]
			escaped := fmt.Sprintf(`\u%04x`, name[0]) + name[1:]
			all = append(all,
				slip{"field in odd case", "", prefix + `"` + odd + `":null` + suffix, nil, at(odd), []int{422}},
				slip{"field in capitals", "", prefix + `"` + strings.ToUpper(name) + `":null` + suffix, nil, at(strings.ToUpper(name)), []int{422}},
				slip{"field with a long s", "", prefix + `"` + strings.ReplaceAll(name, "s", "ſ") + "ſ" + `":null` + suffix, nil, at(strings.ReplaceAll(name, "s", "ſ") + "ſ"), []int{422}},
				slip{"repeated field", "", prefix + `"` + name + `":null,"` + name + `":null` + suffix, nil, at(name), []int{422}},
				slip{"repeated field, once escaped", "", prefix + `"` + name + `":null,"` + escaped + `":null` + suffix, nil, at(name), []int{422}},
			)
		}
	}
	object("{", "", "}", slices.Sorted(maps.Keys(at[map[string]any](t, d.schema, "properties"))))
	for name, field := range at[map[string]any](t, d.schema, "properties") {
		nested := resolve(t, description(t), field.(map[string]any))
		if items, ok := nested["items"].(map[string]any); ok {
			if items = resolve(t, description(t), items); items["properties"] != nil {
				object(`{"`+name+`":[{},{`, name+"[1]", "}]}", slices.Sorted(maps.Keys(at[map[string]any](t, items, "properties"))))
			}
		}
		if nested["properties"] != nil {
			object(`{"`+name+`":{`, name, "}}", slices.Sorted(maps.Keys(at[map[string]any](t, nested, "properties"))))
		}
	}
	return all
}

// attemptSlip sends a request with a mistake and returns the refusal.
func (w *world) attemptSlip(t *testing.T, c client, d described, target string, s slip) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), d.route.method, target+"?"+s.query, strings.NewReader(s.body))
	if s.body != "" {
		r.Header.Set("Content-Type", d.typed)
	}
	if c.header != "" {
		r.Header.Set("Authorization", c.header)
	}
	for pair := range slices.Chunk(s.header, 2) {
		r.Header.Add(pair[0], pair[1])
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}

// What a client asks for is never dropped: every operation refuses every slip by its name, and does nothing.
func TestEveryOperationRefusesEverySlipByName(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Scopes()...)
	tried := 0
	for _, d := range operations(t) {
		about := w.task(c, task.Queued)
		before := len(w.orders)
		target := strings.NewReplacer("{id}", about.Ref.ID, "{app}", c.id, "{webhook}", "0123456789abcdef", "{case}", about.Ref.ID).Replace(d.route.path)
		for _, s := range d.slips(t) {
			w.clock = w.clock.Add(10e9) // rates have a test of their own
			tried++
			rec := w.attemptSlip(t, c, d, target, s)
			var p httpserver.Problem
			if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil || p.Field != s.field || !slices.Contains(s.status, rec.Code) {
				t.Errorf("%s (%s), %s: ?%s %s: status %d of %q, want %v of %q: %s", d.route.id, d.typed, s.name, s.query, s.body[:min(len(s.body), 80)], rec.Code, p.Field, s.status, s.field, p.Detail)
			}
			for _, remedy := range []string{"leave it out", "give it", "it is written", "send it once", "%25", "%3B", "give ", "as described"} {
				if strings.Contains(p.Detail, remedy) {
					p.Detail = ""
				}
			}
			if p.Detail != "" {
				t.Errorf("%s, %s: no remedy in %q", d.route.id, s.name, p.Detail)
			}
		}
		if got, err := w.find(about.Ref); err != nil || got.State != task.Queued || len(w.orders) != before {
			t.Errorf("%s did something: task %v, %v, and %d orders", d.route.id, got, err, len(w.orders)-before)
		}
	}
	if apps, err := w.apps.List(t.Context()); err != nil || len(apps) != 1 || !apps[0].Revoked.IsZero() {
		t.Errorf("an application was made or revoked: %v, %v", apps, err)
	}
	t.Logf("%d slips were tried", tried)
}

// The request of the issue report: a retention of a minute that must not become 23 hours.
func TestWishForAShortLifeIsHonouredOrRefused(t *testing.T) {
	pdf := []string{"Content-Type", "application/pdf"}
	for _, s := range []struct {
		target, body string
		header       []string
	}{
		{"/v1/tasks?formats=txt&retain_seconds=60%zz", "%PDF", pdf},
		{"/v1/tasks?formats=txt;retain_seconds=60", "%PDF", pdf},
		{"/v1/tasks?Retain_Seconds=60", "%PDF", pdf},
		{"/v1/tasks?retain_seconds=60&retain_seconds=80000", "%PDF", pdf},
		{"/v1/tasks?retain_seconds=0", "%PDF", pdf},
		{"/v1/tasks?retain_seconds=", "%PDF", pdf},
		{"/v1/tasks?delete_on_fetch", "%PDF", pdf},
		{"/v1/tasks?retain_seconds=60", `{}`, nil},
		{"/v1/tasks", `{"retain_seconds":60,"retain_seconds":80000}`, nil},
		{"/v1/tasks", `{"retain_seconds":60,"Retain_Seconds":80000}`, nil},
		{"/v1/tasks", `{"retain_seconds":0}`, nil},
		{"/v1/tasks", `{"RETAIN_SECONDS":60}`, nil},
		{"/v1/tasks", `{"delete_on_fetch":true,"delete_on_fetch":false}`, nil},
		{"/v1/tasks", `{"retain_seconds":60,"retain_seconds":80000}`, []string{"Content-Type", "application/json; charset"}},
		{"/v1/tasks", `{"retain_seconds":60,"retain_seconds":80000}`, []string{"Content-Type", "x+application/json"}},
		{"/v1/tasks", `{"retain_seconds":60,"retain_seconds":80000}`, []string{"Content-Type", "application/merge-patch+json"}},
		{"/v1/tasks:batch", `{"tasks":[{},{"retain_seconds":60,"retain_seconds":80000}]}`, nil},
		{"/v1/tasks:batch", `{"tasks":[{"retain_seconds":60}],"tasks":[{}]}`, nil},
	} {
		w := newWorld()
		rec := w.call(t, w.client(t, access.Submit), "POST", s.target, s.body, s.header...)
		if p := problem(t, rec); rec.Code < 400 || rec.Code >= 500 || p.Field == "" || len(w.orders) > 0 {
			t.Errorf("%s with %s: %+v and %d orders", s.target, s.body, p, len(w.orders))
		}
	}
}

// What is looked at before it is decoded is decoded whole, and an empty object is as good as no body.
func TestStrictRequestsStillReachTheirOperations(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Scopes()...)
	if rec := w.call(t, c, "DELETE", "/v1/tasks/"+w.task(c, task.Queued).Ref.ID, " {} "); rec.Code != 200 {
		t.Errorf("an empty object: status %d: %s", rec.Code, rec.Body)
	}
	batch := `{"tasks":[` + strings.Repeat(`{"languages":["eng","rus"],"retain_seconds":60},`, 999) + `{"idempotency_key":"last"}]}`
	if rec := w.call(t, c, "POST", "/v1/tasks:batch", batch); rec.Code != 200 || len(w.orders) != 1000 || w.orders[999].IdempotencyKey != "last" {
		t.Errorf("status %d and %d orders", rec.Code, len(w.orders))
	}
	if rec := w.call(t, c, "GET", "/v1/tasks?&limit=5&", ""); rec.Code != 200 {
		t.Errorf("nothing between ampersands: status %d: %s", rec.Code, rec.Body)
	}
}

// stuck is a body that times out, and counts how often somebody waited for it.
type stuck struct{ waits int }

func (s *stuck) Read([]byte) (int, error) {
	s.waits++
	return 0, os.ErrDeadlineExceeded
}

// Looking at a body before it is decoded must not double the time that a client may stall.
func TestBodyThatStallsIsWaitedForOnce(t *testing.T) {
	for target, want := range map[string]int{"POST /v1/tasks": 408, "POST /v1/tasks:batch": 408, "DELETE /v1/tasks/{id}": 400} {
		w := newWorld()
		c := w.client(t, access.Scopes()...)
		about := w.task(c, task.Queued).Ref
		method, path, _ := strings.Cut(strings.ReplaceAll(target, "{id}", about.ID), " ")
		body := &stuck{}
		r := httptest.NewRequestWithContext(t.Context(), method, path, body)
		r.Header.Set("Authorization", c.header)
		rec := httptest.NewRecorder()
		w.handler.ServeHTTP(rec, r)
		if rec.Code != want || body.waits != 1 {
			t.Errorf("%s: status %d after %d waits, want %d: %s", target, rec.Code, body.waits, want, rec.Body)
		}
		if got, err := w.find(about); err != nil || got.State != task.Queued {
			t.Errorf("%s: the task is %v, %v", target, got, err)
		}
	}
}
