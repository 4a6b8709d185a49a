package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/metering"
)

// Usage tells what applications had processed. *task.Service implements it.
type Usage interface {
	Usage(ctx context.Context, q metering.Query) (page []metering.Day, next string, err error)
}

const usagePath = "/v1/usage"

// usageSpan is the most days of one request: all that are kept, and today.
const usageSpan = int(metering.Life/(24*time.Hour)) + 1

// usageDefault is how many days are shown if the client does not say since when: those of a month.
const usageDefault = 31

type usageInput struct {
	From  string `query:"from" format:"date" maxLength:"10" doc:"The first day, in UTC; 30 days before the last if it is missing."`
	To    string `query:"to" format:"date" maxLength:"10" doc:"The last day, in UTC; today if it is missing. Counts of today still grow."`
	After string `query:"after" minLength:"1" maxLength:"400" doc:"Cursor from the previous page."`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Most days of one page."`
}

type usageOutput struct {
	Link string `header:"Link" doc:"The next page, if there is one."`
	Body struct {
		From  string      `json:"from" format:"date" doc:"The first day that was asked for."`
		To    string      `json:"to" format:"date" doc:"The last day that was asked for."`
		Days  []usageView `json:"days" doc:"Days on which something was processed: by application, and for each of them in order."`
		After string      `json:"after,omitempty" doc:"Cursor of the next page; missing on the last."`
	}
}

type usageView struct {
	Application string `json:"application" doc:"The application."`
	Day         string `json:"day" format:"date" doc:"The day, in UTC, on which processing ended."`
	Documents   int64  `json:"documents" doc:"Documents whose processing ended, each counted once."`
	Failed      int64  `json:"failed" doc:"How many of them failed."`
	Pages       int64  `json:"pages" doc:"Pages of completed documents; of one that was processed again once more."`
	Bytes       int64  `json:"bytes" doc:"Bytes of the documents as they were sent."`
}

func (a *API) registerUsage() {
	op := operation(tagService, "getUsage", http.MethodGet, usagePath, "Show what was processed, by day",
		"Numbers of documents, pages and bytes by application and day, kept for 400 days after it. An application sees its own, an operator sees those of all. What people inside an application had read counts for the application.")
	handleAny(a, op, []access.Scope{access.Read, access.Operator}, a.getUsage)
}

func (a *API) getUsage(ctx context.Context, in *usageInput) (*usageOutput, error) {
	q := metering.Query{Application: caller(ctx).ID, After: in.After, Limit: in.Limit}
	if caller(ctx).Scope == access.Operator {
		q.Application = ""
	}
	var err error
	if q.From, q.To, err = a.span(in.From, in.To); err != nil {
		return nil, err
	}
	page, next, err := a.Usage.Usage(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &usageOutput{}
	out.Body.From, out.Body.To, out.Body.Days = q.From.Format(time.DateOnly), q.To.Format(time.DateOnly), []usageView{}
	for _, d := range page {
		out.Body.Days = append(out.Body.Days, usageView{d.Application, d.Day.Format(time.DateOnly), d.Documents, d.Failed, d.Pages, d.Bytes})
	}
	if out.Body.After = next; next != "" {
		out.Link = nextPage(usagePath, next, in.Limit, url.Values{"from": {out.Body.From}, "to": {out.Body.To}})
	}
	return out, nil
}

// span reads the days that are asked for, empty for the usual ones.
func (a *API) span(first, last string) (from, to time.Time, err error) {
	if to, err = date(last, "to", a.Now().UTC().Truncate(24*time.Hour)); err != nil {
		return from, to, err
	}
	if from, err = date(first, "from", to.AddDate(0, 0, 1-usageDefault)); err != nil {
		return from, to, err
	}
	if days := int(to.Sub(from)/(24*time.Hour)) + 1; days < 1 || days > usageSpan {
		return from, to, fault.New(fault.BadField, "the first day must not be after the last, and at most %d days before it", usageSpan-1).In("from")
	}
	return from, to, nil
}

// date reads a day, or takes the usual one where there is none.
func date(text, field string, usual time.Time) (time.Time, error) {
	if text == "" {
		return usual, nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return day, fault.New(fault.BadField, "a day is written like 2026-11-01").In(field)
	}
	return day, nil
}
