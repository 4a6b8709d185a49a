package task_test

import (
	"encoding/json"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

func starved() error { return fault.New(fault.EngineStarved, "no processor time") }

func TestDocumentThatKillsTwiceAloneIsGivenUp(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.queued(order())
		for deaths := range 1 + task.MaxDeaths { // the first is held against nobody
			w.crash(ref)
			if got := w.state(ref, task.InProgress); got.Lease.Alone != (deaths > 0) {
				t.Fatalf("death %d: alone is %t", deaths+1, got.Lease.Alone)
			}
			pass(31 * time.Second)
		}
		w.mustProcess(ref, task.Done)
		w.failed(ref, fault.AttemptsExhausted)
		if left := w.names(); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
	})
}

// A server that is killed again and again while a healthy document is among others costs tries, never the document.
func TestDeathsOfTheServerDoNotCountAgainstADocumentThatIsReadWellAlone(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.pages, w.engine.slow = 200, 10*time.Second
		ref := w.queued(order())
		for range 3 * task.MaxAttempts {
			w.crash(ref)
			pass(31 * time.Second)
			w.sweep()
			w.mustProcess(ref, task.HandedOn) // its slice alone
			if got := w.state(ref, task.Queued); got.Suspect || got.Deaths != 0 || got.Attempts != 0 {
				t.Fatalf("after it was read alone: %+v", got)
			}
		}
		w.mustProcess(ref, task.Done)
		w.state(ref, task.Completed)
	})
}

// The pages that a suspect is at when its slice ends keep the others waiting: it reads few at once, however many it could.
func TestSuspectReadsFewPagesAtOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.places, w.engine.pages, w.engine.slow = 8, 100, 10*time.Second
		s := w.process("large")
		ref := w.queued(order())
		w.crash(ref)
		pass(31 * time.Second)
		done := make(chan struct{})
		go func() { defer close(done); w.together(s, ref) }()
		pass(35 * time.Second)
		if n := w.engine.reading(ref.ID); n != 2 {
			t.Errorf("%d pages of a suspect are read at once", n)
		}
		pass(time.Minute)
		if n := w.engine.reading(ref.ID); n != 8 {
			t.Errorf("%d pages are read at once of a document that is a suspect no more", n)
		}
		<-done
		w.state(ref, task.Completed)
	})
}

// together processes the tasks at once and waits for all.
func (w *world) together(s *task.Service, refs ...task.Ref) {
	w.Helper()
	var group sync.WaitGroup
	for _, ref := range refs {
		group.Go(func() {
			for { // as a queue does
				got, err := s.Process(w.Context(), ref.Job())
				if err != nil {
					w.Errorf("process: %v", err)
				}
				if got != task.HandedOn || w.Context().Err() != nil {
					return
				}
			}
		})
	}
	group.Wait()
}

func TestEachDocumentThatWasInHandAtADeathIsReadAloneNext(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.slow = time.Second
		suspects := []task.Ref{w.queued(order()), w.queued(order()), w.queued(order())}
		for _, ref := range suspects {
			w.crash(ref)
		}
		pass(31 * time.Second)
		innocent := []task.Ref{w.queued(order()), w.queued(order())}
		w.engine.company()
		w.together(w.process("second"), append(suspects, innocent...)...)
		for _, ref := range append(suspects, innocent...) {
			w.state(ref, task.Completed)
		}
		if diff := cmp.Diff(map[string]bool{innocent[0].ID: true, innocent[1].ID: true}, w.engine.company()); diff != "" {
			t.Errorf("read beside others (-want +got):\n%s", diff)
		}
	})
}

