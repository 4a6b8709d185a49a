package task

import (
	"context"
	"time"

	"github.com/lethe-ocr/lethe/shared/retention"
)

// Observer is told what happened, for whoever counts it: nothing of a document, and no task by its name. Its methods return at once, and
// are called by several goroutines at once.
type Observer interface {
	// Begun is told that the processing of a document began, which had waited so long since it arrived.
	Begun(ctx context.Context, waited time.Duration)
	// Page is told of a page that was read, or could not be: how long its document waited for a place for it, and how long it took.
	Page(ctx context.Context, waited, took time.Duration, failed bool)
	// Ended is told that the processing of a document ended, in Completed or ProcessingFailed.
	Ended(ctx context.Context, state State)
	// Erased is told that every copy of a task or of an orphan is gone.
	Erased(ctx context.Context, why retention.Reason)
}

// unobserved is an Observer that counts nothing.
type unobserved struct{}

// Begun implements Observer.
func (unobserved) Begun(context.Context, time.Duration) {}

// Page implements Observer.
func (unobserved) Page(context.Context, time.Duration, time.Duration, bool) {}

// Ended implements Observer.
func (unobserved) Ended(context.Context, State) {}

// Erased implements Observer.
func (unobserved) Erased(context.Context, retention.Reason) {}
