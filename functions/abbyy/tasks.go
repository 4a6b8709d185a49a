package abbyy

import (
	"context"
	"errors"
	"net/url"
	"time"

	wire "github.com/lethe-ocr/lethe/shared/abbyy"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/task"
)

// decode reads what the call asks for.
func (c *call) decode(form url.Values, settings []byte) (*wire.Call, error) {
	asks, err := c.method.Decode(
		wire.Request{Query: c.r.URL.RawQuery, Form: form, Settings: settings},
		wire.Known{Languages: c.languages(), Now: c.f.utc(c.f.Now())},
	)
	if err != nil || asks.Password != "" || asks.Client.Description != "" || len(asks.Client.Fields) > 0 {
		httpserver.Private(c.r.Context()) // what is refused may hold such text too
	}
	return asks, err
}

// languages lists the languages that the caller may have documents read in, or where there are none those that are installed: then the
// domain refuses each of them.
func (c *call) languages() []string {
	installed := c.f.Languages()
	if allowed := c.who.Ceilings.Allowed(installed); len(allowed) > 0 {
		return allowed
	}
	return installed
}

// order is what the call asks of a task.
func (c *call) order() task.Order {
	return task.Order{
		Application: c.who.ID, Settings: c.asks.Settings, Client: c.asks.Client, Password: c.asks.Password,
		Caps: c.who.Caps, Ceilings: c.who.Ceilings, KeepUpload: c.who.Reprocess,
	}
}

// ref names the task of the call. A malformed id is one that nobody has.
func (c *call) ref() (task.Ref, error) {
	ref, err := task.ParseRef(c.who.ID, c.asks.TaskID)
	if err != nil {
		return task.Ref{}, wire.NoSuchTask()
	}
	return ref, nil
}

// submit hands in a document.
func (c *call) submit(body task.Body) (*task.Task, error) {
	ctx := c.r.Context()
	switch {
	case c.method.Name != wire.SubmitImage:
		accepted, err := c.f.Tasks.CreateWith(ctx, c.order(), body)
		return accepted.Task, err
	case c.asks.TaskID == "":
		return c.f.Tasks.Hold(ctx, c.order(), body)
	}
	ref, err := c.ref()
	if err != nil {
		return nil, err
	}
	return c.f.Tasks.AddPicture(ctx, ref, task.Picture{Password: c.asks.Password, Caps: c.who.Caps}, body)
}

// carryOut does what a call without a document asks for.
func (c *call) carryOut() (wire.Answer, error) {
	switch c.method.Name {
	case wire.ListTasks:
		return c.list()
	case wire.ListFinishedTasks:
		return c.listFinished()
	case wire.GetApplicationInfo:
		return c.application()
	}
	ref, err := c.ref()
	if err != nil {
		return wire.Answer{}, err
	}
	var t *task.Task
	switch c.method.Name {
	case wire.GetTaskStatus:
		t, err = c.status(ref)
	case wire.DeleteTask:
		t, err = c.f.Tasks.Delete(c.r.Context(), ref)
	default:
		t, err = c.f.Tasks.Start(c.r.Context(), ref, c.order())
	}
	if err != nil {
		return wire.Answer{}, err
	}
	return c.tell(t)
}

// status returns a task as it stands, be it gone: then no more is told than that it was.
func (c *call) status(ref task.Ref) (*task.Task, error) {
	t, err := c.f.Tasks.Get(c.r.Context(), ref)
	if errors.Is(err, fault.TaskErased) && t != nil {
		return c.f.gone(t), nil
	}
	return t, err
}

// gone returns what is told of a task that nobody may see any more, also while its erasure is still to come.
func (f *Function) gone(t *task.Task) *task.Task {
	if t.State == task.Deleted {
		return t
	}
	return &task.Task{Ref: t.Ref, State: task.Deleted, Created: t.Created, Removed: f.Now()}
}

// tell answers with a task, and with links to its results if it has any.
func (c *call) tell(t *task.Task) (wire.Answer, error) {
	told, err := c.told(c.r.Context(), t)
	if err != nil {
		return wire.Answer{}, err
	}
	return c.version.Task(c.method.Answered(told)), nil
}

// told is a task as clients see it.
func (c *call) told(ctx context.Context, t *task.Task) (wire.Task, error) {
	var links []string
	if c.method.First == "" && t.State == task.Completed {
		var err error
		if links, err = c.links(ctx, t); err != nil {
			return wire.Task{}, err
		}
	}
	return c.f.dated(t, links), nil
}

// dated is a task with its times in UTC.
func (f *Function) dated(t *task.Task, links []string) wire.Task {
	told := wire.TaskOf(t, t.FileCount(), links)
	told.Registered, told.Changed = f.utc(told.Registered), f.utc(told.Changed)
	return told
}

// utc is what is shown of a service time.
func (f *Function) utc(service time.Time) time.Time { return f.UTC(service) }

// application tells what there is to know of the caller.
func (c *call) application() (wire.Answer, error) {
	app, err := c.f.Applications.Get(c.r.Context(), c.who.ID)
	if errors.Is(err, fault.NotFound) || err == nil && !app.Info {
		err = wire.NotEnabled()
	}
	if err != nil {
		return wire.Answer{}, err
	}
	user, _, _ := access.ParseBasic(c.r.Header.Get("Authorization"))
	told := wire.Application{ID: app.ID, Name: app.Name, Pages: app.Caps.PagesPerDay, Expires: app.Expires()}
	if app.Alias != "" && user != app.ID {
		told.ID = app.Alias
	}
	return c.version.Application(told), nil
}
