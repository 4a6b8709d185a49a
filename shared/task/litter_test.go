package task_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// litter fills the store with what a full pass deals with: tasks of two applications, of which some wait for events that were
// lost, bytes that no record explains, and wrong counts.
type litter struct {
	*world
	lost []task.Ref // wait for their events
}

func newLitter(w *world) *litter {
	w.Helper()
	l := &litter{world: w}
	for _, application := range []string{app, "other"} {
		o := order()
		o.Application = application
		for range 3 {
			w.completed(o)
			l.lost = append(l.lost, w.queued(o))
		}
		rec, _, err := readCount(w.Context(), w.store, application)
		if err == nil {
			rec.Value = []byte(`{"v":1,"open":50,"stored":7,"cap":900}`)
			_, err = w.store.Put(w.Context(), rec)
		}
		if err != nil {
			w.Fatalf("spoil the count: %v", err)
		}
	}
	w.queue.take()
	pass(time.Hour)
	for n := range 7 {
		for _, c := range []string{storage.Uploads, storage.Work, storage.Results, storage.DeadLetters} {
			w.stray(fmt.Sprintf("%s/stray-%d", c, n))
		}
		w.blobs.Stage(fmt.Sprintf("%s/staged-%d", storage.Uploads, n), 10)
	}
	return l
}

// stray stores bytes that no record explains.
func (w *world) stray(name string) {
	w.Helper()
	if _, err := w.blobs.Put(w.Context(), name, "application/pdf", strings.NewReader(content)); err != nil {
		w.Fatalf("put: %v", err)
	}
}

// strays lists what no record explains.
func (w *world) strays() []string {
	w.Helper()
	var names []string
	for _, c := range []string{storage.Uploads, storage.Work, storage.Results, storage.DeadLetters} {
		blobs, err := w.blobs.List(w.Context(), c+"/", "", 10000)
		if err != nil {
			w.Fatalf("list: %v", err)
		}
		for _, b := range blobs {
			if strings.Contains(b.Name, "/stray") || strings.Contains(b.Name, "/staged") {
				names = append(names, b.Name)
			}
		}
	}
	return names
}

// paged returns another process that reads few entries at once.
func (w *world) paged(owner string) *task.Service {
	s := w.process(owner)
	s.SetPage(pageSize)
	return s
}

// passes returns how the full passes stand.
func (w *world) passes() task.PassMeasure {
	w.Helper()
	m, err := w.Measure(w.Context())
	if err != nil {
		w.Fatalf("measure: %v", err)
	}
	return m.Pass
}

// check asserts that a whole pass has dealt with everything.
func (l *litter) check(began time.Time) {
	l.Helper()
	if left := l.strays(); len(left) > 0 {
		l.Errorf("left: %v", left)
	}
	if p := l.passes(); p.UnderWay != nil || p.Began.Before(began) || p.Ended.Before(p.Began) {
		l.Errorf("the pass has not ended: %+v", p)
	}
	pushed := map[task.Ref]bool{}
	for _, p := range l.queue.take() {
		pushed[p.job.Task] = true
	}
	for _, ref := range l.lost {
		if !pushed[ref] {
			l.Errorf("a task whose event was lost was not queued")
		}
	}
	for _, application := range []string{app, "other"} {
		var held int64
		for _, b := range l.copies() {
			if strings.Contains(b.Name, "/"+application+"/") {
				held += b.Size
			}
		}
		if _, got, err := readCount(l.Context(), l.store, application); err != nil || got != (count{3, held}) {
			l.Errorf("%s: counted are %+v, there are 3 tasks and %d bytes; %v", application, got, held, err)
		}
	}
}

// goOn lets other processes go on until the pass ends, as a timer does, and returns how often it was called.
func (l *litter) goOn() (calls int) {
	l.Helper()
	for calls = 1; ; calls++ {
		pass(tick)
		if _, err := l.paged(fmt.Sprint("next ", calls)).PassWhenDue(l.Context(), interval); err != nil {
			l.Fatalf("call %d: %v", calls, err)
		}
		if l.passes().UnderWay == nil {
			return calls
		}
		if calls > 100 {
			l.Fatalf("no end: %+v", l.passes().UnderWay)
		}
	}
}

// counting counts the calls of storage, and lets the process die at the nth: from then on none has an effect; if after is set
// that one had.
type counting struct {
	n     int
	after bool
	calls int
	die   func()
	dead  bool
}

func (c *counting) at(w *world) {
	strike := func(storagetest.Op, string) error {
		if c.dead = c.dead || c.calls == c.n; c.dead {
			c.die()
			return fault.New(fault.StorageUnavailable, "the process is dead")
		}
		return nil
	}
	w.faulty.Before(func(op storagetest.Op, key string) error {
		if c.calls++; !c.after || c.dead {
			return strike(op, key)
		}
		return nil
	})
	if c.after {
		w.faulty.After(strike)
	}
}
