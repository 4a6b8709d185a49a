package task_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// keptUpload is an order whose upload is kept after processing.
func keptUpload(formats ...render.Format) task.Order {
	return task.Order{Application: app, KeepUpload: true, Settings: task.Settings{Formats: formats}}
}

// resultsOf are the names of the results that the store holds of a task.
func (w *world) resultsOf(ref task.Ref) []string {
	w.Helper()
	var leaves []string
	for _, name := range w.blobsOf(ref) {
		if c, _, leaf, err := task.ParseName(name); err == nil && c == storage.Results {
			leaves = append(leaves, leaf)
		}
	}
	return leaves
}

func TestCompletedTaskIsProcessedAgainWhileItsUploadIsKept(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.completed(keptUpload(render.TXT, render.JSON))
		if len(w.pictures(ref)) != 1 {
			t.Fatalf("the upload is %v", w.pictures(ref))
		}
		first := w.get(ref)
		pass(time.Hour)
		w.start(ref, task.Order{Settings: task.Settings{Formats: []render.Format{render.TXT, render.PDF}}})
		w.state(ref, task.Queued)
		if err := w.fetch(ref, render.TXT); !errors.Is(err, fault.WrongState) {
			t.Errorf("a result while the task is processed again: %v", err)
		}
		w.mustProcess(ref, task.Done)
		again := w.state(ref, task.Completed)
		if got := w.resultsOf(ref); !slices.Equal(got, []string{"2_pdf", "2_txt"}) {
			t.Errorf("results are %v", got)
		}
		if strings.Count(w.text(ref), word) != 3 {
			t.Errorf("the text is %q", w.text(ref))
		}
		if !again.Ended.Equal(first.Ended) || !again.LastEnded().After(first.Ended) {
			t.Errorf("processing ended %v, then %v and %v", first.Ended, again.Ended, again.LastEnded())
		}
		due, _ := again.Deadline(w.Policy)
		if was, _ := first.Deadline(w.Policy); !due.Equal(was) {
			t.Errorf("the deadline moved from %v to %v", was, due)
		}
		w.checkOpen(0)
		w.fullPass()
		if len(w.pictures(ref)) != 1 || len(w.resultsOf(ref)) != 2 {
			t.Errorf("the full pass left %v", w.blobsOf(ref))
		}
		pass(time.Until(due))
		w.sweep()
		w.checkNothingLeft(ref)
	})
}

func TestTaskWhoseUploadIsNotKeptIsNotProcessedAgain(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		fetched := keptUpload(render.TXT)
		fetched.Settings.DeleteOnFetch = true
		for name, o := range map[string]task.Order{"application without": {Application: app}, "erased on fetch": fetched} {
			ref := w.completed(o)
			_, err := w.Start(w.Context(), ref, task.Order{})
			if f := new(fault.Error); !errors.Is(err, fault.WrongState) || !errors.As(err, &f) || !strings.Contains(f.Detail, "upload was erased") {
				t.Errorf("%s: %v", name, err)
			}
			if len(w.pictures(ref)) > 0 {
				t.Errorf("%s: the upload is %v", name, w.pictures(ref))
			}
		}
		waiting := w.create(task.Order{Application: app})
		if _, err := w.Start(w.Context(), waiting, task.Order{}); !errors.Is(err, fault.WrongState) {
			t.Errorf("a task that waits for its document: %v", err)
		}
	})
}

func TestFailureOfAFurtherRoundLeavesNothingToFetch(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.completed(keptUpload(render.TXT))
		w.start(ref, task.Order{Settings: task.Settings{OnPageError: task.FailOnPageError}})
		w.engine.always = map[int]error{2: damaged()}
		w.mustProcess(ref, task.Done)
		w.failed(ref, fault.PageDamaged)
		if left := w.blobsOf(ref); len(left) > 0 {
			t.Errorf("copies are left: %v", left)
		}
		if _, err := w.Start(w.Context(), ref, task.Order{}); !errors.Is(err, fault.WrongState) {
			t.Errorf("a failed task: %v", err)
		}
		w.checkOpen(0)
	})
}

func TestLedgerIsToldOfOneArrivalAndOneEnd(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		o := keptUpload(render.TXT)
		told := map[ledger.Kind]int{}
		w.faulty.Before(func(op storagetest.Op, key string) error {
			if rest, ok := strings.CutPrefix(key, "pending/log/"); ok && op == storagetest.PutRecord {
				kind, _, _ := strings.Cut(rest, "!")
				told[ledger.Kind(kind)]++
			}
			return nil
		})
		ref := w.holding(o, 3)
		w.start(ref, task.Order{})
		w.mustProcess(ref, task.Done)
		for range 2 {
			w.start(ref, task.Order{})
			w.mustProcess(ref, task.Done)
		}
		if _, err := w.Delete(w.Context(), ref); err != nil {
			t.Fatal(err)
		}
		if told[ledger.Accepted] != 1 || told[ledger.Processed] != 1 || told[ledger.Erased] != 1 || told[ledger.Stray] != 0 {
			t.Errorf("the ledger was told %v", told)
		}
	})
}

func TestReceiptSaysUntilWhenTheUploadWasKept(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for _, c := range []struct {
			order task.Order
			want  task.UploadRule
		}{{keptUpload(render.TXT), task.UntilDeadline}, {task.Order{Application: app}, task.UntilProcessed}} {
			ref := w.completed(c.order)
			if _, err := w.Delete(w.Context(), ref); err != nil {
				t.Fatal(err)
			}
			gone, err := w.Erasure(w.Context(), ref)
			if err != nil {
				t.Fatal(err)
			}
			if receipt := gone.Receipt(); receipt.Value(ledger.FieldUpload) != string(c.want) {
				t.Errorf("the receipt says %q, want %q", receipt.Value(ledger.FieldUpload), c.want)
			}
		}
	})
}

func TestLinksOfOneRoundAreNotedForNoOther(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.completed(keptUpload(render.TXT))
		first := w.get(ref)
		ends := time.Now().Add(time.Hour)
		note := func(told *task.Task) time.Time {
			t.Helper()
			if err := w.NoteLinks(w.Context(), told, ends); err != nil {
				t.Fatal(err)
			}
			return w.get(ref).LinksTold
		}
		if !note(first).Equal(ends) {
			t.Error("links are not noted")
		}
		w.start(ref, task.Order{})
		if !note(first).IsZero() {
			t.Error("links are noted while the task is processed again")
		}
		w.mustProcess(ref, task.Done)
		if !note(first).IsZero() {
			t.Error("links of the first round are noted as those of the second")
		}
		if !note(w.get(ref)).Equal(ends) {
			t.Error("links of the second round are not noted")
		}
	})
}
