//go:build linux && cgo

package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lethe-ocr/lethe/shared/event"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
	trigger "github.com/lethe-ocr/lethe/shared/trigger/azure"
	"github.com/lethe-ocr/lethe/shared/web"
)

// gateLife is how long an answer of the gate's check counts; a closed gate asks again sooner.
const (
	gateLife  = time.Minute
	gateRetry = 2 * time.Second
)

// intakeClosed is the setting with which an operator closes intake.
const intakeClosed = "closed"

var errClosed = errors.New("LETHE_INTAKE is closed: the operator takes in no documents at the moment")

// gate closes intake while something is wrong that can be survived. Retention goes on behind it.
type gate struct {
	check func(context.Context) error
	now   func() time.Time

	mu   sync.Mutex
	at   time.Time // of the last check; guarded by mu
	last error     // guarded by mu
}

func newGate(check func(context.Context) error, now func() time.Time) *gate {
	return &gate{check: check, now: now}
}

// open returns nil while documents may be taken in.
func (g *gate) open(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	life := gateLife
	if g.last != nil {
		life = gateRetry
	}
	if g.at.IsZero() || g.now().Sub(g.at) >= life {
		g.last, g.at = g.check(ctx), g.now()
	}
	return g.last
}

// gatedTasks is the domain with its intake behind the gate. Reading, deleting and retention are not.
type gatedTasks struct {
	*task.Service
	gate *gate
	log  *slog.Logger
}

func (t gatedTasks) refuse(ctx context.Context) error {
	if err := t.gate.open(ctx); err != nil {
		t.log.ErrorContext(ctx, event.IntakeClosed, "error", err)
		return fault.New(fault.IntakeClosed, "no documents are taken in at the moment; /readyz tells why").Retry(time.Minute)
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

// CreateWith is refused while the gate is closed.
func (t gatedTasks) CreateWith(ctx context.Context, o task.Order, body task.Body) (task.Accepted, error) {
	if err := t.refuse(ctx); err != nil {
		return task.Accepted{}, err
	}
	return t.Service.CreateWith(ctx, o, body)
}

// RenewUpload is refused while the gate is closed.
func (t gatedTasks) RenewUpload(ctx context.Context, ref task.Ref) (storage.Link, error) {
	if err := t.refuse(ctx); err != nil {
		return storage.Link{}, err
	}
	return t.Service.RenewUpload(ctx, ref)
}

// Process leaves the task queued while the gate is closed. That is a success for the host; the sweep queues it again.
func (t gatedTasks) Process(ctx context.Context, ref task.Ref) (task.Outcome, error) {
	if t.refuse(ctx) != nil {
		return task.Busy, nil
	}
	return t.Service.Process(ctx, ref)
}

// caughtUp lets every invocation look whether the timer is silent, beside the answer. One look at a time is enough.
func caughtUp(next http.Handler, tasks *task.Service, log *slog.Logger) http.Handler {
	var looking atomic.Bool
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if looking.CompareAndSwap(false, true) {
			go func() {
				defer looking.Store(false)
				if _, err := tasks.CatchUp(context.WithoutCancel(r.Context())); err != nil {
					log.ErrorContext(r.Context(), event.SweepFailed, "step", "catch up", "kind", fault.KindOf(err))
				}
			}()
		}
		next.ServeHTTP(w, r)
	})
}

// closed answers for a program whose settings are so wrong that nothing can be joined: clients are told, invocations are
// answered as failures, and the reason is in the log and in /readyz.
func closed(log *slog.Logger, cause error) http.Handler {
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/readyz" {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, cause.Error()+"\n") // names settings, never values
			return
		}
		web.Error(log)(w, r, fault.New(fault.IntakeClosed, "the service is not configured; /readyz tells what is wrong").Retry(time.Minute))
	})
	return trigger.New(web.Serve(api, log, time.Now), nil, log)
}
