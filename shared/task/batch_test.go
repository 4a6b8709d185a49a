package task_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

func TestBatchOrdersSucceedAndFailAlone(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		bad := order()
		bad.Settings.Languages = []string{"klingon"}
		accepted, errs := w.CreateBatch(t.Context(), []task.Order{order(), bad, order()})
		if errs[0] != nil || !errors.Is(errs[1], fault.LanguageUnknown) || errs[2] != nil {
			t.Fatalf("errors: %v", errs)
		}
		if accepted[0].Task.Ref == accepted[2].Task.Ref || accepted[1].Task != nil {
			t.Errorf("accepted: %+v", accepted)
		}
	})
}

func orders(n int, caps task.Caps) []task.Order {
	list := make([]task.Order, n)
	for i := range list {
		list[i] = order()
		list[i].Caps = caps
		list[i].IdempotencyKey = fmt.Sprint("key ", i)
	}
	return list
}

// open returns how many tasks of the application are counted as open.
func (w *world) open() int {
	w.Helper()
	for _, rec := range w.records(storage.Usage) {
		if rec.Row == "open" {
			var n int
			if _, err := fmt.Sscanf(string(rec.Value), `{"v":1,"open":%d`, &n); err == nil {
				return n
			}
		}
	}
	return 0
}

func TestBatchCountsItsTasksInOneWrite(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		const n = 1000
		requests := w.countRequests()
		accepted, errs := w.CreateBatch(t.Context(), orders(n, task.Caps{OpenTasks: n, BytesPerDay: 1, PagesPerDay: 1}))
		w.faulty.Heal()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		for i := range n - 1 {
			if a, b := accepted[i].Task.Ref.ID, accepted[i+1].Task.Ref.ID; a >= b {
				t.Fatalf("task %d is listed after the next one: %s, %s", i, a, b)
			}
		}
		if got := w.open(); got != n {
			t.Errorf("%d open tasks are counted", got)
		}
		if got := requests.sum("put record " + string(storage.Usage)); got != 1 {
			t.Errorf("%d tasks were counted in %d writes of one record", n, got)
		}
		// Beside that each task costs the write of its key and its own, both records of its own.
		if got := requests.sum(""); got > 2*n+10 {
			t.Errorf("%d requests in all", got)
		}
	})
}

func TestBatchTakesWhatThereIsRoomFor(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		caps := task.Caps{OpenTasks: 5}
		first := orders(3, caps)
		if _, errs := w.CreateBatch(t.Context(), first); errors.Join(errs...) != nil {
			t.Fatal(errs)
		}
		// The first three are repeated and need no room.
		accepted, errs := w.CreateBatch(t.Context(), orders(7, caps))
		for i := range 7 {
			switch {
			case i < 5 && (errs[i] != nil || accepted[i].Replayed != (i < 3)):
				t.Errorf("order %d: %+v, %v", i, accepted[i], errs[i])
			case i >= 5 && !errors.Is(errs[i], fault.OpenTasksExceeded):
				t.Errorf("order %d: %v", i, errs[i])
			}
		}
		if got := w.open(); got != 5 {
			t.Errorf("%d open tasks are counted", got)
		}
	})
}

func TestCreateWhoseClientHasGoneLeavesNoTaskCounted(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ctx, leave := context.WithCancel(t.Context())
		w.faulty.Before(func(op storagetest.Op, key string) error {
			if op == storagetest.PutRecord && strings.HasPrefix(key, string(storage.Tasks)) {
				leave()
				return context.Canceled
			}
			return nil
		})
		if _, err := w.Create(ctx, order()); err == nil {
			t.Fatal("a task was made for a client that had gone")
		}
		w.faulty.Heal()
		if got := w.open(); got != 0 {
			t.Errorf("%d open tasks are counted", got)
		}
	})
}

func TestBatchDoesNotCountWhatItCouldNotMake(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var written atomic.Int64
		w.faulty.Before(func(op storagetest.Op, key string) error {
			if op == storagetest.PutRecord && strings.HasPrefix(key, string(storage.Tasks)) && written.Add(1) > 4 {
				return fault.New(fault.StorageUnavailable, "away")
			}
			return nil
		})
		list := orders(10, task.Caps{})
		_, errs := w.CreateBatch(t.Context(), list)
		w.faulty.Heal()
		failed := 0
		for _, err := range errs {
			if errors.Is(err, fault.StorageUnavailable) {
				failed++
			}
		}
		if got := w.open(); failed != 6 || got != 4 {
			t.Errorf("%d failed, %d open tasks are counted", failed, got)
		}
		// The same batch again makes the others.
		if _, errs := w.CreateBatch(t.Context(), list); errors.Join(errs...) != nil {
			t.Fatal(errs)
		}
		if got := w.open(); got != 10 {
			t.Errorf("%d open tasks are counted after the batch was repeated", got)
		}
	})
}

func TestOrderThatIsTwiceInABatchMakesOneTask(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		list := orders(20, task.Caps{})
		for i := range list {
			list[i].IdempotencyKey = "one"
		}
		accepted, errs := w.CreateBatch(t.Context(), list)
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		for _, a := range accepted {
			if a.Task.Ref != accepted[0].Task.Ref {
				t.Fatalf("two tasks: %s and %s", a.Task.Ref, accepted[0].Task.Ref)
			}
		}
		if got := w.open(); got != 1 {
			t.Errorf("%d open tasks are counted", got)
		}
	})
}
