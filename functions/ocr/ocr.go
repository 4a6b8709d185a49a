// Package ocr is the function that runs when a document arrives in the uploads container.
package ocr

import (
	"context"

	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger"
)

// Name is the function's name, and its folder's.
const Name = "ocr"

// Tasks is what the function calls.
type Tasks interface {
	Landed(ctx context.Context, name string) (*task.Task, error)
	ProcessRead(ctx context.Context, t *task.Task) (task.Outcome, error)
}

// New returns the function.
func New(tasks Tasks) trigger.Function[trigger.Upload] {
	return func(ctx context.Context, u trigger.Upload) error {
		t, err := tasks.Landed(ctx, u.Name)
		if err != nil {
			return err
		}
		_, err = tasks.ProcessRead(ctx, t)
		return err
	}
}
