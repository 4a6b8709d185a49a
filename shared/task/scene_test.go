package task_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/interleave"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
	"github.com/lethe-ocr/lethe/shared/task"
)

// scene is a service, or two processes of it, whose storage calls a schedule puts in order, with what clients were told.
type scene struct {
	*testing.T
	*interleave.Schedule
	one, two *task.Service
	store    *memory.Store
	blobs    *memory.Blobs
	engine   *engine
	queue    *queue
	clocks   bool                                  // the history lets clocks run out, and with them the time of calls
	taken    func(storage.Records) storage.Records // takes a mend out, if set
	lax      func(storage.Blobs) storage.Blobs     // likewise

	fetched      bool // tasks are erased when their results were fetched
	streams      task.Streams
	unregistered bool // readers are not told to the service
	parts        int  // pages of a part
	miscounted   int  // so many open tasks too many are counted, until a full pass counts them

	mu       sync.Mutex
	added    map[task.Ref]int        // pictures whose calls were answered with success; guarded by mu
	kept     map[task.Ref]string     // digests of the documents whose calls were answered with success; guarded by mu
	deleted  map[task.Ref]bool       // tasks whose delete was answered with success; guarded by mu
	erased   map[task.Ref]bool       // tasks whose receipt is in the ledger; guarded by mu
	receipts map[string]ledger.Entry // by subject; guarded by mu
	ends     map[string]string       // outcomes of processing, by subject; guarded by mu
	faults   []error                 // what went wrong; guarded by mu
}

func newScene(t *testing.T, s *interleave.Schedule) *scene {
	x := &scene{
		T: t, Schedule: s, store: memory.New(time.Now), engine: &engine{pages: 1}, queue: &queue{}, streams: task.StreamsMarked, parts: 2,
		kept: map[task.Ref]string{}, deleted: map[task.Ref]bool{}, erased: map[task.Ref]bool{}, receipts: map[string]ledger.Entry{}, ends: map[string]string{},
	}
	x.blobs = x.store.Blobs()
	return x
}

// open starts the processes, after everything that is special about the scene was set.
func (x *scene) open() *scene {
	pass(10 * time.Hour) // the bubble begins at midnight
	x.one, x.two = x.process("one"), x.process("two")
	return x
}

func (x *scene) process(owner string) *task.Service {
	records, blobs := x.Records(x.store), x.Blobs(witnessed{x.blobs, x})
	if x.taken != nil {
		records = x.taken(records)
	}
	if x.lax != nil {
		blobs = x.lax(blobs)
	}
	limits := task.DefaultLimits()
	limits.PartPages, limits.PartsAtOnce = x.parts, 2
	return task.New(task.Config{
		Store:  task.Store{Blobs: blobs, Records: records, Agenda: x.Agenda(x.store)},
		Ledger: x, Inventory: erasure.Inventory(), Links: &linker{}, Engine: x.engine, Turns: fairqueue.New(1, time.Now), Queue: x.queue,
		Streams: x.streams, Policy: retention.Default(), Limits: limits, Owner: owner, Software: "test",
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
}

// witnessed are blobs of which nothing is derived from a document whose receipt says that it is gone.
type witnessed struct {
	storage.Blobs
	x *scene
}

func (w witnessed) Put(ctx context.Context, name, contentType string, r io.Reader) (storage.Blob, error) {
	b, err := w.Blobs.Put(ctx, name, contentType, r)
	if _, ref, _, nameErr := task.ParseName(name); err == nil && nameErr == nil && w.x.certified(ref) {
		w.x.wrong("a copy was written after the receipt: %s", container(name))
	}
	return b, err
}

func (x *scene) wrong(format string, args ...any) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.faults = append(x.faults, fmt.Errorf(format, args...))
}

// Append is the ledger. At the moment of a receipt the last copy must be gone.
func (x *scene) Append(ctx context.Context, e ledger.Entry) error {
	x.Step(ctx, "append "+string(e.Kind))
	x.mu.Lock()
	defer x.mu.Unlock()
	switch e.Kind {
	case ledger.Erased:
		if first, ok := x.receipts[e.Subject]; ok && fmt.Sprint(first) != fmt.Sprint(e) {
			x.faults = append(x.faults, fmt.Errorf("two receipts: %v and %v", first, e))
		}
		x.receipts[e.Subject] = e
		for _, t := range x.tasks() {
			if t.Opening().Subject() != e.Subject {
				continue
			}
			x.erased[t.Ref] = true
			if left := x.copiesOf(t.Ref); len(left) > 0 {
				x.faults = append(x.faults, fmt.Errorf("the receipt came before %v was gone", left))
			}
		}
	case ledger.Processed:
		end := e.Value(ledger.FieldOutcome) + e.Value(ledger.FieldEnded)
		if first, ok := x.ends[e.Subject]; ok && first != end {
			x.faults = append(x.faults, fmt.Errorf("processing ended twice: %s and %s", first, end))
		}
		x.ends[e.Subject] = end
	}
	return nil
}

// certified reports whether the task's receipt is in the ledger.
func (x *scene) certified(ref task.Ref) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.erased[ref]
}

