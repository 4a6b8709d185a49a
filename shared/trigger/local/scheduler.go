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
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
	"github.com/lethe-ocr/lethe/shared/task"
)

// Scheduler is a task.Queue that runs what is pushed. The oldest job of each application waits at the fair queue; those
// behind it wait here and cost no more than their names.
type Scheduler struct {
	// Carry returns what the context of a job is to have of the one that pushed it, nil for nothing. It is set before the first Push;
	// nil where nothing is ever carried.
	Carry func(ctx context.Context) func(ctx context.Context) context.Context

	turns *fairqueue.Queue
	log   *slog.Logger
	wake  chan struct{} // holds one token when there may be a job that can wait to be admitted

	mu      sync.Mutex
	waiting map[string]*line     // guarded by mu; by application
	known   map[task.Job]arrival // guarded by mu; waiting
	asks    map[string]bool      // guarded by mu; applications whose oldest job waits to be admitted
	running int                  // guarded by mu
}

// arrival is what is known of a job that waits.
type arrival struct {
	since   time.Time
	carried func(ctx context.Context) context.Context // nil for nothing
}

// line is the jobs of an application that wait, in order of arrival. Documents and parts of large ones have their turns one after the
// other: neither does a document wait for all parts of another, nor they for all documents that come later.
type line struct {
	documents, parts []task.Job
	partNext         bool
}

func (l *line) add(job task.Job) {
	if job.Part > 0 {
		l.parts = append(l.parts, job)
	} else {
		l.documents = append(l.documents, job)
	}
}

func (l *line) empty() bool { return len(l.documents) == 0 && len(l.parts) == 0 }

// take removes the next job. There is one.
func (l *line) take() task.Job {
	from := &l.documents
	if len(l.documents) == 0 || l.partNext && len(l.parts) > 0 {
		from = &l.parts
	}
	job := (*from)[0]
	*from = (*from)[1:]
	l.partNext = job.Part == 0
	return job
}

// NewScheduler returns a scheduler whose tasks are admitted by turns.
func NewScheduler(turns *fairqueue.Queue, log *slog.Logger) *Scheduler {
	return &Scheduler{
		turns: turns, log: log, wake: make(chan struct{}, 1),
		waiting: map[string]*line{}, known: map[task.Job]arrival{}, asks: map[string]bool{},
	}
}

// Push queues a job after the delay. One that waits already is not queued twice. It never fails.
func (s *Scheduler) Push(ctx context.Context, job task.Job, delay time.Duration) error {
	var carried func(context.Context) context.Context
	if s.Carry != nil {
		carried = s.Carry(ctx)
	}
	if delay > 0 {
		time.AfterFunc(delay, func() { s.push(job, carried) })
		return nil
	}
	s.push(job, carried)
	return nil
}

func (s *Scheduler) push(job task.Job, carried func(context.Context) context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.known[job]; known {
		return
	}
	s.known[job] = arrival{time.Now(), carried}
	if s.waiting[job.Task.Application] == nil {
		s.waiting[job.Task.Application] = &line{}
	}
	s.waiting[job.Task.Application].add(job)
	s.poke()
}

// poke wakes Run. It never blocks.
func (s *Scheduler) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Process works on a job whose document was admitted.
type Process func(ctx context.Context, job task.Job, turn *fairqueue.Document) (task.Outcome, error)

// Run calls process for what is pushed until ctx ends, then waits for the calls under way. Their context ends with ctx, so
// they hand their tasks back.
func (s *Scheduler) Run(ctx context.Context, process Process) {
	var calls sync.WaitGroup
	defer calls.Wait()
	for {
		for _, app := range s.ask() {
			calls.Go(func() { s.run(ctx, app, process) })
		}
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
	}
}

// ask returns the applications of which a task waits and none waits to be admitted. From now on one does.
func (s *Scheduler) ask() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var apps []string
	for app := range s.waiting {
		if !s.asks[app] {
			s.asks[app] = true
			apps = append(apps, app)
		}
	}
	return apps
}

// run waits until a task of the application is admitted and works on it. Meanwhile the next one waits.
func (s *Scheduler) run(ctx context.Context, app string, process Process) {
	turn, err := s.turns.Enter(ctx, app, false)
	if err != nil {
		return // the end of ctx
	}
	defer turn.Leave()
	job, came := s.next(app)
	defer s.ended()
	if came.carried != nil {
		ctx = came.carried(ctx)
	}
	if _, err := process(ctx, job, turn); err != nil {
		s.log.WarnContext(ctx, logevent.TaskRequeued, "task", job.String(), "kind", fault.KindOf(err))
	}
}

// next takes the oldest task of an application, for which somebody waited to be admitted.
func (s *Scheduler) next(app string) (task.Job, arrival) {
	s.mu.Lock()
	defer s.mu.Unlock()
	job := s.waiting[app].take()
	if s.waiting[app].empty() {
		delete(s.waiting, app)
	}
	delete(s.asks, app)
	came := s.known[job]
	delete(s.known, job)
	s.running++
	s.poke()
	return job, came
}

func (s *Scheduler) ended() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
}

// Waiting returns how many tasks wait, and how many run.
func (s *Scheduler) Waiting() (waiting, running int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.known), s.running
}

// Age returns how long the job waits that has waited longest, 0 if none does. One that is put back begins anew.
func (s *Scheduler) Age() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var oldest time.Time
	for _, l := range s.waiting {
		for _, jobs := range [][]task.Job{l.documents, l.parts} {
			if len(jobs) > 0 && (oldest.IsZero() || s.known[jobs[0]].since.Before(oldest)) {
				oldest = s.known[jobs[0]].since
			}
		}
	}
	if oldest.IsZero() {
		return 0
	}
	return time.Since(oldest)
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
