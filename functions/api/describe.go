package api

import (
	"context"
	_ "embed"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/strict"
)

const (
	descriptionPath = "/v1/openapi.json"
	openAPIType     = "application/openapi+json"
	jsonType        = "application/json"
)

// The names of the ways to sign in, in the description.
const (
	securityScheme = "application"
	tokenScheme    = "token"
)

// describe returns the description that the routes fill, and that requests are held against.
func (a *API) describe() huma.Config {
	cfg := huma.DefaultConfig("Lethe", a.Version)
	cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath = "", "", "" // the first is an operation like all others
	cfg.CreateHooks = nil                                       // they add $schema links to every answer
	cfg.Transformers = []huma.Transformer{a.explain, filled}
	cfg.Components.Schemas = newSchemas()
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

// introduction is what to know before the first call.
//
//go:embed introduction.md
var introduction string

// tags of operations, with what they are about.
const (
	tagTasks        = "Tasks"
	tagResults      = "Results"
	tagErasure      = "Erasure"
	tagLedger       = "Ledger"
	tagAccessLog    = "Access log"
	tagCases        = "Cases"
	tagApplications = "Applications"
	tagWebhooks     = "Webhooks"
	tagService      = "Service"
)

func tags() []*huma.Tag {
	return []*huma.Tag{
		{Name: tagTasks, Description: "Create tasks, send documents, see how far they are."},
		{Name: tagResults, Description: "Fetch what was recognised."},
		{Name: tagErasure, Description: "Erase tasks, and fetch the receipts that prove it."},
		{Name: tagLedger, Description: "The append-only log that receipts are proven by, for auditors."},
		{Name: tagAccessLog, Description: "Who did what that concerns an application's documents."},
		{Name: tagCases, Description: "Exceptional review of a document by two people."},
		{Name: tagApplications, Description: "Applications, their limits and their secrets, for administrators."},
		{Name: tagWebhooks, Description: "Where applications are told what became of their tasks, and what was delivered."},
		{Name: tagService, Description: "What the service is, can do and keeps to."},
	}
}

type descriptionOutput struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

// registerDescription serves what the routes have filled in by the time of the first request.
func (a *API) registerDescription() {
	document := sync.OnceValues(func() ([]byte, error) { return json.Marshal(a.published()) })
	op := operation(tagService, "getDescription", http.MethodGet, descriptionPath, "Show this description", "OpenAPI 3.1. A page for people is at /v1/docs.")
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
