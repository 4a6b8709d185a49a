package contract

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	TLS    bool // whether it came over TLS
}

// Violation is an answer that is not what it should be.
type Violation struct {
	Operation string
	Rule      string // undocumented, undescribed, schema, fault, problem, echo, header, open or lax
	Detail    string
}

const problemType = "application/problem+json"

// checkAnswer holds an answer to a request against the description.
func (d *Description) checkAnswer(ctx context.Context, r *Request, a Answer) []Violation {
	var found []Violation
	add := func(rule, format string, args ...any) {
		found = append(found, Violation{r.Operation.ID, rule, fmt.Sprintf(format, args...)})
	}
	documented := r.Operation.route.Operation.Responses
	switch {
	case a.Status < 400 && documented.Status(a.Status) == nil:
		add("undocumented", "status %d is not described", a.Status)
	case a.Status < 400 || a.Status == http.StatusServiceUnavailable:
	case a.Status >= 500:
		add("fault", "status %d", a.Status)
	}
	if a.Status >= 400 && !answers(documented, a.Status) {
		if err := d.checkProblem(a); err != nil {
			add("problem", "status %d: %v", a.Status, err)
		}
	}
	if a.Status >= 400 && a.Status < 500 && documented.Status(a.Status) == nil {
		add("undocumented", "status %d is not described", a.Status)
	}
	for _, field := range undescribed(documented, a) {
		add("undescribed", "status %d: %s", a.Status, field)
	}
	if err := d.checkSchema(ctx, r, a); err != nil {
		add("schema", "status %d: %v", a.Status, err)
	}
	if where := echo(a); where != "" {
		add("echo", "status %d repeats in %s what was sent", a.Status, where)
	}
	for _, problem := range headers(a) {
		add("header", "status %d: %s", a.Status, problem)
	}
	return found
}

// answers reports whether an operation describes an answer of a status that is no problem document.
func answers(documented *openapi3.Responses, status int) bool {
	r := documented.Status(status)
	return r != nil && r.Value != nil && r.Value.Content[problemType] == nil
}

func mediaType(a Answer) string {
	kind, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
	return kind
}

// checkProblem reads a problem document.
func (d *Description) checkProblem(a Answer) error {
	if mediaType(a) != problemType {
		return fmt.Errorf("the content type is %q", a.Header.Get("Content-Type"))
	}
	var p struct {
		Status int
		Code   string
		Detail string
	}
	if err := json.Unmarshal(a.Body, &p); err != nil {
		return errors.New("the document is no JSON")
	}
	switch {
	case p.Status != a.Status:
		return fmt.Errorf("the document says %d", p.Status)
	case len(d.codes) > 0 && !d.codes[p.Code]:
		return errors.New("the code is not described")
	case p.Detail == "":
		return errors.New("nothing explains it")
	}
	return nil
}

// checkSchema holds headers and body against the schemas of the description.
func (d *Description) checkSchema(ctx context.Context, r *Request, a Answer) error {
	if a.Status < 400 && r.Operation.route.Operation.Responses.Status(a.Status) == nil {
		return nil // reported as undocumented
	}
	input, err := d.input(ctx, r)
	if err != nil {
		return err
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: input, Status: a.Status, Header: a.Header, Options: input.Options}
	out.SetBodyBytes(a.Body)
	if mediaType(a) == "text/html" { // a page for people, which no schema describes
		options := *input.Options
		options.ExcludeResponseBody = true
		out.Options = &options
	}
	return short(openapi3filter.ValidateResponse(ctx, out))
}

// forbidden reports why the description forbids a request, or nil if it allows it. Fields that are null count as absent where
// that helps.
func (d *Description) forbidden(ctx context.Context, r *Request) error {
	for name := range r.query {
		known := slices.ContainsFunc(r.Operation.route.Operation.Parameters, func(p *openapi3.ParameterRef) bool {
			return p.Value.In == "query" && p.Value.Name == name
		})
		if !known {
			return errors.New("a query parameter is not described")
		}
	}
	meant := *r
	meant.Body = withoutNulls(r.Body)
	var why error
	for _, r := range []*Request{r, &meant} {
		input, err := d.input(ctx, r)
		if err != nil {
			return err
		}
		if why = openapi3filter.ValidateRequest(ctx, input); why == nil {
			return nil
		}
	}
	return short(why)
}

// withoutNulls leaves fields out that are null: a service may take them for absent.
func withoutNulls(body []byte) []byte {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return body
	}
	var prune func(v any)
	prune = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			maps.DeleteFunc(v, func(_ string, field any) bool { return field == nil })
			for _, field := range v {
				prune(field)
			}
		case []any:
			for _, item := range v {
				prune(item)
			}
		}
	}
	prune(v)
	return encode(v)
}

func (d *Description) input(ctx context.Context, r *Request) (*openapi3filter.RequestValidationInput, error) {
	req, err := r.HTTP(ctx, "http://contract.example")
	if err != nil {
		return nil, err
	}
	return &openapi3filter.RequestValidationInput{
		Request: req, PathParams: r.params, Route: r.Operation.route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true},
	}, nil
}

// short cuts an explanation, which may quote all of an answer, to its place and reason.
func short(err error) error {
	if err == nil {
		return nil
	}
	if s, ok := errors.AsType[*openapi3.SchemaError](err); ok {
		return fmt.Errorf("/%s: %s", strings.Join(s.JSONPointer(), "/"), cut(cmp.Or(s.Reason, s.SchemaField)))
	}
	return errors.New(cut(err.Error()))
}

func cut(s string) string {
	s = strings.ReplaceAll(s, "\n", " ")
	return s[:min(len(s), 200)]
}

// echo names where an answer repeats what was sent. The body of a success may: it shows what was made.
func echo(a Answer) string {
	for name, values := range a.Header {
		if strings.Contains(strings.ToLower(name+strings.Join(values, " ")), Marker) {
			return "the header " + name
		}
	}
	if a.Status >= 400 && bytes.Contains(bytes.ToLower(a.Body), []byte(Marker)) {
		return "the body"
	}
	return ""
}

// CheckAnswer lists what is wrong with an answer whatever was asked: missing headers, and a repetition of the marker.
func CheckAnswer(a Answer) []string {
	found := headers(a)
	if where := echo(a); where != "" {
		found = append(found, where+" repeats what was sent")
	}
	return found
}

// headers lists what is wrong with the headers of an answer that no browser may keep, guess at, frame or run.
func headers(a Answer) []string {
	var found []string
	must := func(name string, ok func(string) bool) {
		if v := a.Header.Get(name); !ok(v) {
			found = append(found, fmt.Sprintf("%s is %q", name, cut(v)))
		}
	}
	has := func(part string) func(string) bool { return func(v string) bool { return strings.Contains(v, part) } }
	must("X-Content-Type-Options", has("nosniff"))
	must("Content-Security-Policy", has("default-src 'none'"))
	must("Content-Security-Policy", has("frame-ancestors 'none'"))
	must("Referrer-Policy", has("no-referrer"))
	// The ledger holds nothing of anybody, and its files never change.
	must("Cache-Control", func(v string) bool {
		return v == "no-store" || strings.HasPrefix(v, "private,") && a.Status == http.StatusOK
	})
	if a.TLS {
		must("Strict-Transport-Security", has("max-age=31536000"))
	}
	for _, name := range []string{"Server", "X-Powered-By", "Set-Cookie", "Access-Control-Allow-Origin"} {
		must(name, func(v string) bool { return v == "" })
	}
	if a.Status == http.StatusUnauthorized {
		must("WWW-Authenticate", func(v string) bool { return v != "" })
	}
	return found
}
