package task_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

func damaged() error { return fault.New(fault.PageDamaged, "a page is damaged") }

func away() error { return fault.New(fault.EngineUnavailable, "the engine is away") }

func TestUnreadablePageIsMarkedAndTheRestGoesOn(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.always = map[int]error{2: damaged()}
		ref := w.queued(order())
		w.mustProcess(ref, task.Done)
		got := w.state(ref, task.Completed)
		if want := (task.Progress{Total: 3, Done: 3, Failed: 1}); got.Pages != want {
			t.Errorf("pages are %+v, want %+v", got.Pages, want)
		}
		if n := strings.Count(w.text(ref), word); n != 2 {
			t.Errorf("%d pages have text, want 2", n)
		}
	})
}

func TestUnreadablePageFailsTheTaskThatWantsSo(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.always = map[int]error{2: damaged()}
		o := order()
		o.Settings.OnPageError = task.FailOnPageError
		ref := w.queued(o)
		w.mustProcess(ref, task.Done)
		w.failed(ref, fault.PageDamaged)
		if left := w.names(); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
	})
}

func TestTaskWithoutOneReadablePageFailsWithTheFirstPagesCode(t *testing.T) {
	inWorld(t, func(_ *testing.T, w *world) {
		large, late := fault.New(fault.PageTooLarge, "too large"), fault.New(fault.PageTime, "too slow")
		w.engine.always = map[int]error{1: large, 2: late, 3: late}
		w.faulty.Before(func(op storagetest.Op, key string) error {
			if op == storagetest.PutBlob && strings.HasSuffix(key, "/1") {
				pass(time.Second) // the first page ends last
			}
			return nil
		})
		ref := w.queued(order())
		w.mustProcess(ref, task.Done)
		w.failed(ref, fault.PageTooLarge)
	})
}

func TestDocumentOfSlowPagesIsGivenUpAfterAFew(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.pages, w.engine.always = 100, map[int]error{}
		for n := range 100 {
			w.engine.always[n+1] = fault.New(fault.PageTime, "too slow")
		}
		w.engine.always[1], w.engine.always[2] = nil, nil
		ref := w.queued(order())
		w.mustProcess(ref, task.Done)
		w.failed(ref, fault.PageTime)
		if asked := w.engine.asked(); asked > 2+3+15 { // those that read well, those that were too slow, and those under way
			t.Errorf("%d pages were tried", asked)
		}
	})
}

func TestPagesOfADocumentAreReadOnBehalfOfItsApplication(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		o := order()
		o.Settings.Formats = []render.Format{render.PDF}
		w.completed(o)
		if diff := cmp.Diff(map[string]bool{app: true}, w.engine.of()); diff != "" {
			t.Errorf("owners (-want +got):\n%s", diff)
		}
	})
}

func TestTaskThatFailsWhileResultsAreWrittenKeepsNone(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.pdfErr = fault.New(fault.DocumentRestricted, "no")
		o := order()
		o.Settings.Formats = []render.Format{render.TXT, render.PDF}
		ref := w.queued(o)
		w.mustProcess(ref, task.Done)
		w.failed(ref, fault.DocumentRestricted)
		if left := w.names(); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
	})
}

func TestTransientFaultIsTriedAgainWithinTheCall(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.errs = map[int][]error{0: {away()}, 2: {away(), errors.New("unknown"), away()}}
		ref := w.queued(order())
		w.mustProcess(ref, task.Done)
		if got := w.state(ref, task.Completed); got.Attempts != 1 {
			t.Errorf("%d attempts, want 1", got.Attempts)
		}
	})
}

func TestLastingFaultIsRetriedLaterAndEndsAfterFiveAttempts(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.always = map[int]error{2: away()}
		ref := w.queued(order())
		var delays []time.Duration
		for attempt := 1; attempt < task.MaxAttempts; attempt++ {
			w.mustProcess(ref, task.Retried)
			if got := w.state(ref, task.Queued); got.Attempts != attempt {
				t.Fatalf("%d attempts, want %d", got.Attempts, attempt)
			}
			for _, p := range w.queue.take() {
				delays = append(delays, p.delay)
				pass(p.delay)
			}
		}
		second := time.Second
		if diff := cmp.Diff([]time.Duration{5 * second, 10 * second, 20 * second, 40 * second}, delays); diff != "" {
			t.Errorf("delays (-want +got):\n%s", diff)
		}
		w.mustProcess(ref, task.Done)
		w.failed(ref, fault.AttemptsExhausted)
		if diff := cmp.Diff(map[int]int{1: 1, 3: 1}, w.engine.reads()); diff != "" {
			t.Errorf("finished pages were read again (-want +got):\n%s", diff)
		}
		if left := w.names(); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
	})
}

// crash begins to process a task in another process, which dies: whatever it still writes does not reach storage.
func (w *world) crash(ref task.Ref) { w.crashOver(ref.Job()) }

// crashOver is crash over a job.
func (w *world) crashOver(job task.Job) {
	w.Helper()
	dead := false
	gone := func(storagetest.Op, string) error {
		return fault.New(fault.StorageUnavailable, "the process is dead")
	}
	gate := w.engine.block()
	ctx, die := context.WithCancel(w.Context())
	ended := make(chan struct{})
	other := w.process("mortal")
	go func() {
		defer close(ended)
		if _, err := other.Process(ctx, job); err != nil && !dead {
			w.Errorf("process: %v", err)
		}
	}()
	select {
	case <-gate.reached:
		dead = true
		w.faulty.Before(gone)
		die()
		<-ended
	case <-ended: // there was nothing to do for it
		die()
	}
	w.faulty.Heal()
	w.engine.unblock()
}

