package task_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

func (w *world) delete(ref task.Ref) *task.Task {
	w.Helper()
	t, err := w.Delete(w.Context(), ref)
	if err != nil {
		w.Fatalf("delete: %v", err)
	}
	return t
}

func TestDeleteErasesAtOnceInEveryState(t *testing.T) {
	states := map[string]func(w *world) task.Ref{
		"submitted": func(w *world) task.Ref { return w.create(order()) },
		"landed without event": func(w *world) task.Ref {
			ref := w.create(order())
			w.upload(ref, content)
			return ref
		},
		"queued":    func(w *world) task.Ref { return w.queued(order()) },
		"completed": func(w *world) task.Ref { return w.completed(order()) },
		"failed": func(w *world) task.Ref {
			w.engine.always = map[int]error{0: damaged()}
			ref := w.queued(order())
			w.mustProcess(ref, task.Done)
			return ref
		},
	}
	for name, reach := range states {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				ref := reach(w)
				for range 2 {
					if got := w.delete(ref); got.Erased.IsZero() || got.Reason != retention.DeleteRequested {
						t.Errorf("tombstone: %+v", got)
					}
					w.checkNothingLeft(ref)
					w.checkNothingFetchable(ref)
				}
				w.mustProcess(ref, task.Done)
				w.checkNothingLeft(ref)
			})
		})
	}
}

func TestDeleteWhileRunningErasesPartialResults(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.pages = 8
		gate := w.engine.block()
		ref := w.queued(order())
		outcome := make(chan task.Outcome, 1)
		go func() {
			got, err := w.Process(w.Context(), ref.Job())
			if err != nil {
				t.Error(err)
			}
			outcome <- got
		}()
		gate.open <- struct{}{}
		gate.open <- struct{}{}
		synctest.Wait() // two pages are done, two more are being read
		if len(w.blobsOf(ref)) < 2 {
			t.Fatalf("no partial result to erase: %v", w.blobsOf(ref))
		}
		began := time.Now()
		w.delete(ref)
		w.checkNothingFetchable(ref)
		if got := <-outcome; got != task.Done || time.Since(began) > 0 {
			t.Errorf("the worker ended as %q after %v", got, time.Since(began))
		}
		w.checkNothingLeft(ref) // the worker let go and finished the erasure
		w.checkNothingFetchable(ref)
	})
}

func TestDeleteUnderAForeignWorkerWaitsForItsLastWrite(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.queued(order())
		gate := w.engine.block()
		gate.stuck = true
		outcome := make(chan task.Outcome, 1)
		go func() {
			got, err := w.process("foreign").Process(w.Context(), ref.Job())
			if err != nil {
				t.Error(err)
			}
			outcome <- got
		}()
		<-gate.reached
		began := time.Now()
		if got := w.delete(ref); !got.Erased.IsZero() {
			t.Fatal("noted as erased under a live lease")
		}
		w.checkNothingFetchable(ref)
		for time.Since(began) < 89*time.Second { // 30 s lease, 60 s longest write
			w.sweep()
			if got, err := w.Tombstone(t.Context(), ref); err != nil || !got.Erased.IsZero() {
				t.Fatalf("after %v: %+v, %v", time.Since(began), got, err)
			}
			pass(time.Second)
		}
		for time.Since(began) < 3*time.Minute {
			pass(10 * time.Second)
			w.sweep()
		}
		w.checkNothingLeft(ref)
		close(gate.open)
		if got := <-outcome; got != task.Done {
			t.Errorf("the worker ended as %q", got)
		}
		w.checkNothingLeft(ref)
	})
}

func TestDeleteIsAcceptedWhenErasingFailsAndTheSweepGoesOn(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.completed(order())
		w.faulty.Before(noBlobDeletes)
		if got := w.delete(ref); !got.Erased.IsZero() {
			t.Error("noted as erased")
		}
		w.checkNothingFetchable(ref)
		if len(w.blobsOf(ref)) == 0 {
			t.Fatal("the fault had no effect")
		}
		pass(5 * time.Minute)
		if _, err := w.Sweep(t.Context()); err == nil {
			t.Error("the sweep hides that it could not erase")
		}
		w.faulty.Heal()
		w.sweep()
		w.checkNothingLeft(ref)
	})
}

func noBlobDeletes(op storagetest.Op, _ string) error {
	if op == storagetest.DeleteBlob {
		return fault.New(fault.StorageUnavailable, "away")
	}
	return nil
}

