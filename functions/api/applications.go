package api

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/task"
)

type applicationView struct {
	ID        string         `json:"id" doc:"The user name of its credentials."`
	Name      string         `json:"name" doc:"For people."`
	Scopes    []access.Scope `json:"scopes" doc:"What its credentials open."`
	Client    string         `json:"client,omitempty" doc:"Client of the OpenID Connect issuer whose tokens act as this application."`
	Alias     string         `json:"abbyy_id,omitempty" doc:"Application id or name of a client of the ABBYY Cloud OCR SDK: another user name of its credentials."`
	Reprocess bool           `json:"abbyy_reprocess,omitempty" doc:"Whether uploads are kept after processing until their deadline, so that they can be processed again."`
	Info      bool           `json:"abbyy_info,omitempty" doc:"Whether getApplicationInfo tells it."`
	Caps      task.Caps      `json:"caps" doc:"Limits of the application."`
	Ceilings  *ceilingsView  `json:"ceilings,omitempty" doc:"The most that its tasks may ask for."`
	Created   time.Time      `json:"created" doc:"When the application was created."`
	Revoked   *time.Time     `json:"revoked,omitempty" doc:"When it was revoked; missing if it was not."`
	Secrets   []secretView   `json:"secrets" doc:"Its secrets, without their values."`
	Secret    string         `json:"secret,omitempty" doc:"Shown once, now."`
}

type secretView struct {
	ID      string     `json:"id" doc:"Names the secret; it is no part of it."`
	Created time.Time  `json:"created" doc:"When the secret was made."`
	Expires *time.Time `json:"expires,omitempty" doc:"When the secret ends; never if missing."`
}

// ceilingsView is what the tasks of an application may ask for at most: a request may ask for less, never for more.
type ceilingsView struct {
	RetainSeconds int             `json:"retain_seconds,omitempty" minimum:"1" maximum:"86400" doc:"Longest retention after processing; the server's own if missing."`
	DeleteOnFetch bool            `json:"delete_on_fetch,omitempty" doc:"Every task is erased once its results were downloaded."`
	Formats       []render.Format `json:"formats,omitempty" minItems:"1" nullable:"false" doc:"Formats that it may request; all if missing."`
	Languages     []string        `json:"languages,omitempty" minItems:"1" nullable:"false" doc:"Languages that it may request, the default first; all that are installed if missing."`
}

func viewCeilings(c task.Ceilings) *ceilingsView {
	v := &ceilingsView{RetainSeconds: int(c.Retain.Seconds()), DeleteOnFetch: c.DeleteOnFetch, Formats: c.Formats, Languages: c.Languages}
	if reflect.ValueOf(*v).IsZero() {
		return nil
	}
	return v
}

func (v *ceilingsView) ceilings() task.Ceilings {
	if v == nil {
		return task.Ceilings{}
	}
	return task.Ceilings{Retain: time.Duration(v.RetainSeconds) * time.Second, DeleteOnFetch: v.DeleteOnFetch, Formats: v.Formats, Languages: v.Languages}
}

type applicationInput struct {
	Body struct {
		Name      string         `json:"name" minLength:"1" maxLength:"80" doc:"For people."`
		Scopes    []access.Scope `json:"scopes" minItems:"1" nullable:"false" doc:"submit, read, delete and admin; operator, auditor and reviewer for people."`
		Client    string         `json:"client,omitempty" maxLength:"200" doc:"Client of the OpenID Connect issuer whose tokens act as this application, in place of a secret."`
		Alias     string         `json:"abbyy_id,omitempty" maxLength:"100" doc:"Application id or name that a client of the ABBYY Cloud OCR SDK goes on using as its user name. Its uploads are kept as with abbyy_reprocess."`
		Reprocess bool           `json:"abbyy_reprocess,omitempty" doc:"Keep uploads after processing until their deadline, so that they can be processed again."`
		Info      bool           `json:"abbyy_info,omitempty" doc:"Let getApplicationInfo tell name, page cap and expiry of the application."`
		Caps      *task.Caps     `json:"caps,omitempty" doc:"Limits of the application; 0 means none."`
		Ceilings  *ceilingsView  `json:"ceilings,omitempty" doc:"The most that its tasks may ask for, permanently."`
		Expires   *time.Time     `json:"expires,omitempty" doc:"When the secret expires; never if missing."`
	}
}

type rotateInput struct {
	ID   string `path:"id" doc:"Id of the application."`
	Body struct {
		GraceSeconds int        `json:"grace_seconds,omitempty" minimum:"0" maximum:"2592000" doc:"How long older secrets stay valid."`
		Expires      *time.Time `json:"expires,omitempty" doc:"When the new secret expires; never if missing."`
	}
}

type applicationOutput struct {
	Status int
	Body   applicationView
}

