package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
)

// AccessLog records privileged acts and shows them. *journal.Log implements it.
type AccessLog interface {
	Record(ctx context.Context, e accesslog.Entry) error
	List(ctx context.Context, q accesslog.Query) (page []accesslog.Opened, next string, err error)
}

const accessLogPath = "/v1/access-log"

type accessLogInput struct {
	Since time.Time `query:"since" timeFormat:"2006-01-02T15:04:05Z07:00" doc:"Only entries since this time."`
	After string    `query:"after" minLength:"1" maxLength:"400" doc:"Cursor from the previous page."`
	// An auditor's request is an entry too: a page holds more than it adds, so that paging ends.
	Limit int `query:"limit" minimum:"10" maximum:"1000" default:"100" doc:"Most entries of one page."`
}

type accessLogOutput struct {
	Link string `header:"Link" doc:"The next page, if there is one."`
	Body struct {
		Entries []accessEntryView `json:"entries" doc:"By application, and for each of them by time."`
		After   string            `json:"after,omitempty" doc:"Cursor of the next page; missing on the last."`
	}
}

type accessEntryView struct {
	At          time.Time     `json:"at" doc:"When it was done."`
	Application string        `json:"application" doc:"The application concerned; stamp for none or all of them."`
	Who         string        `json:"who" doc:"Opaque: an application, or the subject of a token."`
	Scope       access.Scope  `json:"scope" doc:"The scope that was used."`
	Act         accesslog.Act `json:"act"`
	Task        string        `json:"task,omitempty" doc:"Id of the task that it is about, if any."`
	Case        string        `json:"case,omitempty" doc:"Id of the case that it is about, if any."`
	Why         string        `json:"why,omitempty" doc:"A reviewer's reason, or which webhook it is about."`
	Text        string        `json:"text" doc:"The entry as the ledger commits to it."`
	Nonce       string        `json:"nonce" doc:"Random, so that nobody can guess the text from its commitment."`
	Commitment  string        `json:"commitment" doc:"Subject of the ledger's entry of kind access: the SHA-256 of lethe.access.v1, the nonce and the text, with a line end after the first two, in base64url without padding."`
}

func (a *API) registerAccessLog() {
	op := operation(tagAccessLog, "getAccessLog", http.MethodGet, accessLogPath, "Read the access log",
		"Who did what, when and why. An application sees the entries that concern it, an auditor sees all.")
	handleAny(a, op, []access.Scope{access.Auditor, access.Read}, a.getAccessLog)
}

func (a *API) getAccessLog(ctx context.Context, in *accessLogInput) (*accessLogOutput, error) {
	q := accesslog.Query{Application: caller(ctx).ID, Since: in.Since, After: in.After, Limit: in.Limit}
	if caller(ctx).Scope == access.Auditor {
		q.Application = ""
		if err := a.record(ctx, accesslog.LogRead, accesslog.Stamp, ""); err != nil {
			return nil, err
		}
	}
	page, next, err := a.AccessLog.List(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &accessLogOutput{}
	out.Body.Entries = []accessEntryView{}
	for _, e := range page {
		out.Body.Entries = append(out.Body.Entries, accessEntryView{
			At: e.At, Application: e.Application, Who: e.Who, Scope: access.Scope(e.Scope), Act: e.Act, Task: e.Task, Case: e.Case, Why: e.Why,
			Text: e.Text(), Nonce: e.Nonce, Commitment: e.Commitment(),
		})
	}
	if out.Body.After = next; next != "" {
		out.Link = nextPage(accessLogPath, next, in.Limit, url.Values{"since": since(in.Since)})
	}
	return out, nil
}

// record writes what the caller is about to be given. Without the record it is not given.
func (a *API) record(ctx context.Context, act accesslog.Act, application, task string) error {
	who := caller(ctx)
	return a.AccessLog.Record(ctx, accesslog.Entry{Application: application, Who: who.Subject, Scope: string(who.Scope), Act: act, Task: task})
}
