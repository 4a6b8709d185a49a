package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/webhook"
)

// Webhooks keeps the addresses at which applications are told of their tasks. *webhook.Outbox implements it.
type Webhooks interface {
	Add(ctx context.Context, application, address string, types []webhook.Type) (webhook.Shown, error)
	Endpoints(ctx context.Context, application string) ([]*webhook.Endpoint, error)
	Endpoint(ctx context.Context, application, id string) (*webhook.Endpoint, error)
	Rotate(ctx context.Context, application, id string, grace time.Duration) (webhook.Shown, error)
	Test(ctx context.Context, application, id string) (webhook.Tested, error)
	EndpointRemover
	List(ctx context.Context, q webhook.Query) (page []*webhook.Delivery, next string, err error)
}

// EndpointRemover forgets endpoints.
type EndpointRemover interface {
	Remove(ctx context.Context, application, id string) error
	RemoveAll(ctx context.Context, application string) error
}

const (
	webhooksPath   = "/v1/applications/{id}/webhooks"
	deliveriesPath = "/v1/deliveries"
)

type webhookView struct {
	ID           string                `json:"id" doc:"Names the webhook in addresses and deliveries."`
	Application  string                `json:"application" doc:"Whose tasks it is told of."`
	URL          string                `json:"url" doc:"Where events are sent."`
	Events       []webhook.Type        `json:"events" doc:"What it is told."`
	State        webhook.EndpointState `json:"state"`
	Created      time.Time             `json:"created" doc:"When it was registered. One that is pending is forgotten a day later."`
	Verified     *time.Time            `json:"verified,omitempty" doc:"When it last answered a challenge; missing if it never did."`
	Generation   int                   `json:"generation" doc:"Of its secret; it grows with each new one."`
	PreviousEnds *time.Time            `json:"previous_ends,omitempty" doc:"Until when the secret before signs as well; missing if there was none."`
}

type webhookKeysView struct {
	Webhook   webhookView `json:"webhook" doc:"The webhook."`
	Secret    string      `json:"secret" doc:"Shown once, now: verifies signatures v1 (HMAC-SHA256)."`
	PublicKey string      `json:"public_key" doc:"Verifies signatures v1a (Ed25519) of this stamp."`
}

type webhookInput struct {
	ID   string `path:"id" doc:"Id of the application."`
	Body struct {
		URL    string         `json:"url" minLength:"1" maxLength:"500" doc:"An https address without user, query or fragment."`
		Events []webhook.Type `json:"events,omitempty" nullable:"false" doc:"What it is told; everything if missing."`
	}
}

type webhookIDInput struct {
	ID      string `path:"id" doc:"Id of the application."`
	Webhook string `path:"webhook" doc:"Id of the webhook."`
}

type webhookSecretInput struct {
	ID      string `path:"id" doc:"Id of the application."`
	Webhook string `path:"webhook" doc:"Id of the webhook."`
	Body    struct {
		GraceSeconds int `json:"grace_seconds,omitempty" minimum:"0" maximum:"604800" doc:"How long the secret before signs as well."`
	}
}

type webhookOutput struct {
	Status int
	Body   webhookKeysView
}

type webhookRemovedOutput struct {
	Body webhookView
}

type webhooksOutput struct {
	Body struct {
		Webhooks []webhookView `json:"webhooks" doc:"Those of the application."`
	}
}

type webhookTestOutput struct {
	Body webhookTestView
}

type webhookTestView struct {
	Webhook      webhookView     `json:"webhook" doc:"The webhook as it stands afterwards."`
	Outcome      webhook.Outcome `json:"outcome"`
	Status       int             `json:"status,omitempty" doc:"HTTP status of the answer; missing if there was none."`
	Answered     bool            `json:"answered" doc:"Whether the challenge came back: then the webhook is active."`
	Milliseconds int64           `json:"milliseconds" doc:"How long it took."`
}

type deliveriesInput struct {
	Since time.Time `query:"since" timeFormat:"2006-01-02T15:04:05Z07:00" doc:"Only deliveries of events since this time."`
	After string    `query:"after" minLength:"1" maxLength:"200" doc:"Cursor from the previous page."`
	Limit int       `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Most deliveries of one page."`
}

