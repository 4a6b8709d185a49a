package events_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	local "github.com/lethe-ocr/lethe/scripts/awslocal/events"
	"github.com/lethe-ocr/lethe/scripts/awslocal/functionurl"
	"github.com/lethe-ocr/lethe/shared/storage/aws/emulator"
)

// emulators are shared by the tests of this package.
var emulators emulator.Set

func TestMain(m *testing.M) {
	code := m.Run()
	emulators.Close()
	os.Exit(code)
}

func queues(t *testing.T) *sqs.Client {
	t.Helper()
	endpoint := emulator.Endpoint(t, emulators.SQS)
	return sqs.New(sqs.Options{
		Region: emulator.Region, BaseEndpoint: &endpoint,
		Credentials: credentials.NewStaticCredentialsProvider(emulator.AccessKey, emulator.SecretKey, ""),
	})
}

// queue makes a queue with a dead-letter queue.
func queue(t *testing.T, c *sqs.Client, visibility, receives int) (url, dead string) {
	t.Helper()
	name := strings.ToLower(strings.ReplaceAll(t.Name(), "/", "-"))
	made, err := c.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(name + "-dead")})
	if err != nil {
		t.Fatal(err)
	}
	dead = *made.QueueUrl
	made, err = c.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(name), Attributes: map[string]string{
		"VisibilityTimeout": fmt.Sprint(visibility),
		"RedrivePolicy":     fmt.Sprintf(`{"deadLetterTargetArn":"arn:aws:sqs:%s:000000000000:%s-dead","maxReceiveCount":%d}`, emulator.Region, name, receives),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return *made.QueueUrl, dead
}

func send(t *testing.T, c *sqs.Client, queue string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if _, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &queue, MessageBody: &text}); err != nil {
			t.Fatal(err)
		}
	}
}

// count is how many messages a queue shows and holds back.
func count(t *testing.T, c *sqs.Client, queue string) (visible, hidden string) {
	t.Helper()
	got, err := c.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &queue, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
	if err != nil {
		t.Fatal(err)
	}
	return got.Attributes["ApproximateNumberOfMessages"], got.Attributes["ApproximateNumberOfMessagesNotVisible"]
}

// function answers events in a test and keeps them.
type function struct {
	answer func(events.SQSEvent) (string, error)

	mu   sync.Mutex
	seen []events.SQSEvent // guarded by mu
}

func (f *function) Call(_ context.Context, event []byte) ([]byte, error) {
	var e events.SQSEvent
	if err := json.Unmarshal(event, &e); err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.seen = append(f.seen, e)
	f.mu.Unlock()
	text, err := f.answer(e)
	return []byte(text), err
}

func mapping(c *sqs.Client, queue string, f local.Caller) *local.Mapping {
	return &local.Mapping{
		SQS: c, Queue: queue, ARN: "arn:aws:sqs:eu-central-1:000000000000:q", Region: emulator.Region, Function: f, Batch: 10, Concurrency: 1,
		Log: slog.New(slog.DiscardHandler),
	}
}

func TestMessagesThatTheFunctionIsDoneWithLeaveTheQueue(t *testing.T) {
	c := queues(t)
	q, _ := queue(t, c, 60, 5)
	send(t, c, q, "good", "bad")
	f := &function{answer: func(e events.SQSEvent) (string, error) {
		for _, r := range e.Records {
			if r.Body == "bad" {
				return `{"batchItemFailures":[{"itemIdentifier":"` + r.MessageId + `"}]}`, nil
			}
		}
		return `{"batchItemFailures":[]}`, nil
	}}
	m := mapping(c, q, f)
	for seen := 0; seen < 2; {
		before := len(f.seen)
		if err := m.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, e := range f.seen[before:] {
			seen += len(e.Records)
		}
	}
	if visible, hidden := count(t, c, q); visible != "0" || hidden != "1" {
		t.Errorf("%s messages to be seen and %s held back, want the one that failed held back", visible, hidden)
	}
	r := f.seen[0].Records[0]
	if r.EventSource != "aws:sqs" || r.EventSourceARN != m.ARN || r.Attributes["ApproximateReceiveCount"] != "1" || r.Attributes["SentTimestamp"] == "" {
		t.Errorf("a message arrived as %+v", r)
	}
}

func TestAnswerThatIsNotOfItsFormFailsTheWholeBatch(t *testing.T) {
	c := queues(t)
	for name, answer := range map[string]func(events.SQSEvent) (string, error){
		"unknown":  func(events.SQSEvent) (string, error) { return `{"batchItemFailures":[{"itemIdentifier":"x"}]}`, nil },
		"empty id": func(events.SQSEvent) (string, error) { return `{"batchItemFailures":[{"itemIdentifier":""}]}`, nil },
		"no JSON":  func(events.SQSEvent) (string, error) { return `done`, nil },
		"failure":  func(events.SQSEvent) (string, error) { return "", errors.New("failed") },
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			q, _ := queue(t, c, 60, 5)
			send(t, c, q, "a")
			if err := mapping(c, q, &function{answer: answer}).Poll(t.Context()); err == nil {
				t.Error("no error")
			}
			if _, hidden := count(t, c, q); hidden != "1" {
				t.Errorf("%s messages are held back, want 1", hidden)
			}
		})
	}
	for _, answer := range []string{"", "null", "{}", `{"batchItemFailures":null}`} {
		t.Run("done with "+answer, func(t *testing.T) {
			name := fmt.Sprintf("done-%d", len(answer))
			made, err := c.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name})
			if err != nil {
				t.Fatal(err)
			}
			send(t, c, *made.QueueUrl, "a")
			f := &function{answer: func(events.SQSEvent) (string, error) { return answer, nil }}
			if err := mapping(c, *made.QueueUrl, f).Poll(t.Context()); err != nil {
				t.Error(err)
			}
			if visible, hidden := count(t, c, *made.QueueUrl); visible != "0" || hidden != "0" {
				t.Errorf("%s and %s messages are left", visible, hidden)
			}
		})
	}
}

