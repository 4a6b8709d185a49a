package api_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/review"
	"github.com/lethe-ocr/lethe/shared/task"
)

// description reads the served document.
func description(t *testing.T) map[string]any {
	t.Helper()
	w := newWorld()
	rec := w.call(t, client{}, "GET", "/v1/openapi.json", "")
	if ct := rec.Header().Get("Content-Type"); ct != "application/openapi+json" {
		t.Errorf("content type is %q", ct)
	}
	return read[map[string]any](t, rec, 200)
}

// at follows keys into a document.
func at[T any](t *testing.T, doc any, keys ...string) T {
	t.Helper()
	for _, k := range keys {
		m, ok := doc.(map[string]any)
		if !ok || m[k] == nil {
			t.Fatalf("there is no %q of %q in the description", k, keys)
		}
		doc = m[k]
	}
	v, ok := doc.(T)
	if !ok {
		t.Fatalf("%q is a %T", keys, doc)
	}
	return v
}

func TestDescriptionIsOpenAPI31(t *testing.T) {
	doc := description(t)
	if v := at[string](t, doc, "openapi"); !strings.HasPrefix(v, "3.1.") {
		t.Errorf("version is %s", v)
	}
	if at[string](t, doc, "info", "title") == "" || at[string](t, doc, "info", "version") != "test" {
		t.Error("title or version is missing")
	}
	if at[string](t, doc, "components", "securitySchemes", "application", "scheme") != "basic" {
		t.Error("the way of authentication is missing")
	}
}

func TestDescriptionListsEveryOperationOnceWithItsAnswers(t *testing.T) {
	doc := description(t)
	var got []string
	for path, item := range at[map[string]any](t, doc, "paths") {
		for method, op := range item.(map[string]any) {
			id := at[string](t, op, "operationId")
			got = append(got, id)
			if at[string](t, op, "summary") == "" {
				t.Errorf("%s has no summary", id)
			}
			for _, status := range []string{"default", "400", "422"} {
				r := resolve(t, doc, at[map[string]any](t, op, "responses", status))
				if schema := at[map[string]any](t, r, "content", "application/problem+json", "schema"); schema["$ref"] != "#/components/schemas/Problem" {
					t.Errorf("%s answers errors with %v", id, schema)
				}
			}
			_, open := openRoutes()[id]
			if security := at[[]any](t, op, "security"); open != (len(security) == 0) {
				t.Errorf("%s: security is %v", id, security)
			}
			checkParameters(t, method+" "+path, op.(map[string]any))
		}
	}
	var want []string
	for id := range newWorld().api.Operations() {
		want = append(want, id)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("described: %v\nserved: %v", got, want)
	}
}

// checkParameters wants each parameter once and exactly the path parameters that the path has.
func checkParameters(t *testing.T, name string, op map[string]any) {
	t.Helper()
	seen := map[string]bool{}
	var inPath []string
	list, _ := op["parameters"].([]any)
	for _, p := range list {
		place, parameter := at[string](t, p, "in"), at[string](t, p, "name")
		if seen[place+parameter] {
			t.Errorf("%s has %s %s twice", name, place, parameter)
		}
		seen[place+parameter] = true
		if place == "path" {
			inPath = append(inPath, "{"+parameter+"}")
		}
		at[map[string]any](t, p, "schema")
	}
	want := regexp.MustCompile(`\{[a-z]+\}`).FindAllString(name, -1)
	slices.Sort(inPath)
	slices.Sort(want)
	if !slices.Equal(inPath, want) {
		t.Errorf("%s describes the path parameters %v", name, inPath)
	}
}

func TestDescriptionRefersToNothingThatIsMissing(t *testing.T) {
	doc := description(t)
	schemas, responses := at[map[string]any](t, doc, "components", "schemas"), at[map[string]any](t, doc, "components", "responses")
	raw, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, m := range regexp.MustCompile(`"\$ref":"([^"]*)"`).FindAllStringSubmatch(string(raw), -1) {
		place, name, _ := strings.Cut(strings.TrimPrefix(m[1], "#/components/"), "/")
		used[place+"/"+name] = true
		if map[string]map[string]any{"schemas": schemas, "responses": responses}[place][name] == nil {
			t.Errorf("reference %s leads nowhere", m[1])
		}
	}
	for place, all := range map[string]map[string]any{"schemas": schemas, "responses": responses} {
		for name := range all {
			if !used[place+"/"+name] {
				t.Errorf("%s %s is not used", place, name)
			}
		}
	}
}

