// Package erasuretest has the suite that shows, for every storage driver, that erasing survives every lost write.
package erasuretest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/seal"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// Run erases tasks by delete, by their deadline and in the full pass, and loses each write once, before and after its effect.
// Whatever was lost, the next sweep finishes it: nothing is left, and the ledger holds the receipt. Of two sweeps the second
// waits. What people inside an application have is counted together, too. open returns an empty store, once.
func Run(t *testing.T, open func(t *testing.T) storagetest.Stores) {
	w := newWorld(t, open(t))
	for _, way := range []struct {
		name string
		do   func(ctx context.Context, ref task.Ref) error
	}{
		{"delete", func(ctx context.Context, ref task.Ref) error {
			_, err := w.tasks.Delete(ctx, ref)
			return err
		}},
		{"sweep", func(ctx context.Context, _ task.Ref) error {
			w.ahead.Store(int64(49 * time.Hour))
			_, err := w.tasks.Sweep(ctx)
			return err
		}},
		{"full pass", func(ctx context.Context, _ task.Ref) error {
			w.ahead.Store(int64(49 * time.Hour))
			_, err := w.tasks.PassWhenDue(ctx, 0)
			return err
		}},
	} {
		for _, after := range []bool{false, true} {
			t.Run(way.name+map[bool]string{false: " before", true: " after"}[after], func(t *testing.T) {
				n := 1
				for w.survives(t, way.do, n, after) {
					n++
				}
				t.Logf("%d writes, each lost once", n-1)
			})
		}
	}
	t.Run("pictures", w.pictures)
	t.Run("upload after delete", w.lateUpload)
	t.Run("people", w.people)
	t.Run("two at once", w.sweepsMeet)
	w.audit(t)
}

