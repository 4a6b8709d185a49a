package task_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

func TestMeasurementTellsOldestCopyLastSweepAndWhatIsNext(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		empty, err := w.Measure(t.Context())
		if err != nil || !empty.Oldest.IsZero() || !empty.LastSweep.IsZero() || len(empty.Next) != 0 {
			t.Errorf("an empty store: %+v, %v", empty, err)
		}
		began := time.Now()
		w.queued(order())
		pass(time.Hour)
		w.completed(order())
		w.sweep()
		swept := time.Now()
		pass(time.Minute)
		got, err := w.Measure(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !got.Oldest.Equal(began) || !got.LastSweep.Equal(swept) || got.Last.Requeued != 1 || len(got.Next) == 0 {
			t.Errorf("measured: %+v", got)
		}
	})
}

func TestEngineThatStartsAsksForPatience(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.starting = true
		_, err := w.Create(t.Context(), order())
		if f, ok := errors.AsType[*fault.Error](err); !ok || f.Code != fault.EngineUnavailable || f.After == 0 {
			t.Errorf("create: %v", err)
		}
	})
}

func TestLinkThatCannotBeSignedLeavesNoOpenTask(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.links.err = fault.New(fault.StorageUnavailable, "away")
		o := order()
		o.Caps.OpenTasks = 1
		if _, err := w.Create(t.Context(), o); !errors.Is(err, fault.StorageUnavailable) {
			t.Fatalf("create: %v", err)
		}
		w.links.err = nil
		w.create(o)
	})
}

func TestKeptPageThatIsDamagedOrNewerIsReadAnew(t *testing.T) {
	for _, text := range []string{"{", `{"v":2,"number":2}`} {
		inWorld(t, func(t *testing.T, w *world) {
			w.engine.errs = map[int][]error{3: {away(), away(), away(), away()}}
			ref := w.queued(order())
			w.mustProcess(ref, task.Retried)
			for _, name := range w.blobsOf(ref) {
				if strings.HasPrefix(name, storage.Work) && strings.HasSuffix(name, "/2") {
					if _, err := w.blobs.Put(t.Context(), name, "application/json", strings.NewReader(text)); err != nil {
						t.Fatal(err)
					}
				}
			}
			w.mustProcess(ref, task.Done)
			if diff := cmp.Diff(map[int]int{1: 1, 2: 2, 3: 1}, w.engine.reads()); diff != "" {
				t.Errorf("%s: pages read (-want +got):\n%s", text, diff)
			}
			if n := strings.Count(w.text(ref), word); n != 3 {
				t.Errorf("%s: %d pages have text", text, n)
			}
		})
	}
}

func TestOneFailingEntryKeepsNoOtherFromTheSweep(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		first, second := w.completed(order()), w.completed(order())
		pass(23 * time.Hour)
		w.faulty.Before(func(op storagetest.Op, key string) error {
			if op == storagetest.DeleteBlob && strings.Contains(key, first.ID) {
				return fault.New(fault.StorageUnavailable, "away")
			}
			return nil
		})
		done, err := w.Sweep(t.Context())
		if err == nil || done.Failed != 1 || done.Erased != 1 {
			t.Errorf("sweep: %+v, %v", done, err)
		}
		w.checkNothingLeft(second)
		w.checkNothingFetchable(first)
	})
}

// A sweep reads the index of what is due, not a list of everything alive.
func TestSweepAsksForWhatIsDueHoweverMuchIsAlive(t *testing.T) {
	requests := map[int]int{}
	for _, alive := range []int{1, 40} {
		inWorld(t, func(t *testing.T, w *world) {
			w.completed(order())
			pass(22 * time.Hour)
			for range alive {
				w.completed(order())
			}
			pass(time.Hour)
			w.faulty.Before(func(storagetest.Op, string) error {
				requests[alive]++
				return nil
			})
			if done, err := w.Sweep(t.Context()); err != nil || done.Erased != 1 {
				t.Errorf("%d alive: %+v, %v", alive, done, err)
			}
		})
	}
	if requests[1] == 0 || requests[40] != requests[1] {
		t.Errorf("requests for each number alive: %v", requests)
	}
}

func TestDeleteUnderALiveSweepOfAnotherProcessIsOneErasure(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.completed(order())
		pass(23 * time.Hour)
		w.faulty.Before(func(op storagetest.Op, key string) error {
			if op == storagetest.PutRecord && strings.HasSuffix(key, ref.ID) {
				w.faulty.Heal()
				if _, err := w.process("second").Sweep(t.Context()); err != nil {
					t.Error(err)
				}
			}
			return nil
		})
		w.delete(ref)
		w.checkNothingLeft(ref)
	})
}

func FuzzParseName(f *testing.F) {
	f.Add("uploads/2000010110/archive/00dc6acf-ac00-7000-8000-000000000000/1")
	f.Add("results/2000010110/a/00dc6acf-ac00-7000-8000-000000000000/txt")
	f.Add("uploads/../a/b/c")
	f.Add("")
	f.Fuzz(func(t *testing.T, name string) {
		container, ref, leaf, err := task.ParseName(name)
		if err != nil {
			return
		}
		again, err := task.ParseRef(ref.Application, ref.ID)
		if err != nil || again != ref {
			t.Errorf("%q names the task %v: %v", name, ref, err)
		}
		hour := ref.Created().Format("2006010215")
		if want := strings.Join([]string{container, hour, ref.Application, ref.ID, leaf}, "/"); want != name {
			t.Errorf("%q reads as %q", name, want)
		}
		if strings.Contains(leaf, "/") || leaf == "" {
			t.Errorf("leaf %q", leaf)
		}
	})
}
