// Package retention is the function that a timer starts: it erases what is due, finds what was lost, and reports how retention
// stands.
package retention

import (
	"context"
	"errors"
	"time"

	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger"
)

// Name is the function's name, and its folder's.
const Name = "retention"

// Tasks is what the function calls.
type Tasks interface {
	Sweep(ctx context.Context) (task.Swept, error)
	PassWhenDue(ctx context.Context, interval time.Duration) (task.Swept, error)
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
}

// New returns the function. Each call sweeps, goes on with the full pass that is under way or begins one that is due, sequences
// the ledger and makes the rounds.
func New(cfg Config) trigger.Function[trigger.Tick] {
	return func(ctx context.Context, _ trigger.Tick) error {
		_, err := cfg.Tasks.Sweep(ctx)
		_, passErr := cfg.Tasks.PassWhenDue(ctx, cfg.Interval)
		_, ledgerErr := cfg.Ledger.Sequence(ctx)
		return errors.Join(err, passErr, ledgerErr, cfg.Rounds(ctx))
	}
}
