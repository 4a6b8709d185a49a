package trigger

import (
	"context"
	"errors"
	"log/slog"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
)

// errPanic stands for what a function panicked with: the value may hold content.
var errPanic = errors.New("function panicked")

// Recovered returns the error of a call, or one that says nothing more if the call panics.
func Recovered(call func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = errPanic
		}
	}()
	return call()
}

// Settled reports whether an invocation of a function that ended so is over, and logs what is wrong. It is false if another try may
// succeed.
func Settled(ctx context.Context, log *slog.Logger, function string, err error) bool {
	switch {
	case err == nil:
		return true
	case errors.Is(err, ErrMalformed):
		log.ErrorContext(ctx, logevent.InvocationMalformed, "function", function)
		return true
	case fault.Transient(err):
		log.ErrorContext(ctx, logevent.InvocationFailed, "function", function, "kind", fault.KindOf(err))
		return false
	default:
		return true
	}
}
