package task_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/seal"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// The canaries: what must be nowhere once a task is erased, nor ever in a log.
const (
	app      = "archive"
	password = "canary-password"
	content  = "canary-content"
	word     = "canaryword"
)

// T is what *testing.T and *rapid.T share.
type T interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Context() context.Context
}

// world is a Service with everything around it under control. It lives in a bubble of synctest, whose clock is the only one.
type world struct {
	T
	*task.Service
	store  *memory.Store
	blobs  *memory.Blobs
	faulty *storagetest.Faulty
	engine *engine
	queue  *queue
	links  *linker
	log    *lockedBuffer
	apps   *applications
	signer *ledger.Signer
	places int         // of a process; changed before one is made
	limits task.Limits // likewise; documents are read whole
}

func newWorld(t T) *world {
	w := &world{T: t, store: memory.New(time.Now), engine: &engine{pages: 3}, queue: &queue{}, links: &linker{}, log: &lockedBuffer{}, apps: &applications{}, places: 2, limits: task.DefaultLimits()}
	w.limits.PartPages = 0
	w.blobs = w.store.Blobs()
	private, _, err := ledger.GenerateKey("lethe.test")
	if err == nil {
		w.signer, err = ledger.ParseSigner(private)
	}
	if err != nil {
		t.Fatalf("make signing key: %v", err)
	}
	w.faulty = storagetest.NewFaulty(storagetest.Stores{Blobs: w.blobs, Records: w.store, Agenda: w.store})
	w.Service = w.process("first")
	return w
}

// process returns the Service of another process over the same store.
func (w *world) process(owner string) *task.Service {
	return task.New(task.Config{
		Store:        task.Store{Blobs: w.faulty.FaultyBlobs(), Records: w.faulty.FaultyRecords(), Agenda: w.faulty.FaultyAgenda()},
		Ledger:       w.ledger(),
		Inventory:    erasure.Inventory(),
		Links:        w.links,
		Engine:       w.engine,
		Turns:        fairqueue.New(w.places, time.Now),
		Queue:        w.queue,
		Applications: w.apps,
		Sealer:       sealer(w.T, 1),
		Policy:       retention.Default(),
		Limits:       w.limits,
		Owner:        owner,
		Software:     "lethe test",
		Now:          time.Now,
		Log:          slog.New(slog.NewJSONHandler(w.log, nil)),
	})
}

// inParts has documents read in parts of so many pages, so many of them at once.
func (w *world) inParts(pages, atOnce int) {
	w.limits.PartPages, w.limits.PartsAtOnce = pages, atOnce
	w.Service = w.process("first")
}

// sealer seals with the last of the numbered keys and opens with them all.
func sealer(t T, numbers ...byte) *seal.Keys {
	t.Helper()
	sources := make([][]byte, len(numbers))
	for i, n := range numbers {
		sources[len(numbers)-1-i] = bytes.Repeat([]byte{n}, 32)
	}
	keys, err := seal.New(sources...)
	if err != nil {
		t.Fatalf("derive keys: %v", err)
	}
	return keys
}

// ledger is the log over the same store.
func (w *world) ledger() *ledger.Log {
	return ledger.New(ledger.Config{
		Blobs: w.faulty.FaultyBlobs(), Records: w.faulty.FaultyRecords(), Signer: w.signer, Region: "test", Program: "lethe test",
		Keep: retention.TombstoneLife, Now: time.Now, Log: slog.New(slog.NewJSONHandler(w.log, nil)),
	})
}

// inWorld runs a test in a bubble of its own.
func inWorld(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		pass(10 * time.Hour) // the bubble begins at midnight
		w := newWorld(t)
		test(t, w)
		w.checkLog()
	})
}

// pass lets time go by in the bubble.
func pass(d time.Duration) { time.Sleep(d) }

func order() task.Order {
	return task.Order{Application: app, Password: password, Settings: task.Settings{Languages: []string{"lat"}}}
}

func (w *world) create(o task.Order) task.Ref {
	w.Helper()
	a, err := w.Create(w.Context(), o)
	if err != nil {
		w.Fatalf("create: %v", err)
	}
	return a.Task.Ref
}

// upload stores a document without its event.
func (w *world) upload(ref task.Ref, doc string) {
	w.Helper()
	if _, err := w.blobs.Put(w.Context(), ref.UploadName(), "application/pdf", strings.NewReader(doc)); err != nil {
		w.Fatalf("upload: %v", err)
	}
}

func (w *world) landed(ref task.Ref) *task.Task {
	w.Helper()
	t, err := w.Landed(w.Context(), ref.UploadName())
	if err != nil {
		w.Fatalf("landed: %v", err)
	}
	return t
}

// queued returns a task whose document has landed.
func (w *world) queued(o task.Order) task.Ref {
	w.Helper()
	ref := w.create(o)
	w.upload(ref, content)
	w.landed(ref)
	return ref
}

func (w *world) mustProcess(ref task.Ref, want task.Outcome) {
	w.Helper()
	got, err := w.Process(w.Context(), ref.Job())
	if err != nil || got != want {
		w.Fatalf("process: %q, %v; want %q", got, err, want)
	}
}

// completed returns a task that has gone the usual way.
func (w *world) completed(o task.Order) task.Ref {
	w.Helper()
	ref := w.queued(o)
	w.mustProcess(ref, task.Done)
	w.state(ref, task.Completed)
	return ref
}

