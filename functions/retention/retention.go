// Package retention is the function that a timer starts: it erases what is due, finds what was lost, and reports how retention
// stands.
package retention

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger"
)

// Name is the function's name, and its folder's.
const Name = "retention"

// Tasks is what the function calls.
type Tasks interface {
	Sweep(ctx context.Context) (task.Swept, error)
	FullPass(ctx context.Context) (task.Swept, error)
}

// Ledger sequences waiting entries in the append-only log.
type Ledger interface {
	Sequence(ctx context.Context) (int, error)
}

// Config is what the function needs.
type Config struct {
	Tasks    Tasks
	Ledger   Ledger
	Rounds   func(ctx context.Context) error // what else is done each time: canary and doctor
	Interval time.Duration                   // between full passes
	Now      func() time.Time
}

// New returns the function. Each call sweeps, sequences the ledger and makes the rounds; the first one of a process and one
// in each interval make a full pass too, since a new process may follow an outage. A full pass that failed is made again
// with the next call.
func New(cfg Config) trigger.Function[trigger.Tick] {
	var passes passes
	return func(ctx context.Context, _ trigger.Tick) error {
		_, err := cfg.Tasks.Sweep(ctx)
		began := cfg.Now()
		var passErr error
		if passes.due(began, cfg.Interval) {
			if _, passErr = cfg.Tasks.FullPass(ctx); passErr == nil {
				passes.note(began)
			}
		}
		_, ledgerErr := cfg.Ledger.Sequence(ctx)
		return errors.Join(err, passErr, ledgerErr, cfg.Rounds(ctx))
	}
}

// passes remembers the last full pass of this process that succeeded.
type passes struct {
	mu   sync.Mutex
	last time.Time // guarded by mu
}

func (p *passes) due(now time.Time, interval time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last.IsZero() || now.Sub(p.last) >= interval
}

func (p *passes) note(began time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = began
}