// tasks reads every record beside the schedule.
func (x *scene) tasks() []*task.Task {
	recs, err := x.store.List(x.Context(), storage.Query{Table: storage.Tasks, Limit: 100})
	if err != nil {
		x.Fatal(err)
	}
	list := make([]*task.Task, 0, len(recs))
	for _, rec := range recs {
		list = append(list, decoded(x.T, rec))
	}
	return list
}

// copiesOf lists the blobs of a task beside the schedule.
func (x *scene) copiesOf(ref task.Ref) []string {
	var names []string
	for _, container := range []string{storage.Uploads, storage.Work, storage.Results} {
		found, err := x.blobs.List(x.Context(), container+"/", "", 100)
		if err != nil {
			x.Fatal(err)
		}
		for _, b := range found {
			if strings.Contains(b.Name, "/"+ref.ID+"/") {
				names = append(names, b.Name)
			}
		}
	}
	return names
}

func sum(document string) string {
	h := sha256.Sum256([]byte(document))
	return hex.EncodeToString(h[:])
}

// keep notes that a client was told that its document is kept.
func (x *scene) keep(ref task.Ref, document string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if known, ok := x.kept[ref]; ok && known != sum(document) {
		x.faults = append(x.faults, errors.New("two documents were accepted for one task"))
	}
	x.kept[ref] = sum(document)
}

// knows reports whether any client was told of a task, and returns it.
func (x *scene) known() (task.Ref, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for ref := range x.kept {
		return ref, true
	}
	return task.Ref{}, false
}

func (x *scene) isDeleted(ref task.Ref) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.deleted[ref]
}

// settle lets the service go on by itself, with nobody in its way, and checks what must hold when it has.
func (x *scene) settle() error {
	for range 3 {
		pass(10 * time.Minute)
		x.round()
	}
	pass(6 * time.Minute)
	x.must(x.one.FullPass(x.Context()))
	x.miscounted = 0
	x.checkCounts()
	x.round()
	for _, t := range x.tasks() {
		x.checkSettled(t)
	}
	for range 3 {
		pass(24 * time.Hour)
		x.round()
	}
	x.must(x.one.FullPass(x.Context()))
	x.round()
	for _, t := range x.tasks() {
		if t.State != task.Deleted || t.Erased.IsZero() || !t.Logged || !x.certified(t.Ref) {
			x.wrong("after every clock a task is %s, erased at %v, logged %t", t.State, t.Erased, t.Logged)
		}
		if left := x.copiesOf(t.Ref); len(left) > 0 {
			x.wrong("after every clock the store holds %v", left)
		}
	}
	if left, err := x.store.List(x.Context(), storage.Query{Table: storage.Parts, Limit: 100}); err != nil || len(left) > 0 {
		x.wrong("after every clock there are %d parts under way, %v", len(left), err)
	}
	return errors.Join(x.faults...)
}

// round is one beat of the service: a worker, the timer, the worker again.
func (x *scene) round() {
	for range 2 {
		for _, p := range x.queue.take() {
			x.must(x.two.Process(x.Context(), p.job))
		}
		x.must(x.one.Sweep(x.Context()))
	}
}

func (x *scene) must(_ any, err error) {
	if err != nil {
		x.wrong("without anybody in its way: %w", err)
	}
}

// checkSettled holds within the clocks, once workers and sweeps had their turn.
func (x *scene) checkSettled(t *task.Task) {
	x.mu.Lock()
	digest, kept := x.kept[t.Ref]
	deleted := x.deleted[t.Ref]
	x.mu.Unlock()
	left := x.copiesOf(t.Ref)
	switch {
	case !deleted && x.checkPictures(t):
	case t.State == task.Deleted:
		if kept && t.Reason == retention.NeverUploaded || kept && !deleted && !x.clocks {
			x.wrong("an accepted document was lost: its task is Deleted, %s", t.Reason)
		}
		if t.Erased.IsZero() || len(left) > 0 {
			x.wrong("a deleted task was erased at %v and leaves %v", t.Erased, left)
		}
	case deleted:
		x.wrong("a deleted task is %s", t.State)
	case t.State == task.Completed:
		if kept && t.Input.Digest != digest {
			x.wrong("another document than the accepted one was read")
		}
		if len(left) != len(t.Results) || len(t.Results) != len(t.Settings.Formats) || x.text(t.Ref) != x.engine.pages {
			x.wrong("results are %v in the record, %v in the store", t.Results, left)
		}
	case t.State == task.ProcessingFailed && kept && t.Input.Digest == digest && digest != sum(content) && len(left) == 0: // unreadable
	case t.State == task.Submitted && !kept && len(left) == 0: // still waits for its document
	default:
		x.wrong("a task is %s with %v for ever", t.State, left)
	}
}

// text counts the words of the plain text result.
func (x *scene) text(ref task.Ref) int {
	r, err := x.one.OpenResult(x.Context(), ref, render.TXT)
	if err != nil {
		return -1
	}
	text, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return -1
	}
	return strings.Count(string(text), word)
}
