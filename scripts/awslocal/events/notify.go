// Package events does on one machine what the platform does between services of AWS: it puts the notifications of a bucket into a
// queue, calls functions for the messages of queues, and ticks. Services promise little: an event comes at least once, in no
// order, and now and then not at all. Fields say how far a test goes with that.
package events

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// Notifier looks for new objects of a bucket and puts an event for each into a queue.
type Notifier struct {
	S3     *s3.Client
	Bucket string
	Prefix string // of the keys whose objects make events
	Region string
	SQS    *sqs.Client
	Queue  string // URL
	Log    *slog.Logger

	Copies int           // how often each event is sent; zero means once
	Drop   int           // how many of the first events are lost
	Delay  time.Duration // between object and event

	seen map[string]time.Time // key and ETag of each object, and when it was first seen; zero once its event is sent
}

// lookEvery is how often a Notifier looks for new objects.
const lookEvery = 200 * time.Millisecond

// Run sends the test event that the service sends when notifications are set up, and then events until ctx ends.
func (n *Notifier) Run(ctx context.Context) {
	n.seen = map[string]time.Time{}
	test, _ := json.Marshal(events.S3TestEvent{ // of strings and a time: it can be encoded
		Service: "Amazon S3", Event: "s3:TestEvent", Time: time.Now().UTC(), Bucket: n.Bucket, RequestID: "local", HostID: "local",
	})
	n.report(ctx, n.send(ctx, test))
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			n.report(ctx, n.look(ctx))
		}
	}
}

func (n *Notifier) report(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		n.Log.WarnContext(ctx, "an event waits", "error", err)
	}
}

// look sends the events of objects that appeared. What cannot be listed or sent is left for the next time.
func (n *Notifier) look(ctx context.Context) error {
	pages := s3.NewListObjectsV2Paginator(n.S3, &s3.ListObjectsV2Input{Bucket: &n.Bucket, Prefix: &n.Prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list objects: %w", err)
		}
		for _, o := range page.Contents {
			tag := strings.Trim(aws.ToString(o.ETag), `"`)
			if err := n.tell(ctx, aws.ToString(o.Key), tag, aws.ToInt64(o.Size)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (n *Notifier) tell(ctx context.Context, key, tag string, size int64) error {
	id := key + "\x00" + tag
	first, known := n.seen[id]
	switch {
	case !known:
		first = time.Now()
		n.seen[id] = first
	case first.IsZero():
		return nil
	}
	if time.Since(first) < n.Delay {
		return nil
	}
	if n.Drop > 0 {
		n.Drop--
		n.seen[id] = time.Time{}
		return nil
	}
	for range max(1, n.Copies) {
		if err := n.Tell(ctx, key, tag, size); err != nil {
			return err
		}
	}
	n.seen[id] = time.Time{}
	return nil
}

// Tell sends the event of one object, whether there is one or not.
func (n *Notifier) Tell(ctx context.Context, key, tag string, size int64) error {
	now := time.Now()
	name := "ObjectCreated:Put"
	if strings.Contains(tag, "-") { // that of an object in parts ends with their number
		name = "ObjectCreated:CompleteMultipartUpload"
	}
	record := events.S3EventRecord{
		EventVersion: "2.1", EventSource: "aws:s3", AWSRegion: n.Region, EventTime: now.UTC(), EventName: name,
		PrincipalID:       events.S3UserIdentity{PrincipalID: "AWS:local"},
		RequestParameters: events.S3RequestParameters{SourceIPAddress: "127.0.0.1"},
		S3: events.S3Entity{
			SchemaVersion: "1.0", ConfigurationID: "uploads",
			Bucket: events.S3Bucket{Name: n.Bucket, Arn: "arn:aws:s3:::" + n.Bucket},
			Object: events.S3Object{Key: encode(key), Size: size, ETag: tag, Sequencer: fmt.Sprintf("%016X", now.UnixNano())},
		},
	}
	text, err := json.Marshal(events.S3Event{Records: []events.S3EventRecord{record}})
	if err != nil {
		return err
	}
	return n.send(ctx, text)
}

// encode writes a key as events have it: as in a form, with its slashes.
func encode(key string) string { return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/") }

func (n *Notifier) send(ctx context.Context, text []byte) error {
	_, err := n.SQS.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &n.Queue, MessageBody: aws.String(string(text))})
	if err != nil {
		return fmt.Errorf("send an event: %w", err)
	}
	return nil
}
