// Package poison is the queue-triggered function for documents that the host gave up on: their tasks are explained, or
// tried again with more patience than the host has.
package poison

import (
	"context"

	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger/azure"
)

// Name is the function's name, and its folder's. Binding is its trigger's; Queue is named by the host.
const (
	Name    = "poison"
	Binding = "message"
	Queue   = "webjobs-blobtrigger-poison"
)

// Tasks is what the function calls.
type Tasks interface {
	Landed(ctx context.Context, name string) (*task.Task, error)
	GiveUp(ctx context.Context, ref task.Ref) error
}

// New returns the function.
func New(tasks Tasks) azure.Function {
	return func(ctx context.Context, p azure.Payload) error {
		message, err := p.Message(Binding)
		if err != nil {
			return azure.ErrMalformed
		}
		name, ok := azure.PoisonedBlob(message)
		if !ok {
			return azure.ErrMalformed
		}
		t, err := tasks.Landed(ctx, name)
		if err != nil {
			return err
		}
		return tasks.GiveUp(ctx, t.Ref)
	}
}