// Time-out and dead letters are the queue's own.
func TestMessageThatFailsIsTriedAgainAndThenADeadLetter(t *testing.T) {
	c := queues(t)
	q, dead := queue(t, c, 1, 2)
	send(t, c, q, "poison")
	f := &function{answer: func(events.SQSEvent) (string, error) { return "", errors.New("failed") }}
	m := mapping(c, q, f)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		_ = m.Poll(ctx) // it fails
		if visible, _ := count(t, c, dead); visible == "1" {
			break
		}
		if ctx.Err() != nil {
			t.Fatal("no dead letter")
		}
	}
	if len(f.seen) != 2 || f.seen[1].Records[0].Attributes["ApproximateReceiveCount"] != "2" {
		t.Errorf("%d tries, want 2", len(f.seen))
	}
}

func TestMessageWaitsForAFreeInstance(t *testing.T) {
	c := queues(t)
	q, _ := queue(t, c, 3600, 5)
	send(t, c, q, "a")
	full := true
	f := &function{answer: func(events.SQSEvent) (string, error) {
		if full {
			full = false
			return "", functionurl.ErrThrottled
		}
		return "", nil
	}}
	m := mapping(c, q, f)
	for len(f.seen) < 2 { // the second try comes long before the queue's own time-out
		if err := m.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// The notifier tells what lands, as the service writes it.
func TestNotificationsOfABucket(t *testing.T) {
	c := queues(t)
	q, _ := queue(t, c, 60, 5)
	endpoint := emulator.Endpoint(t, emulators.S3)
	store := s3.New(s3.Options{
		Region: emulator.Region, BaseEndpoint: &endpoint, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(emulator.AccessKey, emulator.SecretKey, ""),
	})
	const bucket = "notifications"
	if _, err := store.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(bucket)}); err != nil {
		t.Fatal(err)
	}
	n := &local.Notifier{
		S3: store, Bucket: bucket, Prefix: "uploads/", Region: emulator.Region, SQS: c, Queue: q, Log: slog.New(slog.DiscardHandler),
		Drop: 1, Copies: 2,
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { n.Run(ctx) })
	var got []string
	f := &function{answer: func(e events.SQSEvent) (string, error) {
		for _, r := range e.Records {
			got = append(got, r.Body)
		}
		return "", nil
	}}
	m := mapping(c, q, f)
	for len(got) < 1 {
		if err := m.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var test events.S3TestEvent
	if err := json.Unmarshal([]byte(got[0]), &test); err != nil || test.Event != "s3:TestEvent" || test.Bucket != bucket {
		t.Errorf("the first message is %s", got[0])
	}
	for _, key := range []string{"uploads/1 lost", "elsewhere/2", "uploads/3 with +ünïcödé&%"} {
		if _, err := store.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(bucket), Key: &key, Body: strings.NewReader("12345")}); err != nil {
			t.Fatal(err)
		}
	}
	for len(got) < 3 {
		if err := m.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	running.Wait()
	for _, text := range got[1:] {
		var e events.S3Event
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatal(err)
		}
		r := e.Records[0]
		// Keys are as in a form, except for their slashes.
		want := [4]string{"ObjectCreated:Put", bucket, "uploads/3+with+%2B%C3%BCn%C3%AFc%C3%B6d%C3%A9%26%25", "827ccb0eea8a706c4c34a16891f84e7b"}
		if diff := cmp.Diff(want, [4]string{r.EventName, r.S3.Bucket.Name, r.S3.Object.Key, r.S3.Object.ETag}); diff != "" || r.S3.Object.Size != 5 || len(r.S3.Object.Sequencer) != 16 {
			t.Errorf("an event of %d bytes, sequencer %s (-want +got):\n%s", r.S3.Object.Size, r.S3.Object.Sequencer, diff)
		}
	}
}

// caller counts calls that do not end before they are released.
type caller struct {
	came     chan []byte
	released chan struct{}
}

func (c caller) Call(_ context.Context, event []byte) ([]byte, error) {
	c.came <- event
	<-c.released
	return nil, nil
}

// Ticks come twice, and while the one before runs: a function has to bear it.
func TestTicksOverlap(t *testing.T) {
	c := caller{make(chan []byte), make(chan struct{})}
	s := &local.Schedule{Every: time.Millisecond, Copies: 2, Region: emulator.Region, Name: "lethe-retention", Function: c, Log: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	var event []byte
	for range 4 { // none of which has ended
		event = <-c.came
	}
	cancel()
	close(c.released)
	ended := make(chan struct{})
	go func() { running.Wait(); close(ended) }()
	for open := true; open; {
		select {
		case <-c.came:
		case <-ended:
			open = false
		}
	}
	var e events.EventBridgeEvent
	if err := json.Unmarshal(event, &e); err != nil || e.DetailType != "Scheduled Event" || e.Source != "aws.scheduler" || string(e.Detail) != `"{}"` {
		t.Errorf("a tick is %s", event)
	}
}