func TestDescriptionExplainsEveryErrorCode(t *testing.T) {
	doc := description(t)
	got := map[string]string{}
	for _, c := range at[[]any](t, doc, "x-codes") {
		got[at[string](t, c, "code")] = fmt.Sprint(at[bool](t, c, "retryable"), at[string](t, c, "meaning"))
	}
	for _, c := range fault.Codes() {
		if want := fmt.Sprint(c.Retryable(), c.Meaning()); got[string(c)] != want {
			t.Errorf("%s: %q, want %q", c, got[string(c)], want)
		}
	}
	if len(got) != len(fault.Codes()) {
		t.Errorf("%d codes, want %d", len(got), len(fault.Codes()))
	}
}

func TestDescriptionTellsHowToSendADocumentInOneCall(t *testing.T) {
	create := at[map[string]any](t, description(t), "paths", "/v1/tasks:document", "post")
	content := at[map[string]any](t, create, "requestBody", "content")
	for _, mediaType := range []string{"application/pdf", "image/tiff", "application/octet-stream"} {
		if content[mediaType] == nil {
			t.Errorf("no body of type %s", mediaType)
		}
	}
	var names []string
	for _, p := range at[[]any](t, create, "parameters") {
		names = append(names, at[string](t, p, "in")+" "+at[string](t, p, "name"))
	}
	for _, want := range []string{"query languages", "query formats", "query retain_seconds", "header Document-Password", "header Idempotency-Key"} {
		if !slices.Contains(names, want) {
			t.Errorf("no parameter %q in %v", want, names)
		}
	}
	if slices.Contains(names, "query password") {
		t.Error("the password must not go into the address")
	}
}

func TestDescriptionListsTheMediaTypeOfEveryFormat(t *testing.T) {
	types := at[map[string]any](t, description(t), "paths", "/v1/tasks/{id}/results/{format}", "get", "responses", "200", "content")
	for _, f := range render.Formats() {
		mediaType, _, _ := strings.Cut(f.MediaType(), ";")
		at[map[string]any](t, types, mediaType, "schema")
	}
}

// What the domain lists is listed wherever it occurs.
func TestDescriptionListsTheValuesOfEveryEnumeration(t *testing.T) {
	doc := description(t)
	for name, want := range map[string][]string{
		"TaskState": texts(task.States()), "ResultFormat": texts(render.Formats()), "Scope": texts(access.Scopes()), "ErrorCode": texts(fault.Codes()),
		"NoteCode": texts(ocr.NoteCodes()), "ErasureReason": texts(retention.TaskReasons()), "CaseState": texts(review.States()), "Act": texts(accesslog.Acts()),
		"Profile": texts(ocr.Profiles()), "OnPageError": texts(task.OnPageErrors()), "SignaturePolicy": ocr.SignaturePolicies(),
	} {
		if got := fmt.Sprint(at[[]any](t, doc, "components", "schemas", name, "enum")); got != fmt.Sprint(want) {
			t.Errorf("%s lists %s, want %s", name, got, want)
		}
	}
	property := func(schema, name string) []string {
		return []string{"components", "schemas", schema, "properties", name}
	}
	for _, c := range []struct {
		enum  string
		place []string
	}{
		{"TaskState", property("Task", "state")}, {"ErasureReason", property("Task", "reason")}, {"ResultFormat", property("TaskResult", "format")},
		{"ErrorCode", property("Problem", "code")}, {"ErrorCode", property("TaskFailure", "code")}, {"NoteCode", property("TaskNote", "code")},
		{"CaseState", property("Case", "state")}, {"Act", property("AccessEntry", "act")}, {"Scope", property("AccessEntry", "scope")},
		{"Scope", append(property("Application", "scopes"), "items")}, {"Scope", append(property("ApplicationRequest", "scopes"), "items")},
		{"ResultFormat", append(property("SettingsInput", "formats"), "items")}, {"ResultFormat", append(property("Settings", "formats"), "items")},
		{"ResultFormat", append(property("BatchItem", "formats"), "items")}, {"ResultFormat", append(property("CeilingsInput", "formats"), "items")},
		{"Profile", property("SettingsInput", "profile")}, {"OnPageError", property("SettingsInput", "on_page_error")}, {"SignaturePolicy", property("SettingsInput", "signature")},
	} {
		if got := at[map[string]any](t, doc, c.place...)["$ref"]; got != "#/components/schemas/"+c.enum {
			t.Errorf("%v is %v, want %s", c.place, got, c.enum)
		}
	}
	for path, name := range map[string]string{"/v1/tasks": "state", "/v1/tasks/{id}/results/{format}": "format"} {
		for _, p := range at[[]any](t, doc, "paths", path, "get", "parameters") {
			if at[string](t, p, "name") == name && at[map[string]any](t, p, "schema")["$ref"] == nil {
				t.Errorf("the parameter %s of %s has no listed values", name, path)
			}
		}
	}
}

