package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/task"
)

type resultInput struct {
	ID     string        `path:"id" doc:"Id of the task."`
	Format render.Format `path:"format" doc:"One of the formats of the task's results."`
	Stream bool          `query:"stream" doc:"Send the result itself instead of a redirect, for clients that can reach nothing but this API."`
}

func (a *API) registerResults() {
	op := operation(tagResults, "getResult", http.MethodGet, "/v1/tasks/{id}/results/{format}", "Fetch a result",
		"Redirects to a short-lived link. Streams the result if requested, if the task is erased once its results are fetched, or if the stamp issues no links. A transfer ends when its task is erased.\n\n"+
			"The link needs no credentials, and may lead to another host. Some clients send Authorization there all the same: with them set stream=true, or use the url of the task's results.")
	op.Responses = map[string]*huma.Response{
		"200": {Description: "The result.", Content: resultTypes(a.huma.OpenAPI().Components.Schemas)},
		"303": {Description: "See the link in Location; it needs no credentials.", Headers: map[string]*huma.Param{
			"Location": header("The link. It ends within minutes."),
		}},
	}
	handle(a, refusing(op, 404, 409, 410), "read", a.getResult)
}

// resultTypes describes what results are. A media type is described without its parameters.
func resultTypes(schemas huma.Registry) map[string]*huma.MediaType {
	types := map[string]*huma.MediaType{}
	for _, f := range render.Formats() {
		mediaType, _, _ := strings.Cut(f.MediaType(), ";")
		media := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Description: "The format " + string(f) + "."}}
		switch f {
		case render.JSON:
			media.Schema = schemas.Schema(reflect.TypeFor[render.Result](), true, "")
		case render.PDF:
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
		return a.stream(ctx, r, f)
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

// stream sends a result and, once its last byte is out, notes it as fetched. It ends with the task.
func (a *API) stream(ctx context.Context, r task.Ref, f render.Format) (*huma.StreamResponse, error) {
	result, err := a.Results.OpenResult(ctx, r, f)
	if err != nil {
		return nil, err
	}
	if err := a.record(ctx, accesslog.ResultRead, r.Application, r.ID); err != nil {
		return nil, errors.Join(err, result.Close())
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer func() { _ = result.Close() }() // read to its end or given up
		size := result.Blob.Size
		hc.SetHeader("Content-Type", result.Blob.ContentType)
		hc.SetHeader("Content-Length", strconv.FormatInt(size, 10))
		hc.SetStatus(http.StatusOK)
		if hc.Method() == http.MethodHead {
			return // nothing is sent, so nothing was fetched
		}
		sent, err := send(hc, result)
		if err != nil || sent != size {
			a.Log.WarnContext(ctx, logevent.ResultFetched, "task", r.String(), "format", f, "sent", sent, "of", size)
			return
		}
		_ = result.Close() // the transfer is over: an erasure that begins now need not wait for it
		// The client may be gone already: what it asked for on fetching happens all the same.
		if err := a.Results.Fetched(context.WithoutCancel(ctx), r, f); err != nil {
			_ = httpserver.Explain(ctx, a.Log, err) // logged; the answer is out, and the task is erased at its deadline
		}
	}}, nil
}

// send returns once the connection, not only a buffer of ours, has taken the last byte. A transport that answers in one
// piece cannot be flushed; there the buffer is all that is seen.
func send(hc huma.Context, result *task.Stream) (int64, error) {
	_, w := humago.Unwrap(hc)
	answer := httpserver.Answer(w, result)
	sent, err := io.Copy(answer, result)
	if err != nil {
		return sent, err
	}
	if err := http.NewResponseController(answer).Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return sent, err
	}
	return sent, nil
}
