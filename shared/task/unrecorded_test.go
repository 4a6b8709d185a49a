package task_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// sweeping is how long a sweep may be after what is due.
const sweeping = 5 * time.Minute

// alarm is when a document goes whatever its record says, counted from its upload, and from the end of its processing.
func alarm(p retention.Policy) (uploaded, processed time.Duration) {
	late := p.Alarm - p.Margin
	return p.Unprocessed + late, p.Processed + late
}

// failing makes every call of these kinds fail.
func (w *world) failing(kinds ...storagetest.Op) {
	w.faulty.Before(func(op storagetest.Op, _ string) error {
		for _, k := range kinds {
			if op == k {
				return fault.New(fault.StorageFull, "the disk is full")
			}
		}
		return nil
	})
}

// recordWrites and recordCalls are what fails when a disk is full, and when a database is damaged.
func recordWrites() []storagetest.Op {
	return []storagetest.Op{storagetest.PutRecord, storagetest.DeleteRecord, storagetest.SettleDue}
}

func recordCalls() []storagetest.Op {
	return append(recordWrites(), storagetest.GetRecord, storagetest.ListRecords, storagetest.ReadDue)
}

// runs are the two ways in which copies are found; each must do without the other.
func runs() map[string]func(*world) (task.Swept, error) {
	return map[string]func(*world) (task.Swept, error){
		"sweep":     func(w *world) (task.Swept, error) { return w.Sweep(w.Context()) },
		"full pass": func(w *world) (task.Swept, error) { return w.FullPass(w.Context()) },
	}
}

// runsFor lets time go by with runs that go on, whether they succeed or not.
func (w *world) runsFor(d time.Duration, run func(*world) (task.Swept, error)) {
	for range d / sweeping {
		pass(sweeping)
		_, _ = run(w) // its failure is what the test is about
	}
}

// eachRun runs a test for each combination of a fault and a run.
func eachRun[F any](t *testing.T, faults map[string]F, test func(t *testing.T, w *world, fault F, run func(*world) (task.Swept, error))) {
	t.Helper()
	for name, fault := range faults {
		for by, run := range runs() {
			t.Run(name+" by "+by, func(t *testing.T) {
				inWorld(t, func(t *testing.T, w *world) { test(t, w, fault, run) })
			})
		}
	}
}

// receipt returns the entry that proves an erasure.
func (w *world) receipt(ref task.Ref) string {
	w.Helper()
	t, err := w.Tombstone(w.Context(), ref)
	if err != nil {
		w.Fatalf("tombstone: %v", err)
	}
	receipt := t.Receipt()
	return receipt.Text()
}

func TestBytesGoByTheAlarmWhenNoRecordCanBeWritten(t *testing.T) {
	faults := map[string][]storagetest.Op{"writes": recordWrites(), "all calls": recordCalls()}
	eachRun(t, faults, func(t *testing.T, w *world, broken []storagetest.Op, run func(*world) (task.Swept, error)) {
		waiting, done := w.queued(task.Order{Application: app}), w.completed(order())
		locked := w.queued(order())
		byUpload, byEnd := alarm(w.Policy)
		w.failing(broken...)
		w.runsFor(byEnd-sweeping, run)
		if left := w.blobsOf(done); len(left) == 0 {
			t.Error("the results went before their alarm")
		}
		w.runsFor(2*sweeping, run)
		if left := w.blobsOf(done); len(left) > 0 {
			t.Errorf("after processing and the alarm there is %v", left)
		}
		if left := w.blobsOf(waiting); len(left) == 0 {
			t.Error("the document went before its alarm")
		}
		w.runsFor(byUpload-byEnd, run)
		if left := w.names(); len(left) > 0 {
			t.Errorf("after upload and the alarm there is %v", left)
		}

		pass(100 * time.Hour)
		w.faulty.Heal()
		w.sweep()
		for _, ref := range []task.Ref{waiting, done} {
			w.checkNothingLeft(ref)
			if text := w.receipt(ref); strings.Contains(text, "missed") {
				t.Errorf("the receipt does not say when the bytes went:\n%s", text)
			}
		}
		if text := w.receipt(locked); !strings.Contains(text, "missed") {
			t.Errorf("the receipt hides that the password stayed in the record:\n%s", text)
		}
	})
}

