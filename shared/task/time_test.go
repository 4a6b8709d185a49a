package task_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// kept is an anchor in memory.
type kept struct{ anchor clock.Anchor }

func (k *kept) Load() (clock.Anchor, error) { return k.anchor, nil }

func (k *kept) Update(change func(clock.Anchor) (clock.Anchor, error)) (err error) {
	k.anchor, err = change(k.anchor)
	return err
}

// timed makes the world's service, and its store, tell time by this clock.
func (w *world) timed(c *clock.Clock) {
	w.store = memory.New(c.Now)
	w.blobs = w.store.Blobs()
	w.faulty = storagetest.NewFaulty(storagetest.Stores{Blobs: w.blobs, Records: w.store, Agenda: w.store})
	cfg := w.process("first").Config
	cfg.Now, cfg.Horizon = c.Now, c.Horizon
	w.Service = task.New(cfg)
}

// later is the service of a process that has another idea of time than the store.
func (w *world) later(now, horizon func() time.Time) *task.Service {
	cfg := w.Config
	cfg.Owner, cfg.Now, cfg.Horizon = "later", now, horizon
	return task.New(cfg)
}

// At its first start the wall clock was ten days ahead. Somebody corrects it, and later accepts that.
func TestAWallClockThatIsCorrectedChangesNoAge(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		booted, wrong := time.Now(), 240*time.Hour
		source := func() clock.Reading {
			return clock.Reading{Wall: time.Now().Add(wrong), Boot: time.Since(booted) + time.Hour, BootID: "boot"}
		}
		anchor := &kept{}
		open := func() *clock.Clock {
			return clock.Open(context.Background(), anchor, source, slog.New(slog.DiscardHandler))
		}
		now := open()
		now.Renew(t.Context())
		w.timed(now)
		began := time.Now()
		ref, waits := w.completed(order()), w.queued(order())

		wrong = 0
		now.Renew(t.Context())
		pass(5 * time.Hour)
		if m, err := w.Measure(t.Context()); err != nil || m.OldestAge() != 5*time.Hour {
			t.Errorf("the oldest document is %s old, %v", m.OldestAge(), err)
		}
		w.sweep()
		w.fullPass()
		w.get(ref)
		w.get(waits)

		if _, err := open().Accept(func(clock.Correction) error { return nil }); err != nil {
			t.Fatal(err)
		}
		now.Renew(t.Context())
		now = open() // a restart
		again := w.later(now.Now, now.Horizon)
		for _, step := range []struct {
			ref   task.Ref
			lives time.Duration
		}{{ref, 23 * time.Hour}, {waits, 47 * time.Hour}} {
			pass(time.Until(began.Add(step.lives - time.Second)))
			if _, err := again.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := again.Get(t.Context(), step.ref); err != nil {
				t.Errorf("a second before its clock: %v", err)
			}
			pass(time.Second)
			if _, err := again.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.checkNothingLeft(step.ref)
			gone, err := again.Tombstone(t.Context(), step.ref)
			if err != nil {
				t.Fatal(err)
			}
			receipt := gone.Receipt()
			if age := receipt.At.Sub(receipt.Time(ledger.FieldUploaded)); age != step.lives || receipt.Value(ledger.FieldUnprocessed) != "kept" {
				t.Errorf("the receipt says %s and %q, it lived %s", age, receipt.Value(ledger.FieldUnprocessed), step.lives)
			}
		}
	})
}

