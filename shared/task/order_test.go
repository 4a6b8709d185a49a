package task_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

func TestRepeatedKeyGivesTheSameTask(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		o := order()
		o.IdempotencyKey = "key of the client"
		first, err := w.Create(t.Context(), o)
		if err != nil || first.Replayed {
			t.Fatalf("%+v, %v", first, err)
		}
		pass(time.Minute)
		again, err := w.Create(t.Context(), o)
		if err != nil || !again.Replayed || again.Task.Ref != first.Task.Ref || again.Upload == nil {
			t.Fatalf("replay: %+v, %v", again, err)
		}
		w.upload(first.Task.Ref, content)
		w.landed(first.Task.Ref)
		if again, err = w.Create(t.Context(), o); err != nil || again.Upload != nil || again.Task.State != task.Queued {
			t.Errorf("replay after the upload: %+v, %v", again, err)
		}
		w.delete(first.Task.Ref)
		if _, err = w.Create(t.Context(), o); !errors.Is(err, fault.TaskErased) {
			t.Errorf("replay after the delete: %v", err)
		}
		if n := len(w.records(storage.Tasks)); n != 1 {
			t.Errorf("%d tasks were created", n)
		}
	})
}

func TestKeyIsRefusedForAnotherRequest(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		o := order()
		o.IdempotencyKey = "key"
		w.create(o)
		others := map[string]func(*task.Order){
			"password":  func(o *task.Order) { o.Password = "other" },
			"languages": func(o *task.Order) { o.Settings.Languages = []string{"eng"} },
			"retention": func(o *task.Order) { o.Settings.Retain = time.Hour },
		}
		for name, change := range others {
			other := o
			change(&other)
			if _, err := w.Create(t.Context(), other); !errors.Is(err, fault.IdempotencyReuse) {
				t.Errorf("other %s: %v", name, err)
			}
		}
		o.Application = "neighbour"
		if a, err := w.Create(t.Context(), o); err != nil || a.Replayed {
			t.Errorf("the key of another application: %+v, %v", a, err)
		}
	})
}

func TestKeyOutlivesACrashBetweenItsTwoWrites(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		o := order()
		o.IdempotencyKey = "key"
		w.faulty.Before(func(op storagetest.Op, key string) error {
			if op == storagetest.PutRecord && strings.HasPrefix(key, "tasks/") {
				return fault.New(fault.StorageUnavailable, "away")
			}
			return nil
		})
		if _, err := w.Create(t.Context(), o); !errors.Is(err, fault.Unavailable) {
			t.Fatalf("create: %v", err)
		}
		w.faulty.Heal()
		pass(time.Hour)
		first := w.create(o)
		if second := w.create(o); second != first {
			t.Errorf("two tasks: %v and %v", first, second)
		}
		w.upload(first, content)
		w.landed(first)
		w.mustProcess(first, task.Done)
		w.state(first, task.Completed)
	})
}

func TestKeyIsNotStoredAndForgottenAfterADay(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		o := order()
		o.IdempotencyKey = "canary-key"
		w.create(o)
		for _, rec := range w.records(storage.Idempotency) {
			if s := rec.Row + string(rec.Value); strings.Contains(s, "canary") {
				t.Errorf("stored: %s", s)
			}
		}
		pass(24 * time.Hour)
		w.sweep()
		if left := w.records(storage.Idempotency); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
	})
}

func TestOpenTasksAreCapped(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		o := order()
		o.Caps.OpenTasks = 2
		first := w.queued(o)
		second := w.create(o)
		refused := func() {
			t.Helper()
			_, err := w.Create(t.Context(), o)
			if f, ok := errors.AsType[*fault.Error](err); !ok || f.Code != fault.OpenTasksExceeded || f.After == 0 {
				t.Errorf("third task: %v", err)
			}
		}
		refused()
		other := o
		other.Application = "neighbour"
		w.create(other)
		w.mustProcess(first, task.Done)
		w.create(o)
		refused()
		w.delete(second)
		w.delete(second) // counts once
		w.create(o)
		refused()
	})
}

