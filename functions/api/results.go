package api

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

type resultInput struct {
	ID      string        `path:"id" doc:"Id of the task."`
	Format  render.Format `path:"format" doc:"One of the formats of the task's results."`
	Range   string        `header:"Range" doc:"A range of bytes of a result that is sent, such as bytes=1000- to go on with a transfer that broke. A task that is erased once its results are fetched sends them whole, and so does a request for several ranges."`
	IfRange string        `header:"If-Range" doc:"The ETag of the part that is there: if the result is another one it is sent whole."`
	Stream  bool          `query:"stream" doc:"Send the result itself instead of a redirect, for clients that can reach nothing but this API."`
}

func (a *API) registerResults() {
	op := operation(tagResults, "getResult", http.MethodGet, "/v1/tasks/{id}/results/{format}", "Fetch a result",
		"Redirects to a short-lived link. Streams the result if requested, if the task is erased once its results are fetched, or if the stamp issues no links. A transfer ends when its task is erased.\n\n"+
			"The link needs no credentials, and may lead to another host. Some clients send Authorization there all the same: with them set stream=true, or use the url of the task's results.")
	types := resultTypes(a.huma.OpenAPI().Components.Schemas)
	version := header("Version of the result, for If-Range.")
	op.Responses = map[string]*huma.Response{
		"200": {Description: "The result.", Content: types, Headers: map[string]*huma.Param{"ETag": version}},
		"206": {Description: "The range of the result.", Content: types, Headers: map[string]*huma.Param{
			"ETag": version, "Content-Range": header("Which bytes of how many these are."),
		}},
		"303": {Description: "See the link in Location; it needs no credentials.", Headers: map[string]*huma.Param{
			"Location": header("The link. It ends within minutes."),
		}},
	}
	handle(a, refusing(op, 404, 409, 410, 416), "read", a.getResult)
}

// resultTypes describes what results are. A media type is described without its parameters.
func resultTypes(schemas huma.Registry) map[string]*huma.MediaType {
	types := map[string]*huma.MediaType{}
	for _, f := range render.Formats() {
		mediaType, _, _ := strings.Cut(f.MediaType(), ";")
		if known, ok := types[mediaType]; ok {
			known.Schema.Description += " Or the format " + string(f) + "."
			continue
		}
		media := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Description: "The format " + string(f) + "."}}
		switch {
		case f == render.JSON:
			media.Schema = schemas.Schema(reflect.TypeFor[render.Result](), true, "")
		case f.Binary():
			media.Schema.Format = binary
		}
		types[mediaType] = media
	}
	return types
}

func (a *API) getResult(ctx context.Context, in *resultInput) (*huma.StreamResponse, error) {
	r, err := ref(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	f, err := render.ParseFormat(string(in.Format))
	if err != nil {
		return nil, fault.New(fault.ResultNotFound, "the task has no result in that format; ask for it when the task is created").In("format")
	}
	t, err := a.Tasks.Get(ctx, r)
	if err != nil {
		return nil, err
	}
	if in.Stream || a.streams(t) {
		return a.stream(ctx, r, f, &httpserver.Part{Asked: httpserver.ParseRange(in.Range), Only: in.IfRange, Wholly: t.Settings.DeleteOnFetch})
	}
	link, err := a.Results.ResultLink(ctx, r, f)
	if err != nil {
		return nil, err
	}
	if err := a.record(ctx, accesslog.ResultLink, r.Application, r.ID); err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Location", link.URL)
		hc.SetStatus(http.StatusSeeOther)
	}}, nil
}

// streams reports whether the results of a task are given through this interface only.
func (a *API) streams(t *task.Task) bool { return t.Settings.DeleteOnFetch || a.StreamResults }

// stream sends a result, or a part of it, and notes it as fetched once its last byte is out. It ends with the task.
func (a *API) stream(ctx context.Context, r task.Ref, f render.Format, p *httpserver.Part) (*huma.StreamResponse, error) {
	result, err := a.Results.OpenResultRange(ctx, r, f, func(b storage.Blob) (offset, length int64, err error) { return p.Choose(b.ETag, b.Size) })
	if errors.Is(err, fault.RangeUnsatisfiable) {
		return a.unsatisfiable(p, err), nil
	}
	if err != nil {
		return nil, err
	}
	if err := a.record(ctx, accesslog.ResultRead, r.Application, r.ID); err != nil {
		return nil, errors.Join(err, result.Close())
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer func() { _ = result.Close() }() // read to its end or given up
		_, w := humago.Unwrap(hc)
		w.Header().Set("Content-Type", result.Blob.ContentType)
		if hc.Method() == http.MethodHead {
			p.Unrange()
			hc.SetStatus(p.Describe(w.Header()))
			return // nothing is sent, so nothing was fetched
		}
		hc.SetStatus(p.Describe(w.Header()))
		sent, err := httpserver.Send(w, result)
		if err != nil || sent != p.Length() {
			a.Log.WarnContext(ctx, logevent.ResultFetched, "task", r.String(), "format", f, "sent", sent, "of", p.Length())
			return
		}
		if !p.Whole() {
			return
		}
		_ = result.Close() // the transfer is over: an erasure that begins now need not wait for it
		// The client may be gone already: what it asked for on fetching happens all the same.
		if err := a.Results.Fetched(context.WithoutCancel(ctx), r, f); err != nil {
			_ = httpserver.Explain(ctx, a.Log, err) // logged; the answer is out, and the task is erased at its deadline
		}
	}}, nil
}

// unsatisfiable refuses a range, and says how many bytes there are.
func (a *API) unsatisfiable(p *httpserver.Part, err error) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		r, w := humago.Unwrap(hc)
		w.Header().Set("Content-Range", httpserver.ContentRange(0, 0, p.Size()))
		httpserver.Error(a.Log)(w, r, err)
	}}
}