type deliveriesOutput struct {
	Link string `header:"Link" doc:"The next page, if there is one."`
	Body struct {
		Deliveries []deliveryView `json:"deliveries" doc:"In the order of their events."`
		After      string         `json:"after,omitempty" doc:"Cursor of the next page; missing on the last."`
	}
}

type deliveryView struct {
	ID       string          `json:"id" doc:"The webhook-id, the same in every attempt."`
	Webhook  string          `json:"webhook" doc:"Id of the webhook."`
	Event    webhook.Type    `json:"event"`
	Task     string          `json:"task" doc:"Id of the task."`
	State    task.State      `json:"state" doc:"Which the task reached."`
	Sequence int             `json:"sequence" doc:"Of the events of the task, from 1 on."`
	At       time.Time       `json:"at" doc:"When it happened."`
	Until    time.Time       `json:"until" doc:"When attempts end."`
	Attempts int             `json:"attempts" doc:"How often it was tried."`
	Tried    *time.Time      `json:"tried,omitempty" doc:"When it was tried last."`
	Next     *time.Time      `json:"next,omitempty" doc:"When it is tried next; missing once it has ended."`
	Ended    *time.Time      `json:"ended,omitempty" doc:"When it was delivered or given up; missing while it waits."`
	Outcome  webhook.Outcome `json:"outcome,omitempty" doc:"Of the last attempt, or why there is none."`
	Status   int             `json:"status,omitempty" doc:"HTTP status of the last answer; missing if there was none."`
}

func (a *API) registerWebhooks() {
	add := operation(tagWebhooks, "createWebhook", http.MethodPost, webhooksPath, "Register a webhook",
		"The secret is shown once. It is told nothing before it has answered a challenge: give the receiver the secret, then test it.")
	add.DefaultStatus = http.StatusCreated
	one := webhooksPath + "/{webhook}"
	handle(a, refusing(add, 404, 409), access.Admin, a.createWebhook)
	handle(a, refusing(operation(tagWebhooks, "listWebhooks", http.MethodGet, webhooksPath, "List the webhooks of an application", "Without their secrets."), 404), access.Admin, a.listWebhooks)
	handle(a, refusing(operation(tagWebhooks, "testWebhook", http.MethodPost, one+"/test", "Send a webhook a challenge",
		`A signed webhook.challenge. A receiver that answers with {"challenge": …} as it got it is active from then on.`), 404, 409), access.Admin, a.testWebhook)
	handle(a, refusing(operation(tagWebhooks, "rotateWebhookSecret", http.MethodPost, one+"/secrets", "Give a webhook another secret",
		"It is shown once. For the grace both sign each request."), 404, 409), access.Admin, a.rotateWebhookSecret)
	handle(a, refusing(operation(tagWebhooks, "removeWebhook", http.MethodDelete, one, "Remove a webhook", "What waits for it is not sent any more."), 404), access.Admin, a.removeWebhook)
	handle(a, operation(tagWebhooks, "listDeliveries", http.MethodGet, deliveriesPath, "Show what was delivered",
		"Events of the caller's own tasks and what became of them, for a week after each."), access.Read, a.listDeliveries)
}

func (a *API) viewWebhook(e *webhook.Endpoint) webhookView {
	return webhookView{
		ID: e.ID, Application: e.Application, URL: e.URL, Events: e.Types, State: e.State, Created: a.UTC(e.Created),
		Verified: a.shownTime(e.Verified), Generation: e.Generation, PreviousEnds: a.shownTime(e.PreviousEnds),
	}
}

// shownTime is what is shown of a service time, nil for none.
func (a *API) shownTime(service time.Time) *time.Time {
	if service.IsZero() {
		return nil
	}
	return a.instant(service)
}

func (a *API) viewKeys(s webhook.Shown) webhookKeysView {
	return webhookKeysView{a.viewWebhook(s.Endpoint), s.Secret, s.Public}
}

func (a *API) createWebhook(ctx context.Context, in *webhookInput) (*webhookOutput, error) {
	app, err := a.Applications.Get(ctx, in.ID)
	switch {
	case err != nil:
		return nil, err
	case !app.Revoked.IsZero():
		return nil, fault.New(fault.WrongState, "the application was revoked permanently; nothing happens to tasks of it that it could be told")
	}
	shown, err := a.Webhooks.Add(ctx, in.ID, in.Body.URL, in.Body.Events)
	if err == nil {
		err = a.recordOn(ctx, accesslog.WebhookAdded, shown.Endpoint)
	}
	if err != nil {
		return nil, err // nobody knows the secret of what was added; it is forgotten in a day
	}
	return &webhookOutput{Status: http.StatusCreated, Body: a.viewKeys(shown)}, nil
}