// pictures adds pictures to a task at once, has it processed twice, and erases it.
func (w *world) pictures(t *testing.T) {
	ctx := t.Context()
	w.ahead.Store(0)
	body := func() task.Body {
		return task.Body{Reader: strings.NewReader("%PDF"), Size: 4, ContentType: "application/pdf"}
	}
	held, err := w.tasks.Hold(ctx, task.Order{Application: "app", KeepUpload: true}, body())
	if err != nil {
		t.Fatal(err)
	}
	ref := held.Ref
	var adding sync.WaitGroup
	for range 3 {
		adding.Go(func() {
			if _, err := w.tasks.AddPicture(ctx, ref, task.Picture{Password: "password"}, body()); err != nil {
				t.Errorf("add a picture: %v", err)
			}
		})
	}
	adding.Wait()
	stray := strings.TrimSuffix(ref.UploadName(), "1") + "9"
	if _, err := w.faulty.Blobs.Put(ctx, stray, "application/pdf", strings.NewReader("stray")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.tasks.FullPass(ctx); err != nil {
		t.Fatal(err)
	}
	stored := func() int {
		list, err := w.faulty.Blobs.List(ctx, storage.Uploads+"/", "", 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	if n := stored(); n != 4 {
		t.Errorf("%d pictures are stored, want 4 and no stray", n)
	}
	for range 2 {
		if _, err := w.tasks.Start(ctx, ref, task.Order{}); err != nil {
			t.Fatal(err)
		}
		if outcome, err := w.tasks.Process(ctx, ref.Job()); err != nil || outcome != task.Done {
			t.Fatalf("process: %s, %v", outcome, err)
		}
	}
	done, err := w.tasks.Get(ctx, ref)
	if err != nil || done.State != task.Completed || done.FileCount() != 4 || stored() != 4 {
		t.Errorf("the task is %+v, %v", done, err)
	}
	if gone, err := w.tasks.Delete(ctx, ref); err != nil || gone.Erased.IsZero() || stored() != 0 {
		t.Errorf("the tombstone is %+v, %v", gone, err)
	}
}

// lateUpload sends a document through a link that outlives its task. It is erased unread when its event comes, and by the
// full pass when none does.
func (w *world) lateUpload(t *testing.T) {
	ctx := t.Context()
	w.ahead.Store(0)
	for _, told := range []bool{true, false} {
		ref := w.completed(t)
		if _, err := w.tasks.Delete(ctx, ref); err != nil {
			t.Fatal(err)
		}
		if _, err := w.faulty.Blobs.Put(ctx, ref.UploadName(), "application/octet-stream", strings.NewReader("late")); err != nil {
			t.Fatal(err)
		}
		var err error
		if told {
			_, err = w.tasks.Landed(ctx, ref.UploadName())
		} else {
			_, err = w.tasks.FullPass(ctx)
		}
		if err != nil {
			t.Errorf("event %t: %v", told, err)
		}
		if left, err := w.faulty.Blobs.List(ctx, storage.Uploads+"/", "", 10); err != nil || len(left) > 0 {
			t.Errorf("event %t: %d copies are left, %v", told, len(left), err)
		}
	}
}

// world is a service over a store that loses writes.
type world struct {
	faulty *storagetest.Faulty
	tasks  *task.Service
	ledger *ledger.Log
	public string
	ahead  atomic.Int64 // of the true time is the service's clock
}

func newWorld(t *testing.T, stores storagetest.Stores) *world {
	t.Helper()
	w := &world{faulty: storagetest.NewFaulty(stores)}
	private, public, err := ledger.GenerateKey("lethe.test")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ledger.ParseSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	w.public = public
	now := func() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }
	log := slog.New(slog.DiscardHandler)
	w.ledger = ledger.New(ledger.Config{
		Blobs: w.faulty.FaultyBlobs(), Records: w.faulty.FaultyRecords(), Signer: signer, Region: "test", Program: "test",
		Keep: retention.TombstoneLife, Now: now, Log: log,
	})
	sealer, err := seal.New(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	w.tasks = task.New(task.Config{
		Store:  task.Store{Blobs: w.faulty.FaultyBlobs(), Records: w.faulty.FaultyRecords(), Agenda: w.faulty.FaultyAgenda()},
		Ledger: w.ledger, Inventory: erasure.Inventory(), Links: nothing{}, Engine: nothing{}, Turns: fairqueue.New(1, time.Now), Queue: nothing{}, Sealer: sealer,
		Policy: retention.Default(), Limits: task.DefaultLimits(), Owner: "test", Software: "test", Now: now, Log: log,
	})
	return w
}

// survives loses write n of an erasure and lets the next sweep finish it. It reports whether there was such a write.
func (w *world) survives(t *testing.T, do func(context.Context, task.Ref) error, n int, after bool) bool {
	t.Helper()
	ctx := t.Context()
	w.ahead.Store(0)
	ref := w.completed(t)
	var seen atomic.Int64
	hook := func(op storagetest.Op, _ string) error {
		if op.Writes() && seen.Add(1) == int64(n) {
			return fault.New(fault.StorageUnavailable, "write %d is lost", n)
		}
		return nil
	}
	if after {
		w.faulty.After(hook)
	} else {
		w.faulty.Before(hook)
	}
	_ = do(ctx, ref) // what it could not do, the sweep does
	w.faulty.Heal()
	w.ahead.Store(int64(50 * time.Hour))
	if _, err := w.tasks.Sweep(ctx); err != nil {
		t.Fatalf("write %d lost: the sweep after it: %v", n, err)
	}
	for _, c := range erasure.Containers(erasure.Inventory()) {
		left, err := w.faulty.Blobs.List(ctx, c+"/", "", 10)
		if err != nil || len(left) > 0 {
			t.Fatalf("write %d lost: %d copies are left in %s, %v", n, len(left), c, err)
		}
	}
	gone, err := w.tasks.Erasure(ctx, ref)
	if err != nil || !gone.Logged {
		t.Fatalf("write %d lost: the tombstone says %+v, %v", n, gone, err)
	}
	return seen.Load() >= int64(n)
}

// completed makes a task with every kind of copy.
func (w *world) completed(t *testing.T) task.Ref {
	t.Helper()
	ctx := t.Context()
	a, err := w.tasks.CreateWith(ctx, task.Order{Application: "app", Password: "password", Settings: task.Settings{Formats: []render.Format{render.TXT, render.JSON}}},
		task.Body{Reader: strings.NewReader("%PDF"), ContentType: "application/pdf"})
	if err != nil {
		t.Fatal(err)
	}
	if outcome, err := w.tasks.Process(ctx, a.Task.Ref.Job()); err != nil || outcome != task.Done {
		t.Fatalf("process: %s, %v", outcome, err)
	}
	// As if the worker had died before it took its pages away, and the client had sent the document again.
	for _, name := range []string{a.Task.Ref.UploadName(), strings.Replace(a.Task.Ref.UploadName(), storage.Uploads, storage.Work, 1)} {
		if _, err := w.faulty.Blobs.Put(ctx, name, "application/octet-stream", strings.NewReader("copy")); err != nil {
			t.Fatal(err)
		}
	}
	return a.Task.Ref
}

// audit checks that the ledger records every erasure.
func (w *world) audit(t *testing.T) {
	t.Helper()
	if _, err := w.ledger.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	a, err := ledger.Check(t.Context(), w, ledger.Examination{Keys: []string{w.public}, Since: nil, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if a.Documents == 0 || a.Erased != a.Documents {
		t.Errorf("%d documents, %d receipts", a.Documents, a.Erased)
	}
}

// ReadFile implements ledger.Source.
func (w *world) ReadFile(ctx context.Context, path string) ([]byte, error) {
	r, _, err := w.faulty.Blobs.Get(ctx, storage.Ledger+"/"+path)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(r)
	return text, errors.Join(err, r.Close())
}

// nothing is links, queue and engine of a service whose documents have one empty page.
type nothing struct{}

func (nothing) UploadLink(context.Context, string, int64, time.Time) (storage.Link, error) {
	return storage.Link{}, nil
}

func (nothing) DownloadLink(context.Context, string, time.Time) (storage.Link, error) {
	return storage.Link{}, nil
}

func (nothing) Push(context.Context, task.Job, time.Duration) error { return nil }

func (nothing) Inspect(context.Context, ocr.Source) (ocr.Info, error) {
	return ocr.Info{Type: "application/pdf", Pages: 1}, nil
}

func (nothing) Recognise(_ context.Context, _ ocr.Source, n int, _ ocr.Options) (ocr.Page, error) {
	return ocr.Page{Number: n, Width: 10, Height: 10, DPI: 300, Origin: ocr.Recognised}, nil
}

func (nothing) WritePDF(
	context.Context, ocr.Source, ocr.PDFOptions, iter.Seq2[ocr.Page, error], io.Writer,
) ([]ocr.Note, error) {
	return nil, nil
}

func (nothing) Languages() []string { return []string{"eng"} }
