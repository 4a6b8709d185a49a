package task_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// told keeps what is published, by task. The same notice comes as often as it likes.
type told struct {
	notices map[task.Ref][]task.Notice
	err     error
}

func (p *told) Publish(_ context.Context, ref task.Ref, notices []task.Notice) error {
	if p.err != nil {
		return p.err
	}
	for _, n := range notices {
		if !slices.Contains(p.notices[ref], n) {
			p.notices[ref] = append(p.notices[ref], n)
		}
	}
	return nil
}

// states lists what is told of a task in the order of its sequence, which has no gap.
func (w *world) states(p *told, ref task.Ref) (states []task.State) {
	w.Helper()
	for n, notice := range p.notices[ref] {
		if notice.Sequence != n+1 {
			w.Errorf("notice %d has the sequence %d", n+1, notice.Sequence)
		}
		states = append(states, notice.State)
	}
	return states
}

// telling lets the world tell what becomes of tasks.
func (w *world) telling() *told {
	p := &told{notices: map[task.Ref][]task.Notice{}}
	w.Notices = p
	return p
}

func TestWhatBecomesOfATaskIsTold(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		p := w.telling()
		ref := w.completed(order())
		first := p.notices[ref]
		if len(first) != 1 || first[0].State != task.Completed || !first[0].At.Equal(w.get(ref).Ended) || first[0].Until.Sub(first[0].At) != 24*time.Hour {
			t.Fatalf("%+v", first)
		}
		pass(time.Hour)
		w.delete(ref)
		gone := p.notices[ref]
		if got := w.states(p, ref); !slices.Equal(got, []task.State{task.Completed, task.Deleted}) || gone[1].Until.Sub(gone[1].At) != 24*time.Hour {
			t.Errorf("%+v", gone)
		}
		refused := w.create(order())
		w.upload(refused, "")
		w.landed(refused)
		if got := w.states(p, refused); !slices.Equal(got, []task.State{task.ProcessingFailed}) {
			t.Errorf("of a refused one: %v", got)
		}
		late := w.create(order())
		pass(26 * time.Hour)
		w.sweep()
		if got := w.states(p, late); !slices.Equal(got, []task.State{task.Deleted}) {
			t.Errorf("of one that never came: %v", got)
		}
		w.checkNothingLeft(ref)
	})
}

// A notice is told for a day, and no longer than the document may be kept.
func TestNoticeEndsWithTheDocumentsLimit(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		p := w.telling()
		ref := w.queued(order())
		uploaded := w.get(ref).Uploaded
		pass(30 * time.Hour)
		w.mustProcess(ref, task.Done)
		_, limit := w.get(ref).Deadline(w.Policy)
		if n := p.notices[ref]; len(n) != 1 || n[0].Until.After(limit) || n[0].Until.Sub(uploaded) > 48*time.Hour {
			t.Errorf("%+v, the limit is %s", n, limit)
		}
	})
}

// A process dies at any write, or what is told cannot be taken over: nothing of it is lost, and no deadline moves.
func TestNothingThatIsToldIsLost(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			reached := false
			inWorld(t, func(t *testing.T, w *world) {
				p := w.telling()
				ref := w.queued(order())
				heal := w.strike(outage{after: after, lasts: true, n: n})
				_, _ = w.Process(t.Context(), ref.Job())
				reached = heal()
				w.Service = w.process("second")
				w.Notices = p
				for range 4 {
					pass(11 * time.Minute)
					w.sweep()
					w.drain()
				}
				if got := w.states(p, ref); !slices.Equal(got, []task.State{task.Completed}) {
					t.Errorf("died at write %d, after %t: %v", n, after, got)
				}
				if left := w.get(ref).Notices; len(left) > 0 {
					t.Errorf("left in the record: %+v", left)
				}
			})
			if !reached || t.Failed() {
				break
			}
		}
	}
}

func TestNoticesThatCannotBeTakenOverWaitAndMoveNoDeadline(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		p := w.telling()
		p.err = fault.New(fault.StorageUnavailable, "away")
		ref := w.completed(order())
		due, limit := w.get(ref).Deadline(w.Policy)
		for range 60 {
			pass(20 * time.Minute)
			_, _ = w.Sweep(t.Context())
		}
		if nowDue, nowLimit := w.get(ref).Deadline(w.Policy); !nowDue.Equal(due) || !nowLimit.Equal(limit) {
			t.Errorf("due at %s, was %s", nowDue, due)
		}
		pass(time.Until(due) + time.Second)
		_, _ = w.Sweep(t.Context())
		w.checkNothingFetchable(ref)
		if left := w.blobsOf(ref); len(left) > 0 {
			t.Errorf("kept for the sake of it: %v", left)
		}
		p.err = nil
		pass(2 * time.Minute)
		w.sweep()
		if got := w.states(p, ref); !slices.Equal(got, []task.State{task.Completed, task.Deleted}) {
			t.Errorf("told %v", got)
		}
		w.checkNothingLeft(ref)
	})
}

func TestNobodyIsToldWhereWebhooksAreOff(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		p := w.telling()
		p.err = fault.New(fault.StorageUnavailable, "away")
		ref := w.completed(order())
		w.Notices = nil // turned off with something in a record
		pass(2 * time.Minute)
		w.sweep()
		w.delete(ref)
		other := w.completed(order())
		for _, r := range []task.Ref{ref, other} {
			one, err := w.look(r)
			if err != nil || len(one.Notices) > 0 {
				t.Errorf("%+v, %v", one, err)
			}
		}
	})
}

// due is an outbox whose records come up.
type due struct {
	told
	attended []storage.Due
}

func (d *due) Attend(_ context.Context, one storage.Due) (bool, error) {
	d.attended = append(d.attended, one)
	return true, nil
}

func TestSweepHandsDueDeliveriesToTheOutbox(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		d := &due{}
		cfg := w.Config
		cfg.Deliveries = d
		w.Service = task.New(cfg)
		rec := storage.Record{Key: storage.Key{Table: storage.Deliveries, Partition: app, Row: "row"}, Value: []byte("{}"), Due: time.Now().Add(time.Minute)}
		if _, err := w.store.Put(t.Context(), rec); err != nil {
			t.Fatal(err)
		}
		w.sweep()
		if len(d.attended) != 0 {
			t.Error("attended early")
		}
		pass(2 * time.Minute)
		if done := w.sweep(); len(d.attended) != 1 || d.attended[0].Key != rec.Key || done.Forgot != 1 {
			t.Errorf("attended %v, %+v", d.attended, done)
		}
	})
}