func TestUnreadableRecordKeepsItsDocumentToTheAlarmAndNoLonger(t *testing.T) {
	faults := map[string]func([]byte) []byte{
		"damaged":                    func(v []byte) []byte { return v[:len(v)/2] },
		"written by a newer program": func(v []byte) []byte { return bytes.Replace(v, []byte(`"v":1`), []byte(`"v":1000`), 1) },
	}
	eachRun(t, faults, func(t *testing.T, w *world, spoil func([]byte) []byte, run func(*world) (task.Swept, error)) {
		waiting, done, healthy := w.queued(order()), w.completed(order()), w.completed(order())
		byUpload, byEnd := alarm(w.Policy)
		for _, ref := range []task.Ref{waiting, done} {
			rec, _ := w.record(ref)
			rec.Value = spoil(rec.Value)
			if _, err := w.store.Put(t.Context(), rec); err != nil {
				t.Fatal(err)
			}
		}
		w.runsFor(byEnd-sweeping, run)
		if len(w.blobsOf(done)) == 0 || len(w.blobsOf(waiting)) == 0 {
			t.Error("copies went before their alarm")
		}
		if left := w.blobsOf(healthy); len(left) > 0 {
			t.Errorf("the healthy task waits for the others: %v", left)
		}
		w.runsFor(2*sweeping, run)
		if left := w.blobsOf(done); len(left) > 0 {
			t.Errorf("after processing and the alarm there is %v", left)
		}
		w.runsFor(byUpload-byEnd, run)
		if left := w.names(); len(left) > 0 {
			t.Errorf("after upload and the alarm there is %v", left)
		}
		if !strings.Contains(w.pending(), string(retention.Unreadable)) {
			t.Error("the ledger is not told")
		}
	})
}

// pending is what waits for its place in the ledger.
func (w *world) pending() string {
	w.Helper()
	var all strings.Builder
	for _, r := range w.records(storage.Pending) {
		all.Write(r.Value)
	}
	return all.String()
}

func TestDeleteErasesBytesWhenItsTombstoneCannotBeWritten(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.completed(order())
		w.failing(recordWrites()...)
		if _, err := w.Delete(t.Context(), ref); !errors.Is(err, fault.StorageFull) {
			t.Errorf("a delete that could not be written down: %v", err)
		}
		if left := w.blobsOf(ref); len(left) > 0 {
			t.Errorf("there is %v", left)
		}
		w.faulty.Heal()
		if _, err := w.Delete(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		w.checkNothingLeft(ref)
	})
}

// What the bytes gave back may be just what the tombstone needs.
func TestDeleteSucceedsInTheRoomThatTheBytesGiveBack(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.completed(order())
		w.faulty.Before(func(op storagetest.Op, _ string) error {
			if op == storagetest.PutRecord && len(w.blobsOf(ref)) > 0 {
				return fault.New(fault.StorageFull, "the disk is full")
			}
			return nil
		})
		if _, err := w.Delete(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		w.checkNothingLeft(ref)
		w.faulty.Heal()
	})
}

func TestDeleteOfAnUnreadableRecordErasesNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.completed(order())
		w.failing(recordCalls()...)
		if _, err := w.Delete(t.Context(), ref); err == nil {
			t.Error("deleted without a look at its record")
		}
		if len(w.blobsOf(ref)) == 0 {
			t.Error("the copies went")
		}
		w.faulty.Heal()
	})
}

func TestOrphansGoByTheAlarmWhenTheLedgerTakesNothingAndItIsToldOfEach(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		const orphans = 3
		for range orphans {
			ref := w.create(order())
			w.upload(ref, content)
			if err := w.store.Delete(t.Context(), storage.Key{Table: storage.Tasks, Partition: app + "!" + time.Now().UTC().Format("20060102"), Row: ref.ID}, ""); err != nil {
				t.Fatal(err)
			}
		}
		byUpload, _ := alarm(w.Policy)
		w.failing(recordWrites()...)
		w.runsFor(byUpload-sweeping, runs()["full pass"])
		if len(w.names()) != orphans {
			t.Error("an orphan went without an entry before its alarm")
		}
		w.runsFor(2*sweeping, runs()["full pass"])
		if left := w.names(); len(left) > 0 {
			t.Errorf("there is %v", left)
		}
		w.faulty.Heal()
		w.sweep()
		if told := strings.Count(w.pending(), "reason "+string(retention.NoRecord)); told != orphans {
			t.Errorf("the ledger is told of %d orphans out of %d: %s", told, orphans, w.pending())
		}
	})
}

// Nothing of such a document stands in its record: only what storage says tells how old it is.
func TestADocumentThatCannotBeTakenInIsErasedAllTheSame(t *testing.T) {
	for name, run := range map[string]func(*world) (task.Swept, error){
		"sweep":     func(w *world) (task.Swept, error) { return w.Sweep(w.Context()) },
		"full pass": func(w *world) (task.Swept, error) { return w.FullPass(w.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				ref := w.create(order())
				w.upload(ref, content) // and the event was lost
				w.faulty.Before(func(op storagetest.Op, _ string) error {
					if op == storagetest.PutRecord || op == storagetest.PutBlob {
						return fault.New(fault.StorageFull, "full")
					}
					return nil
				})
				pass(47 * time.Hour)
				if _, err := run(w); err == nil || len(w.blobsOf(ref)) != 1 {
					t.Errorf("before its alarm: %v, %v", w.blobsOf(ref), err)
				}
				pass(30 * time.Minute)
				if done, err := run(w); err == nil || done.Overdue != 1 || len(w.blobsOf(ref)) != 0 {
					t.Errorf("past its alarm: %v, %+v, %v", w.blobsOf(ref), done, err)
				}
				w.faulty.Heal()
				w.sweep()
				w.fullPass()
				w.checkNothingLeft(ref)
				w.checkNothingFetchable(ref)
			})
		})
	}
}
