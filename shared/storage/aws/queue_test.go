package aws_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/lethe-ocr/lethe/shared/storage/aws"
	"github.com/lethe-ocr/lethe/shared/trigger"
)

var _ trigger.Sender = (*aws.Queue)(nil)

// A message that should wait longer than SQS lets it comes early; one that should not wait comes at once.
func TestMessagesCarryTheirTextAndWait(t *testing.T) {
	store, _, cfg := wired(t)
	const body = `{"v":1,"application":"app","id":"0193"}`
	for _, delay := range []time.Duration{-time.Second, 0, time.Second, 24 * time.Hour} {
		if err := store.Queue().Send(t.Context(), []byte(body), delay); err != nil {
			t.Fatalf("%s: %v", delay, err)
		}
	}
	got, err := store.SQS().ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &cfg.Queue, MaxNumberOfMessages: 10})
	if err != nil || len(got.Messages) != 2 || *got.Messages[0].Body != body {
		t.Errorf("received %+v, %v", got, err)
	}
	counts, err := store.SQS().GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: &cfg.Queue, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameApproximateNumberOfMessagesDelayed},
	})
	if err != nil || counts.Attributes["ApproximateNumberOfMessagesDelayed"] != "2" {
		t.Errorf("%+v, %v", counts, err)
	}
	cfg.Queue = ""
	silent, err := aws.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if silent.Queue().Send(t.Context(), []byte(body), 0) == nil {
		t.Error("a message went to no queue")
	}
}

func untag(t *testing.T, store *aws.Store, bucket string) {
	t.Helper()
	if _, err := store.S3().DeleteBucketTagging(t.Context(), &s3.DeleteBucketTaggingInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
}
