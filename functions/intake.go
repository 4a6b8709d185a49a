package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lethe-ocr/lethe/functions/api"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/local"
	"github.com/lethe-ocr/lethe/shared/task"
)

// gateRetry is how soon a condition that did not hold is checked again.
const gateRetry = 2 * time.Second

// gatePatience is how long the check of a condition may take, whoever asked and however soon they left.
const gatePatience = 30 * time.Second

// gateAnswer is how long readiness waits for a check that somebody else began.
const gateAnswer = 5 * time.Second

// intakeClosed is the setting with which an operator closes intake.
const intakeClosed = "closed"

// condition is one thing that must hold while documents are taken in. What it says is wrong is shown to everybody who asks
// for readiness: it names the remedy, and no value, file or address.
type condition struct {
	name  string                      // of its row in /readyz
	holds func(context.Context) error // nil while it holds
	life  time.Duration               // how long a good answer counts; zero for always
}

// operatorAllows is the condition that the settings do not close intake.
func operatorAllows(setting string) condition {
	return condition{name: "intake", holds: func(context.Context) error {
		if setting == intakeClosed {
			return errors.New("LETHE_INTAKE is closed: the operator takes in no documents at the moment")
		}
		return nil
	}}
}

// gate closes intake while a condition does not hold that can be survived. Retention goes on behind it. However many ask,
// each condition is checked once while its result is valid.
type gate struct {
	now func() time.Time
	log *slog.Logger

	conditions []condition
	turn       chan struct{} // holds one token while somebody checks

	mu      sync.Mutex
	seen    []sight // one for each condition; guarded by mu
	looking int     // the condition that is being checked, -1 for none; guarded by mu
}

// sight is what was last seen of a condition.
type sight struct {
	at  time.Time
	err error
}

// newGate returns the gate with these conditions.
func newGate(now func() time.Time, log *slog.Logger, conditions ...condition) *gate {
	return &gate{
		now: now, log: log, conditions: conditions, seen: make([]sight, len(conditions)),
		turn: make(chan struct{}, 1), looking: -1,
	}
}

// look brings what was seen up to date and returns it, in the order of the conditions. A caller that gives up while another one
// looks gets what was seen so far, without the condition that takes so long: that one does not hold.
func (g *gate) look(ctx context.Context) []sight {
	select {
	case g.turn <- struct{}{}: // first, so that a client that has gone takes its turn too
	default:
		select {
		case g.turn <- struct{}{}:
		case <-ctx.Done():
			return g.soFar()
		}
	}
	defer func() { <-g.turn }()
	for i, c := range g.conditions {
		if !g.fresh(i) {
			g.note(ctx, i, c)
		}
	}
	return g.soFar()
}

// fresh reports whether what was seen of a condition still counts.
func (g *gate) fresh(i int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	life := g.conditions[i].life
	if g.seen[i].err != nil {
		life = gateRetry
	}
	age := g.now().Sub(g.seen[i].at)
	return !g.seen[i].at.IsZero() && age >= 0 && (life == 0 || age < life)
}

// note checks a condition and logs a change. The caller holds the turn.
func (g *gate) note(ctx context.Context, i int, c condition) {
	g.mu.Lock()
	before := g.seen[i].err
	g.looking = i
	g.mu.Unlock()

	patient, done := context.WithTimeout(context.WithoutCancel(ctx), gatePatience)
	err := c.holds(patient)
	done()

	g.mu.Lock()
	g.seen[i], g.looking = sight{g.now(), err}, -1
	g.mu.Unlock()
	switch {
	case err != nil && before == nil:
		g.log.ErrorContext(ctx, logevent.IntakeClosed, "condition", c.name, "error", err)
	case err == nil && before != nil:
		g.log.InfoContext(ctx, logevent.IntakeOpened, "condition", c.name)
	}
}

// soFar returns what was seen.
func (g *gate) soFar() []sight {
	g.mu.Lock()
	defer g.mu.Unlock()
	seen := slices.Clone(g.seen)
	if i := g.looking; i >= 0 && seen[i].err == nil {
		seen[i].err = errors.New("the check takes longer than it should; see the log")
	}
	return seen
}

// open returns nil while documents may be taken in, else what is wrong first.
func (g *gate) open(ctx context.Context) error {
	for _, s := range g.look(ctx) {
		if s.err != nil {
			return s.err
		}
	}
	return nil
}

// rows are the conditions as /readyz shows them, within gateAnswer.
func (g *gate) rows(ctx context.Context) []api.Check {
	ctx, done := context.WithTimeout(ctx, gateAnswer)
	defer done()
	rows := make([]api.Check, len(g.conditions))
	for i, s := range g.look(ctx) {
		rows[i] = api.Check{Name: g.conditions[i].name, OK: s.err == nil}
		if s.err != nil {
			rows[i].Detail = s.err.Error()
			if told, ok := errors.AsType[*fault.Error](s.err); ok {
				rows[i].Detail = told.Detail
			}
		}
	}
	return rows
}

// quiet is a condition whose cause is for the log alone: readers of /readyz get the sentence.
func quiet(log *slog.Logger, name, sentence string, life time.Duration, holds func(context.Context) error) condition {
	return condition{name: name, life: life, holds: func(ctx context.Context) error {
		err := holds(ctx)
		if err == nil {
			return nil
		}
		log.WarnContext(ctx, logevent.IntakeClosed, "condition", name, "error", err)
		return errors.New(sentence)
	}}
}

