package api_test

import (
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/lethe-ocr/lethe/functions/api"
	"github.com/lethe-ocr/lethe/shared/access"
	accesslog "github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/review"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/webhook"
)

// inlineLimit is small here, so that its tests need little memory.
const inlineLimit = 1000

// domain is the task service in memory: what it holds is set by tests. It follows the contract of task.Service.
type domain struct {
	mu      sync.Mutex
	tasks   map[task.Ref]*task.Task // guarded by mu, as all below
	changed chan struct{}           // closed and replaced whenever a task changes
	orders  []task.Order
	bodies  []string
	content string // of every result
	fetched []render.Format
	keys    map[string]task.Ref
	ended   []string // applications whose transfers were ended
	broken  error    // what every call answers, if set
	late    error    // what ends the reading of a document, if set

	usage       storage.Records // where it is counted
	commitments []string
	unproved    error // what the ledger answers, if set
	now         func() time.Time
}

func (d *domain) put(t *task.Task) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tasks[t.Ref] = t
	close(d.changed)
	d.changed = make(chan struct{})
}

func (d *domain) find(ref task.Ref) (*task.Task, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken != nil {
		return nil, d.broken
	}
	t, ok := d.tasks[ref]
	switch {
	case !ok:
		return nil, fault.New(fault.TaskNotFound, "no task of this application has that id")
	case t.State == task.Deleted:
		return nil, fault.New(fault.TaskErased, "the task existed; everything of it has been erased")
	}
	return t, nil
}

func (d *domain) Create(_ context.Context, o task.Order) (task.Accepted, error) {
	if d.broken != nil {
		return task.Accepted{}, d.broken
	}
	for _, l := range o.Settings.Languages {
		if l != "eng" && l != "rus" {
			return task.Accepted{}, fault.New(fault.LanguageUnknown, "a language is not installed; installed are: eng, rus").In("languages")
		}
	}
	if o.Settings.Retain < 0 || o.Settings.Retain > 23*time.Hour {
		return task.Accepted{}, fault.New(fault.BadField, "retention must be between 1 and 82800 seconds").In("retain_seconds")
	}
	if p := o.Settings.Profile; p != "" && !slices.Contains(ocr.Profiles(), p) {
		return task.Accepted{}, fault.New(fault.BadField, "profile must be one of %q", ocr.Profiles()).In("profile")
	}
	for name, ok := range map[string]bool{
		"on_page_error": slices.Contains([]task.OnPageError{"", task.ContinueOnPageError, task.FailOnPageError}, o.Settings.OnPageError),
		"formats":       !slices.ContainsFunc(o.Settings.Formats, func(f render.Format) bool { return !f.Known() }),
		"signature":     o.Settings.Signature == "" || slices.Contains(ocr.SignaturePolicies(), string(o.Settings.Signature)),
		"subject":       len(o.Subject) <= 200,
	} {
		if !ok {
			return task.Accepted{}, fault.New(fault.BadField, "the setting has no such value").In(name)
		}
	}
	d.mu.Lock()
	known, replayed := d.keys[o.IdempotencyKey]
	d.orders = append(d.orders, o)
	d.mu.Unlock()
	link := &storage.Link{URL: "https://store.example/upload?sig=signature", Method: "PUT", Expires: d.now().Add(time.Minute)}
	if replayed {
		t, err := d.find(known)
		return task.Accepted{Task: t, Upload: link, Replayed: true}, err
	}
	t := &task.Task{Ref: task.Ref{Application: o.Application, ID: taskID(d.now())}, State: task.Submitted, Created: d.now(), Settings: o.Settings}
	d.put(t)
	if o.IdempotencyKey != "" {
		d.mu.Lock()
		d.keys[o.IdempotencyKey] = t.Ref
		d.mu.Unlock()
	}
	return task.Accepted{Task: t, Upload: link}, nil
}

func (d *domain) CreateBatch(ctx context.Context, orders []task.Order) ([]task.Accepted, []error) {
	accepted, errs := make([]task.Accepted, len(orders)), make([]error, len(orders))
	for i, o := range orders {
		accepted[i], errs[i] = d.Create(ctx, o)
	}
	return accepted, errs
}

