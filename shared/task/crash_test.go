package task_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// outage is how the n-th write of a step goes wrong.
type outage struct {
	after bool // the write has its effect all the same
	lasts bool // and so does every later one: the process has died
	n     int
}

func (o outage) String() string {
	return fmt.Sprintf("write %d, after %t, lasts %t", o.n, o.after, o.lasts)
}

// strike makes the store fail. The function returned heals it and reports whether the n-th write was reached.
func (w *world) strike(o outage) func() bool {
	var writes atomic.Int64
	var dead atomic.Bool
	hook := func(op storagetest.Op, _ string) error {
		if !op.Writes() || writes.Add(1) != int64(o.n) {
			return nil
		}
		dead.Store(o.lasts)
		return fault.New(fault.StorageUnavailable, "away")
	}
	all := func(op storagetest.Op, key string) error {
		if dead.Load() {
			return fault.New(fault.StorageUnavailable, "the process is dead")
		}
		if o.after {
			return nil
		}
		return hook(op, key)
	}
	w.faulty.Before(all)
	if o.after {
		w.faulty.After(hook)
	}
	return func() bool {
		w.faulty.Heal()
		return writes.Load() >= int64(o.n)
	}
}

// drain does the work that was queued.
func (w *world) drain() {
	w.Helper()
	for _, p := range w.queue.take() {
		pass(p.delay)
		if _, err := w.Process(w.Context(), p.job); err != nil {
			w.Errorf("process: %v", err)
		}
	}
}

// recover lets the service repair itself for two hours. No client and no event helps.
func (w *world) recover() {
	w.Helper()
	w.fullPass()
	if _, err := w.Rescan(w.Context()); err != nil {
		w.Errorf("rescan: %v", err)
	}
	for range 24 {
		w.drain()
		pass(5 * time.Minute)
		w.sweep()
	}
	w.drain()
	w.fullPass()
}

// checkSettled asserts that every task has ended and that storage holds its results once, or nothing.
func (w *world) checkSettled() {
	w.Helper()
	for _, rec := range w.records(storage.Tasks) {
		ref, err := task.ParseRef(app, rec.Row)
		if err != nil {
			w.Fatalf("%v", err)
		}
		t, err := w.look(ref)
		if err != nil {
			w.Errorf("load: %v", err)
			continue
		}
		var want []string
		switch t.State {
		case task.Completed:
			mark := ""
			if t.Round > 1 {
				mark = fmt.Sprint(t.Round, "_")
			}
			folder := strings.TrimSuffix(ref.ResultName(""), "/")
			want = []string{folder + "/" + mark + "json", folder + "/" + mark + "txt"}
			if t.Upload == task.UntilDeadline {
				for n := range t.FileCount() {
					want = append([]string{strings.TrimSuffix(ref.UploadName(), "1") + fmt.Sprint(t.FileCount()-n)}, want...)
				}
			}
			slices.Sort(want)
		case task.Submitted, task.Queued, task.InProgress:
			w.Errorf("a task is still %s", t.State)
		case task.Deleted:
			w.checkNothingLeft(ref)
		case task.ProcessingFailed:
		}
		got := w.blobsOf(ref)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			w.Errorf("blobs of a %s task (-want +got):\n%s", t.State, diff)
		}
	}
}

// steps are the stages that an outage strikes. before leads up to the step, which gets what before returned.
type step struct {
	name   string
	before func(w *world) task.Ref
	do     func(w *world, ref task.Ref) error
	after  func(w *world, ref task.Ref, err error) // what a client does when storage is back
}

func clientOrder() task.Order {
	o := order()
	o.IdempotencyKey = "key"
	o.Settings.Formats = []render.Format{render.TXT, render.JSON}
	o.Caps.OpenTasks = 1
	return o
}

// heldOrder is that of a task that takes pictures and keeps them.
func heldOrder() task.Order {
	o := clientOrder()
	o.KeepUpload, o.Password = true, ""
	return o
}

// startOrder is what is wanted of its pictures.
func startOrder() task.Order {
	return task.Order{Settings: clientOrder().Settings, Caps: clientOrder().Caps}
}

