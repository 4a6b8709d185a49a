// Package trigger has the events, other than requests of clients, that start the program's functions, independent of the
// platform. Its subpackages translate what a platform sends: azure for the Functions host, lambda for AWS Lambda, local for one
// machine.
package trigger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/webhook"
)

// Function carries out one invocation, for an Upload, a Message, a Delivery or a Tick. An error that fault.Transient holds for means that
// another try may succeed. Whatever would fail again is noted where it belongs and counts as done.
type Function[Event any] func(ctx context.Context, e Event) error

// Upload tells that a document was stored, or that it was given up.
type Upload struct {
	Name string // of the blob, with its container
}

// NewUpload joins container and name. It is false unless they name an upload: only uploads are acted on, and those that
// belong to nobody are erased, so what a sender wrote must not name anything else.
func NewUpload(container, name string) (Upload, bool) {
	return Upload{container + "/" + name}, container == storage.Uploads && name != ""
}

// Message is what was taken from the queue: a job to work on, or an upload where the store's events travel by queue.
type Message struct {
	Job    task.Job // zero if there is an Upload
	Upload Upload
}

// Delivery is what was taken from the queue of webhooks.
type Delivery struct{ Ref webhook.Ref }

// Tick tells that time has passed.
type Tick struct{}

// ErrMalformed means that what a place sent is not of the trigger's form. It is reported and not tried again: the same bytes
// stay malformed.
var ErrMalformed = errors.New("payload is not of the trigger's form")

// The versions of the format of messages. A program that does not know parts must not take the message of one for that of its task.
const (
	taskVersion = 1
	partVersion = 2

	deliveryVersion = 1
)

// message is what travels by the queue.
type message struct {
	task.Ref
	Part int `json:"part,omitempty"`
}

// ParseJob reads the text that Queue sends. What a newer program sent is not malformed but an error, so that it is tried again:
// another instance may be the newer one, and the sweep makes up for what is given up.
func ParseJob(text string) (Message, error) {
	var sent message
	err := storage.Decode([]byte(text), partVersion, &sent)
	if errors.Is(err, fault.InternalError) {
		return Message{}, err
	}
	if err != nil || sent.Part < 0 {
		return Message{}, ErrMalformed
	}
	ref, err := task.ParseRef(sent.Application, sent.ID)
	if err != nil {
		return Message{}, ErrMalformed
	}
	return Message{Job: task.Job{Task: ref, Part: sent.Part}}, nil
}

// Sender puts a text on a queue, visible after the delay.
type Sender interface {
	Send(ctx context.Context, text []byte, delay time.Duration) error
}

// Queue is the task.Queue of a place with a queue service. Its messages hold ids and numbers of parts, and nothing else.
type Queue struct{ To Sender }

var _ task.Queue = Queue{}

// Push implements task.Queue.
func (q Queue) Push(ctx context.Context, job task.Job, delay time.Duration) error {
	version := taskVersion
	if job.Part > 0 {
		version = partVersion
	}
	text, err := storage.Encode(version, message{job.Task, job.Part})
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	return q.To.Send(ctx, text, delay)
}

// ParseDelivery reads the text that Deliveries sends, likewise.
func ParseDelivery(text string) (Delivery, error) {
	var sent webhook.Ref
	err := storage.Decode([]byte(text), deliveryVersion, &sent)
	if errors.Is(err, fault.InternalError) {
		return Delivery{}, err
	}
	if err != nil {
		return Delivery{}, ErrMalformed
	}
	ref, err := webhook.ParseRef(sent.Application, sent.Row)
	if err != nil {
		return Delivery{}, ErrMalformed
	}
	return Delivery{ref}, nil
}

// Deliveries is the webhook.Queue of a place with a queue service. Its messages hold ids, times and numbers of events, and nothing else.
type Deliveries struct{ To Sender }

var _ webhook.Queue = Deliveries{}

// Push implements webhook.Queue.
func (q Deliveries) Push(ctx context.Context, d webhook.Ref, delay time.Duration) error {
	text, err := storage.Encode(deliveryVersion, d)
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	return q.To.Send(ctx, text, delay)
}
