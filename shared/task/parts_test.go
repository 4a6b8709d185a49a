package task_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// crowd is workers of processes of their own that take jobs from the queue as long as there are any.
func (w *world) crowd(owners ...string) (jobs map[string]int) {
	w.Helper()
	jobs = map[string]int{}
	var mu sync.Mutex
	var group sync.WaitGroup
	for _, owner := range owners {
		s := w.process(owner)
		group.Go(func() {
			for idle := 0; idle < 100; {
				p, ok := w.queue.pop()
				if !ok {
					idle++
					pass(100 * time.Millisecond)
					continue
				}
				idle = 0
				if _, err := s.Process(w.Context(), p.job); err != nil {
					w.Errorf("process %s: %v", p.job, err)
				}
				mu.Lock()
				jobs[owner]++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return jobs
}

// pushed queues a task whose document has landed.
func (w *world) pushed(o task.Order) task.Ref {
	w.Helper()
	ref := w.queued(o)
	if err := w.queue.Push(w.Context(), ref.Job(), 0); err != nil {
		w.Fatalf("push: %v", err)
	}
	return ref
}

// underWay are the parts that have a record.
func (w *world) underWay() int { return len(w.records(storage.Parts)) }

func TestLargeDocumentIsReadByManyWorkersAndAssembledOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.inParts(3, 8)
		w.engine.pages, w.engine.slow = 31, time.Second
		ref := w.pushed(order())
		began := time.Now()
		jobs := w.crowd("one", "two", "three", "four")
		w.state(ref, task.Completed)
		if n := strings.Count(w.text(ref), word); n != 31 {
			t.Errorf("the result has %d pages of 31", n)
		}
		for n, times := range w.engine.reads() {
			if times != 1 {
				t.Errorf("page %d was read %d times", n, times)
			}
		}
		if len(jobs) != 4 || w.underWay() != 0 {
			t.Errorf("jobs by process: %v; %d parts are left", jobs, w.underWay())
		}
		if got := w.get(ref).Ended.Sub(began); got > 10*time.Second {
			t.Errorf("four workers took %v for 31 pages of a second", got)
		}
	})
}

func TestDocumentOfOnePartIsReadWhole(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.inParts(3, 8)
		w.completed(order())
		if w.underWay() != 0 || w.queue.len() != 0 {
			t.Errorf("%d parts, %d jobs", w.underWay(), w.queue.len())
		}
	})
}

func TestApplicationHasSoManyPartsUnderWayAndEachDocumentAtLeastOne(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.inParts(2, 4)
		w.engine.pages = 20
		var refs []task.Ref
		for range 7 {
			ref := w.queued(order())
			w.mustProcess(ref, task.Done) // its first part
			refs = append(refs, ref)
			if most := 4 + len(refs) - 1; w.underWay() > most { // each that came later has one
				t.Fatalf("%d documents have %d parts under way, want at most %d", len(refs), w.underWay(), most)
			}
		}
		for p, ok := w.queue.pop(); ok; p, ok = w.queue.pop() {
			if _, err := w.Process(t.Context(), p.job); err != nil {
				t.Fatal(err)
			}
			if w.underWay() > 10 {
				t.Fatalf("%d parts under way", w.underWay())
			}
		}
		for _, ref := range refs {
			w.state(ref, task.Completed)
		}
	})
}

func TestReceiptComesAfterTheLastWorkerOfAPartLetGo(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.inParts(1, 3)
		ref := w.queued(order())
		gate := w.engine.block()
		gate.stuck = true
		other := w.process("other")
		var group sync.WaitGroup
		group.Go(func() { w.mustProcess(ref, task.Done) }) // part 1
		<-gate.reached
		part, _ := w.queue.pop()
		group.Go(func() { _, _ = other.Process(t.Context(), part.job) })
		<-gate.reached
		w.delete(ref)
		if got, err := w.look(ref); err != nil || got.State != task.Deleted || !got.Erased.IsZero() {
			t.Errorf("under two workers that do not let go: %+v, %v", got, err)
		}
		w.checkNothingFetchable(ref)
		pass(time.Second) // the other process has found out
		gate.open <- struct{}{}
		synctest.Wait()
		w.sweep()
		if got, err := w.look(ref); err != nil || !got.Erased.IsZero() {
			t.Errorf("under one worker that does not let go: %+v, %v", got, err)
		}
		gate.open <- struct{}{}
		group.Wait()
		w.checkNothingLeft(ref)
		if w.underWay() != 0 {
			t.Errorf("%d parts are left", w.underWay())
		}
	})
}

func TestPartThatDiesIsReadAgainAlone(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.inParts(2, 4)
		w.engine.pages = 6
		ref := w.queued(order())
		w.crash(ref) // over part 1, once the document was shared out
		for p, ok := w.queue.pop(); ok; p, ok = w.queue.pop() {
			if _, err := w.Process(t.Context(), p.job); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.state(ref, task.InProgress); got.Pages != (task.Progress{Total: 6, Done: 4}) {
			t.Errorf("beside a dead worker: %+v", got.Pages)
		}
		pass(3 * time.Minute)
		if done := w.sweep(); done.Requeued != 1 {
			t.Errorf("swept: %+v", done)
		}
		w.drain()
		w.state(ref, task.Completed)
		if n := strings.Count(w.text(ref), word); n != 6 {
			t.Errorf("the result has %d pages of 6", n)
		}
	})
}