func steps() []step {
	stay := func(*world, task.Ref, error) {}
	deleted := func(w *world, ref task.Ref, err error) {
		if err == nil {
			w.checkNothingFetchable(ref)
		}
	}
	remove := func(w *world, ref task.Ref) error {
		_, err := w.Delete(w.Context(), ref)
		return err
	}
	sweep := func(w *world, _ task.Ref) error {
		_, err := w.Sweep(w.Context())
		return err
	}
	start := func(w *world, ref task.Ref) error {
		_, err := w.Start(w.Context(), ref, startOrder())
		return err
	}
	started := func(w *world, ref task.Ref, _ error) {
		w.recover()
		if got := w.get(ref); got.State == task.Submitted { // the client was told of a failure
			w.start(ref, startOrder())
			w.recover()
		}
		w.state(ref, task.Completed)
	}
	queued := func(w *world) task.Ref { return w.queued(clientOrder()) }
	completed := func(w *world) task.Ref { return w.completed(clientOrder()) }
	return append([]step{
		{"create", func(*world) task.Ref { return task.Ref{} }, func(w *world, _ task.Ref) error {
			_, err := w.Create(w.Context(), clientOrder())
			return err
		}, func(w *world, _ task.Ref, _ error) {
			pass(6 * time.Minute)
			w.fullPass() // a count that the crash left would refuse the client
			ref := w.create(clientOrder())
			w.upload(ref, content)
			w.landed(ref)
			w.recover()
			w.state(ref, task.Completed)
		}},
		{"landed", func(w *world) task.Ref {
			ref := w.create(clientOrder())
			w.upload(ref, content)
			return ref
		}, func(w *world, ref task.Ref) error {
			_, err := w.Landed(w.Context(), ref.UploadName())
			return err
		}, func(w *world, ref task.Ref, _ error) {
			w.recover()
			w.state(ref, task.Completed)
		}},
		{"landed empty", func(w *world) task.Ref {
			ref := w.create(clientOrder())
			w.upload(ref, "")
			return ref
		}, func(w *world, ref task.Ref) error {
			_, err := w.Landed(w.Context(), ref.UploadName())
			return err
		}, func(w *world, ref task.Ref, _ error) {
			w.recover()
			w.failed(ref, fault.DocumentEmpty)
		}},
		{"process", queued, func(w *world, ref task.Ref) error {
			_, err := w.Process(w.Context(), ref.Job())
			return err
		}, func(w *world, ref task.Ref, _ error) {
			w.recover()
			w.state(ref, task.Completed)
		}},
		{"process to failure", func(w *world) task.Ref {
			w.engine.always = map[int]error{1: damaged(), 2: damaged(), 3: damaged()}
			return queued(w)
		}, func(w *world, ref task.Ref) error {
			_, err := w.Process(w.Context(), ref.Job())
			return err
		}, func(w *world, ref task.Ref, _ error) {
			w.recover()
			w.failed(ref, fault.PageDamaged)
		}},
		{"add picture", func(w *world) task.Ref { return w.holding(heldOrder(), 1) }, func(w *world, ref task.Ref) error {
			_, err := w.AddPicture(w.Context(), ref, task.Picture{}, picture(content))
			return err
		}, func(w *world, ref task.Ref, err error) {
			pass(21 * time.Minute)
			w.recover()
			files := w.state(ref, task.Submitted).FileCount()
			if pictures := len(w.pictures(ref)); pictures != files || err == nil && files != 2 {
				w.Errorf("%d pictures in the record, %d in the store, after %v", files, pictures, err)
			}
			w.start(ref, startOrder())
		}},
		{"hold", func(*world) task.Ref { return task.Ref{} }, func(w *world, _ task.Ref) error {
			_, err := w.Hold(w.Context(), heldOrder(), picture(content))
			return err
		}, func(w *world, _ task.Ref, err error) {
			pass(21 * time.Minute)
			w.recover()
			for _, rec := range w.records(storage.Tasks) { // the client does not know it if it was not told
				if ref, refErr := task.ParseRef(app, rec.Row); refErr == nil {
					if got, lookErr := w.look(ref); lookErr == nil && got.State == task.Submitted {
						w.delete(ref)
					} else if err == nil {
						w.Errorf("the task is not held: %v", lookErr)
					}
				}
			}
		}},
		{"start", func(w *world) task.Ref { return w.holding(heldOrder(), 2) }, start, started},
		{"start again", func(w *world) task.Ref {
			ref := w.holding(heldOrder(), 2)
			w.start(ref, startOrder())
			w.drain()
			return ref
		}, start, started},
		{"process again", func(w *world) task.Ref {
			ref := w.holding(heldOrder(), 2)
			for range 2 {
				w.drain()
				w.start(ref, startOrder())
			}
			w.queue.take()
			return ref
		}, func(w *world, ref task.Ref) error {
			_, err := w.Process(w.Context(), ref.Job())
			return err
		}, func(w *world, ref task.Ref, _ error) {
			w.recover()
			w.state(ref, task.Completed)
		}},
		{"delete queued", queued, remove, deleted},
		{"delete completed", completed, remove, deleted},
		{"sweep completed", func(w *world) task.Ref {
			ref := completed(w)
			pass(23 * time.Hour)
			return ref
		}, sweep, deleted},
		{"sweep lost upload", func(w *world) task.Ref {
			ref := w.create(clientOrder())
			w.upload(ref, content)
			pass(20 * time.Minute)
			return ref
		}, sweep, stay},
		{"sweep tombstone", func(w *world) task.Ref {
			ref := completed(w)
			w.delete(ref)
			pass(31 * 24 * time.Hour)
			return ref
		}, sweep, stay},
	}, partSteps(remove, deleted, sweep)...)
}

func TestNoLostWriteLeavesATaskInLimbo(t *testing.T) {
	for _, s := range steps() {
		for _, o := range []outage{{}, {lasts: true}, {after: true}, {after: true, lasts: true}} {
			t.Run(fmt.Sprintf("%s/after=%t,lasts=%t", s.name, o.after, o.lasts), func(t *testing.T) {
				for o.n = 1; ; o.n++ {
					reached := false
					inWorld(t, func(t *testing.T, w *world) { reached = s.survive(t, w, o) })
					if t.Failed() {
						t.Fatalf("%s", o)
					}
					if !reached {
						break
					}
				}
				if o.n == 1 {
					t.Error("the step writes nothing")
				}
			})
		}
	}
}

// survive runs the step under an outage and everything that must follow. It reports whether the outage struck.
func (s step) survive(t *testing.T, w *world, o outage) bool {
	t.Helper()
	ref := s.before(w)
	heal := w.strike(o)
	err := s.do(w, ref)
	reached := heal()
	if err != nil && !reached {
		t.Fatalf("the healthy step: %v", err)
	}
	if err != nil && !errors.Is(err, fault.Unavailable) {
		t.Errorf("the step: %v", err)
	}
	s.after(w, ref, err)
	w.recover()
	w.checkSettled()
	for range 2 * 24 * 6 {
		pass(10 * time.Minute)
		w.sweep()
		w.drain()
	}
	w.fullPass()
	if left := w.names(); len(left) != 0 {
		t.Errorf("blobs left after the clocks: %v", left)
	}
	pass(32 * 24 * time.Hour)
	w.sweep()
	w.fullPass()
	w.sweep()
	w.checkQuiet()
	return reached
}
