package api

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/request"
	"github.com/lethe-ocr/lethe/shared/strict"
)

// accepts is what an operation takes, by the names of its description. What a request asks for beside that would be
// dropped by the framework without a word, so it is refused first.
type accepts struct {
	query   []string
	headers []string      // of which one value counts
	body    *strict.Shape // nil if the operation takes no body
	most    int64         // bytes of the body
}

// accepted lists what each operation takes, by its id.
func accepted(doc *huma.OpenAPI) map[string]accepts {
	all := map[string]accepts{}
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
			if op == nil {
				continue
			}
			takes := accepts{most: op.MaxBodyBytes}
			takes.add(op.Parameters)
			if op.RequestBody != nil && op.RequestBody.Content[jsonType] != nil {
				takes.body = shape(op.RequestBody.Content[jsonType].Schema, doc.Components.Schemas)
			}
			all[op.OperationID] = takes
		}
	}
	return all
}

// lists are the headers whose values may be sent one by one (RFC 9110 section 5.3). No setting is among them.
func lists() map[string]bool { return map[string]bool{"If-None-Match": true, "Prefer": true} }

func (t *accepts) add(parameters []*huma.Param) {
	for _, p := range parameters {
		switch {
		case p.In == "query":
			t.query = append(t.query, p.Name)
		case p.In == "header" && !lists()[p.Name]:
			t.headers = append(t.headers, p.Name)
		}
	}
}

// shape returns the names that a schema has.
func shape(s *huma.Schema, schemas huma.Registry) *strict.Shape {
	if s.Ref != "" {
		s = schemas.SchemaFromRef(s.Ref)
	}
	switch s.Type {
	case huma.TypeObject:
		if free, ok := s.AdditionalProperties.(bool); s.AdditionalProperties != nil && (!ok || free) {
			return nil // names of the client's own
		}
		fields := map[string]*strict.Shape{}
		for name, field := range s.Properties {
			fields[name] = shape(field, schemas)
		}
		return &strict.Shape{Fields: fields}
	case huma.TypeArray:
		return &strict.Shape{Items: shape(s.Items, schemas)}
	default:
		return nil
	}
}

// strict refuses a request that asks for something by a name that its operation does not have, or twice.
func (a *API) strict(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	takes := a.accepts[ctx.Operation().OperationID]
	_, err := takes.parameters(r)
	if err == nil {
		err = takes.content(r, w)
	}
	if err != nil {
		httpserver.Error(a.Log)(w, r, described(err))
		return
	}
	next(ctx)
}

// described adds where the names are listed.
func described(err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || strings.Contains(f.Detail, descriptionPath) {
		return err
	}
	told := *f
	told.Detail += "; see " + descriptionPath
	return &told
}

// parameters reads the query and checks the headers.
func (t accepts) parameters(r *http.Request) (map[string]string, error) {
	for _, f := range request.All() {
		if f.Header != "" && len(r.Header.Values(f.Header)) > 0 && !slices.Contains(t.headers, f.Header) {
			return nil, fault.New(fault.BadField, "this header is only for requests whose body is a document; give %s in the JSON body instead", f.Name).In(f.Header)
		}
	}
	if err := httpserver.Once(r.Header, t.headers...); err != nil {
		return nil, err
	}
	return strict.Query(r.URL.RawQuery, t.query)
}

// content checks the names in the body and leaves it to be read again. One that cannot be read, is too large or is no
// JSON is left to the framework, which says so.
func (t accepts) content(r *http.Request, w http.ResponseWriter) error {
	if r.Body == nil || r.ContentLength == 0 {
		return nil
	}
	if t.body != nil && !isJSON(r.Header.Get("Content-Type")) {
		return unsupported()
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTime)) // where it cannot be set, the transport has its own
	var text bytes.Buffer
	n, err := text.ReadFrom(io.LimitReader(r.Body, t.most))
	r.Body = &reread{text: bytes.NewReader(text.Bytes()), rest: r.Body, failed: err}
	switch {
	case t.body == nil && err != nil:
		return fault.Wrap(err, fault.BadRequest, "the body did not arrive, and this operation takes none; leave it out").In("body")
	case t.body == nil:
		return none(text.Bytes())
	case err != nil, n == t.most, n == 0:
		return nil
	default:
		return strict.Names(text.Bytes(), t.body)
	}
}

// reread is a body of which a part was read. If reading failed it fails again, without anybody waiting again.
type reread struct {
	text   *bytes.Reader
	rest   io.ReadCloser
	failed error
}

// Read implements io.Reader.
func (r *reread) Read(p []byte) (int, error) {
	if r.text.Len() > 0 {
		return r.text.Read(p)
	}
	if r.failed != nil {
		return 0, r.failed
	}
	return r.rest.Read(p)
}

// Close implements io.Closer.
func (r *reread) Close() error { return r.rest.Close() }

// none refuses a body where none is taken. Some clients send an empty object all the same.
func none(text []byte) error {
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return nil
	}
	if err := strict.Names(text, &strict.Shape{Fields: map[string]*strict.Shape{}}); errors.Is(err, fault.BadField) {
		return err // by the name of what would be dropped
	} else if err != nil || text[0] != '{' {
		return fault.New(fault.BadRequest, "this operation takes no body; leave it out").In("body")
	}
	return nil
}

// isJSON reports whether a body of the type is read as JSON. One without a type is. It is not left to the framework, whose
// reading of odd types is wider: what it accepts and this does not would be read without having been checked.
func isJSON(contentType string) bool {
	mediaType, _, _ := strings.Cut(contentType, ";")
	mediaType = strings.TrimSpace(mediaType)
	return contentType == "" || mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")
}

func unsupported() *fault.Error {
	return fault.New(fault.MediaUnsupported, "the body must be application/json, or a document where %s says so", descriptionPath).In("Content-Type")
}