func TestWhatElapsedTimeCannotDateGoesNowAndTheReceiptSaysSo(t *testing.T) {
	for name, spoil := range map[string]func(began time.Time) (now, horizon func() time.Time){
		"the clock was lost and is ten days behind": func(time.Time) (now, horizon func() time.Time) {
			return func() time.Time { return time.Now().Add(-240 * time.Hour) }, nil
		},
		"time went by that nobody measured": func(began time.Time) (now, horizon func() time.Time) {
			return time.Now, func() time.Time { return began.Add(time.Hour) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				began := time.Now()
				all := map[string]task.Ref{"ended": w.completed(order()), "waiting": w.queued(order()), "without a document": w.create(order())}
				landed := w.create(order())
				w.upload(landed, content) // and nobody was told
				all["unseen"] = landed
				deleted := w.completed(order())
				if tomb, err := w.Delete(t.Context(), deleted); err != nil || tomb.Erased.IsZero() {
					t.Fatalf("%+v, %v", tomb, err)
				}
				pass(2 * time.Hour)
				s := w.later(spoil(began))
				for state, ref := range all {
					if _, err := s.Get(t.Context(), ref); fault.KindOf(err) != fault.Gone {
						t.Errorf("%s: before it is erased it answers %v", state, err)
					}
				}
				if m, err := s.Measure(t.Context()); err != nil || m.OldestAge() < 0 {
					t.Errorf("the oldest document is %s old, %v", m.OldestAge(), err)
				}
				if _, err := s.FullPass(t.Context()); err != nil {
					t.Fatal(err)
				}
				for state, ref := range all {
					w.checkNothingLeft(ref)
					gone, err := s.Tombstone(t.Context(), ref)
					if err != nil {
						t.Fatalf("%s: %v", state, err)
					}
					receipt := gone.Receipt()
					if gone.Reason != retention.Undatable || receipt.Value(ledger.FieldReason) != "undatable" {
						t.Errorf("%s: erased as %q", state, gone.Reason)
					}
					if state == "ended" && (receipt.Value(ledger.FieldProcessed) != "unknown" || receipt.Value(ledger.FieldUnprocessed) != "unknown") {
						t.Errorf("the receipt claims %+v", receipt.Fields)
					}
				}
				if left := w.copies(); len(left) > 0 {
					t.Errorf("copies are left: %v", left)
				}
			})
		})
	}
}

// A worker of a task that was deleted cannot hold it from the future.
func TestALeaseFromTheFutureHoldsNoErasure(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref, gate, done := w.queued(order()), w.engine.block(), make(chan error)
		go func() {
			_, err := w.Process(t.Context(), ref.Job())
			done <- err
		}()
		<-gate.reached
		s := w.later(func() time.Time { return time.Now().Add(-240 * time.Hour) }, nil)
		if gone, err := s.Delete(t.Context(), ref); err != nil || gone.Erased.IsZero() {
			t.Errorf("the delete waits for a worker of another time: %+v, %v", gone, err)
		}
		close(gate.open)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestAFailingSweepCountsTrueAndCallsForAnOperatorOnlyWhenItLasts(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		first, second := w.completed(order()), w.completed(order())
		pass(23 * time.Hour)
		w.faulty.Before(func(op storagetest.Op, key string) error {
			if op == storagetest.DeleteBlob && strings.Contains(key, first.ID) {
				return fault.New(fault.StorageUnavailable, "in use")
			}
			return nil
		})
		told := func(level string) int {
			return strings.Count(w.log.String(), `"level":"`+level+`","msg":"sweep.failed"`)
		}
		for n, run := range []func(context.Context) (task.Swept, error){w.Sweep, w.FullPass} {
			done, err := run(t.Context())
			if err == nil || done.Failed != 1 || told("WARN") != n+1 || told("ERROR") != 0 {
				t.Errorf("run %d: %+v, %v, %d warnings, %d errors", n, done, err, told("WARN"), told("ERROR"))
			}
			if n == 0 && done.Erased != 1 {
				t.Errorf("erased %d", done.Erased)
			}
		}
		w.checkNothingLeft(second)
		pass(10 * time.Minute)
		_, _ = w.Sweep(t.Context())
		if told("ERROR") != 1 {
			t.Errorf("after ten minutes %d errors", told("ERROR"))
		}
		w.faulty.Heal()
		pass(time.Minute)
		if done := w.sweep(); done.Failed != 0 || done.Erased != 1 {
			t.Errorf("healed: %+v", done)
		}
		if n := strings.Count(w.log.String(), "sweep.failed"); n != 3 {
			t.Errorf("three runs failed, %d are told", n)
		}
	})
}
