package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/review"
	"github.com/lethe-ocr/lethe/shared/task"
)

// Cases keeps exceptional reviews.
type Cases interface {
	Open(ctx context.Context, who *access.Identity, ref task.Ref, reason string, box time.Duration) (*review.Case, error)
	Approve(ctx context.Context, who *access.Identity, id string) (*review.Case, error)
	Close(ctx context.Context, who *access.Identity, id string) (*review.Case, error)
	List(ctx context.Context, who *access.Identity, after string, limit int) ([]*review.Case, error)
	CaseReader
}

// CaseReader shows one case and its document. *review.Service implements both interfaces.
type CaseReader interface {
	Get(ctx context.Context, who *access.Identity, id string) (*review.Case, error)
	Read(ctx context.Context, who *access.Identity, id string, kind review.Kind, to func(task.Transfer) io.Writer) error
}

const casesPath = "/v1/cases"

type caseInput struct {
	Body struct {
		Application string `json:"application" maxLength:"64" doc:"Whose task it is."`
		Task        string `json:"task" maxLength:"36" doc:"Id of the task."`
		Reason      string `json:"reason" minLength:"1" maxLength:"500" doc:"One line without content of a document. The application reads it in its access log."`
		Hours       int    `json:"hours,omitempty" minimum:"1" maximum:"8" doc:"Hours during which the document can be read after the approval; 1 if missing."`
	}
}

type caseOutput struct {
	Status int
	Body   caseView
}

type casesInput struct {
	After string `query:"after" minLength:"1" maxLength:"36" doc:"Only cases younger than this one: the cursor from the previous page."`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Most cases of one page."`
}

type casesOutput struct {
	Body struct {
		Cases []caseView `json:"cases" doc:"Oldest first."`
		After string     `json:"after,omitempty" doc:"Cursor of the next page; missing on the last."`
	}
}

type caseView struct {
	ID          string       `json:"id" doc:"Names the case in every address."`
	State       review.State `json:"state" doc:"Waiting for a second person, Open, or over: Lapsed, Expired, Closed."`
	Application string       `json:"application" doc:"Whose task it is."`
	Task        string       `json:"task" doc:"Id of the task."`
	Reason      string       `json:"reason" doc:"Why the document is looked at, in a reviewer's words."`
	Opened      time.Time    `json:"opened" doc:"When the case was opened."`
	OpenedBy    string       `json:"opened_by" doc:"Who opened it: the subject of a token, or an application."`
	Approved    *time.Time   `json:"approved,omitempty" doc:"When a second person approved it."`
	ApprovedBy  string       `json:"approved_by,omitempty" doc:"Who approved it."`
	Closed      *time.Time   `json:"closed,omitempty" doc:"When a person ended it."`
	ClosedBy    string       `json:"closed_by,omitempty" doc:"Who ended it."`
	Ends        time.Time    `json:"ends" doc:"When the case ends by itself."`
}

func (a *API) registerCases() {
	open := operation(tagCases, "openCase", http.MethodPost, casesPath, "Request to view a document",
		"Exceptional review: a second person has to approve within 24 hours. The document's deadlines do not move.")
	open.DefaultStatus = http.StatusCreated
	handle(a, refusing(open, 404, 410), access.Reviewer, a.openCase)
	handle(a, operation(tagCases, "listCases", http.MethodGet, casesPath, "List cases", "Oldest first, in pages."), access.Reviewer, a.listCases)
	handle(a, refusing(operation(tagCases, "getCase", http.MethodGet, casesPath+"/{id}", "Show a case", "Who asked to see a document, why, who approved, and until when."), 404), access.Reviewer, a.getCase)
	handle(a, refusing(operation(tagCases, "approveCase", http.MethodPost, casesPath+"/{id}/approval", "Approve a case",
		"Must be another person than the one who opened it. From then on both can read the document until the case ends."), 404, 409), access.Reviewer, a.approveCase)
	handle(a, refusing(operation(tagCases, "closeCase", http.MethodDelete, casesPath+"/{id}", "End a case", "Nobody can read the document through it any more. Repeatable."), 404), access.Reviewer, a.closeCase)
	derivative := operation(tagCases, "getDerivative", http.MethodGet, casesPath+"/{id}/derivative", "Download a copy in which nothing is legible",
		"A ZIP file: plan.json tells the format, size, resolution, depth and page geometry; the pages, PNG pictures or one PDF, have synthetic ink.")
	handle(a, refusing(content(derivative), 404, 410), access.Reviewer, a.sendCase(review.Derivative))
	original := operation(tagCases, "getOriginal", http.MethodGet, casesPath+"/{id}/original", "Fetch the document itself",
		"For what the derivative does not show. 410 once the document is erased, even while the case is open.")
	handle(a, refusing(content(original), 404, 410), access.Reviewer, a.sendCase(review.Original))
}

