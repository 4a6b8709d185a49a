// Package ocr is the blob-triggered function: a document landed in the uploads container.
package ocr

import (
	"context"
	"log/slog"

	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger/azure"
)

// Name is the function's name, and its folder's. Binding is its trigger's.
const (
	Name    = "ocr"
	Binding = "blob"
)

// Tasks is what the function calls.
type Tasks interface {
	Landed(ctx context.Context, name string) (*task.Task, error)
	ProcessRead(ctx context.Context, t *task.Task) (task.Outcome, error)
}

// New returns the function. The host sends a reference to the blob; content that arrives all the same is not read.
func New(tasks Tasks, log *slog.Logger) azure.Function {
	return func(ctx context.Context, p azure.Payload) error {
		name, err := p.BlobName()
		if err != nil {
			return azure.ErrMalformed
		}
		if p.Inline(Binding) {
			log.ErrorContext(ctx, logevent.InvocationInline, "function", Name)
		}
		t, err := tasks.Landed(ctx, name)
		if err != nil {
			return err
		}
		_, err = tasks.ProcessRead(ctx, t)
		return err
	}
}