func TestReadsRefuseWhatIsPastItsClockEvenIfErasingFails(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.completed(order())
		w.faulty.Before(noBlobDeletes)
		pass(23*time.Hour - time.Second)
		w.text(ref)
		pass(time.Second)
		w.checkNothingFetchable(ref)
		if _, err := w.Sweep(t.Context()); err == nil {
			t.Error("the sweep hides that it could not erase")
		}
		w.checkNothingFetchable(ref)
		pass(31 * time.Minute)
		done, err := w.Sweep(t.Context())
		if err == nil || done.Overdue != 1 {
			t.Errorf("no alarm before the limit: %+v, %v", done, err)
		}
	})
}

func TestTaskIsErasedOnceEveryResultWasFetched(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		o := order()
		o.Settings.Formats = []render.Format{render.TXT, render.JSON}
		o.Settings.DeleteOnFetch = true
		ref := w.completed(o)
		if _, err := w.ResultLink(t.Context(), ref, render.TXT); !errors.Is(err, fault.WrongState) {
			t.Errorf("link: %v", err)
		}
		for range 2 {
			if err := w.Fetched(t.Context(), ref, render.TXT); err != nil {
				t.Fatal(err)
			}
		}
		w.text(ref)
		if err := w.Fetched(t.Context(), ref, render.JSON); err != nil {
			t.Fatal(err)
		}
		w.checkNothingLeft(ref)
		w.checkNothingFetchable(ref)
		if got, err := w.Tombstone(t.Context(), ref); err != nil || got.Reason != retention.FetchedAll {
			t.Errorf("tombstone: %+v, %v", got, err)
		}
	})
}

func TestFetchingErasesNothingUnlessAskedFor(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.completed(order())
		if err := w.Fetched(t.Context(), ref, render.TXT); err != nil {
			t.Fatal(err)
		}
		w.text(ref)
	})
}

func TestTenantsShorterRetentionErasesEarlier(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		o := order()
		o.Settings.Retain = time.Hour
		ref := w.completed(o)
		pass(time.Hour - time.Second)
		w.text(ref)
		pass(time.Second)
		w.checkNothingFetchable(ref)
		w.sweep()
		w.checkNothingLeft(ref)
		if got, err := w.Tombstone(t.Context(), ref); err != nil || got.Reason != retention.TenantWish {
			t.Errorf("tombstone: %+v, %v", got, err)
		}
	})
}

func TestResultLinkEndsBeforeTheClock(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.completed(order())
		ended := w.get(ref).Ended
		for _, at := range []time.Duration{0, 22*time.Hour + 55*time.Minute} {
			pass(time.Until(ended.Add(at)))
			link, err := w.ResultLink(t.Context(), ref, render.TXT)
			want := ended.Add(min(at+15*time.Minute, 23*time.Hour))
			if err != nil || !link.Expires.Equal(want) {
				t.Errorf("after %v the link ends after %v, want %v (%v)", at, link.Expires.Sub(ended), want.Sub(ended), err)
			}
		}
	})
}

func TestFullPassErasesWhatNoLivingTaskExplains(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		alive, waiting := w.completed(order()), w.queued(order())
		gone := w.create(order())
		w.delete(gone)
		w.upload(gone, content)  // its event was lost
		w.upload(alive, content) // likewise
		unknown := w.create(order())
		rec, _ := w.record(unknown)
		if err := w.store.Delete(t.Context(), rec.Key, ""); err != nil {
			t.Fatal(err)
		}
		w.upload(unknown, content)
		w.blobs.Stage("uploads/anything", 10)
		submitted := w.create(order())
		w.blobs.Stage(submitted.UploadName(), 10)

		plan, err := w.Plan(t.Context())
		if err != nil || len(plan) != 4 {
			t.Errorf("the plan has %d lines, want 4: %+v, %v", len(plan), plan, err)
		}
		if done := w.fullPass(); done.Strays != 4 || done.Erased != 0 {
			t.Errorf("pass: %+v", done)
		}
		w.text(alive)
		w.checkNothingLeft(gone)
		if len(w.blobsOf(waiting)) != 1 || len(w.blobsOf(submitted)) != 1 || len(w.names()) != 3 {
			t.Errorf("left: %v", w.names())
		}
		pass(21 * time.Minute)
		if done := w.fullPass(); done.Strays != 1 || len(w.blobsOf(submitted)) != 0 {
			t.Errorf("an upload that was never finished outlives its link: %+v", done)
		}
	})
}

func TestFullPassErasesByStoragesClock(t *testing.T) {
	inWorld(t, func(_ *testing.T, w *world) {
		ref := w.create(order())
		w.upload(ref, content)
		pass(10 * time.Minute)
		w.landed(ref)
		pass(47*time.Hour - 10*time.Minute)
		w.fullPass()
		w.checkNothingLeft(ref)
	})
}