func TestBytesAndPagesAreCappedByTheDay(t *testing.T) {
	cases := []struct {
		name string
		caps task.Caps
		code fault.Code
	}{
		{"bytes", task.Caps{BytesPerDay: int64(len(content))}, fault.BytesExceeded},
		{"pages", task.Caps{PagesPerDay: 3}, fault.PagesExceeded},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				o := order()
				o.Caps = c.caps
				w.completed(o)
				_, err := w.Create(t.Context(), o)
				f, ok := errors.AsType[*fault.Error](err)
				if !ok || f.Code != c.code {
					t.Fatalf("second task: %v", err)
				}
				pass(f.After)
				w.create(o)
			})
		})
	}
}

func TestFullPassPutsTheCountOfOpenTasksRight(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		dead := false
		w.faulty.Before(func(op storagetest.Op, key string) error {
			dead = dead || op == storagetest.PutRecord && strings.HasPrefix(key, "tasks/")
			if dead {
				return fault.New(fault.StorageUnavailable, "the process is dead")
			}
			return nil
		})
		o := order()
		o.Caps.OpenTasks = 1
		if _, err := w.Create(t.Context(), o); err == nil {
			t.Fatal("created without storage")
		}
		w.faulty.Heal()
		if _, err := w.Create(t.Context(), o); !errors.Is(err, fault.OpenTasksExceeded) {
			t.Fatalf("the crash left no wrong count: %v", err)
		}
		w.fullPass()
		if _, err := w.Create(t.Context(), o); !errors.Is(err, fault.OpenTasksExceeded) {
			t.Fatalf("what is being changed was counted: %v", err)
		}
		pass(6 * time.Minute)
		w.fullPass()
		w.create(o)
		pass(6 * time.Minute)
		w.fullPass()
		if _, err := w.Create(t.Context(), o); !errors.Is(err, fault.OpenTasksExceeded) {
			t.Errorf("the open task is not counted: %v", err)
		}
	})
}

func TestRecordOfANewerFormatIsRefusedAndLeftAsItIs(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.queued(order())
		pass(time.Second)
		other := w.queued(order())
		rec, _ := w.record(ref)
		var fields map[string]any
		if err := json.Unmarshal(rec.Value, &fields); err != nil {
			t.Fatal(err)
		}
		fields["v"] = task.FormatVersion + 1
		fields["novelty"] = "unknown to this program"
		value, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		rec.Value = value
		if _, err := w.store.Put(t.Context(), rec); err != nil {
			t.Fatal(err)
		}
		_, getErr := w.Get(t.Context(), ref)
		_, processErr := w.Process(t.Context(), ref.Job())
		_, deleteErr := w.Delete(t.Context(), ref)
		pass(10 * time.Minute)
		_, sweepErr := w.Sweep(t.Context())
		_, passErr := w.FullPass(t.Context())
		for name, err := range map[string]error{"get": getErr, "process": processErr, "delete": deleteErr, "sweep": sweepErr, "full pass": passErr} {
			if !errors.Is(err, fault.InternalError) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if now, _ := w.record(ref); string(now.Value) != string(value) {
			t.Errorf("the record is %s", now.Value)
		}
		if got := w.queue.take(); len(got) == 0 || got[0].job.Task != other {
			t.Errorf("the record keeps others from their turn: pushed %v", got)
		}
		pass(47 * time.Hour)
		if _, err := w.FullPass(t.Context()); err == nil {
			t.Error("the full pass hides the record")
		}
		w.checkNothingLeft(other)
	})
}

