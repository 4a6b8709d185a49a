package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/request"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// longestWish is beyond every retention that the domain accepts and small enough not to overflow a duration.
const longestWish = 1 << 30

// order is what the domain is asked for.
func order(ctx context.Context, s request.Settings, idempotencyKey string) task.Order {
	app := caller(ctx)
	if s.Password != "" || s.Subject != "" {
		httpserver.Private(ctx)
	}
	formats := make([]render.Format, 0, len(s.Formats))
	for _, f := range s.Formats {
		offered, _ := render.ParseFormat(f) // none is refused by the domain, as what it does not know
		formats = append(formats, offered)
	}
	return task.Order{
		Application: app.ID,
		Settings: task.Settings{
			Languages:      s.Languages,
			Formats:        formats,
			Profile:        ocr.Profile(s.Profile),
			OnPageError:    task.OnPageError(s.OnPageError),
			Retain:         time.Duration(max(-1, min(s.RetainSeconds, longestWish))) * time.Second,
			DeleteOnFetch:  s.DeleteOnFetch != nil && *s.DeleteOnFetch,
			RemovePassword: s.RemovePassword != nil && *s.RemovePassword,
			KeepHidden:     s.KeepHidden != nil && *s.KeepHidden,
			KeepActive:     s.KeepActive != nil && *s.KeepActive,
			Signature:      ocr.SignaturePolicy(s.Signature),
			Pages:          ocr.PageRanges(s.Pages),
			KeepPages:      s.KeepPages != nil && *s.KeepPages,
			ReviewBelow:    float64(s.ReviewBelow),
			Size:           int64(s.Size),
		},
		Password:       s.Password,
		Subject:        s.Subject,
		IdempotencyKey: idempotencyKey,
		Caps:           app.Caps,
		Ceilings:       app.Ceilings,
		KeepOnFetch:    s.DeleteOnFetch != nil && !*s.DeleteOnFetch,
	}
}

// taskView is a task as clients see it.
type taskView struct {
	ID          string            `json:"id" format:"uuid" doc:"Names the task in every address."`
	State       task.State        `json:"state"`
	Created     time.Time         `json:"created" doc:"When the task was created."`
	Uploaded    *time.Time        `json:"uploaded,omitempty" doc:"When the document arrived."`
	Ended       *time.Time        `json:"ended,omitempty" doc:"When processing ended."`
	Pages       *pageCountsView   `json:"pages,omitempty" doc:"How many pages are to be read and were; missing until they are counted."`
	Type        string            `json:"type,omitempty" doc:"Media type of the document, found by its content."`
	Bytes       int64             `json:"bytes,omitempty" doc:"Size of the document."`
	Languages   []string          `json:"languages,omitempty" doc:"Languages that the document is read in, where auto has chosen them; missing until then."`
	Settings    *request.Settings `json:"settings,omitempty" doc:"The settings that apply; missing once the task is erased."`
	Upload      *linkView         `json:"upload,omitempty" doc:"Where to send the document. Only in the answer to a creation, while the task waits for it; renewUploadLink gives another."`
	Results     []taskResultView  `json:"results,omitempty" doc:"What can be fetched of a Completed task."`
	Failure     *taskFailureView  `json:"failure,omitempty" doc:"Why the task is ProcessingFailed."`
	Notes       []taskNoteView    `json:"notes,omitempty" doc:"What else there is to know of the results, each code once."`
	Confidence  float64           `json:"confidence,omitempty" doc:"Of a Completed task: mean confidence of all letters, from 0 to 100, rounded down to a tenth; missing if nothing was read."`
	Doubtful    []int             `json:"doubtful_pages,omitempty" doc:"Of a Completed task: numbers of the pages whose confidence is under review_below, by default under 85, and of those that could not be read."`
	NeedsReview *bool             `json:"needs_review,omitempty" doc:"Of a Completed task with review_below: whether the mean confidence or that of a page is under it, or a page could not be read."`
	HiddenWords int               `json:"hidden_words,omitempty" doc:"How many words of the text layer do not show on the pages. They are left out of the results. They are left out of the searchable PDF too, unless keep_hidden is set or a note says otherwise."`
	EraseDue    *time.Time        `json:"erase_due,omitempty" doc:"When the task is erased; from then on it cannot be read."`
	DeleteAfter *time.Time        `json:"delete_after,omitempty" doc:"When the last copy is deleted at the latest."`
	Reason      retention.Reason  `json:"reason,omitempty" doc:"Why the task was erased."`
	Removed     *time.Time        `json:"removed,omitempty" doc:"When the erasure was accepted."`
	Erased      *time.Time        `json:"erased,omitempty" doc:"When a check found no copy left."`
	Promise     string            `json:"promise,omitempty" doc:"Only in the answer to a creation: a signed promise that the ledger will record the task, and by when all of it is deleted. Keep it: an auditor can check it against the ledger."`
	Acceptance  string            `json:"acceptance,omitempty" doc:"Once the document has arrived: a signed promise about the document, the same in every answer."`
	Receipt     string            `json:"receipt,omitempty" doc:"Only in the answer to a delete: the signed receipt, as at /v1/tasks/{id}/receipt."`
}

