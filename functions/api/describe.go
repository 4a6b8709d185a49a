package api

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/web"
)

// securityScheme names HTTP Basic in the description.
const securityScheme = "application"

// describe returns the description that the routes fill. No page of documentation is served: it would load code from
// elsewhere.
func (a *API) describe() huma.Config {
	cfg := huma.DefaultConfig("Lethe", a.Version)
	cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath = "/v1/openapi", "", ""
	cfg.CreateHooks = nil // they add $schema links to every answer
	cfg.Transformers = []huma.Transformer{a.explain}
	cfg.RejectUnknownQueryParameters = true
	cfg.Info.Description = "Recognises documents and forgets them.\n\n" + codeTable()
	cfg.Extensions = map[string]any{"x-codes": codes()}
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		securityScheme: {Type: "http", Scheme: "basic", Description: "Application id and secret."},
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

// explain turns errors that the framework finds (bad JSON, unknown fields, values out of range) into problem documents of
// our form. What the client sent is left out.
func (a *API) explain(ctx huma.Context, _ string, v any) (any, error) {
	model, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	code := fault.BadRequest
	switch model.Status {
	case http.StatusRequestEntityTooLarge:
		code = fault.BodyTooLarge
	case http.StatusUnsupportedMediaType:
		code = fault.MediaUnsupported
	case http.StatusUnprocessableEntity:
		code = fault.BadField
	}
	f := fault.New(code, "%s", sentence(model.Detail, code))
	if len(model.Errors) > 0 {
		first := model.Errors[0]
		f = fault.New(code, "%s", sentence(first.Message, code)).In(field(first.Location))
	}
	p := web.Explain(ctx.Context(), a.Log, f)
	p.Status, p.Title = model.Status, http.StatusText(model.Status)
	return p, nil
}

// sentence makes a message of the framework one for people, with the remedy.
func sentence(message string, code fault.Code) string {
	if message == "" {
		message = code.Meaning()
	}
	return strings.TrimSuffix(message, ".") + "; see /v1/openapi.json"
}

// field names a place in the request without what stands before it in the framework's form.
func field(location string) string { return strings.TrimPrefix(location, "body.") }

// explainErrors documents our problem documents on every operation, in place of the framework's own.
func (a *API) explainErrors() {
	doc := a.huma.OpenAPI()
	schema := doc.Components.Schemas.Schema(reflect.TypeFor[web.Problem](), true, "Problem")
	problem := map[string]*huma.MediaType{web.ProblemType: {Schema: schema}}
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
	create := doc.Paths["/v1/tasks"].Post
	for _, t := range documentTypes() {
		create.RequestBody.Content[t] = &huma.MediaType{Schema: &huma.Schema{Type: "string", Format: "binary"}}
	}
}