// recordOn records an act on a webhook, whose id stands in place of a reason.
func (a *API) recordOn(ctx context.Context, act accesslog.Act, e *webhook.Endpoint) error {
	who := caller(ctx)
	return a.AccessLog.Record(ctx, accesslog.Entry{Application: e.Application, Who: who.Subject, Scope: string(who.Scope), Act: act, Why: "webhook " + e.ID})
}

func (a *API) listWebhooks(ctx context.Context, in *idInput) (*webhooksOutput, error) {
	if _, err := a.Applications.Get(ctx, in.ID); err != nil {
		return nil, err
	}
	all, err := a.Webhooks.Endpoints(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &webhooksOutput{}
	out.Body.Webhooks = []webhookView{}
	for _, e := range all {
		out.Body.Webhooks = append(out.Body.Webhooks, a.viewWebhook(e))
	}
	return out, nil
}

// recordWebhook records an act on a webhook before it is done. There must be one.
func (a *API) recordWebhook(ctx context.Context, act accesslog.Act, application, id string) (*webhook.Endpoint, error) {
	e, err := a.Webhooks.Endpoint(ctx, application, id)
	if err == nil {
		err = a.recordOn(ctx, act, e)
	}
	return e, err
}

func (a *API) testWebhook(ctx context.Context, in *webhookIDInput) (*webhookTestOutput, error) {
	if _, err := a.recordWebhook(ctx, accesslog.WebhookTested, in.ID, in.Webhook); err != nil {
		return nil, err
	}
	done, err := a.Webhooks.Test(ctx, in.ID, in.Webhook)
	if err != nil {
		return nil, err
	}
	return &webhookTestOutput{webhookTestView{a.viewWebhook(done.Endpoint), done.Outcome, done.Status, done.Answered, done.Took.Milliseconds()}}, nil
}

func (a *API) rotateWebhookSecret(ctx context.Context, in *webhookSecretInput) (*webhookOutput, error) {
	if _, err := a.recordWebhook(ctx, accesslog.WebhookRotated, in.ID, in.Webhook); err != nil {
		return nil, err
	}
	shown, err := a.Webhooks.Rotate(ctx, in.ID, in.Webhook, time.Duration(in.Body.GraceSeconds)*time.Second)
	if err != nil {
		return nil, err
	}
	return &webhookOutput{Status: http.StatusOK, Body: a.viewKeys(shown)}, nil
}

func (a *API) removeWebhook(ctx context.Context, in *webhookIDInput) (*webhookRemovedOutput, error) {
	e, err := a.recordWebhook(ctx, accesslog.WebhookRemoved, in.ID, in.Webhook)
	if err == nil {
		err = a.Webhooks.Remove(ctx, in.ID, in.Webhook)
	}
	if err != nil {
		return nil, err
	}
	return &webhookRemovedOutput{a.viewWebhook(e)}, nil
}

func (a *API) listDeliveries(ctx context.Context, in *deliveriesInput) (*deliveriesOutput, error) {
	page, next, err := a.Webhooks.List(ctx, webhook.Query{Application: caller(ctx).ID, Since: in.Since, After: in.After, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &deliveriesOutput{}
	out.Body.Deliveries = []deliveryView{}
	for _, d := range page {
		out.Body.Deliveries = append(out.Body.Deliveries, deliveryView{
			ID: d.ID(), Webhook: d.Endpoint, Event: d.Type(), Task: d.Task, State: d.Notice.State, Sequence: d.Notice.Sequence, At: a.UTC(d.Notice.At), Until: a.UTC(d.Notice.Until),
			Attempts: d.Attempts, Tried: a.shownTime(d.Tried), Next: a.shownTime(d.Next), Ended: a.shownTime(d.Ended), Outcome: d.Outcome, Status: d.Status,
		})
	}
	if out.Body.After = next; next != "" {
		out.Link = nextPage(deliveriesPath, next, in.Limit, url.Values{"since": since(in.Since)})
	}
	return out, nil
}
