package task_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/metering"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// metered is everything that was counted of all applications.
func (w *world) metered() (sum metering.Counts) {
	w.Helper()
	days, next, err := metering.List(w.Context(), w.store, metering.Query{From: time.Now().Add(-metering.Life), To: time.Now(), Limit: 1000})
	if err != nil || next != "" {
		w.Fatalf("usage: %v, more: %q", err, next)
	}
	for _, d := range days {
		sum = sum.Plus(d.Counts)
	}
	return sum
}

func TestDocumentIsCountedWhenItsProcessingEnds(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.queued(order())
		if got := w.metered(); got != (metering.Counts{}) {
			t.Errorf("counted before it was read: %+v", got)
		}
		for range 3 { // triggers may fire again
			if _, err := w.Process(t.Context(), ref.Job()); err != nil {
				t.Fatal(err)
			}
		}
		want := metering.Counts{Documents: 1, Pages: 3, Bytes: int64(len(content))}
		if got := w.metered(); got != want {
			t.Errorf("counted: %+v, want %+v", got, want)
		}
		w.delete(ref)
		w.delete(w.queued(order())) // never read
		if got := w.metered(); got != want {
			t.Errorf("after deletes: %+v, want %+v", got, want)
		}
		failed := w.create(order())
		w.upload(failed, "")
		w.landed(failed)
		want = want.Plus(metering.Counts{Documents: 1, Failed: 1})
		if got := w.metered(); got != want {
			t.Errorf("with one that failed: %+v, want %+v", got, want)
		}
	})
}

func TestDocumentProcessedAgainCountsOnceAndItsPagesEachTime(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.holding(heldOrder(), 2)
		w.start(ref, startOrder())
		w.drain()
		once := w.metered()
		w.start(ref, startOrder())
		w.drain()
		again := w.metered()
		if once.Documents != 1 || once.Pages == 0 || again.Documents != 1 || again.Bytes != once.Bytes || again.Pages != 2*once.Pages {
			t.Errorf("first %+v, then %+v", once, again)
		}
	})
}

// A process dies at any call of storage from the end of processing on, and others who have read the task before, or read it
// afterwards, count it as well: it is counted once.
func TestEndIsCountedOnceWhoeverDies(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			reached := false
			inWorld(t, func(t *testing.T, w *world) {
				ref := w.queued(order())
				heal := w.strike(outage{after: after, lasts: true, n: n})
				_, _ = w.Process(t.Context(), ref.Job())
				reached = heal()
				w.Service = w.process("second")
				pass(2 * time.Minute)
				w.fullPass()
				for range 3 {
					w.drain()
					pass(15 * time.Minute)
					w.sweep()
				}
				w.fullPass()
				w.completed(order()) // of the same day, and maybe in the same record
				w.fullPass()
				if got := w.metered(); got.Documents != 2 || got.Pages != 6 {
					t.Errorf("died at write %d, after %t: %+v", n, after, got)
				}
			})
			if !reached || t.Failed() {
				break
			}
		}
	}
}

// One who read the task before it was counted comes late: by then the token has left the record.
func TestLateReaderCountsNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.queued(order())
		late := w.process("first") // the same record of the day
		var seen *task.Task
		w.faulty.After(func(op storagetest.Op, key string) error {
			if op != storagetest.PutRecord || !strings.HasPrefix(key, string(storage.Tasks)+"/") || seen != nil {
				return nil
			}
			for _, rec := range w.records(storage.Tasks) {
				if got, err := task.Decode(rec); err == nil && got.State == task.Completed {
					seen = got
				}
			}
			return nil
		})
		if _, err := w.Process(t.Context(), ref.Job()); err != nil {
			t.Fatal(err)
		}
		w.faulty.Heal()
		if seen == nil || len(seen.Uncounted) != 1 {
			t.Fatalf("the end is not in the record first: %+v", seen)
		}
		w.completed(order()) // removes the token
		before := w.metered()
		if err := late.CountEndings(t.Context(), seen); err != nil {
			t.Fatal(err)
		}
		if got := w.metered(); got != before || got.Documents != 2 {
			t.Errorf("counted %+v, before %+v", got, before)
		}
	})
}

func TestCountsGoAfterFourHundredDays(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.completed(order())
		rows := func() (n int) {
			for _, rec := range w.records(storage.Usage) {
				if metered.MatchString(rec.Row) {
					n++
				}
			}
			return n
		}
		pass(400 * 24 * time.Hour)
		w.sweep()
		if rows() != 1 {
			t.Error("gone within the 400 days after the day")
		}
		pass(24 * time.Hour)
		w.sweep()
		if rows() != 0 {
			t.Error("still there after them")
		}
	})
}

// An outage of the counts keeps nobody from results, and is made up for.
func TestCountsThatCannotBeWrittenFollow(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.queued(order())
		w.faulty.Before(func(op storagetest.Op, key string) error {
			if op.Writes() && metered.MatchString(key[max(0, len(key)-10):]) {
				return fault.New(fault.StorageUnavailable, "away")
			}
			return nil
		})
		_, _ = w.Process(t.Context(), ref.Job())
		w.state(ref, task.Completed)
		if got := w.metered(); got.Documents != 0 {
			t.Fatalf("the outage did not strike: %+v", got)
		}
		w.faulty.Heal()
		w.delete(ref)
		if got := w.metered(); got.Documents != 1 || got.Pages != 3 {
			t.Errorf("counted: %+v", got)
		}
	})
}
