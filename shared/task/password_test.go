package task_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

func TestSealedPasswordOpensTheDocumentAndIsInNoRecord(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		o := order()
		o.IdempotencyKey = "key"
		ref := w.create(o)
		if again := w.create(o); again != ref {
			t.Errorf("the same password is taken for another one")
		}
		o.Password = "another password"
		if _, err := w.Create(t.Context(), o); !errors.Is(err, fault.IdempotencyReuse) {
			t.Errorf("another password: %v", err)
		}
		w.upload(ref, content)
		w.landed(ref)
		if rec, _ := w.record(ref); strings.Contains(string(rec.Value), password) || !strings.Contains(string(rec.Value), `"sealed":`) {
			t.Errorf("the record is %s", rec.Value)
		}
		w.mustProcess(ref, task.Done)
		if w.engine.password != password {
			t.Errorf("the document was opened with %q", w.engine.password)
		}
		if rec, _ := w.record(ref); strings.Contains(string(rec.Value), `"sealed":`) {
			t.Errorf("the record still holds it: %s", rec.Value)
		}
	})
}

func TestWithoutAKeyNoPasswordIsTaken(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.Sealer = sealer(t)
		if _, err := w.Create(t.Context(), order()); !errors.Is(err, fault.IntakeClosed) {
			t.Errorf("an order with a password: %v", err)
		}
		o := order()
		o.Password = ""
		w.create(o)
	})
}

// An earlier program stored passwords in the clear on some clouds, and sealed them without naming the key on a machine.
func TestPasswordsThatAnEarlierProgramStoredOpenTheDocument(t *testing.T) {
	for name, change := range map[string]func(map[string]any){
		"in the clear": func(fields map[string]any) {
			delete(fields, "sealed")
			delete(fields, "sealed_by")
			fields["password"] = password
		},
		"sealed by a key without a name": func(fields map[string]any) { delete(fields, "sealed_by") },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				ref := w.queued(order())
				w.rewrite(ref, change)
				w.mustProcess(ref, task.Done)
				if w.engine.password != password {
					t.Errorf("the document was opened with %q", w.engine.password)
				}
			})
		})
	}
}

// After a change of key, passwords open with the earlier one until a sweep has sealed them again. Then nothing needs it.
func TestWaitingPasswordsAreSealedAgainWhenTheKeyIsReplaced(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		o := order()
		o.Application = app
		sealed, named, plain := w.queued(o), w.create(o), w.queued(o)
		w.rewrite(sealed, func(fields map[string]any) { delete(fields, "sealed_by") })
		w.rewrite(plain, func(fields map[string]any) {
			delete(fields, "sealed")
			delete(fields, "sealed_by")
			fields["password"] = password
		})
		w.Sealer = sealer(t, 1, 2)
		w.faulty.Before(func(op storagetest.Op, name string) error {
			if op.Writes() && strings.Contains(name, named.ID) {
				return fault.New(fault.StorageUnavailable, "the write is lost")
			}
			return nil
		})
		if done, err := w.Sweep(t.Context()); err == nil || done.Stale != 1 {
			t.Errorf("a sweep that could not seal one of them counts %d: %v", done.Stale, err)
		}
		w.faulty.Heal()
		if done, err := w.Sweep(t.Context()); err != nil || done.Stale != 0 {
			t.Errorf("the sweep after it counts %d: %v", done.Stale, err)
		}
		w.Sealer = sealer(t, 2) // the earlier key is gone
		w.upload(named, content)
		w.landed(named)
		for _, ref := range []task.Ref{sealed, named, plain} {
			if rec, _ := w.record(ref); strings.Contains(string(rec.Value), password) {
				t.Errorf("a password is in the clear: %s", rec.Value)
			}
			w.engine.password = ""
			w.mustProcess(ref, task.Done)
			if w.engine.password != password {
				t.Errorf("the document was opened with %q", w.engine.password)
			}
		}
	})
}

// A password that no key opens keeps the earlier key from nothing: its document fails and says why.
func TestWhatNoKeyOpensIsNotWaitedFor(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.queued(order())
		w.Sealer = sealer(t, 3, 2)
		if done, err := w.Sweep(t.Context()); err != nil || done.Stale != 0 {
			t.Errorf("the sweep counts %d: %v", done.Stale, err)
		}
		w.mustProcess(ref, task.Done)
		if w.engine.password != "" {
			t.Errorf("the document was opened with %q", w.engine.password)
		}
	})
}

// rewrite changes the stored record of a task as another program might have written it.
func (w *world) rewrite(ref task.Ref, change func(fields map[string]any)) {
	w.Helper()
	rec, _ := w.record(ref)
	var fields map[string]any
	err := json.Unmarshal(rec.Value, &fields)
	if err == nil {
		change(fields)
		rec.Value, err = json.Marshal(fields)
	}
	if err == nil {
		_, err = w.store.Put(w.Context(), rec)
	}
	if err != nil {
		w.Fatalf("rewrite the record: %v", err)
	}
}
