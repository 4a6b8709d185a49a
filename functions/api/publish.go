package api

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
)

// publish makes the description that clients read out of the one that the routes filled. There requests and answers share
// types; here requests are as they should be sent, without null, and answers are as they come: open to fields of later
// versions, without null, and without what is never shown.
func (a *API) publish() *huma.OpenAPI {
	routes := a.huma.OpenAPI()
	schemas := newSchemas()
	p := publisher{from: routes.Components.Schemas, to: schemas.Map(), examples: a.examples()}
	p.problem = routes.Components.Schemas.Schema(problemType(), true, "Problem")
	p.separate(routes)
	doc := &huma.OpenAPI{
		OpenAPI: routes.OpenAPI,
		Info: &huma.Info{
			Title: "Lethe", Version: a.Version, Description: introduction,
			License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
			Contact: &huma.Contact{Name: "Lethe", URL: "https://github.com/lethe-ocr/lethe"},
		},
		Servers:    []*huma.Server{{URL: "/", Description: "Where this description is served."}},
		Tags:       tags(),
		Paths:      map[string]*huma.PathItem{},
		Components: &huma.Components{Schemas: schemas, Responses: p.refused(), SecuritySchemes: routes.Components.SecuritySchemes},
		Extensions: map[string]any{"x-codes": codes()},
	}
	for path, item := range routes.Paths {
		published := &huma.PathItem{}
		for from, to := range map[*huma.Operation]**huma.Operation{
			item.Get: &published.Get, item.Post: &published.Post, item.Put: &published.Put, item.Delete: &published.Delete,
		} {
			if from != nil {
				*to = p.operation(from)
			}
		}
		// OpenAPI has no name for "the rest of the path"; the parameter's text says what it holds.
		doc.Paths[strings.Replace(path, "...", "", 1)] = published
	}
	used := map[string]bool{}
	for _, op := range operations(doc) {
		for _, r := range op.Responses {
			used[r.Ref] = true
		}
	}
	maps.DeleteFunc(doc.Components.Responses, func(name string, _ *huma.Response) bool { return !used[refusal(name).Ref] })
	return doc
}

// publisher copies descriptions.
type publisher struct {
	from     huma.Registry
	to       map[string]*huma.Schema
	shared   map[string]bool // types of both requests and answers
	problem  *huma.Schema
	examples map[string]samples
}

// side is where a type occurs.
type side int

const (
	sent side = iota
	answer
)

// separate finds the types that are in requests and in answers, which become two.
func (p *publisher) separate(routes *huma.OpenAPI) {
	seen := [2]map[string]bool{{}, {}}
	var walk func(s *huma.Schema, in side)
	walk = func(s *huma.Schema, in side) {
		if s == nil {
			return
		}
		if s.Ref != "" {
			name := s.Ref[strings.LastIndex(s.Ref, "/")+1:]
			if seen[in][name] {
				return
			}
			seen[in][name] = true
			walk(p.from.SchemaFromRef(s.Ref), in)
			return
		}
		walk(s.Items, in)
		for _, f := range s.Properties {
			walk(f, in)
		}
	}
	for _, op := range operations(routes) {
		if op.RequestBody != nil {
			for _, m := range op.RequestBody.Content {
				walk(m.Schema, sent)
			}
		}
		for _, r := range op.Responses {
			for _, m := range r.Content {
				walk(m.Schema, answer)
			}
		}
	}
	p.shared = map[string]bool{}
	for name := range seen[sent] {
		p.shared[name] = seen[answer][name]
	}
}

// operations lists them all, in a fixed order.
func operations(doc *huma.OpenAPI) []*huma.Operation {
	var all []*huma.Operation
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		item := doc.Paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
			if op != nil {
				all = append(all, op)
			}
		}
	}
	return all
}

func (p *publisher) operation(from *huma.Operation) *huma.Operation {
	op := *from
	op.Parameters = nil
	for _, param := range from.Parameters {
		published := *param
		published.Schema = p.schema(param.Schema, sent)
		published.Description = cmp.Or(param.Description, published.Schema.Description)
		op.Parameters = append(op.Parameters, &published)
	}
	shown := p.examples[op.OperationID]
	if from.RequestBody != nil {
		body := *from.RequestBody
		body.Content = p.content(from.RequestBody.Content, sent, shown.requests)
		op.RequestBody = &body
	}
	op.Responses = map[string]*huma.Response{}
	for status, r := range from.Responses {
		if status >= "400" && r.Content[jsonType] == nil {
			continue // the framework's word for a problem
		}
		op.Responses[status] = p.response(r.Description, r, shown.answers)
	}
	for status, other := range alike()[op.OperationID] {
		op.Responses[status] = p.response(other, from.Responses[success(from)], shown.answers)
	}
	if op.OperationID == "getTask" {
		same := p.response("The task is as the version in If-None-Match.", from.Responses["200"], nil)
		same.Content = nil
		op.Responses["304"] = same
	}
	for _, status := range refusals(from) {
		op.Responses[strconv.Itoa(status)] = refusal(refusalName(status))
	}
	op.Responses["default"] = refusal(otherwise)
	return &op
}

// success is the status of an operation when all is well.
func success(op *huma.Operation) string {
	for _, status := range []string{"200", "201"} {
		if op.Responses[status] != nil {
			return status
		}
	}
	return ""
}

