package azure

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
)

// messageLife is how long an unread message is kept. It is shorter than the lifetime of what it is about.
const messageLife = 24 * time.Hour

// Queue sends messages to one storage queue.
type Queue struct{ client *azqueue.QueueClient }

// Send adds a message that becomes visible after the delay. Text is encoded as the Functions host expects it.
func (q *Queue) Send(ctx context.Context, text []byte, delay time.Duration) error {
	_, err := q.client.EnqueueMessage(ctx, base64.StdEncoding.EncodeToString(text), &azqueue.EnqueueMessageOptions{
		TimeToLive:        to.Ptr(int32(messageLife / time.Second)),
		VisibilityTimeout: to.Ptr(int32(min(delay, messageLife) / time.Second)), //nolint:gosec // at most a day
	})
	if err != nil {
		return fmt.Errorf("send message: %w", classify(err))
	}
	return nil
}
