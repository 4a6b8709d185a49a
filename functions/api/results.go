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
		return a.stream(ctx, r, f, &part{asked: httpserver.ParseRange(in.Range), only: in.IfRange, wholly: t.Settings.DeleteOnFetch})
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

// part is what a request asks for of a result, and what it gets.
type part struct {
	asked  *httpserver.Range // nil for the whole
	only   string            // the version that it is asked of; empty for any
	wholly bool              // nothing but the whole is given: what is fetched in parts is never known to be fetched

	tag                  string // of the result, with its quotes
	size, offset, length int64
	ranged               bool // the answer is a range, be it of all bytes
}

// choose decides when the result is known.
func (p *part) choose(b storage.Blob) (offset, length int64, err error) {
	p.tag, p.size, p.length = strconv.Quote(b.ETag), b.Size, b.Size
	if p.asked == nil || !httpserver.RangeHolds(p.only, p.tag) || b.Size == 0 {
		return 0, p.length, nil
	}
	offset, length, ok := p.asked.Of(b.Size)
	if p.wholly && length < b.Size {
		return 0, p.length, nil
	}
	if p.ranged, p.offset, p.length = true, offset, length; !ok {
		p.offset, p.length = 0, 0
		err = fault.New(fault.RangeUnsatisfiable, "the result has %d bytes; ask for a range that begins before its end", b.Size).In("Range")
	}
	return p.offset, p.length, err
}

// whole reports whether every byte of the result is in the answer.
func (p *part) whole() bool { return p.length == p.size }

// describe sets the headers of the answer and returns its status.
func (p *part) describe(h http.Header) int {
	h.Set("Accept-Ranges", "bytes")
	h.Set("Etag", p.tag)
	h.Set("Content-Length", strconv.FormatInt(p.length, 10))
	if !p.ranged {
		return http.StatusOK
	}
	h.Set("Content-Range", httpserver.ContentRange(p.offset, p.length, p.size))
	return http.StatusPartialContent
}

// stream sends a result, or a part of it, and notes it as fetched once its last byte is out. It ends with the task.
func (a *API) stream(ctx context.Context, r task.Ref, f render.Format, p *part) (*huma.StreamResponse, error) {
	result, err := a.Results.OpenResultRange(ctx, r, f, p.choose)
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
			p.ranged, p.length = false, p.size // a range is asked for with GET alone
			hc.SetStatus(p.describe(w.Header()))
			return // nothing is sent, so nothing was fetched
		}
		hc.SetStatus(p.describe(w.Header()))
		sent, err := send(hc, result)
		if err != nil || sent != p.length {
			a.Log.WarnContext(ctx, logevent.ResultFetched, "task", r.String(), "format", f, "sent", sent, "of", p.length)
			return
		}
		if !p.whole() {
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
func (a *API) unsatisfiable(p *part, err error) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		r, w := humago.Unwrap(hc)
		w.Header().Set("Content-Range", httpserver.ContentRange(0, 0, p.size))
		httpserver.Error(a.Log)(w, r, err)
	}}
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
