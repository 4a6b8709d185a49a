package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
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
		err := recovered(func() (err error) {
			out, err = f.answer(ctx, event)
			return err
		})
		if settled(ctx, log, name, err) {
			return out, nil
		}
		return nil, failure{fault.KindOf(err)}
	}
}

// errPanic stands for what a function panicked with: the value may hold content.
var errPanic = errors.New("function panicked")

func recovered(call func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = errPanic
		}
	}()
	return call()
}

// settled reports whether there is nothing to try again, and logs what is wrong.
func settled(ctx context.Context, log *slog.Logger, name string, err error) bool {
	switch {
	case err == nil:
		return true
	case errors.Is(err, trigger.ErrMalformed):
		log.ErrorContext(ctx, logevent.InvocationMalformed, "function", name)
		return true
	case fault.Transient(err):
		log.ErrorContext(ctx, logevent.InvocationFailed, "function", name, "kind", fault.KindOf(err))
		return false
	default:
		return true
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
