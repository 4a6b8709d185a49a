package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/request"
	"github.com/lethe-ocr/lethe/shared/strict"
)

const (
	descriptionPath = "/v1/openapi.json"
	openAPIType     = "application/openapi+json"
)

// The names of the ways to sign in, in the description.
const (
	securityScheme = "application"
	tokenScheme    = "token"
)

// describe returns the description that the routes fill. No page of documentation is served: it would load code from
// elsewhere.
func (a *API) describe() huma.Config {
	cfg := huma.DefaultConfig("Lethe", a.Version)
	cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath = "", "", "" // the first is an operation like all others
	cfg.CreateHooks = nil                                       // they add $schema links to every answer
	cfg.Transformers = []huma.Transformer{a.explain}
	cfg.Info.Description = "Recognises the text of documents and deletes them.\n\n" + codeTable()
	cfg.Extensions = map[string]any{"x-codes": codes()}
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		securityScheme: {Type: "http", Scheme: "basic", Description: "Application id and secret."},
		tokenScheme:    {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "A token of the OpenID Connect issuer that the stamp trusts, if there is one."},
	}
	return cfg
}

// codeView documents one error code.
type codeView struct {
	Code      fault.Code `json:"code"`
	Kind      fault.Kind `json:"kind"`
	Retryable bool       `json:"retryable"`
	Meaning   string     `json:"meaning"`
}

func codes() []codeView {
	var list []codeView
	for _, c := range fault.Codes() {
		list = append(list, codeView{c, c.Kind(), c.Retryable(), c.Meaning()})
	}
	return list
}

func codeTable() string {
	var b strings.Builder
	b.WriteString("| code | retryable | meaning |\n| --- | --- | --- |\n")
	for _, c := range codes() {
		fmt.Fprintf(&b, "| %s | %t | %s |\n", c.Code, c.Retryable, c.Meaning)
	}
	return b.String()
}

type descriptionOutput struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

// registerDescription serves what the routes have filled in by the time of the first request.
func (a *API) registerDescription() {
	document := sync.OnceValues(func() ([]byte, error) { return json.Marshal(a.huma.OpenAPI()) })
	op := operation("getDescription", http.MethodGet, descriptionPath, "Show this description", "OpenAPI 3.1.")
	op.Responses = map[string]*huma.Response{
		"200": {Description: "The description.", Content: map[string]*huma.MediaType{openAPIType: {Schema: &huma.Schema{Type: "object"}}}},
	}
	handle(a, op, open, func(context.Context, *struct{}) (*descriptionOutput, error) {
		body, err := document()
		return &descriptionOutput{ContentType: openAPIType, Body: body}, err
	})
}

// explain turns errors that the framework finds (bad JSON, unknown fields, values out of range) into problem documents of
// our form. What the client sent is left out.
func (a *API) explain(ctx huma.Context, _ string, v any) (any, error) {
	model, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	p := httpserver.Explain(ctx.Context(), a.Log, translate(ctx.Operation(), model))
	if model.Status < http.StatusInternalServerError { // else the body broke off, which Explain has found out
		p.Status, p.Title = model.Status, http.StatusText(model.Status)
	}
	return p, nil
}

// translate says what is wrong with a request in words of ours.
func translate(op *huma.Operation, model *huma.ErrorModel) *fault.Error {
	switch model.Status {
	case http.StatusRequestEntityTooLarge:
		return fault.New(fault.BodyTooLarge, "the body may have at most %d bytes here; send less at once", op.MaxBodyBytes).In("body")
	case http.StatusUnsupportedMediaType:
		return unsupported()
	case http.StatusRequestTimeout:
		return fault.New(fault.BadRequest, "the body did not arrive within %v; use a faster connection or send less", bodyTime).In("body")
	case http.StatusBadRequest:
		return fault.New(fault.BadRequest, "the body is missing or not valid JSON; %s describes it", descriptionPath).In("body")
	case http.StatusUnprocessableEntity:
		if len(model.Errors) > 0 {
			return invalid(model.Errors[0])
		}
		return fault.New(fault.BadField, "the request does not match its description in %s", descriptionPath)
	default:
		return fault.New(fault.InternalError, "the request could not be read; send it again")
	}
}