func TestCallHandsOnAtItsDeadline(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.Limits.Deadline = 25 * time.Minute
		w.engine.pages, w.engine.slow = 10, 10*time.Minute // two places: four pages a call
		ref := w.queued(order())
		for call := 1; call <= 2; call++ {
			w.mustProcess(ref, task.HandedOn)
			got := w.state(ref, task.Queued)
			if got.Attempts != 0 || got.Pages.Done != 4*call {
				t.Fatalf("after call %d: %d attempts, %+v", call, got.Attempts, got.Pages)
			}
			if p := w.queue.take(); len(p) != 1 || p[0].delay != 0 {
				t.Fatalf("pushed %v", p)
			}
		}
		w.mustProcess(ref, task.Done)
		w.state(ref, task.Completed)
		for n, times := range w.engine.reads() {
			if times != 1 {
				t.Errorf("page %d was read %d times", n, times)
			}
		}
	})
}

// The invocation of a platform ends sooner than a call may work, with the process: what is not read by then is handed on before.
func TestCallHandsOnBeforeItsInvocationEnds(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.pages, w.engine.slow = 4, 10*time.Second // two places
		ref := w.queued(order())
		for _, c := range []struct {
			left, works time.Duration
			pages       int
		}{{16 * time.Second, 12 * time.Second, 2}, {4 * time.Minute, 10 * time.Second, 4}} {
			ctx, done := context.WithTimeout(t.Context(), c.left)
			began := time.Now()
			_, err := w.Process(ctx, ref.Job())
			if took := time.Since(began); err != nil || ctx.Err() != nil || took != c.works {
				t.Errorf("with %s left it worked for %s; %v, %v", c.left, took, err, ctx.Err())
			}
			done()
			if got := w.get(ref); got.Pages.Done != c.pages {
				t.Errorf("with %s left: %+v", c.left, got.Pages)
			}
		}
		w.state(ref, task.Completed)
	})
}

func TestProcessThatStopsHandsOn(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.queued(order())
		gate := w.engine.block()
		ctx, stop := context.WithCancel(t.Context())
		outcome := make(chan task.Outcome, 1)
		go func() {
			got, err := w.Process(ctx, ref.Job())
			if err != nil {
				t.Error(err)
			}
			outcome <- got
		}()
		<-gate.reached
		stop()
		if got := <-outcome; got != task.HandedOn {
			t.Errorf("outcome %q", got)
		}
		if got := w.state(ref, task.Queued); got.Attempts != 0 || len(w.queue.take()) != 1 {
			t.Errorf("%+v", got)
		}
	})
}

func TestLiveLeaseKeepsOthersAway(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.queued(order())
		gate := w.engine.block()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			w.mustProcess(ref, task.Done)
		}()
		<-gate.reached
		for range 20 { // renewals keep it alive
			pass(time.Minute)
			if got, err := w.process("second").Process(t.Context(), ref.Job()); got != task.Busy || err != nil {
				t.Fatalf("the second worker got %q, %v", got, err)
			}
			w.sweep()
		}
		if n := len(w.queue.take()); n != 0 {
			t.Errorf("a task with a live worker was queued %d times", n)
		}
		close(gate.open)
		<-ended
		w.state(ref, task.Completed)
	})
}

func TestExpiredLeaseIsTakenOver(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.queued(order())
		w.crash(ref)
		w.state(ref, task.InProgress)
		w.mustProcess(ref, task.Busy)
		pass(30 * time.Second)
		w.mustProcess(ref, task.Done)
		if got := w.state(ref, task.Completed); got.Attempts != 1 {
			t.Errorf("%d attempts, want 1", got.Attempts)
		}
	})
}

func TestSweepQueuesTheTaskOfADeadWorker(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.queued(order())
		w.crash(ref)
		for range 3 {
			pass(5 * time.Minute)
			w.sweep()
		}
		w.state(ref, task.Queued)
		if len(w.queue.take()) == 0 {
			t.Error("nothing was pushed")
		}
	})
}

func TestWorkerThatLostItsLeaseChangesNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.queued(order())
		gate := w.engine.block()
		gate.stuck = true
		outcome := make(chan task.Outcome, 1)
		go func() {
			got, err := w.process("frozen").Process(t.Context(), ref.Job())
			if err != nil {
				t.Error(err)
			}
			outcome <- got
		}()
		<-gate.reached
		w.faulty.Before(func(op storagetest.Op, _ string) error { // its renewals do not get through
			if op == storagetest.PutRecord {
				return fault.New(fault.StorageUnavailable, "away")
			}
			return nil
		})
		pass(50 * time.Second)
		w.faulty.Heal()
		w.engine.unblock()
		w.mustProcess(ref, task.Done)
		before := w.state(ref, task.Completed).ETag()
		close(gate.open)
		if got := <-outcome; got != task.Busy {
			t.Errorf("the worker without a lease ended as %q", got)
		}
		if w.get(ref).ETag() != before {
			t.Error("it changed the record")
		}
	})
}

func TestHostGivingUpQueuesAgainUntilTheDocumentKilledTwiceAlone(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.queued(order())
		for range task.MaxDeaths + 1 { // the first death is held against nobody
			if err := w.GiveUp(t.Context(), ref.Job()); err != nil {
				t.Fatal(err)
			}
			if w.state(ref, task.Queued); len(w.queue.take()) != 1 {
				t.Fatal("not queued again")
			}
			w.crash(ref)
			if err := w.GiveUp(t.Context(), ref.Job()); err != nil {
				t.Fatal(err)
			}
			w.state(ref, task.InProgress) // the lease may be a live worker's
			pass(time.Minute)
		}
		if err := w.GiveUp(t.Context(), ref.Job()); err != nil {
			t.Fatal(err)
		}
		w.failed(ref, fault.AttemptsExhausted)
		if left := w.names(); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
	})
}