func texts[T ~string](values []T) []string {
	var all []string
	for _, v := range values {
		all = append(all, string(v))
	}
	return all
}

// everyObject calls f with every schema of the description that has properties, and its name.
func everyObject(t *testing.T, doc map[string]any, f func(name string, schema, properties map[string]any)) {
	t.Helper()
	for name, s := range at[map[string]any](t, doc, "components", "schemas") {
		if properties, ok := s.(map[string]any)["properties"].(map[string]any); ok {
			f(name, s.(map[string]any), properties)
		}
	}
}

func TestDescriptionExplainsEveryProperty(t *testing.T) {
	doc := description(t)
	everyObject(t, doc, func(name string, _, properties map[string]any) {
		for field, p := range properties {
			about := p.(map[string]any)
			if ref, ok := about["$ref"].(string); ok && about["description"] == nil {
				about = resolve(t, doc, map[string]any{"$ref": ref}) // an enumeration says what it is
			}
			if text, _ := about["description"].(string); text == "" {
				t.Errorf("%s.%s is not explained", name, field)
			}
		}
	})
	for path, item := range at[map[string]any](t, doc, "paths") {
		for method, op := range item.(map[string]any) {
			list, _ := op.(map[string]any)["parameters"].([]any)
			for _, p := range list {
				if text, _ := p.(map[string]any)["description"].(string); text == "" {
					t.Errorf("%s %s: the parameter %s is not explained", method, path, at[string](t, p, "name"))
				}
			}
		}
	}
}

// Clients of today meet what later versions add; requests are read by this version alone.
func TestAnswersAreOpenToLaterFieldsAndRequestsAreNot(t *testing.T) {
	doc := description(t)
	requests := map[string]bool{"SettingsInput": true, "BatchItem": true, "CeilingsInput": true, "CapsInput": true}
	everyObject(t, doc, func(name string, schema, _ map[string]any) {
		closed := schema["additionalProperties"] == false
		if request := requests[name] || strings.HasSuffix(name, "Request"); closed != request {
			t.Errorf("%s: closed is %t", name, closed)
		}
	})
}

// Nothing is null in the description; that nothing is in answers either, TestEveryAnswerKeepsToTheDescription sees.
func TestDescriptionKnowsNoNull(t *testing.T) {
	raw, err := json.Marshal(description(t))
	if err != nil || strings.Contains(string(raw), `"null"`) || strings.Contains(string(raw), "null,") {
		t.Errorf("%v; something is null", err)
	}
}

func TestDescriptionNamesTheHeadersOfAnswers(t *testing.T) {
	doc := description(t)
	for _, c := range []struct{ path, method, status, header string }{
		{"/v1/tasks", "post", "201", "Location"}, {"/v1/tasks:document", "post", "201", "Location"}, {"/v1/tasks", "get", "200", "Link"},
		{"/v1/access-log", "get", "200", "Link"}, {"/v1/usage", "get", "200", "Link"}, {"/v1/tasks/{id}", "get", "200", "ETag"}, {"/v1/tasks/{id}", "get", "304", "ETag"},
		{"/v1/tasks/{id}", "get", "401", "WWW-Authenticate"}, {"/v1/tasks/{id}", "get", "429", "Retry-After"}, {"/v1/tasks/{id}", "get", "default", "Retry-After"},
		{"/v1/tasks/{id}", "delete", "202", "Retry-After"}, {"/v1/erasures", "post", "202", "Retry-After"},
		{"/v1/tasks/{id}/results/{format}", "get", "303", "Location"},
	} {
		r := resolve(t, doc, at[map[string]any](t, doc, "paths", c.path, c.method, "responses", c.status))
		at[string](t, r, "headers", c.header, "description")
	}
}

func TestDescriptionIntroducesTheLifeOfATask(t *testing.T) {
	doc := description(t)
	text := at[string](t, doc, "info", "description")
	for _, s := range task.States() {
		if !strings.Contains(text, "| "+string(s)+" |") {
			t.Errorf("the introduction does not explain %s", s)
		}
	}
	for _, words := range []string{"Prefer: wait=60", "stream=true", "Authorization", "final", "Idempotency-Key"} {
		if !strings.Contains(text, words) {
			t.Errorf("the introduction does not mention %s", words)
		}
	}
	if at[string](t, doc, "info", "license", "identifier") != "Apache-2.0" || len(at[[]any](t, doc, "servers")) == 0 {
		t.Error("licence or server is missing")
	}
}