type pageCountsView struct {
	Total  int `json:"total" doc:"Pages of the document, or those that pages names."`
	Done   int `json:"done" doc:"Pages that were read or failed."`
	Failed int `json:"failed" doc:"Pages that could not be read; the others are in the results."`

	SecondsLeft int `json:"seconds_left,omitempty" doc:"While pages are read: an estimate of how long the rest takes, from how long those took that are done; missing while none is."`
}

// linkView is a signed link and what to send with it.
type linkView struct {
	URL     string            `json:"url" doc:"Signed: needs no credentials, and works until expires only."`
	Method  string            `json:"method" doc:"The HTTP method, PUT."`
	Headers map[string]string `json:"headers,omitempty" doc:"Send exactly these headers."`
	Expires time.Time         `json:"expires" doc:"When the link ends."`
}

type taskResultView struct {
	Format    render.Format `json:"format"`
	MediaType string        `json:"media_type" doc:"What Content-Type says when it is fetched."`
	Bytes     int64         `json:"bytes" doc:"Size of the result."`
	URL       string        `json:"url" doc:"A short-lived link that needs no credentials or, without expires, the path in this API, relative to its address. getTask gives links, unless results are streamed."`
	Expires   *time.Time    `json:"expires,omitempty" doc:"When the link ends; missing for an address in this API."`
}

type taskFailureView struct {
	Code      fault.Code `json:"code"`
	Detail    string     `json:"detail" doc:"What is wrong with the document, and the remedy."`
	Retryable bool       `json:"retryable" doc:"Whether the same document may succeed in a new task."`
}

// taskNoteView is a note of the results.
type taskNoteView struct {
	Code   ocr.NoteCode `json:"code"`
	Detail string       `json:"detail" doc:"The code in a sentence."`
	Pages  int          `json:"pages,omitempty" doc:"How many pages it is about; left out if it is about the document."`
	Count  int          `json:"count,omitempty" doc:"How many words, signatures or pictures it is about."`
}

func viewLink(l storage.Link) *linkView {
	return &linkView{URL: l.URL, Method: l.Method, Headers: l.Headers, Expires: l.Expires}
}

