// Package poison is the function for documents and tasks that the platform gave up on: it fails the tasks with an explanation,
// or tries them again with more patience than the platform has.
package poison

import (
	"context"

	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger"
)

// Name is the function's name, and its folder's.
const Name = "poison"

// Tasks is what the function calls.
type Tasks interface {
	Landed(ctx context.Context, name string) (*task.Task, error)
	GiveUp(ctx context.Context, job task.Job) error
}

// New returns the function.
func New(tasks Tasks) trigger.Function[trigger.Message] {
	return func(ctx context.Context, m trigger.Message) error {
		if m.Upload == (trigger.Upload{}) {
			return tasks.GiveUp(ctx, m.Job)
		}
		t, err := tasks.Landed(ctx, m.Upload.Name)
		if err != nil {
			return err
		}
		return tasks.GiveUp(ctx, t.Ref.Job())
	}
}
