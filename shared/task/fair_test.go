package task_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// A document asks for one place after the other. Of the pages of one application none waits for those of a long document
// that were begun before.
func TestPagesOfShortDocumentsAreReadBetweenThoseOfALongOne(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.pages, w.engine.slow = 200, time.Second
		long := w.queued(order())
		var group sync.WaitGroup
		group.Go(func() { w.together(w.Service, long) })
		pass(10*time.Second + time.Millisecond)
		if n := w.Turns.Waiting(); n != 1 {
			t.Errorf("%d pages of one document wait for a place", n)
		}
		w.engine.setPages(4)
		var short []task.Ref
		for range 3 {
			short = append(short, w.queued(order()))
		}
		began := time.Now()
		for _, ref := range short {
			group.Go(func() { w.together(w.Service, ref) })
		}
		synctest.Wait()
		for {
			if n := w.Turns.Waiting(); n > 4 {
				t.Fatalf("%d pages of four documents wait for a place", n)
			}
			done := 0
			for _, ref := range short {
				if w.get(ref).State == task.Completed {
					done++
				}
			}
			if done == len(short) {
				break
			}
			pass(time.Second)
		}
		// Four documents share two places: twelve pages of the short ones and as many as each of those of the long one.
		if took := time.Since(began); took > 12*time.Second {
			t.Errorf("the short documents took %v", took)
		}
		if got := w.get(long); got.State != task.InProgress {
			t.Errorf("the long document is %s", got.State)
		}
		group.Wait()
		w.state(long, task.Completed)
	})
}

// However many documents are at hand, the process opens no more than the queue admits.
func TestNoMoreDocumentsAreOpenThanAreAdmitted(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.pages, w.engine.slow = 3, time.Second
		var group sync.WaitGroup
		for i := range 40 {
			o := order()
			o.Application = fmt.Sprint("app", i%2)
			ref := w.queued(o)
			group.Go(func() { w.together(w.Service, ref) })
		}
		pass(500 * time.Millisecond)
		running := 0
		for _, rec := range w.records("tasks") {
			var state struct{ State task.State }
			if err := json.Unmarshal(rec.Value, &state); err != nil {
				t.Fatal(err)
			}
			if state.State == task.InProgress {
				running++
			}
		}
		if running != 16 { // eight for each of two places
			t.Errorf("%d documents are being read, want 16", running)
		}
		group.Wait()
	})
}

func TestPageThatIsBeingStoredKeepsNobodyFromReading(t *testing.T) {
	inWorld(t, func(_ *testing.T, w *world) {
		w.places = 1
		w.Service = w.process("one")
		first, second := w.queued(order()), w.queued(order())
		stored := make(chan struct{})
		w.faulty.Before(func(op storagetest.Op, key string) error {
			if op == storagetest.PutBlob && strings.HasPrefix(key, storage.Work) && strings.Contains(key, first.ID) {
				<-stored // storage takes its time
			}
			return nil
		})
		var group sync.WaitGroup
		group.Go(func() { w.mustProcess(first, task.Done) })
		synctest.Wait()
		w.mustProcess(second, task.Done)
		close(stored)
		group.Wait()
	})
}
