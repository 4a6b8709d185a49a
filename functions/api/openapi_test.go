package api_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/render"
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
			if schema := at[map[string]any](t, op, "responses", "default", "content", "application/problem+json", "schema"); schema["$ref"] != "#/components/schemas/Problem" {
				t.Errorf("%s answers errors with %v", id, schema)
			}
			_, open := openRoutes()[id]
			if _, secured := op.(map[string]any)["security"]; secured == open {
				t.Errorf("%s: secured is %v", id, secured)
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
	schemas := at[map[string]any](t, doc, "components", "schemas")
	raw, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, m := range regexp.MustCompile(`"\$ref":"([^"]*)"`).FindAllStringSubmatch(string(raw), -1) {
		name, ok := strings.CutPrefix(m[1], "#/components/schemas/")
		if used[name] = true; !ok || schemas[name] == nil {
			t.Errorf("reference %s leads nowhere", m[1])
		}
	}
	for name := range schemas {
		if !used[name] {
			t.Errorf("schema %s is not used", name)
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
	create := at[map[string]any](t, description(t), "paths", "/v1/tasks", "post")
	content := at[map[string]any](t, create, "requestBody", "content")
	for _, mediaType := range []string{"application/json", "application/pdf", "image/tiff", "application/octet-stream"} {
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

func TestDescriptionListsEveryFormatAndItsMediaType(t *testing.T) {
	doc := description(t)
	var want []any
	result := at[map[string]any](t, doc, "paths", "/v1/tasks/{id}/results/{format}", "get")
	types := at[map[string]any](t, result, "responses", "200", "content")
	for _, f := range render.Formats() {
		want = append(want, string(f))
		mediaType, _, _ := strings.Cut(f.MediaType(), ";")
		if types[mediaType] == nil {
			t.Errorf("a result of type %s is not described", mediaType)
		}
	}
	inOrder := at[map[string]any](t, doc, "components", "schemas", "Settings", "properties", "formats", "items")
	inAddress := map[string]any{}
	for _, p := range at[[]any](t, result, "parameters") {
		if at[string](t, p, "name") == "format" {
			inAddress = at[map[string]any](t, p, "schema")
		}
	}
	for place, schema := range map[string]map[string]any{"the settings": inOrder, "the address of a result": inAddress} {
		if got, _ := schema["enum"].([]any); !slices.Equal(got, want) {
			t.Errorf("%s list the formats %v, want %v", place, got, want)
		}
	}
}
