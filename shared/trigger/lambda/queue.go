package lambda

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"github.com/lethe-ocr/lethe/shared/trigger"
)

// Queue is a function that messages of a queue start, several of them at once. Each is answered for itself: one that may
// succeed later goes back to the queue, alone.
type Queue struct {
	Name     string // of the function, for the log
	Function trigger.Function[trigger.Message]
	Bucket   string // the only one whose events count; empty where no event of a store is expected
	Tasks    bool   // messages name tasks; else they are events of the store
	Last     bool   // these are dead letters: nobody is there to whom a message could go back for another program to read it
	Log      *slog.Logger
}

func (q Queue) answer(ctx context.Context, event []byte) (any, error) {
	return each(ctx, event, q.Name, q.Log, q.handle)
}

// Deliveries is a function that messages of the queue of webhooks start, likewise.
type Deliveries struct {
	Name     string // of the function, for the log
	Function trigger.Function[trigger.Delivery]
	Log      *slog.Logger
}

func (q Deliveries) answer(ctx context.Context, event []byte) (any, error) {
	return each(ctx, event, q.Name, q.Log, func(ctx context.Context, body string) bool {
		return trigger.Settled(ctx, q.Log, q.Name, trigger.Recovered(func() error {
			d, err := trigger.ParseDelivery(body)
			if err != nil {
				return err
			}
			return q.Function(ctx, d)
		}))
	})
}

// each carries out what the messages of an event ask for, and gives back those that are to be tried again.
func each(ctx context.Context, event []byte, function string, log *slog.Logger, handle func(ctx context.Context, body string) bool) (any, error) {
	var batch events.SQSEvent
	if json.Unmarshal(event, &batch) != nil || len(batch.Records) == 0 {
		return nil, trigger.ErrMalformed
	}
	out := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	for _, m := range batch.Records {
		if m.MessageId == "" { // an answer that names no message gives the whole batch back
			trigger.Settled(ctx, log, function, trigger.ErrMalformed)
			continue
		}
		if !handle(ctx, m.Body) {
			out.BatchItemFailures = append(out.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	return out, nil
}

// handle carries out what one message asks for. It is false if that is to be tried again.
func (q Queue) handle(ctx context.Context, body string) bool {
	messages, err := q.read(body)
	done := trigger.Settled(ctx, q.Log, q.Name, err)
	for _, m := range messages {
		err := trigger.Recovered(func() error { return q.Function(ctx, m) })
		done = trigger.Settled(ctx, q.Log, q.Name, err) && done
	}
	return done
}

// read returns what a message asks for: one task, or the uploads that events of the store report.
func (q Queue) read(body string) ([]trigger.Message, error) {
	if q.Bucket != "" {
		uploads, isEvent, err := createdUploads(body, q.Bucket)
		if isEvent || !q.Tasks {
			return uploads, err
		}
	}
	m, err := trigger.ParseJob(body)
	if _, delivery := trigger.ParseDelivery(body); q.Last && delivery == nil {
		return nil, nil // the sweep brings it up for as long as it may be told
	}
	switch {
	case err != nil && q.Last:
		return nil, trigger.ErrMalformed
	case err != nil:
		return nil, err
	}
	return []trigger.Message{m}, nil
}

// testEvent is what S3 sends when notifications are set up.
const testEvent = "s3:TestEvent"

// created begins the names of the only events that are acted on.
const created = "ObjectCreated:"

// createdUploads returns the uploads that the events in a message report. What it cannot read is malformed, beside what it
// returns. It is false unless the message is one of S3's.
func createdUploads(body, bucket string) ([]trigger.Message, bool, error) {
	var text struct {
		Event   string            `json:"Event"`
		Records []json.RawMessage `json:"Records"`
	}
	if json.Unmarshal([]byte(body), &text) != nil {
		return nil, false, trigger.ErrMalformed
	}
	if text.Event == testEvent {
		return nil, true, nil
	}
	if len(text.Records) == 0 {
		return nil, false, trigger.ErrMalformed
	}
	var uploads []trigger.Message
	var malformed error
	for _, raw := range text.Records {
		var e events.S3EventRecord // decodes the key, which is encoded as in a URL
		if json.Unmarshal(raw, &e) != nil || e.S3.Bucket.Name != bucket || !strings.HasPrefix(e.EventName, created) {
			malformed = trigger.ErrMalformed
			continue
		}
		container, name, _ := strings.Cut(e.S3.Object.URLDecodedKey, "/")
		u, ok := trigger.NewUpload(container, name)
		if !ok {
			malformed = trigger.ErrMalformed
			continue
		}
		uploads = append(uploads, trigger.Message{Upload: u})
	}
	return uploads, true, malformed
}