func TestListPagesOverDaysAndStates(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var want []string
		for day := range 4 {
			for n := range 3 {
				o := order()
				ref := w.create(o)
				if day >= 3 && n < 2 {
					want = append(want, ref.ID)
				}
				if n == 2 {
					w.delete(ref)
				}
				other := o
				other.Application = "neighbour"
				w.create(other)
				pass(time.Second)
			}
			if day < 3 {
				pass(24 * time.Hour) // past the life of a task without a document
			}
		}
		ids := func(f task.Filter) []string {
			t.Helper()
			var ids []string
			for {
				list, err := w.List(t.Context(), app, f)
				if err != nil {
					t.Fatal(err)
				}
				for _, item := range list {
					ids = append(ids, item.Ref.ID)
					f.After = item.Ref.ID
				}
				if len(list) < f.Limit {
					return ids
				}
			}
		}
		for limit := 1; limit <= 5; limit++ {
			if diff := cmp.Diff(want, ids(task.Filter{Limit: limit})); diff != "" {
				t.Errorf("limit %d (-want +got):\n%s", limit, diff)
			}
			if got := ids(task.Filter{Limit: limit, State: task.Deleted}); len(got) != 4 || !slices.IsSorted(got) {
				t.Errorf("limit %d: deleted tasks over four days are %v", limit, got)
			}
		}
		if got := ids(task.Filter{Limit: 10, State: task.Completed}); got != nil {
			t.Errorf("completed: %v", got)
		}
		if _, err := w.List(t.Context(), app, task.Filter{Limit: 1, After: "../x"}); !errors.Is(err, fault.BadField) {
			t.Errorf("foreign cursor: %v", err)
		}
	})
}

func TestAncientCursorCostsNoMoreThanNone(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.create(order())
		calls := 0
		w.faulty.Before(func(storagetest.Op, string) error {
			calls++
			return nil
		})
		list, err := w.List(t.Context(), app, task.Filter{Limit: 5, After: "00000000-0001-7000-8000-000000000000"})
		if err != nil || len(list) != 1 || list[0].Ref != ref {
			t.Errorf("%v, %v", list, err)
		}
		if calls > 40 {
			t.Errorf("%d calls to storage", calls)
		}
	})
}

// Whoever asks what there is to be seen does not have all the days read on which there are only tombstones.
func TestListOfWhatCanBeSeenReadsNoDayOfTombstonesAlone(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		partitions := map[string]bool{}
		w.faulty.Before(func(_ storagetest.Op, subject string) error {
			partitions[subject] = true
			return nil
		})
		for f, most := range map[task.Filter]int{{Limit: 5}: 5, {Limit: 5, State: task.Completed}: 5, {Limit: 5, Gone: true}: 35, {Limit: 5, State: task.Deleted}: 35} {
			clear(partitions)
			if _, err := w.List(t.Context(), app, f); err != nil || len(partitions) > most || len(partitions) < most-1 {
				t.Errorf("%+v: %d days are read, %v", f, len(partitions), err)
			}
		}
	})
}

func TestETagChangesWithEachTransition(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		seen := map[string]string{}
		note := func(step, etag string) {
			t.Helper()
			if before, ok := seen[etag]; ok || etag == "" {
				t.Errorf("%s has the ETag %q of %q", step, etag, before)
			}
			seen[etag] = step
		}
		ref := w.create(order())
		note("submitted", w.get(ref).ETag())
		w.upload(ref, content)
		note("landed", w.landed(ref).ETag())
		w.crash(ref)
		note("in progress", w.get(ref).ETag())
		pass(time.Minute)
		w.mustProcess(ref, task.Done)
		note("completed", w.get(ref).ETag())
		note("deleted", w.delete(ref).ETag())
	})
}

func TestWaitReturnsOnChangeOrAtTheEnd(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.create(order())
		etag := w.get(ref).ETag()
		began := time.Now()
		time.AfterFunc(10*time.Second, func() {
			w.upload(ref, content)
			w.landed(ref)
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		got, err := w.Wait(ctx, ref, etag)
		if err != nil || got.State != task.Queued || time.Since(began) > 11*time.Second {
			t.Errorf("after %v: %+v, %v", time.Since(began), got, err)
		}
		if again, err := w.Wait(ctx, ref, etag); err != nil || again.ETag() != got.ETag() {
			t.Errorf("an old ETag: %+v, %v", again, err)
		}
		still, err := w.Wait(ctx, ref, got.ETag())
		if err != nil || still.ETag() != got.ETag() || time.Since(began) != time.Minute {
			t.Errorf("after %v: %+v, %v", time.Since(began), still, err)
		}
		time.AfterFunc(time.Second, func() { w.delete(ref) })
		if _, err := w.Wait(t.Context(), ref, got.ETag()); !errors.Is(err, fault.TaskErased) {
			t.Errorf("deleted while waiting: %v", err)
		}
	})
}
