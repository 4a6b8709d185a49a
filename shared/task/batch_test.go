package task_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
		together := &together{Records: w.Store.Records}
		w.Store.Records = together
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
		if slices.ContainsFunc(accepted, func(a task.Accepted) bool { return a.Upload == nil || a.Upload.URL == "" || a.Replayed }) {
			t.Error("a task has no link")
		}
		if got := w.open(); got != n {
			t.Errorf("%d open tasks are counted", got)
		}
		if got := requests.sum("put record " + string(storage.Usage)); got != 1 {
			t.Errorf("%d tasks were counted in %d writes of one record", n, got)
		}
		// Beside that each task costs the write of its key and its own, both records of its own, written with those of the others.
		if got := requests.sum(""); got > 2*n+10 || together.calls != 2 || together.records != 2*n {
			t.Errorf("%d requests in all, %d calls for %d records", got, together.calls, together.records)
		}
	})
}

// together counts what is created together.
type together struct {
	storage.Records
	calls, records int
}

// Create implements storage.Creator.
func (r *together) Create(ctx context.Context, recs []storage.Record) []error {
	r.calls++
	r.records += len(recs)
	return storage.CreateAll(ctx, r.Records, recs)
}

// A process dies at each record in turn, before or after it is stored. Its client sends the same batch again, to another process.
func TestBatchThatDiesIsMadeOnceWhenItIsRepeated(t *testing.T) {
	const n = 4
	for _, after := range []bool{false, true} {
		for call, died := 1, true; died; call++ {
			inWorld(t, func(t *testing.T, w *world) {
				list := orders(n, task.Caps{})
				ctx, die := context.WithCancel(t.Context())
				defer die()
				c := &counting{n: call, after: after, die: die}
				c.at(w)
				w.CreateBatch(ctx, list)
				w.faulty.Heal()
				died = c.dead
				accepted, errs := w.process("second").CreateBatch(t.Context(), list)
				refs := map[task.Ref]bool{}
				for i, a := range accepted {
					if errs[i] != nil || a.Upload == nil {
						t.Fatalf("died at call %d, after %t: order %d: %+v, %v", call, after, i, a, errs[i])
					}
					refs[a.Task.Ref] = true
				}
				if got := len(w.records(storage.Tasks)); len(refs) != n || got != n {
					t.Errorf("died at call %d, after %t: %d orders, %d tasks answered, %d stored", call, after, n, len(refs), got)
				}
			})
		}
	}
}

// Of some the answer is lost: what was stored is nobody's to undo, and the same batch again answers with it.
func TestBatchWhoseAnswersAreLostUndoesNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		list := orders(10, task.Caps{})
		var stored atomic.Int64
		w.faulty.After(func(op storagetest.Op, key string) error {
			if op == storagetest.PutRecord && strings.HasPrefix(key, string(storage.Tasks)) && stored.Add(1)%2 == 0 {
				return fault.New(fault.StorageUnavailable, "lost")
			}
			return nil
		})
		first, errs := w.CreateBatch(t.Context(), list)
		w.faulty.Heal()
		if failed := len(list) - len(slices.DeleteFunc(errs, func(err error) bool { return err != nil })); failed != 5 {
			t.Fatalf("%d failed", failed)
		}
		second, errs := w.CreateBatch(t.Context(), list)
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		for i, a := range second {
			if !a.Replayed || first[i].Task != nil && first[i].Task.Ref != a.Task.Ref || w.get(a.Task.Ref).State != task.Submitted {
				t.Errorf("order %d: first %+v, then %+v", i, first[i], a)
			}
		}
	})
}

func TestTasksOfABatchWithoutALinkAreTakenBack(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.Links = &linker{err: fault.New(fault.StorageUnavailable, "no key")}
		_, errs := w.CreateBatch(t.Context(), orders(5, task.Caps{}))
		for i, err := range errs {
			if !errors.Is(err, fault.StorageUnavailable) {
				t.Errorf("order %d: %v", i, err)
			}
		}
		if got := w.open(); got != 0 {
			t.Errorf("%d open tasks are counted", got)
		}
		w.Links = &linker{}
		accepted, errs := w.CreateBatch(t.Context(), orders(5, task.Caps{}))
		if err := errors.Join(errs...); err != nil || accepted[4].Replayed {
			t.Errorf("the keys stand for what was taken back: %v", err)
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
