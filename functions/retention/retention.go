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

// New returns the function. Each call sweeps; the first one of a process and one in each interval make a full pass too,
// since a new process may follow an outage.
func New(tasks Tasks, interval time.Duration, now func() time.Time) azure.Function {
	var passes passes
	return func(ctx context.Context, _ azure.Payload) error {
		_, err := tasks.Sweep(ctx)
		if passes.due(now(), interval) {
			_, passErr := tasks.FullPass(ctx)
			err = errors.Join(err, passErr)
		}
		return err
	}
}

// passes remembers the last full pass of this process.
type passes struct {
	mu   sync.Mutex
	last time.Time // guarded by mu
}

func (p *passes) due(now time.Time, interval time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.last.IsZero() && now.Sub(p.last) < interval {
		return false
	}
	p.last = now
	return true
}
