package api

import (
	"context"
	"net/http"
	"net/url"
	"time"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/request"
	"github.com/lethe-ocr/lethe/shared/task"
)

// tasksPath is where tasks are created and listed.
const tasksPath = "/v1/tasks"

// createTask is the operation whose body may be a document.
const createTask = "createTask"

// maxKey bounds an idempotency key in characters.
const maxKey = 200

type createInput struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"200" doc:"Makes a repeated request return the first one's task."`
	Body           *request.Settings
}

type createOutput struct {
	Status   int
	Location string `header:"Location" doc:"Address of the task in this API."`
	Body     taskView
}

type batchInput struct {
	Body struct {
		Tasks []batchItem `json:"tasks" minItems:"1" maxItems:"1000" nullable:"false" doc:"Each as for one task."`
	}
}

type batchItem struct {
	request.Settings
	IdempotencyKey string `json:"idempotency_key,omitempty" maxLength:"200" doc:"Makes a repeated request return the first one's task."`
}

type batchOutput struct {
	Body struct {
		Tasks []batchResult `json:"tasks" doc:"One for each requested task, in the same order."`
	}
}

type batchResult struct {
	Task    *taskView           `json:"task,omitempty" doc:"The task, if it was created."`
	Problem *httpserver.Problem `json:"problem,omitempty" doc:"Why it was not created."`
}

type getInput struct {
	ID          string `path:"id" doc:"Id of the task."`
	IfNoneMatch string `header:"If-None-Match" doc:"An ETag of an earlier answer: what has not changed since is answered by 304."`
	Prefer      string `header:"Prefer" doc:"wait=N holds the answer up to N seconds (at most 60) until the task changes from the version in If-None-Match, or until it ends."`
}

type getOutput struct {
	Status            int
	ETag              string `header:"ETag" doc:"Version of the task, for If-None-Match."`
	PreferenceApplied string `header:"Preference-Applied" doc:"wait, if the answer was held."`
	Body              *taskView
}

type tasksInput struct {
	State task.State `query:"state" doc:"Only tasks in this state. Without it all but deleted ones."`
	After string     `query:"after" minLength:"1" doc:"Only tasks younger than this one: the cursor from the previous page."`
	Limit int        `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Most tasks of one page."`
}

type tasksOutput struct {
	Link string `header:"Link" doc:"The next page, if there is one."`
	Body struct {
		Tasks []taskView `json:"tasks" doc:"Oldest first."`
		After string     `json:"after,omitempty" doc:"Cursor of the next page; missing on the last."`
	}
}

type idInput struct {
	ID string `path:"id" doc:"Id of the thing."`
}

type deleteOutput struct {
	Status     int
	RetryAfter string `header:"Retry-After" doc:"With 202: seconds after which to ask again."`
	Body       taskView
}

type linkOutput struct {
	Body *linkView
}

func (a *API) registerTasks() {
	create := operation(tagTasks, createTask, http.MethodPost, tasksPath, "Create a task",
		"Returns a link to send the document to. Sent with a document instead of JSON, it does what createTaskFromDocument does.")
	create.DefaultStatus = http.StatusCreated
	handle(a, refusing(create, http.StatusConflict, http.StatusGone), "submit", a.createTask)
	batch := operation(tagTasks, "createTasks", http.MethodPost, tasksPath+":batch", "Create up to 1,000 tasks", "Each one succeeds or fails independently, so that the answer to all of them is 200.")
	batch.MaxBodyBytes = 2 << 20
	handle(a, batch, "submit", a.createTasks)
	handle(a, operation(tagTasks, "listTasks", http.MethodGet, tasksPath, "List own tasks", "Oldest first, in pages. Without a state it lists all but erased ones. Links to results are in the answer of getTask only."), "read", a.listTasks)
	handle(a, refusing(operation(tagTasks, "getTask", http.MethodGet, "/v1/tasks/{id}", "Show a task",
		"404 for a task of another application, 410 for an erased one. With `Prefer: wait=60` the answer comes when the task ends, or after that many seconds: ask again until it has ended."), 404, 410), "read", a.getTask)
	handle(a, refusing(operation(tagErasure, "deleteTask", http.MethodDelete, "/v1/tasks/{id}", "Erase a task now",
		"Once answered, nothing can be fetched. 200 with the receipt; 202 while a worker still holds the document: repeat the request. Repeatable."), 404), "delete", a.deleteTask)
	handle(a, refusing(operation(tagTasks, "renewUploadLink", http.MethodPost, "/v1/tasks/{id}/upload-link", "Get a fresh upload link",
		"For a task that still waits for its document, when its link has ended."), 404, 409, 410), "submit", a.renewLink)
	enumerateSettings(a.huma.OpenAPI().Components.Schemas)
	a.registerDocument()
}

func (a *API) createTask(ctx context.Context, in *createInput) (*createOutput, error) {
	wanted := request.Settings{}
	if in.Body != nil {
		wanted = *in.Body
	}
	accepted, err := a.Intake.Create(ctx, order(ctx, wanted, in.IdempotencyKey))
	if err != nil {
		return nil, err
	}
	return a.created(ctx, accepted)
}