// invalid explains a field. Only messages whose words come from the description are passed on: those of decoders quote
// what the client sent.
func invalid(e *huma.ErrorDetail) *fault.Error {
	said := ""
	switch {
	case strings.HasPrefix(e.Message, "expected "), strings.HasPrefix(e.Message, "required "):
		said = e.Message
	default:
		said = "the value has the wrong form"
	}
	return fault.New(fault.BadField, "%s; see %s", said, descriptionPath).In(field(e.Location))
}

// field names a place in the request the way clients write it.
func field(location string) string {
	if place, name, ok := strings.Cut(location, "."); ok && slices.Contains([]string{"body", "query", "header", "path"}, place) {
		location = name
	}
	return strict.Name(location)
}

// explainErrors documents our problem documents on every operation, in place of the framework's own.
func (a *API) explainErrors() {
	doc := a.huma.OpenAPI()
	describeFormats(doc)
	schema := doc.Components.Schemas.Schema(reflect.TypeFor[httpserver.Problem](), true, "Problem")
	problem := map[string]*huma.MediaType{httpserver.ProblemType: {Schema: schema}}
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
			if op == nil {
				continue
			}
			for status, r := range op.Responses {
				if status == "default" || status >= "400" {
					r.Content = problem
				}
			}
			op.Responses["default"] = &huma.Response{Description: "A problem document.", Content: problem}
		}
	}
	for _, unused := range []string{"ErrorModel", "ErrorDetail"} {
		delete(doc.Components.Schemas.Map(), unused)
	}
	// OpenAPI has no name for "the rest of the path"; the parameter's text says what it holds.
	for _, rest := range []string{tilePath, retiredPath} {
		doc.Paths[strings.Replace(rest, "...", "", 1)] = doc.Paths[rest]
		delete(doc.Paths, rest)
	}
	create := doc.Paths[tasksPath].Post
	alike(create, "201", "200", "The task of an earlier request with the same idempotency key.")
	task := doc.Paths[tasksPath+"/{id}"]
	task.Get.Responses["304"] = &huma.Response{Description: "The task is as the version in If-None-Match."}
	alike(task.Delete, "200", "202", "A worker has to let go: ask again.")
	alike(doc.Paths["/v1/erasures"].Post, "200", "202", "A worker has to let go of a task: ask again.")
	alike(doc.Paths["/readyz"].Get, "200", "503", "No documents are taken in; the checks tell why.")
	for _, t := range documentTypes() {
		create.RequestBody.Content[t] = &huma.MediaType{Schema: &huma.Schema{Type: "string", Format: "binary"}}
	}
	create.Parameters = append(create.Parameters, inlineParameters(doc.Components.Schemas)...)
}

// describeFormats lists the formats wherever a list of them, or one in an address, is described. What another name is
// answered with is up to the domain, so this is no part of the schemas that requests are held against.
func describeFormats(doc *huma.OpenAPI) {
	enum := map[string]any{"enum": render.Formats()}
	for _, s := range doc.Components.Schemas.Map() {
		if list := s.Properties["formats"]; list != nil && list.Items.Type == huma.TypeString {
			list.Items.Extensions = enum
		}
	}
	for _, item := range doc.Paths {
		if item.Get == nil {
			continue
		}
		for _, p := range item.Get.Parameters {
			if p.In == "path" && p.Name == "format" {
				p.Schema.Extensions = enum
			}
		}
	}
}

// alike describes an answer that differs from another one in its status only.
func alike(op *huma.Operation, from, to, description string) {
	op.Responses[to] = &huma.Response{Description: description, Headers: op.Responses[from].Headers, Content: op.Responses[from].Content}
}

// inlineParameters describes where the settings go when the body is a document.
func inlineParameters(schemas huma.Registry) []*huma.Param {
	body := schemas.Schema(reflect.TypeFor[request.Settings](), false, "")
	var params []*huma.Param
	for _, f := range request.All() {
		in, at := "query", f.Name
		if f.Header != "" {
			in, at = "header", f.Header
		}
		explode := false
		schema := *body.Properties[f.Name]
		schema.Nullable = false // nothing in an address is null
		params = append(params, &huma.Param{
			Name: at, In: in, Schema: &schema, Explode: &explode,
			Description: "Only if the body is a document: the setting " + f.Name + ".",
		})
	}
	return params
}
