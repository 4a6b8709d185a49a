package task_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// A stamp may lack the table, which came with a later program.
func TestLargeDocumentIsReadWholeWhereItsPartsCannotBeKept(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.inParts(1, 8)
		w.faulty.Before(func(op storagetest.Op, key string) error {
			if (op == storagetest.PutRecord || op == storagetest.ListRecords) && strings.HasPrefix(key, string(storage.Parts)) {
				return fault.New(fault.StorageUnavailable, "there is no such table")
			}
			return nil
		})
		ref := w.queued(order())
		w.mustProcess(ref, task.Done)
		got := w.state(ref, task.Completed)
		if n := strings.Count(w.text(ref), word); n != 3 || got.Attempts != 1 {
			t.Errorf("%d pages, %d attempts", n, got.Attempts)
		}
		if log := w.log.String(); !strings.Contains(log, logevent.PartsUnavailable) || !strings.Contains(log, `"table":"`+string(storage.Parts)+`"`) {
			t.Errorf("the log does not name the table: %s", log)
		}
	})
}

func TestPartWhoseWorkerDiedIsSentAgainByTheOthersOnceItsLeaseRanOut(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.inParts(2, 2)
		w.engine.pages, w.engine.slow = 80, 2*time.Second
		ref := w.queued(order())
		w.crash(ref) // over part 1, once the document was shared out
		began := time.Now()
		w.crowd("one", "two")
		w.state(ref, task.Completed)
		if took := time.Since(began); took > 4*time.Minute {
			t.Errorf("it took %v", took)
		}
	})
}

// Nobody of the document comes by any more who could see it.
func TestLastPartWhoseWorkerDiedIsLookedAtWhenItsLeaseRanOut(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.inParts(2, 4)
		w.engine.pages = 6
		ref := w.queued(order())
		w.crash(ref)
		var again []push
		for p, ok := w.queue.pop(); ok; p, ok = w.queue.pop() {
			if p.delay > 0 {
				again = append(again, p)
				continue
			}
			if _, err := w.Process(t.Context(), p.job); err != nil {
				t.Fatal(err)
			}
		}
		if len(again) != 1 || again[0].job != (task.Job{Task: ref, Part: 1}) || again[0].delay > 30*time.Second {
			t.Fatalf("queued for later: %+v", again)
		}
		pass(again[0].delay)
		if got, err := w.Process(t.Context(), again[0].job); got != task.Done || err != nil {
			t.Errorf("after the lease: %s, %v", got, err)
		}
		w.state(ref, task.Completed)
	})
}

func TestPartCostsNoMoreHoweverManyItsApplicationHas(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.inParts(1, 8)
		w.engine.pages = 40
		ref := w.queued(order())
		w.mustProcess(ref, task.Done)
		other := w.records(storage.Parts)[0]
		for n := range 1200 { // of other documents, which come before and behind
			other.Row, other.ETag = fmt.Sprintf("%08x-0000-7000-8000-000000000000!0!0001", n*0x300000), ""
			if _, err := w.store.Put(t.Context(), other); err != nil {
				t.Fatal(err)
			}
		}
		var lists atomic.Int64
		w.faulty.Before(func(op storagetest.Op, key string) error {
			if op == storagetest.ListRecords && strings.HasPrefix(key, string(storage.Parts)) {
				lists.Add(1)
			}
			return nil
		})
		part, _ := w.queue.pop()
		if _, err := w.Process(t.Context(), part.job); err != nil {
			t.Fatal(err)
		}
		if n := lists.Load(); n > 4 {
			t.Errorf("parts were listed %d times", n)
		}
	})
}

// An earlier program, or a setting, had the document read whole.
func TestPagesThatWereReadBeforeTheDocumentWasSharedOutCount(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.pages, w.engine.slow = 20, 10*time.Second
		w.Limits.Deadline = 45 * time.Second
		ref := w.queued(order())
		w.mustProcess(ref, task.HandedOn)
		before := w.get(ref).Pages
		w.queue.take()
		w.inParts(3, 8)
		w.mustProcess(ref, task.Done)                                             // shared out, and its first part
		if got := w.get(ref).Pages; before.Done < 6 || got.Done < before.Done-2 { // of a part that is not finished one fewer is told than it has
			t.Errorf("%+v after %+v", got, before)
		}
		w.crowd("one")
		w.state(ref, task.Completed)
		for n, times := range w.engine.reads() {
			if times != 1 {
				t.Errorf("page %d was read %d times", n, times)
			}
		}
	})
}

// A sweep that comes between drops the records of parts that the task does not have yet, as those of an earlier call.
func TestDocumentGoesOnWhereASweepDroppedItsPartsAsItWasSharedOut(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.inParts(1, 2)
		swept := false
		w.faulty.Before(func(op storagetest.Op, key string) error {
			if op != storagetest.PutRecord || !strings.HasPrefix(key, string(storage.Tasks)) || swept {
				return nil
			}
			for _, rec := range w.records(storage.Parts) {
				swept = true
				if err := w.faulty.Records.Delete(t.Context(), rec.Key, rec.ETag); err != nil {
					t.Errorf("drop a part: %v", err)
				}
			}
			return nil
		})
		ref := w.queued(order())
		w.mustProcess(ref, task.HandedOn)
		if !swept {
			t.Fatal("the document was not shared out")
		}
		began := time.Now()
		w.crowd("one")
		w.state(ref, task.Completed)
		if took := w.get(ref).Ended.Sub(began); took > time.Minute {
			t.Errorf("it went on after %v", took)
		}
	})
}

// A process may die with a message that it had received and not begun. The platform gives it to another after a long time only.
func TestMessageThatNobodyTakesIsSentAgainSoonerAtFirstThanLater(t *testing.T) {
	for kind, start := range map[string]func(w *world) task.Ref{
		"a document": func(w *world) task.Ref { return w.queued(order()) },
		"a part": func(w *world) task.Ref {
			w.inParts(2, 1)
			w.engine.pages = 6
			ref := w.queued(order())
			if _, err := w.Process(w.Context(), ref.Job()); err != nil { // shared out
				w.Fatalf("share out: %v", err)
			}
			return ref
		},
	} {
		t.Run(kind, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				start(w)
				lost := func() (n int) {
					for _, ok := w.queue.pop(); ok; _, ok = w.queue.pop() {
						n++
					}
					return n
				}
				lost()
				var sent []time.Duration
				last := time.Now()
				for range 40 {
					pass(time.Minute)
					w.sweep()
					if lost() > 0 {
						sent = append(sent, time.Since(last))
						last = time.Now()
					}
				}
				if want := "[2m0s 4m0s 8m0s 10m0s 10m0s]"; fmt.Sprint(sent) != want {
					t.Errorf("sent again after %v, want %s", sent, want)
				}
			})
		})
	}
}