// A suspect must not wait for a long document to end, nor may suspects keep the others from their turn.
func TestSuspectsAndOthersHaveTheirTurns(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.pages, w.engine.slow = 60, 10*time.Second
		var suspects []task.Ref
		for range 8 {
			suspects = append(suspects, w.queued(order()))
			w.crash(suspects[len(suspects)-1])
		}
		pass(31 * time.Second)
		long := w.queued(order())
		var group sync.WaitGroup
		group.Go(func() { w.together(w.Service, long) })
		synctest.Wait()
		for _, ref := range suspects {
			group.Go(func() { w.together(w.Service, ref) })
		}
		pass(2 * time.Minute)
		had := 0
		for _, ref := range suspects {
			had += w.get(ref).Pages.Done
		}
		if had == 0 {
			t.Error("no suspect had its turn in two minutes")
		}
		for w.get(long).State != task.Completed {
			began := time.Now()
			for w.get(long).State == task.Queued {
				pass(time.Second)
			}
			// One suspect's slice of a minute, and the pages that it is at.
			if waited := time.Since(began); waited > 2*time.Minute {
				t.Fatalf("the other document waited for %v", waited)
			}
			pass(time.Second)
		}
		group.Wait()
		for _, ref := range append(suspects, long) {
			w.state(ref, task.Completed)
		}
	})
}

func TestStarvedMachineDelaysADocumentAndNeverFailsIt(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.always = map[int]error{2: starved()}
		ref := w.queued(order())
		var delays []time.Duration
		for range 4 * task.MaxAttempts {
			w.mustProcess(ref, task.Retried)
			if got := w.state(ref, task.Queued); got.Attempts != 0 || got.Suspect {
				t.Fatalf("after a try without processor time: %+v", got)
			}
			for _, p := range w.queue.take() {
				delays = append(delays, p.delay)
				pass(p.delay)
			}
		}
		second := time.Second
		if diff := cmp.Diff([]time.Duration{5 * second, 10 * second, 20 * second, 40 * second, 80 * second, 160 * second, 300 * second}, delays[:7]); diff != "" {
			t.Errorf("delays (-want +got):\n%s", diff)
		}
		if longest := delays[len(delays)-1]; longest != 5*time.Minute {
			t.Errorf("the last delay is %v, want 5m", longest)
		}
		w.engine.always = nil
		w.mustProcess(ref, task.Done)
		w.state(ref, task.Completed)
		if diff := cmp.Diff(map[int]int{1: 1, 2: 1, 3: 1}, w.engine.reads()); diff != "" {
			t.Errorf("pages read (-want +got):\n%s", diff)
		}
	})
}

// A worker that could not renew its lease has not died, if nobody took the task over.
func TestLeaseThatRanOutDuringAnOutageIsNoDeath(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.queued(order())
		gate := w.engine.block()
		gate.stuck = true
		outcome := make(chan task.Outcome, 1)
		go func() {
			got, err := w.Process(t.Context(), ref.Job())
			if err != nil {
				t.Error(err)
			}
			outcome <- got
		}()
		<-gate.reached
		w.faulty.Before(func(op storagetest.Op, _ string) error {
			if op == storagetest.PutRecord {
				return fault.New(fault.StorageUnavailable, "away")
			}
			return nil
		})
		pass(50 * time.Second)
		w.faulty.Heal()
		w.engine.unblock()
		close(gate.open)
		if got := <-outcome; got != task.HandedOn {
			t.Errorf("outcome %q", got)
		}
		if got := w.state(ref, task.Queued); got.Suspect || got.Attempts != 0 {
			t.Errorf("%+v", got)
		}
	})
}

// A record of the program before: begun four times, its process dead. It would have been lost with the next death.
func TestRecordWithoutSuspicionKeepsItsMeaning(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.queued(order())
		rec, _ := w.record(ref)
		var old map[string]any
		if err := json.Unmarshal(rec.Value, &old); err != nil {
			t.Fatal(err)
		}
		old["state"], old["attempts"] = task.InProgress, task.MaxAttempts
		old["lease"] = map[string]any{"owner": "dead", "expires": time.Now().Add(-time.Minute)}
		rec.Value, _ = json.Marshal(old)
		if _, err := w.store.Put(t.Context(), storage.Record{Key: rec.Key, Value: rec.Value, ETag: rec.ETag, Due: rec.Due}); err != nil {
			t.Fatal(err)
		}
		w.mustProcess(ref, task.Done)
		if got := w.state(ref, task.Completed); got.Attempts != task.MaxAttempts {
			t.Errorf("%d attempts", got.Attempts)
		}
	})
}
