// Package notify is the function that a queue message starts: an event waits to be told to an endpoint of its application.
package notify

import (
	"context"

	"github.com/lethe-ocr/lethe/shared/trigger"
	"github.com/lethe-ocr/lethe/shared/webhook"
)

// Name is the function's name, and its folder's. Queue is what it takes messages from, where there is a queue service.
const (
	Name  = "notify"
	Queue = "notify"
)

// Outbox is what the function calls.
type Outbox interface {
	Deliver(ctx context.Context, d webhook.Ref) error
}

// New returns the function. Each call makes one attempt, unless another call is at it or it is not due.
func New(outbox Outbox) trigger.Function[trigger.Delivery] {
	return func(ctx context.Context, d trigger.Delivery) error { return outbox.Deliver(ctx, d.Ref) }
}
