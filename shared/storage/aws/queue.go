package aws

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// maxDelay is the longest that SQS holds a message back. What should wait longer comes early, and is sent again.
const maxDelay = 15 * time.Minute

// Queue sends messages to one queue.
type Queue struct {
	client *sqs.Client
	url    string
}

// Send adds a message that becomes visible after the delay, or after a quarter of an hour if that is sooner.
func (q *Queue) Send(ctx context.Context, text []byte, delay time.Duration) error {
	if q.url == "" {
		return errors.New("send message: no queue is configured")
	}
	body := string(text)
	_, err := q.client.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl: &q.url, MessageBody: &body,
		DelaySeconds: int32(max(0, min(delay, maxDelay)) / time.Second),
	})
	if err != nil {
		return fmt.Errorf("send message: %w", classify(err))
	}
	return nil
}
