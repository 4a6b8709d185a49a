// Package retention is the timer-triggered function: it erases what is due, finds what was lost, and tells how retention
// stands.
package retention

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger/azure"
)

// Name is the function's name, and its folder's.
const Name = "retention"

// Tasks is what the function calls.
type Tasks interface {
	Sweep(ctx context.Context) (task.Swept, error)
	FullPass(ctx context.Context) (task.Swept, error)
}

// Ledger gives waiting entries their place in the append-only log.
type Ledger interface {
	Sequence(ctx context.Context) (int, error)
}

// New returns the function. Each call sweeps and sequences the ledger; the first one of a process and one in each interval make a full pass too,
// since a new process may follow an outage. A full pass that failed is made again with the next call.
func New(tasks Tasks, ledger Ledger, interval time.Duration, now func() time.Time) azure.Function {
	var passes passes
	return func(ctx context.Context, _ azure.Payload) error {
		_, err := tasks.Sweep(ctx)
		began := now()
		var passErr error
		if passes.due(began, interval) {
			if _, passErr = tasks.FullPass(ctx); passErr == nil {
				passes.note(began)
			}
		}
		_, ledgerErr := ledger.Sequence(ctx)
		return errors.Join(err, passErr, ledgerErr)
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