// gatedTasks is the domain with its intake behind the gate. Reading, deleting and retention are not.
type gatedTasks struct {
	*task.Service
	gate *gate
	room *local.Space // nil where documents lie on no disk of ours
}

func (t gatedTasks) refuse(ctx context.Context) error {
	if err := t.gate.open(ctx); err != nil {
		if full, ok := errors.AsType[*fault.Error](err); ok && full.Code == fault.StorageFull {
			return full.Retry(time.Minute)
		}
		return fault.New(fault.IntakeClosed, "the service accepts no documents at the moment; /readyz says why").Retry(time.Minute)
	}
	return nil
}

// Create is refused while the gate is closed.
func (t gatedTasks) Create(ctx context.Context, o task.Order) (task.Accepted, error) {
	if err := t.refuse(ctx); err != nil {
		return task.Accepted{}, err
	}
	return t.Service.Create(ctx, o)
}

// CreateBatch is refused while the gate is closed.
func (t gatedTasks) CreateBatch(ctx context.Context, orders []task.Order) ([]task.Accepted, []error) {
	if err := t.refuse(ctx); err != nil {
		errs := make([]error, len(orders))
		for i := range errs {
			errs[i] = err
		}
		return make([]task.Accepted, len(orders)), errs
	}
	return t.Service.CreateBatch(ctx, orders)
}

// CreateWith is refused while the gate is closed, and for a document that there is no room for.
func (t gatedTasks) CreateWith(ctx context.Context, o task.Order, body task.Body) (a task.Accepted, err error) {
	err = t.taking(ctx, o.Application, body, func(body task.Body) error {
		a, err = t.Service.CreateWith(ctx, o, body)
		return err
	})
	return a, err
}

// Hold is refused as CreateWith is.
func (t gatedTasks) Hold(ctx context.Context, o task.Order, body task.Body) (held *task.Task, err error) {
	err = t.taking(ctx, o.Application, body, func(body task.Body) error {
		held, err = t.Service.Hold(ctx, o, body)
		return err
	})
	return held, err
}

// AddPicture is refused as CreateWith is.
func (t gatedTasks) AddPicture(ctx context.Context, ref task.Ref, p task.Picture, body task.Body) (held *task.Task, err error) {
	err = t.taking(ctx, ref.Application, body, func(body task.Body) error {
		held, err = t.Service.AddPicture(ctx, ref, p, body)
		return err
	})
	return held, err
}

// Start is refused while the gate is closed.
func (t gatedTasks) Start(ctx context.Context, ref task.Ref, o task.Order) (*task.Task, error) {
	if err := t.refuse(ctx); err != nil {
		return nil, err
	}
	return t.Service.Start(ctx, ref, o)
}

// taking has a document taken in, with room claimed for it.
func (t gatedTasks) taking(ctx context.Context, application string, body task.Body, take func(task.Body) error) error {
	if err := t.refuse(ctx); err != nil {
		return err
	}
	done, err := t.Expect(ctx, application, body.Size)
	if err != nil {
		return err
	}
	defer done()
	if t.room != nil {
		claim, err := t.room.Claim(body.Size)
		if err != nil {
			return err
		}
		defer claim.Release()
		body.Reader = claim.Reader(body.Reader)
	}
	return take(body)
}

// RenewUpload is refused while the gate is closed.
func (t gatedTasks) RenewUpload(ctx context.Context, ref task.Ref) (storage.Link, error) {
	if err := t.refuse(ctx); err != nil {
		return storage.Link{}, err
	}
	return t.Service.RenewUpload(ctx, ref)
}

// Admit lets no document be sent to a link while the gate is closed.
func (t gatedTasks) Admit(ctx context.Context, name string) error {
	if err := t.refuse(ctx); err != nil {
		return err
	}
	return t.Service.Admit(ctx, name)
}

// Process leaves the task queued while the gate is closed. That is a success for the trigger; the sweep queues it again.
func (t gatedTasks) Process(ctx context.Context, job task.Job) (task.Outcome, error) {
	if t.refuse(ctx) != nil {
		return task.Busy, nil
	}
	return t.Service.Process(ctx, job)
}

// ProcessRead is Process.
func (t gatedTasks) ProcessRead(ctx context.Context, read *task.Task) (task.Outcome, error) {
	if t.refuse(ctx) != nil {
		return task.Busy, nil
	}
	return t.Service.ProcessRead(ctx, read)
}

// caughtUp lets every invocation check, beside its answer, whether the timer is silent. One check at a time is enough.
func caughtUp(next http.Handler, tasks *task.Service, log *slog.Logger) http.Handler {
	var looking atomic.Bool
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if looking.CompareAndSwap(false, true) {
			go func() {
				defer looking.Store(false)
				if _, err := tasks.CatchUp(context.WithoutCancel(r.Context())); err != nil {
					log.WarnContext(r.Context(), logevent.SweepAwaited, "step", "catch up", "kind", fault.KindOf(err))
				}
			}()
		}
		next.ServeHTTP(w, r)
	})
}