func (d *domain) CreateWith(ctx context.Context, o task.Order, body task.Body) (task.Accepted, error) {
	content, err := io.ReadAll(body.Reader)
	if err != nil {
		return task.Accepted{}, fault.Wrap(err, fault.BadRequest, "the document broke off; send it again")
	}
	a, err := d.Create(ctx, o)
	if err != nil {
		return a, err
	}
	d.mu.Lock()
	d.bodies = append(d.bodies, string(content))
	d.mu.Unlock()
	queued := *a.Task
	queued.State, queued.Uploaded = task.Queued, d.now()
	d.put(&queued)
	return task.Accepted{Task: &queued}, nil
}

func (d *domain) RenewUpload(_ context.Context, ref task.Ref) (storage.Link, error) {
	t, err := d.find(ref)
	if err == nil && t.State != task.Submitted {
		err = fault.New(fault.WrongState, "the task is %s; only a Submitted task accepts a document", t.State)
	}
	return storage.Link{URL: "https://store.example/again?sig=signature", Method: "PUT", Expires: d.now().Add(time.Minute)}, err
}

func (d *domain) Get(_ context.Context, ref task.Ref) (*task.Task, error) { return d.find(ref) }

func (d *domain) Wait(ctx context.Context, ref task.Ref, _ string) (*task.Task, error) {
	d.mu.Lock()
	changed := d.changed
	d.mu.Unlock()
	select {
	case <-changed:
	case <-ctx.Done():
	}
	return d.find(ref)
}

func (d *domain) List(_ context.Context, application string, f task.Filter) ([]*task.Task, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []*task.Task
	for _, t := range d.tasks {
		if t.Ref.Application == application && t.Ref.ID > f.After && (f.State == t.State || f.State == "" && t.State != task.Deleted) {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b *task.Task) int { return strings.Compare(a.Ref.ID, b.Ref.ID) })
	return list[:min(len(list), f.Limit)], d.broken
}

func (d *domain) Delete(_ context.Context, ref task.Ref) (*task.Task, error) {
	d.mu.Lock()
	t, ok := d.tasks[ref]
	d.mu.Unlock()
	if !ok {
		return d.find(ref)
	}
	if t.State == task.Deleted {
		return t, nil
	}
	gone := &task.Task{Ref: ref, State: task.Deleted, Created: t.Created, Removed: d.now(), Reason: retention.DeleteRequested}
	if t.State != task.InProgress {
		gone.Erased = d.now()
	}
	d.put(gone)
	return gone, nil
}

func (d *domain) EndTransfers(_ context.Context, application string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ended = append(d.ended, application)
	return nil
}

func (d *domain) Measure(context.Context) (task.Measurement, error) {
	return task.Measurement{Policy: retention.Default(), Now: d.now()}, d.broken
}

func (d *domain) result(ref task.Ref) error {
	t, err := d.find(ref)
	if err == nil && t.State != task.Completed {
		err = fault.New(fault.WrongState, "the task is %s; results exist once it is Completed", t.State)
	}
	return err
}

func (d *domain) ResultLink(_ context.Context, ref task.Ref, f render.Format) (storage.Link, error) {
	link := storage.Link{URL: "https://store.example/" + string(f) + "?sig=" + taskID(d.now()), Method: "GET", Expires: d.now().Add(time.Minute)}
	return link, d.result(ref)
}

func (d *domain) OpenResultRange(ctx context.Context, ref task.Ref, f render.Format, choose func(storage.Blob) (offset, length int64, err error)) (*task.Stream, error) {
	if err := d.result(ref); err != nil {
		return nil, err
	}
	blob := storage.Blob{Size: int64(len(d.content)), ETag: "v1", ContentType: f.MediaType()}
	offset, length, err := choose(blob)
	if err != nil {
		return nil, err
	}
	return task.NewStream(untied{ctx}, blob, io.NopCloser(io.NewSectionReader(strings.NewReader(d.content), offset, length))), nil
}

