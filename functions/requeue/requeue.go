// Package requeue is the function that a queue message starts: a task whose event was lost, work that another invocation
// handed over, a part of a document that several instances read, or an upload where the store's events arrive by queue.
package requeue

import (
	"context"

	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger"
)

// Name is the function's name, and its folder's. Queue is what it takes messages from, where there is a queue service.
const (
	Name  = "requeue"
	Queue = "ocr-requeue"
)

// Tasks is what the function calls.
type Tasks interface {
	Landed(ctx context.Context, name string) (*task.Task, error)
	Process(ctx context.Context, job task.Job) (task.Outcome, error)
	ProcessRead(ctx context.Context, t *task.Task) (task.Outcome, error)
}

// New returns the function.
func New(tasks Tasks) trigger.Function[trigger.Message] {
	return func(ctx context.Context, m trigger.Message) error {
		if m.Upload != (trigger.Upload{}) {
			t, err := tasks.Landed(ctx, m.Upload.Name)
			if err == nil {
				_, err = tasks.ProcessRead(ctx, t)
			}
			return err
		}
		_, err := tasks.Process(ctx, m.Job)
		return err
	}
}
