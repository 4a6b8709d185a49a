// Package requeue is the queue-triggered function: a task whose event was lost, work that another invocation handed on, or
// a blob's event where events travel by queue.
package requeue

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger/azure"
)

// Name is the function's name, and its folder's. Binding is its trigger's, Queue what triggers it.
const (
	Name    = "requeue"
	Binding = "message"
	Queue   = "ocr-requeue"
)

// Tasks is what the function calls.
type Tasks interface {
	Landed(ctx context.Context, name string) (*task.Task, error)
	Process(ctx context.Context, ref task.Ref) (task.Outcome, error)
	ProcessRead(ctx context.Context, t *task.Task) (task.Outcome, error)
}

// Sender puts a message on the queue, visible after the delay.
type Sender interface {
	Send(ctx context.Context, text []byte, delay time.Duration) error
}

// Pushed is the task.Queue whose other end is this function. Its messages hold ids and nothing else.
type Pushed struct{ To Sender }

var _ task.Queue = Pushed{}

// Push implements task.Queue.
func (q Pushed) Push(ctx context.Context, ref task.Ref, delay time.Duration) error {
	text, err := json.Marshal(ref)
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	return q.To.Send(ctx, text, delay)
}

// New returns the function.
func New(tasks Tasks) azure.Function {
	return func(ctx context.Context, p azure.Payload) error {
		message, err := p.Message(Binding)
		if err != nil {
			return azure.ErrMalformed
		}
		if name, ok := azure.CreatedBlob(message); ok {
			t, err := tasks.Landed(ctx, name)
			if err == nil {
				_, err = tasks.ProcessRead(ctx, t)
			}
			return err
		}
		ref, err := read(message)
		if err != nil {
			return err
		}
		_, err = tasks.Process(ctx, ref)
		return err
	}
}

// read returns the task that a message of ours names.
func read(message string) (task.Ref, error) {
	var sent task.Ref
	if err := json.Unmarshal([]byte(message), &sent); err != nil {
		return task.Ref{}, azure.ErrMalformed
	}
	ref, err := task.ParseRef(sent.Application, sent.ID)
	if err != nil {
		return task.Ref{}, azure.ErrMalformed
	}
	return ref, nil
}