func (a *API) created(ctx context.Context, accepted task.Accepted) (*createOutput, error) {
	out := &createOutput{Status: http.StatusCreated, Location: "/v1/tasks/" + accepted.Task.Ref.ID, Body: a.view(accepted.Task)}
	if accepted.Replayed {
		out.Status = http.StatusOK
	}
	if accepted.Upload != nil {
		out.Body.Upload = viewLink(*accepted.Upload)
	}
	return out, a.promise(ctx, accepted.Task, &out.Body, true)
}

func (a *API) createTasks(ctx context.Context, in *batchInput) (*batchOutput, error) {
	orders := make([]task.Order, 0, len(in.Body.Tasks))
	for _, t := range in.Body.Tasks {
		orders = append(orders, order(ctx, t.Settings, t.IdempotencyKey))
	}
	accepted, errs := a.Intake.CreateBatch(ctx, orders)
	out := &batchOutput{}
	for i := range orders {
		var made *createOutput
		if errs[i] == nil {
			made, errs[i] = a.created(ctx, accepted[i])
		}
		if errs[i] != nil {
			out.Body.Tasks = append(out.Body.Tasks, batchResult{Problem: httpserver.Explain(ctx, a.Log, errs[i])})
			continue
		}
		out.Body.Tasks = append(out.Body.Tasks, batchResult{Task: &made.Body})
	}
	return out, nil
}

func (a *API) getTask(ctx context.Context, in *getInput) (*getOutput, error) {
	r, err := ref(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	wait := httpserver.Patience(ctx, httpserver.PreferWait(in.Prefer))
	out, err := a.look(ctx, r, in.IfNoneMatch, wait)
	if out != nil && wait > 0 {
		out.PreferenceApplied = "wait"
	}
	return out, err
}

// look shows a task, at once or when it changed. Without a version to compare with, what is waited for is the task's end.
func (a *API) look(ctx context.Context, r task.Ref, known string, wait time.Duration) (*getOutput, error) {
	held, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	t, err := a.Tasks.Get(ctx, r)
	for {
		if err != nil {
			return nil, err
		}
		v := a.view(t)
		tag, err := version(v)
		if err != nil {
			return nil, err
		}
		unchanged := known != "" && httpserver.NoneMatch(known, tag)
		waiting := unchanged || (known == "" && t.State.Open())
		if waiting && held.Err() == nil {
			if t, err = a.Tasks.Wait(held, r, t.ETag()); err != nil {
				return nil, err
			}
			continue
		}
		if unchanged {
			return &getOutput{Status: http.StatusNotModified, ETag: tag}, nil
		}
		if err := a.accepted(ctx, t, &v); err != nil {
			return nil, err
		}
		return &getOutput{Status: http.StatusOK, ETag: tag, Body: &v}, a.link(ctx, t, &v)
	}
}

func (a *API) listTasks(ctx context.Context, in *tasksInput) (*tasksOutput, error) {
	tasks, err := a.Tasks.List(ctx, caller(ctx).ID, task.Filter{State: in.State, After: in.After, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &tasksOutput{}
	out.Body.Tasks = []taskView{}
	for _, t := range tasks {
		v := a.view(t)
		if err := a.accepted(ctx, t, &v); err != nil {
			return nil, err
		}
		out.Body.Tasks = append(out.Body.Tasks, v)
	}
	if len(tasks) == in.Limit {
		out.Body.After = tasks[len(tasks)-1].Ref.ID
		asked := url.Values{}
		if in.State != "" {
			asked.Set("state", string(in.State))
		}
		out.Link = nextPage("/v1/tasks", out.Body.After, in.Limit, asked)
	}
	return out, nil
}

func (a *API) deleteTask(ctx context.Context, in *idInput) (*deleteOutput, error) {
	r, err := ref(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	t, err := a.Tasks.Delete(ctx, r)
	if err != nil {
		return nil, err
	}
	out := &deleteOutput{Status: http.StatusOK, Body: a.view(t)}
	if t.Erased.IsZero() {
		out.Status, out.RetryAfter = http.StatusAccepted, "5"
	}
	return out, a.receipt(ctx, t, &out.Body)
}

func (a *API) renewLink(ctx context.Context, in *idInput) (*linkOutput, error) {
	r, err := ref(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	l, err := a.Intake.RenewUpload(ctx, r)
	if err != nil {
		return nil, err
	}
	return &linkOutput{Body: viewLink(l)}, nil
}

// checkKey refuses an idempotency key that is too long; requests that are decoded here have it checked by their schema.
func checkKey(key string) error {
	if n := utf8.RuneCountInString(key); n > maxKey {
		return fault.New(fault.BadField, "the idempotency key has %d characters; at most %d are allowed", n, maxKey).In("Idempotency-Key")
	}
	return nil
}