func (w *world) get(ref task.Ref) *task.Task {
	w.Helper()
	t, err := w.Get(w.Context(), ref)
	if err != nil {
		w.Fatalf("get: %v", err)
	}
	return t
}

func (w *world) state(ref task.Ref, want task.State) *task.Task {
	w.Helper()
	t := w.get(ref)
	if t.State != want {
		w.Fatalf("the task is %s (%+v), want %s", t.State, t.Failure, want)
	}
	return t
}

func (w *world) failed(ref task.Ref, code fault.Code) {
	w.Helper()
	if t := w.state(ref, task.ProcessingFailed); t.Failure == nil || t.Failure.Code != code {
		w.Errorf("failure is %+v, want %s", t.Failure, code)
	}
}

func (w *world) sweep() task.Swept {
	w.Helper()
	done, err := w.Sweep(w.Context())
	if err != nil {
		w.Fatalf("sweep: %v", err)
	}
	return done
}

func (w *world) fullPass() task.Swept {
	w.Helper()
	done, err := w.FullPass(w.Context())
	if err != nil {
		w.Fatalf("full pass: %v", err)
	}
	return done
}

// names lists every blob of the store.
func (w *world) names() []string {
	w.Helper()
	var names []string
	for _, b := range w.copies() {
		names = append(names, b.Name)
	}
	return names
}

func (w *world) copies() []storage.Blob {
	w.Helper()
	var all []storage.Blob
	for _, c := range []string{storage.Uploads, storage.Work, storage.Results} {
		blobs, err := w.blobs.List(w.Context(), c+"/", "", 10000)
		if err != nil {
			w.Fatalf("list: %v", err)
		}
		all = append(all, blobs...)
	}
	return all
}

// blobsOf lists the blobs of one task.
func (w *world) blobsOf(ref task.Ref) []string {
	w.Helper()
	var names []string
	for _, n := range w.names() {
		if strings.Contains(n, "/"+ref.ID+"/") {
			names = append(names, n)
		}
	}
	return names
}

func (w *world) records(table storage.Table) []storage.Record {
	w.Helper()
	recs, err := w.store.List(w.Context(), storage.Query{Table: table, Limit: 10000})
	if err != nil {
		w.Fatalf("list records: %v", err)
	}
	return recs
}

func (w *world) record(ref task.Ref) (storage.Record, bool) {
	w.Helper()
	for _, r := range w.records(storage.Tasks) {
		if r.Row == ref.ID {
			return r, true
		}
	}
	return storage.Record{}, false
}

// look reads a task's record as it is, whatever its clocks say.
func (w *world) look(ref task.Ref) (*task.Task, error) {
	rec, ok := w.record(ref)
	if !ok {
		return nil, fault.New(fault.TaskNotFound, "there is no record")
	}
	t := &task.Task{}
	return t, json.Unmarshal(rec.Value, t)
}

// checkNothingLeft asserts that no copy of the task exists and that its tombstone is content-free.
func (w *world) checkNothingLeft(ref task.Ref) {
	w.Helper()
	if left := w.blobsOf(ref); len(left) > 0 {
		w.Errorf("copies are left: %v", left)
	}
	rec, ok := w.record(ref)
	if !ok {
		return
	}
	for _, canary := range []string{password, content, word, "languages", "lat\"", "formats", `"password":`, "failure", "results", `"size"`, "pages"} {
		if bytes.Contains(rec.Value, []byte(canary)) {
			w.Errorf("the tombstone holds %q: %s", canary, rec.Value)
		}
	}
	t, err := w.Tombstone(w.Context(), ref)
	if err != nil || t.Erased.IsZero() {
		w.Errorf("the tombstone says %+v, %v", t, err)
	}
}

// checkNothingFetchable asserts that no reading call gives anything of the task.
func (w *world) checkNothingFetchable(ref task.Ref) {
	w.Helper()
	_, getErr := w.Get(w.Context(), ref)
	_, linkErr := w.ResultLink(w.Context(), ref, render.TXT)
	openErr := w.fetch(ref, render.TXT)
	_, renewErr := w.RenewUpload(w.Context(), ref)
	admitErr := w.Admit(w.Context(), ref.UploadName())
	for _, err := range []error{getErr, linkErr, openErr, renewErr, admitErr} {
		if !errors.Is(err, fault.TaskErased) && !errors.Is(err, fault.TaskNotFound) {
			w.Errorf("a gone task answers with %v", err)
		}
	}
	list, err := w.List(w.Context(), ref.Application, task.Filter{Limit: 1000})
	for _, t := range list {
		if t.Ref == ref {
			w.Errorf("a gone task is listed as %s", t.State)
		}
	}
	if err != nil {
		w.Errorf("list: %v", err)
	}
}

func (w *world) checkLog() {
	w.Helper()
	for _, canary := range []string{password, content, word, "store.invalid"} {
		if strings.Contains(w.log.String(), canary) {
			w.Errorf("the log holds %q", canary)
		}
	}
}

// fetch reads a result to its end.
func (w *world) fetch(ref task.Ref, f render.Format) error {
	r, err := w.OpenResult(w.Context(), ref, f)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r)
	return errors.Join(err, r.Close())
}

// text reads the plain text result.
func (w *world) text(ref task.Ref) string {
	w.Helper()
	r, err := w.OpenResult(w.Context(), ref, render.TXT)
	if err != nil {
		w.Fatalf("open result: %v", err)
	}
	b, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		w.Fatalf("read result: %v", err)
	}
	return string(b)
}
