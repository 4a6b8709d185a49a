package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/lethe-ocr/lethe/scripts/awslocal/functionurl"
)

// Caller carries out one invocation of a function and returns its answer.
type Caller interface {
	Call(ctx context.Context, event []byte) ([]byte, error)
}

// Mapping is an event source mapping: it calls a function for the messages of a queue and takes from the queue what the function
// is done with. What it is not done with, the queue shows again after its visibility time-out, and moves to its dead-letter
// queue when it was received too often.
type Mapping struct {
	SQS         *sqs.Client
	Queue       string // URL
	ARN         string
	Region      string
	Function    Caller
	Batch       int32 // messages of an invocation, at most 10
	Concurrency int   // invocations at a time
	Log         *slog.Logger
}

// pollFor is how long one request waits for messages: the shortest time that queues know.
const pollFor = 1 * time.Second

// throttledFor is how long a message waits for a function of which no instance is free.
const throttledFor = 1 * time.Second

// Run calls the function until ctx ends. It returns when the last invocation has.
func (m *Mapping) Run(ctx context.Context) {
	var pollers sync.WaitGroup
	for range m.Concurrency {
		pollers.Go(func() {
			for ctx.Err() == nil {
				if err := m.Poll(ctx); err != nil && ctx.Err() == nil {
					m.Log.WarnContext(ctx, "messages stay in the queue", "queue", m.ARN, "error", err)
				}
			}
		})
	}
	pollers.Wait()
}

// Poll takes one batch of messages, if there are any, and calls the function for it.
func (m *Mapping) Poll(ctx context.Context) error {
	got, err := m.SQS.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &m.Queue, MaxNumberOfMessages: m.Batch, WaitTimeSeconds: int32(pollFor.Seconds()),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
	})
	if err != nil {
		return wait(ctx, fmt.Errorf("receive: %w", err))
	}
	if len(got.Messages) == 0 {
		return nil
	}
	event, err := json.Marshal(m.event(got.Messages))
	if err != nil {
		return err
	}
	answer, err := m.Function.Call(ctx, event)
	if errors.Is(err, functionurl.ErrThrottled) {
		return m.later(ctx, got.Messages)
	}
	if err != nil {
		return fmt.Errorf("call the function: %w", err)
	}
	failed, err := failures(answer, got.Messages)
	if err != nil {
		return err
	}
	for _, message := range got.Messages {
		if failed[aws.ToString(message.MessageId)] {
			continue
		}
		_, err := m.SQS.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &m.Queue, ReceiptHandle: message.ReceiptHandle})
		if err != nil {
			return fmt.Errorf("delete a message: %w", err)
		}
	}
	return nil
}

// wait returns the error after a moment, so that a service that is not there is not asked all the time.
func wait(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
	case <-time.After(pollFor):
	}
	return err
}

// later shows messages again soon, for which no instance was free.
func (m *Mapping) later(ctx context.Context, messages []types.Message) error {
	for _, message := range messages {
		_, err := m.SQS.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
			QueueUrl: &m.Queue, ReceiptHandle: message.ReceiptHandle, VisibilityTimeout: int32(throttledFor.Seconds()),
		})
		if err != nil {
			return fmt.Errorf("put a message back: %w", err)
		}
	}
	return nil
}

func (m *Mapping) event(messages []types.Message) events.SQSEvent {
	var e events.SQSEvent
	for _, one := range messages {
		e.Records = append(e.Records, events.SQSMessage{
			MessageId: aws.ToString(one.MessageId), ReceiptHandle: aws.ToString(one.ReceiptHandle), Body: aws.ToString(one.Body),
			Md5OfBody: aws.ToString(one.MD5OfBody), Attributes: one.Attributes, MessageAttributes: map[string]events.SQSMessageAttribute{},
			EventSource: "aws:sqs", EventSourceARN: m.ARN, AWSRegion: m.Region,
		})
	}
	return e
}

// failures reads which messages the function is not done with. An answer that says nothing means that it is done with all, and
// one that names a message that it did not get means that it is done with none.
func failures(answer []byte, sent []types.Message) (map[string]bool, error) {
	if len(answer) == 0 || string(answer) == "null" {
		return nil, nil
	}
	var said events.SQSEventResponse
	if err := json.Unmarshal(answer, &said); err != nil {
		return nil, errors.New("the function's answer is not of its form")
	}
	failed := map[string]bool{}
	known := map[string]bool{}
	for _, one := range sent {
		known[aws.ToString(one.MessageId)] = true
	}
	for _, f := range said.BatchItemFailures {
		if !known[f.ItemIdentifier] {
			return nil, errors.New("the function's answer names a message that it did not get")
		}
		failed[f.ItemIdentifier] = true
	}
	return failed, nil
}