// alike lists answers that differ from an operation's usual one in status alone.
func alike() map[string]map[string]string {
	again := map[string]string{"200": "The task of an earlier request with the same idempotency key."}
	return map[string]map[string]string{
		createTask: again, createTaskFromDocument: again,
		"deleteTask":   {"202": "A worker has to let go: ask again."},
		"eraseSubject": {"202": "A worker has to let go of a task: ask again."},
		"getReadiness": {"503": "No documents are taken in; the checks tell why."},
	}
}

func (p *publisher) response(description string, from *huma.Response, shown map[string][]any) *huma.Response {
	r := &huma.Response{Description: description, Headers: map[string]*huma.Param{"X-Request-Id": header("Names the request, as in the server's log.")}}
	for name, h := range from.Headers {
		if name != "Content-Type" { // the content says so
			r.Headers[name] = header(cmp.Or(h.Description, h.Schema.Description))
		}
	}
	r.Content = p.content(from.Content, answer, shown)
	return r
}

func header(description string) *huma.Param {
	return &huma.Param{Description: description, Schema: &huma.Schema{Type: huma.TypeString}}
}

func (p *publisher) content(from map[string]*huma.MediaType, in side, shown map[string][]any) map[string]*huma.MediaType {
	if from == nil {
		return nil
	}
	to := map[string]*huma.MediaType{}
	for name, m := range from {
		name, _, _ := strings.Cut(name, ";") // parameters of a type say nothing of what it holds
		published := &huma.MediaType{Examples: map[string]*huma.Example{}}
		if m.Schema != nil {
			published.Schema = p.schema(m.Schema, in)
		}
		for i, v := range shown[name] {
			published.Examples["example"+strconv.Itoa(i+1)] = &huma.Example{Value: v}
		}
		to[name] = published
	}
	return to
}

// refusals lists the statuses of what an operation refuses.
func refusals(op *huma.Operation) []int {
	all := []int{http.StatusBadRequest, http.StatusUnprocessableEntity}
	if scopes, _ := op.Metadata[scopeKey].([]access.Scope); len(scopes) > 0 {
		all = append(all, http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests)
	}
	if op.RequestBody != nil {
		all = append(all, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	own, _ := op.Metadata[refusalsKey].([]int)
	return append(all, own...)
}

// otherwise names the answer to what goes wrong in the service.
const otherwise = "Unavailable"

// refusal refers to the problem documents of a status.
func refusal(name string) *huma.Response {
	return &huma.Response{Ref: "#/components/responses/" + name}
}

func refusalName(status int) string { return strings.ReplaceAll(http.StatusText(status), " ", "") }

// refused describes the problem documents of every status below 500, and of the rest together, by the table of codes.
func (p *publisher) refused() map[string]*huma.Response {
	all := map[string]*huma.Response{}
	for _, c := range fault.Codes() {
		problem := httpserver.NewProblem(fault.New(c, "%s", c.Meaning()))
		if c.Kind() == fault.Document {
			continue // of a task that failed, not of a request
		}
		name := refusalName(problem.Status)
		if problem.Status >= http.StatusInternalServerError {
			name = otherwise
		}
		r := all[name]
		if r == nil {
			media := &huma.MediaType{Schema: p.schema(p.problem, answer), Examples: map[string]*huma.Example{}}
			r = p.response(http.StatusText(problem.Status)+".", &huma.Response{}, nil)
			r.Content = map[string]*huma.MediaType{httpserver.ProblemType: media}
			all[name] = r
		}
		r.Content[httpserver.ProblemType].Examples[string(c)] = &huma.Example{Summary: c.Meaning(), Value: problem}
		switch problem.Status {
		case http.StatusUnauthorized:
			r.Headers["WWW-Authenticate"] = header("How to sign in.")
		case http.StatusTooManyRequests, http.StatusServiceUnavailable:
			r.Headers["Retry-After"] = header("Seconds after which to try again, where that is known.")
		}
	}
	all[otherwise].Description = "Something in the service is not available, has no room or went wrong."
	return all
}

// schema copies a schema as one side sees it.
func (p *publisher) schema(from *huma.Schema, in side) *huma.Schema {
	if name, ok := from.Extensions[enumKey].(string); ok {
		return &huma.Schema{Ref: p.enum(name), Description: from.Description}
	}
	if from.Ref != "" {
		return &huma.Schema{Ref: p.component(from.Ref, in), Description: from.Description}
	}
	s := *from
	s.Nullable = false
	if from.Items != nil {
		s.Items = p.schema(from.Items, in)
	}
	if values, ok := from.AdditionalProperties.(*huma.Schema); ok {
		s.AdditionalProperties = p.schema(values, in)
	} else if in == answer {
		s.AdditionalProperties = nil
	}
	if from.Properties != nil {
		s.Properties = map[string]*huma.Schema{}
		for name, f := range from.Properties {
			if in == sent || !f.WriteOnly {
				s.Properties[name] = p.schema(f, in)
			}
		}
	}
	return &s
}

// component publishes a type that is referred to.
func (p *publisher) component(ref string, in side) string {
	at := strings.LastIndex(ref, "/") + 1
	source, name := p.from.SchemaFromRef(ref), ref[at:]
	if in == sent && p.shared[name] {
		name += "Input"
	}
	if p.to[name] == nil {
		p.to[name] = &huma.Schema{} // so that a type may hold itself
		p.to[name] = p.schema(source, in)
	}
	return ref[:at] + name
}

func (p *publisher) enum(name string) string {
	for _, e := range enums() {
		if e.name == name {
			p.to[name] = e.component()
		}
	}
	return "#/components/schemas/" + name
}
