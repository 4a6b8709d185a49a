package lambda

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/trigger"
)

// Function is what the platform invokes: one of the program's functions, or its interface for clients, behind the translation
// of its trigger. The answer is encoded as JSON unless it is a reader. An error means that another try may succeed.
type Function interface {
	answer(ctx context.Context, event []byte) (any, error)
}

// failure is an error as the platform gets it. The library prints it into the log, so that it says the kind and nothing else.
type failure struct{ kind fault.Kind }

// Error implements error.
func (f failure) Error() string { return string(f.kind) }

// guarded is a function of one name as the library calls it: no panic, and no text of an error, leaves it.
func guarded(name string, f Function, log *slog.Logger) func(context.Context, json.RawMessage) (any, error) {
	return func(ctx context.Context, event json.RawMessage) (any, error) {
		var out any
		err := trigger.Recovered(func() (err error) {
			out, err = f.answer(ctx, event)
			return err
		})
		if trigger.Settled(ctx, log, name, err) {
			return out, nil
		}
		return nil, failure{fault.KindOf(err)}
	}
}

// OnTick translates an invocation by the scheduler, which says nothing but that time has passed.
func OnTick(f trigger.Function[trigger.Tick]) Function { return onTick(f) }

type onTick trigger.Function[trigger.Tick]

func (f onTick) answer(ctx context.Context, event []byte) (any, error) {
	var e map[string]json.RawMessage
	if json.Unmarshal(event, &e) != nil || e == nil {
		return nil, trigger.ErrMalformed
	}
	return nil, f(ctx, trigger.Tick{})
}