func (d *domain) OpenTransfer(ctx context.Context, ref task.Ref, _ task.Direction, _ time.Time) (task.Transfer, error) {
	_, err := d.find(ref)
	return untied{ctx}, err
}

// untied is a transfer that ends with its request alone.
type untied struct{ ctx context.Context }

func (u untied) Context() context.Context { return u.ctx }
func (untied) Moved(int)                  {}
func (untied) Close()                     {}

func (d *domain) Fetched(_ context.Context, _ task.Ref, f render.Format) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fetched = append(d.fetched, f)
	return nil
}

// world is the interface over that domain, with a log that is kept.
type world struct {
	*domain
	handler http.Handler
	api     *api.API
	apps    *access.Registry
	log     *journal
	acts    *accesslog.Log
	guard   *access.Guard
	clock   time.Time
	ready   []api.Check
	hooks   *webhook.Outbox
	told    *receiver
}

func newWorld() *world {
	w := &world{clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), log: &journal{}}
	now := func() time.Time { return w.clock }
	log := slog.New(slog.NewJSONHandler(w.log, nil))
	w.domain = &domain{tasks: map[task.Ref]*task.Task{}, keys: map[string]task.Ref{}, changed: make(chan struct{}), now: now}
	store := memory.New(now)
	w.usage = store
	w.apps = access.NewRegistry(store, now, log)
	w.acts = accesslog.New(store, w.domain, 400*24*time.Hour, now, log)
	w.guard = access.NewGuard(w.apps, access.Rates{PerSecond: 1, Burst: 500}, now, log)
	w.hooks, w.told = newHooks(store, w.apps, now, log)
	w.api = api.New(api.Config{
		Intake: w.domain, Tasks: w.domain, Results: w.domain, Erasures: w.domain, Ledger: someLog{},
		Applications: w.apps,
		Guard:        w.guard,
		AccessLog:    w.acts,
		Usage:        w.domain,
		Cases: review.New(review.Config{
			Records: store, Tasks: w.domain, Documents: w.domain, Journal: w.acts, Now: now, Log: log,
		}),
		Webhooks:  w.hooks,
		Address:   "https://ocr.test",
		Metrics:   func(context.Context) ([]byte, error) { return []byte("lethe_queue_length 0\n"), nil },
		Ready:     func(context.Context) []api.Check { return w.ready },
		Languages: func() []string { return []string{"eng", "rus"} },
		Limits:    ocr.DefaultLimits(),
		Policy:    retention.Default(),
		Inline:    inlineLimit,
		Version:   "test",
		Region:    "testland",
		Now:       now,
		Log:       log,
	})
	w.handler = httpserver.Serve(w.api, log, now)
	return w
}

// client is an application with its credentials.
type client struct {
	id     string
	header string
}

func (w *world) client(t *testing.T, scopes ...access.Scope) client {
	t.Helper()
	app, secret, err := w.apps.Create(t.Context(), access.Application{Name: "test", Scopes: scopes}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return client{app.ID, basic(app.ID, secret)}
}

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

// task adds a task of the client in a state.
func (w *world) task(c client, state task.State) *task.Task {
	t := &task.Task{Ref: task.Ref{Application: c.id, ID: taskID(w.clock)}, State: state, Created: w.clock}
	t.Settings.Formats = []render.Format{render.TXT}
	if state != task.Submitted {
		t.Uploaded = w.clock
	}
	if state.Ended() {
		t.Ended = w.clock
	}
	if state == task.Completed {
		t.Results = []task.Result{{Format: render.TXT, Size: 5}}
	}
	if state == task.Deleted {
		t.Removed, t.Erased = w.clock, w.clock
	}
	w.put(t)
	return t
}

func taskID(now time.Time) string {
	return uuid.Must(uuid.NewV7AtTime(now)).String()
}

// call sends a request; header holds names and values in turn.
func (w *world) call(t *testing.T, c client, method, target, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.header != "" {
		r.Header.Set("Authorization", c.header)
	}
	setHeaders(r, header)
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}

// setHeaders takes names and values in turn.
func setHeaders(r *http.Request, header []string) {
	for pair := range slices.Chunk(header, 2) {
		r.Header.Set(pair[0], pair[1])
	}
}