func TestPartThatKillsTwiceAloneFailsItsTask(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.inParts(2, 4)
		ref := w.queued(order())
		w.crash(ref)
		part := task.Job{Task: ref, Part: 1}
		for range task.MaxDeaths {
			pass(31 * time.Second)
			w.crashOver(part)
		}
		pass(31 * time.Second)
		if err := w.GiveUp(t.Context(), part); err != nil {
			t.Fatal(err)
		}
		w.failed(ref, fault.AttemptsExhausted)
		w.drain()
		pass(time.Hour)
		w.sweep()
		if left := w.names(); len(left) != 0 || w.underWay() != 0 {
			t.Errorf("left: %v and %d parts", left, w.underWay())
		}
	})
}

func TestPoisonOfAPartTriesItAgain(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.inParts(2, 4)
		ref := w.queued(order())
		w.mustProcess(ref, task.Done)
		part, _ := w.queue.pop()
		if err := w.GiveUp(t.Context(), part.job); err != nil {
			t.Fatal(err)
		}
		w.state(ref, task.InProgress)
		w.drain()
		w.state(ref, task.Completed)
	})
}

func TestProgressIsTrueAcrossParts(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.inParts(5, 4)
		w.engine.pages, w.engine.slow = 20, 2*time.Second
		ref := w.pushed(order())
		done := make(chan struct{})
		go func() { defer close(done); w.crowd("one", "two") }()
		last := 0
		for {
			pass(time.Second)
			got := w.get(ref)
			if got.State == task.Completed {
				break
			}
			read := 0
			for range w.engine.reads() {
				read++
			}
			if got.Pages.Done < last || got.Pages.Done > read || got.State == task.InProgress && got.Pages.Total == 20 && read-got.Pages.Done > 12 {
				t.Fatalf("%+v after %d, with %d read", got.Pages, last, read)
			}
			last = got.Pages.Done
		}
		<-done
		if last < 10 {
			t.Errorf("the last that was told before the end were %d pages", last)
		}
	})
}

func TestNoPartOutlivesItsTask(t *testing.T) {
	for name, end := range map[string]func(w *world, ref task.Ref){
		"deleted":   func(w *world, ref task.Ref) { w.delete(ref) },
		"expired":   func(*world, task.Ref) { pass(retention.UnprocessedLimit) },
		"completed": func(w *world, _ task.Ref) { w.crowd("one") },
		"failed": func(w *world, _ task.Ref) {
			w.engine.always = map[int]error{3: fault.New(fault.DocumentDamaged, "damaged")}
			w.crowd("one", "two")
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.inParts(1, 2)
				o := order()
				o.Settings.OnPageError = task.FailOnPageError
				ref := w.queued(o)
				w.mustProcess(ref, task.Done)
				if w.underWay() == 0 {
					t.Fatal("no part is under way")
				}
				end(w, ref)
				late := w.queue.take()
				pass(20 * time.Minute)
				w.sweep()
				for _, p := range late {
					if got, err := w.Process(t.Context(), p.job); got != task.Done || err != nil {
						t.Errorf("late: %s, %v", got, err)
					}
				}
				if w.underWay() != 0 {
					t.Errorf("%d parts are left", w.underWay())
				}
			})
		})
	}
}

// A message of the round before does nothing but what the present round wants, too.
func TestLateMessageOfAnEarlierRoundHarmsNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.inParts(1, 1)
		ref := w.holding(heldOrder(), 2) // of three pages each
		w.start(ref, startOrder())
		w.crowd("one")
		w.state(ref, task.Completed)
		w.start(ref, startOrder())
		late := task.Job{Task: ref, Part: 2}
		if got, err := w.Process(t.Context(), late); got != task.Done || err != nil {
			t.Errorf("%s, %v", got, err)
		}
		w.crowd("one")
		w.state(ref, task.Completed)
		for n, times := range w.engine.reads() {
			if times != 4 { // two files, two rounds
				t.Errorf("page %d was read %d times", n, times)
			}
		}
	})
}

// Where there is no room for more, each part leaves it to the others to begin a next one.
func TestDocumentGoesOnWhosePartsUnderWayEndAtTheSameMoment(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.inParts(1, 3)
		w.engine.pages = 7
		ref := w.queued(order())
		w.mustProcess(ref, task.Done) // shared out, and its first part
		jobs := w.queue.take()
		w.limits.PartsAtOnce = 1
		full := w.process("full")
		var lists atomic.Int64
		all := make(chan struct{})
		w.faulty.After(func(op storagetest.Op, key string) error {
			if op != storagetest.ListRecords || !strings.HasPrefix(key, string(storage.Parts)) {
				return nil
			}
			if n := lists.Add(1); n == int64(len(jobs)) {
				close(all)
			} else if n < int64(len(jobs)) {
				<-all
			}
			return nil
		})
		var group sync.WaitGroup
		for _, p := range jobs {
			group.Go(func() {
				if _, err := full.Process(t.Context(), p.job); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if len(jobs) != 3 || w.queue.len() == 0 {
			t.Fatalf("after %d parts ended at once %d are queued", len(jobs), w.queue.len())
		}
		w.crowd("one")
		w.state(ref, task.Completed)
	})
}
