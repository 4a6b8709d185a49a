// Package local triggers the domain on one machine: a fair in-process queue instead of storage events, and tickers instead
// of the timer function.
package local

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/task"
)

// Scheduler is a task.Queue that runs what is pushed: a bounded number of tasks at once, in rotation over applications. One
// of which nothing runs need not wait for the long tasks of others: up to twice the number run for the sake of such.
type Scheduler struct {
	log    *slog.Logger
	total  int           // tasks that run at once; twice as many where each of the others is its application's only one
	perApp int           // of one application
	wake   chan struct{} // holds one token when there may be something to start

	mu      sync.Mutex
	waiting map[string][]task.Ref // guarded by mu; by application, in order of arrival
	order   []string              // guarded by mu; applications with waiting tasks, next one first
	known   map[task.Ref]bool     // guarded by mu; waiting
	running map[string]int        // guarded by mu; by application
	count   int                   // guarded by mu; running in all
}

// NewScheduler returns a scheduler that runs up to total tasks at once, up to perApp of one application.
func NewScheduler(total, perApp int, log *slog.Logger) *Scheduler {
	return &Scheduler{
		log:     log,
		total:   total,
		perApp:  perApp,
		wake:    make(chan struct{}, 1),
		waiting: map[string][]task.Ref{},
		known:   map[task.Ref]bool{},
		running: map[string]int{},
	}
}

// Push queues a task after the delay. A task that waits already is not queued twice. It never fails.
func (s *Scheduler) Push(_ context.Context, ref task.Ref, delay time.Duration) error {
	if delay > 0 {
		time.AfterFunc(delay, func() { s.push(ref) })
		return nil
	}
	s.push(ref)
	return nil
}

func (s *Scheduler) push(ref task.Ref) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[ref] {
		return
	}
	s.known[ref] = true
	if len(s.waiting[ref.Application]) == 0 {
		s.order = append(s.order, ref.Application)
	}
	s.waiting[ref.Application] = append(s.waiting[ref.Application], ref)
	s.poke()
}

// poke wakes Run. It never blocks.
func (s *Scheduler) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run calls process for what is pushed until ctx ends, then waits for the calls under way. Their context ends with ctx, so
// they hand their tasks back.
func (s *Scheduler) Run(ctx context.Context, process func(context.Context, task.Ref) (task.Outcome, error)) {
	var calls sync.WaitGroup
	defer calls.Wait()
	for {
		for ref, ok := s.next(); ok; ref, ok = s.next() {
			calls.Go(func() {
				defer s.ended(ref)
				if _, err := process(ctx, ref); err != nil {
					s.log.WarnContext(ctx, logevent.TaskRequeued, "task", ref.String(), "kind", fault.KindOf(err))
				}
			})
		}
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
	}
}

// next takes the next task in turn that may run.
func (s *Scheduler) next() (task.Ref, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, app := range s.order {
		most := s.total
		if s.running[app] == 0 {
			most = 2 * s.total
		}
		if s.count >= most || s.running[app] >= s.perApp {
			continue
		}
		ref := s.waiting[app][0]
		s.waiting[app] = s.waiting[app][1:]
		s.order = append(s.order[:i:i], s.order[i+1:]...)
		if len(s.waiting[app]) > 0 {
			s.order = append(s.order, app)
		} else {
			delete(s.waiting, app)
		}
		delete(s.known, ref)
		s.running[app]++
		s.count++
		return ref, true
	}
	return task.Ref{}, false
}

func (s *Scheduler) ended(ref task.Ref) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count--
	if s.running[ref.Application]--; s.running[ref.Application] == 0 {
		delete(s.running, ref.Application)
	}
	s.poke()
}

// Waiting returns how many tasks wait, and how many run.
func (s *Scheduler) Waiting() (waiting, running int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.known), s.count
}

// Every calls work at once and then after each interval until ctx ends. Calls never overlap.
func Every(ctx context.Context, interval time.Duration, work func(context.Context)) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		work(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