// view describes a task without links, which differ each time and so are no part of its version.
func (a *API) view(t *task.Task) taskView {
	v := taskView{
		ID: t.Ref.ID, State: t.State, Created: a.UTC(t.Created),
		Uploaded: a.instant(t.Uploaded), Ended: a.instant(t.Ended), Removed: a.instant(t.Removed), Erased: a.instant(t.Erased),
		Type: t.Input.Type, Bytes: t.Input.Size, Reason: t.Reason,
	}
	if t.State == task.Deleted {
		return v
	}
	v.Settings = &request.Settings{
		Languages: t.Settings.Languages, Profile: string(t.Settings.Profile), OnPageError: string(t.Settings.OnPageError),
		RetainSeconds: request.Seconds(t.Settings.Retain.Seconds()), Signature: t.Settings.Signature.Name(),
		Size: request.Bytes(t.Settings.Size), Pages: string(t.Settings.Pages), ReviewBelow: request.Percent(t.Settings.ReviewBelow),
	}
	for _, flag := range []struct {
		set   bool
		shown **bool
	}{
		{t.Settings.DeleteOnFetch, &v.Settings.DeleteOnFetch},
		{t.Settings.KeepHidden, &v.Settings.KeepHidden},
		{t.Settings.KeepActive, &v.Settings.KeepActive},
		{t.Settings.KeepPages, &v.Settings.KeepPages},
		{t.Settings.RemovePassword, &v.Settings.RemovePassword},
	} {
		if flag.set {
			*flag.shown = &flag.set
		}
	}
	for _, f := range t.Settings.Formats {
		v.Settings.Formats = append(v.Settings.Formats, string(f))
	}
	if t.Pages.Total > 0 {
		v.Pages = &pageCountsView{t.Pages.Total, t.Pages.Done, t.Pages.Failed, int(math.Ceil(t.TimeLeft().Seconds()))}
	}
	if t.Failure != nil {
		v.Failure = &taskFailureView{t.Failure.Code, t.Failure.Detail, t.Failure.Code.Retryable()}
	}
	v.Languages = t.Chosen
	v.HiddenWords = t.HiddenWords
	if c := t.Confidence; c != nil {
		v.Confidence, v.Doubtful = c.Mean, slices.Collect(c.Doubtful.Numbers)
		if t.Settings.ReviewBelow > 0 {
			v.NeedsReview = &c.NeedsReview
		}
	}
	for _, n := range t.Notes {
		v.Notes = append(v.Notes, taskNoteView{n.Code, n.Code.Sentence(), n.Pages, n.Count})
	}
	for _, r := range t.Results {
		v.Results = append(v.Results, taskResultView{
			Format: r.Format, MediaType: r.Format.MediaType(), Bytes: r.Size,
			URL: "/v1/tasks/" + t.Ref.ID + "/results/" + string(r.Format),
		})
	}
	due, limit := t.Deadline(a.Policy)
	v.EraseDue, v.DeleteAfter = a.instant(due), a.instant(limit)
	return v
}

// version is the strong entity tag of a task.
func version(v taskView) (string, error) {
	value, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(value)
	return strconv.Quote(base64.RawURLEncoding.EncodeToString(sum[:12])), nil
}

// link puts short-lived links to results into a view.
func (a *API) link(ctx context.Context, t *task.Task, v *taskView) error {
	if t.State != task.Completed || a.streams(t) {
		return nil
	}
	for i, r := range t.Results {
		l, err := a.Results.ResultLink(ctx, t.Ref, r.Format)
		if err != nil {
			return err
		}
		v.Results[i].URL, v.Results[i].Expires = l.URL, &l.Expires
	}
	if len(t.Results) == 0 {
		return nil
	}
	return a.record(ctx, accesslog.ResultLink, t.Ref.Application, t.Ref.ID)
}

// promise puts what the client is promised into a view. It is no part of the version: it follows from what is.
func (a *API) promise(ctx context.Context, t *task.Task, v *taskView, creation bool) error {
	created, accepted := t.Promises()
	for _, p := range []struct {
		promise *ledger.Promise
		into    *string
	}{{created, &v.Promise}, {accepted, &v.Acceptance}} {
		if p.promise == nil || p.promise == created && !creation {
			continue
		}
		signed, err := a.Ledger.Promise(ctx, *p.promise)
		if err != nil {
			return err
		}
		*p.into = string(signed)
	}
	return nil
}

// accepted puts the promise of a document into the view of what shows it. Where none can be signed any more, what was promised
// before is shown all the same.
func (a *API) accepted(ctx context.Context, t *task.Task, v *taskView) error {
	err := a.promise(ctx, t, v, false)
	if errors.Is(err, fault.ReceiptUnavailable) {
		return nil
	}
	return err
}

// instant is a service time as clients see it, nil for none.
func (a *API) instant(service time.Time) *time.Time { return some(a.UTC(service)) }

func some(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