// content describes an operation that sends a document.
func content(op huma.Operation) huma.Operation {
	op.Responses = map[string]*huma.Response{
		"200": {Description: "The document.", Content: map[string]*huma.MediaType{octets: {Schema: &huma.Schema{Type: huma.TypeString, Format: binary}}}},
	}
	return op
}

func (a *API) viewCase(c *review.Case) caseView {
	return caseView{
		ID: c.ID, State: c.State(a.Now()), Application: c.Ref.Application, Task: c.Ref.ID, Reason: c.Reason,
		Opened: c.Opened, OpenedBy: c.OpenedBy.Subject, Approved: some(c.Approved), ApprovedBy: c.ApprovedBy.Subject,
		Closed: some(c.Closed), ClosedBy: c.ClosedBy.Subject, Ends: c.End(),
	}
}

func (a *API) openCase(ctx context.Context, in *caseInput) (*caseOutput, error) {
	r, err := task.ParseRef(in.Body.Application, in.Body.Task)
	if err != nil {
		return nil, fault.New(fault.TaskNotFound, "no task of that application has that id")
	}
	c, err := a.Cases.Open(ctx, caller(ctx), r, in.Body.Reason, time.Duration(in.Body.Hours)*time.Hour)
	if err != nil {
		return nil, err
	}
	return &caseOutput{Status: http.StatusCreated, Body: a.viewCase(c)}, nil
}

func (a *API) listCases(ctx context.Context, in *casesInput) (*casesOutput, error) {
	cases, err := a.Cases.List(ctx, caller(ctx), in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &casesOutput{}
	out.Body.Cases = []caseView{}
	for _, c := range cases {
		out.Body.Cases = append(out.Body.Cases, a.viewCase(c))
	}
	if len(cases) == in.Limit {
		out.Body.After = cases[len(cases)-1].ID
	}
	return out, nil
}

func (a *API) getCase(ctx context.Context, in *idInput) (*caseOutput, error) {
	return a.shown(a.Cases.Get(ctx, caller(ctx), in.ID))
}

func (a *API) approveCase(ctx context.Context, in *idInput) (*caseOutput, error) {
	return a.shown(a.Cases.Approve(ctx, caller(ctx), in.ID))
}

func (a *API) closeCase(ctx context.Context, in *idInput) (*caseOutput, error) {
	return a.shown(a.Cases.Close(ctx, caller(ctx), in.ID))
}

func (a *API) shown(c *review.Case, err error) (*caseOutput, error) {
	if err != nil {
		return nil, err
	}
	return &caseOutput{Status: http.StatusOK, Body: a.viewCase(c)}, nil
}

// sendCase streams a document of a case. What it is is not said: a reviewer's programs should not open it by themselves.
func (a *API) sendCase(kind review.Kind) func(context.Context, *idInput) (*huma.StreamResponse, error) {
	return func(ctx context.Context, in *idInput) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			r, w := humago.Unwrap(hc)
			out := &late{w: w}
			err := a.Cases.Read(ctx, caller(ctx), in.ID, kind, func(t task.Transfer) io.Writer {
				out.w = httpserver.Answer(w, t)
				return out
			})
			switch {
			case err == nil:
				out.begin()
			case !out.begun:
				httpserver.Error(a.Log)(w, r, err)
			default:
				a.Log.WarnContext(ctx, logevent.RequestFailed, "case", in.ID, "code", httpserver.NewProblem(err).Code)
				panic(http.ErrAbortHandler) // so that nobody takes a part for the whole
			}
		}}, nil
	}
}

// late begins an answer with its first byte, so that what is refused before can be answered as such.
type late struct {
	w     http.ResponseWriter
	begun bool
}

func (l *late) begin() {
	if l.begun {
		return
	}
	l.begun = true
	l.w.Header().Set("Content-Type", octets)
	l.w.Header().Set("Content-Disposition", "attachment")
	l.w.WriteHeader(http.StatusOK)
}

// Write implements io.Writer.
func (l *late) Write(p []byte) (int, error) {
	l.begin()
	return l.w.Write(p)
}
