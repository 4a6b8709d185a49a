package abbyy

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"strings"

	wire "github.com/lethe-ocr/lethe/shared/abbyy"
	"github.com/lethe-ocr/lethe/shared/abbyy/resultlink"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// download gives the result of a link. Credentials that a client sends along are ignored: the link is enough, and it must be.
func (f *Function) download(w http.ResponseWriter, r *http.Request) {
	httpserver.Note(r.Context(), "", resultlink.Root)
	if err := f.give(w, r); err != nil {
		f.refuseLink(w, r, err)
	}
}

func (f *Function) give(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		return fault.New(fault.MethodNotAllowed, "a link is used with GET or HEAD")
	}
	link, err := resultlink.Parse(f.Keys, r.URL.Path, f.Now())
	if err != nil {
		return err
	}
	revoked, err := f.Applications.Revoked(ctx, link.Ref.Application)
	if err != nil {
		return err
	}
	t, err := f.Tasks.Get(ctx, link.Ref)
	if err != nil {
		return err
	}
	if revoked {
		return fault.New(fault.ApplicationRevoked, "the application was revoked")
	}
	part := httpserver.PartOf(r)
	part.Wholly = t.Settings.DeleteOnFetch
	result, err := f.Tasks.OpenResultRange(ctx, link.Ref, link.Format, func(b storage.Blob) (offset, length int64, err error) { return part.Choose(b.ETag, b.Size) })
	if err != nil {
		if errors.Is(err, fault.RangeUnsatisfiable) {
			w.Header().Set("Content-Range", httpserver.ContentRange(0, 0, part.Size()))
		}
		return err
	}
	defer func() { _ = result.Close() }() // read to its end or given up
	if r.Method == http.MethodGet {
		if err := f.AccessLog.Record(ctx, reads(link)); err != nil {
			return err
		}
	}
	h := w.Header()
	mediaType, _, _ := strings.Cut(result.Blob.ContentType, ";") // clients compare the whole value
	h.Set("Content-Type", mediaType)
	h.Set("Last-Modified", f.utc(result.Blob.Created).UTC().Format(http.TimeFormat))
	w.WriteHeader(part.Describe(h))
	if r.Method == http.MethodGet {
		f.stream(ctx, w, link, part, result)
	}
	return nil
}

// stream sends a result, or a part of it, and notes it as fetched once its last byte is out. It ends with the task.
func (f *Function) stream(ctx context.Context, w http.ResponseWriter, l resultlink.Link, part *httpserver.Part, result *task.Stream) {
	sent, err := httpserver.Send(w, result)
	if err != nil || sent != part.Length() {
		f.Log.WarnContext(ctx, logevent.ResultFetched, "task", l.Ref.String(), "format", l.Format, "sent", sent, "of", part.Length())
		return
	}
	if !part.Whole() {
		return
	}
	_ = result.Close() // the transfer is over: an erasure that begins now need not wait for it
	// The client may be gone already: what was asked for on fetching happens all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := f.Tasks.Fetched(ctx, l.Ref, l.Format); err != nil {
		_ = httpserver.Explain(ctx, f.Log, err) // logged; the answer is out, and the task is erased at its deadline
	}
}

// refuseLink answers a link that leads nowhere, never with a success: clients save whatever comes. What existed and is gone, and what
// never existed, is told apart by nobody who has no credentials.
func (f *Function) refuseLink(w http.ResponseWriter, r *http.Request, err error) {
	problem := httpserver.Explain(r.Context(), f.Log, err)
	status, code := problem.Status, problem.Code
	switch fault.KindOf(err) { //nolint:exhaustive // the others are as they are
	case fault.NotFound, fault.Gone, fault.Forbidden, fault.Conflict:
		status, code = http.StatusNotFound, fault.ThingNotFound
		problem.Detail = "there is nothing at this address; ask for the status of the task to get a new one"
	}
	var text strings.Builder
	_ = xml.EscapeText(&text, []byte(problem.Detail)) // memory does not fail
	for name, values := range problem.GetHeaders() {
		w.Header()[name] = values
	}
	send(w, r, wire.Answer{
		Status: status, MediaType: "application/xml",
		Body: []byte(`<?xml version="1.0" encoding="utf-8"?><Error><Code>` + string(code) + "</Code><Message>" + text.String() + "</Message></Error>"),
	})
}