type applicationsOutput struct {
	Body struct {
		Applications []applicationView `json:"applications" doc:"All of them, revoked ones too."`
	}
}

func (a *API) registerApplications() {
	create := operation(tagApplications, "createApplication", http.MethodPost, "/v1/applications", "Create an application", "The secret is shown once. An application with a client has no secret.")
	create.DefaultStatus = http.StatusCreated
	handle(a, refusing(create, http.StatusConflict), "admin", a.createApplication)
	handle(a, operation(tagApplications, "listApplications", http.MethodGet, "/v1/applications", "List applications", "Revoked ones too. Secrets are shown when they are made and never again."), "admin", a.listApplications)
	handle(a, refusing(operation(tagApplications, "rotateSecret", http.MethodPost, "/v1/applications/{id}/secrets", "Add a secret and let older ones expire",
		"Two secrets may be valid at once. The new one is shown once."), 404, 409), "admin", a.rotateSecret)
	handle(a, refusing(operation(tagApplications, "revokeApplication", http.MethodDelete, "/v1/applications/{id}", "Revoke all secrets of an application",
		"Its tasks keep their deadlines. Its uploads and downloads end, its webhooks go, and what arrives through its upload links is erased unread. Repeatable."), 404), "admin", a.revokeApplication)
}

func viewApplication(app *access.Application, secret string) applicationView {
	v := applicationView{
		ID: app.ID, Name: app.Name, Scopes: app.Scopes, Client: app.Client, Alias: app.Alias, Reprocess: app.KeepsUploads(), Info: app.Info, Caps: app.Caps, Ceilings: viewCeilings(app.Ceilings),
		Created: app.Created, Revoked: some(app.Revoked),
		Secrets: []secretView{}, Secret: secret,
	}
	for _, s := range app.Secrets {
		v.Secrets = append(v.Secrets, secretView{ID: s.ID, Created: s.Created, Expires: some(s.Expires)})
	}
	return v
}

// Application returns an application as the API shows it: without the hashes of its secrets.
func Application(app *access.Application) any { return viewApplication(app, "") }

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func (a *API) createApplication(ctx context.Context, in *applicationInput) (*applicationOutput, error) {
	wanted := access.Application{Name: in.Body.Name, Scopes: in.Body.Scopes, Client: in.Body.Client, Alias: in.Body.Alias, Reprocess: in.Body.Reprocess, Info: in.Body.Info, Ceilings: in.Body.Ceilings.ceilings()}
	if in.Body.Caps != nil {
		wanted.Caps = *in.Body.Caps
	}
	if err := wanted.Ceilings.CheckLanguages(a.Languages()); err != nil {
		return nil, err
	}
	app, secret, err := a.Applications.Create(ctx, wanted, orZero(in.Body.Expires))
	if err == nil {
		err = a.record(ctx, accesslog.AppCreated, app.ID, "")
	}
	if err != nil {
		return nil, err // a secret that is not shown opens nothing
	}
	return &applicationOutput{Status: http.StatusCreated, Body: viewApplication(app, secret)}, nil
}

func (a *API) listApplications(ctx context.Context, _ *struct{}) (*applicationsOutput, error) {
	apps, err := a.Applications.List(ctx)
	if err != nil {
		return nil, err
	}
	out := &applicationsOutput{}
	out.Body.Applications = []applicationView{}
	for _, app := range apps {
		out.Body.Applications = append(out.Body.Applications, viewApplication(app, ""))
	}
	return out, nil
}

func (a *API) rotateSecret(ctx context.Context, in *rotateInput) (*applicationOutput, error) {
	if err := a.recordOf(ctx, accesslog.AppRotated, in.ID); err != nil {
		return nil, err
	}
	app, secret, err := a.Applications.Rotate(ctx, in.ID, time.Duration(in.Body.GraceSeconds)*time.Second, orZero(in.Body.Expires))
	if err != nil {
		return nil, err
	}
	return &applicationOutput{Status: http.StatusOK, Body: viewApplication(app, secret)}, nil
}

func (a *API) revokeApplication(ctx context.Context, in *idInput) (*applicationOutput, error) {
	if err := a.recordOf(ctx, accesslog.AppRevoked, in.ID); err != nil {
		return nil, err
	}
	app, err := access.Revocation{Applications: a.Applications, Webhooks: a.Webhooks, Transfers: a.Tasks}.Revoke(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &applicationOutput{Status: http.StatusOK, Body: viewApplication(app, "")}, nil
}

// recordOf records an act on an application before it is done. There must be one: the log names no application that is not.
func (a *API) recordOf(ctx context.Context, act accesslog.Act, id string) error {
	if _, err := a.Applications.Get(ctx, id); err != nil {
		return err
	}
	return a.record(ctx, act, id, "")
}
