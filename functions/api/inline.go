package api

import (
	"encoding/json"
	"mime"
	"net/http"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/request"
	"github.com/lethe-ocr/lethe/shared/task"
)

// documentTypes are what a request's own body may be. The content decides what it is; the header only says that it is no
// JSON.
func documentTypes() []string {
	return append([]string{octets}, ocr.MediaTypes()...)
}

// createTaskFromDocument is the operation whose body is a document.
const (
	createTaskFromDocument = "createTaskFromDocument"
	documentPath           = tasksPath + ":document"
)

// registerDocument adds what the framework does not do: a body that is never held in memory.
func (a *API) registerDocument() {
	doc := a.huma.OpenAPI()
	create := doc.Paths[tasksPath].Post
	op := refusing(operation(tagTasks, createTaskFromDocument, http.MethodPost, documentPath, "Create a task with its document",
		"The body is the document; settings are query parameters, and those that no log should hold are headers. Its content decides what it is: application/octet-stream will do for every type. GET /v1/capabilities tells how large it may be here; send a larger one to the link of createTask."), http.StatusConflict, http.StatusGone)
	secure(&op, []access.Scope{access.Submit})
	op.RequestBody = &huma.RequestBody{Required: true, Description: "The document.", Content: map[string]*huma.MediaType{}}
	for _, t := range documentTypes() {
		op.RequestBody.Content[t] = &huma.MediaType{}
	}
	op.Parameters = slices.Concat(create.Parameters, documentParameters(doc.Components.Schemas))
	op.Responses = map[string]*huma.Response{"201": create.Responses["201"]}
	doc.AddOperation(&op)
	a.mux.HandleFunc(op.Method+" "+op.Path, a.inline)
}

// documentParameters describes where the settings go when the body is a document.
func documentParameters(schemas huma.Registry) []*huma.Param {
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
		params = append(params, &huma.Param{Name: at, In: in, Schema: &schema, Explode: &explode, Description: schema.Description})
		schema.Description = ""
	}
	return params
}

// takesInline reports whether a request for a task comes with the document in its body.
func (a *API) takesInline(r *http.Request) bool {
	return r.Method == http.MethodPost && r.URL.Path == tasksPath && isDocument(r)
}

func isDocument(r *http.Request) bool {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && slices.Contains(documentTypes(), mediaType)
}

// inline streams the body into storage; it is never held in memory.
func (a *API) inline(w http.ResponseWriter, r *http.Request) {
	op := a.huma.OpenAPI().Paths[r.URL.Path].Post
	ctx, err := a.check(r.Context(), op, r)
	if err == nil {
		r = r.WithContext(ctx)
		err = a.takeInline(w, r)
	}
	if err != nil {
		httpserver.Error(a.Log)(w, r, err)
	}
}

func (a *API) takeInline(w http.ResponseWriter, r *http.Request) error {
	if !isDocument(r) {
		return unsupported()
	}
	if r.ContentLength == 0 && r.URL.Path == documentPath {
		return fault.New(fault.BadRequest, "the body is empty; send the document").In("body")
	}
	wanted, err := a.settingsOf(r)
	if err != nil {
		return described(err)
	}
	tooLarge := fault.New(fault.BodyTooLarge, "a document in the request body may have at most %d bytes; use an upload link for a larger one", a.Inline).In("body")
	if r.ContentLength > a.Inline {
		return tooLarge
	}
	key := r.Header.Get("Idempotency-Key")
	if err := checkKey(key); err != nil {
		return err
	}
	body := httpserver.NewUpload(w, r, a.Inline)
	accepted, err := a.Intake.CreateWith(r.Context(), order(r.Context(), wanted, key),
		task.Body{Reader: body, Size: r.ContentLength, ContentType: octets, Attach: func(t task.Transfer) { body.Attach(t.Context()) }})
	if body.Exceeded() {
		return tooLarge
	}
	if err != nil {
		return err
	}
	out, err := a.created(r.Context(), accepted)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Location", out.Location)
	w.WriteHeader(out.Status)
	_ = json.NewEncoder(w).Encode(out.Body) // a client that has gone asks again
	return nil
}

// octets is the media type of a document whose content says what it is.
const octets = "application/octet-stream"

// binary is the format of what is no text, in the description.
const binary = "binary"

// settingsOf reads settings from the query, and those that must not stand in an address from headers of their own.
func (a *API) settingsOf(r *http.Request) (request.Settings, error) {
	all := request.All()
	for _, f := range all {
		if f.Header != "" && r.URL.Query().Has(f.Name) {
			return request.Settings{}, fault.New(fault.BadField, "query parameters appear in logs; send this setting in the header %s", f.Header).In(f.Name)
		}
	}
	values, err := a.document.parameters(r)
	if err != nil {
		return request.Settings{}, err
	}
	wanted := request.Settings{}
	for _, f := range all {
		text := values[f.Name]
		if f.Header != "" {
			text = r.Header.Get(f.Header)
		}
		if text == "" {
			continue
		}
		if err := f.Parse(&wanted, text); err != nil {
			return request.Settings{}, fault.New(fault.BadField, "%s", err).In(f.Name)
		}
	}
	return wanted, nil
}
