package azure

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger"
	"github.com/lethe-ocr/lethe/shared/trigger/azure/azuretest"
	"github.com/lethe-ocr/lethe/shared/webhook"
)

// FuzzPayload sends anything to a function that reads everything: the answer is always one that the host can live with,
// a name is always an upload's, and nothing is logged but the event.
func FuzzPayload(f *testing.F) {
	for _, name := range []string{"blob", "blob-json-name", "poison", "queue-task", "queue-event", "queue-spoofed", "timer"} {
		f.Add(azuretest.Recorded(f, name))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		upload := func(_ context.Context, u trigger.Upload) error {
			if !strings.HasPrefix(u.Name, "uploads/") || u.Name == "uploads/" {
				t.Errorf("%q is no upload", u.Name)
			}
			return nil
		}
		var log bytes.Buffer
		h := New(http.NotFoundHandler(), map[string]Function{
			"ocr":    OnBlob(upload),
			"poison": OnPoison(func(ctx context.Context, m trigger.Message) error { return upload(ctx, m.Upload) }),
			"requeue": OnMessage(func(ctx context.Context, m trigger.Message) error {
				if m.Upload != (trigger.Upload{}) {
					return upload(ctx, m.Upload)
				}
				if _, err := task.ParseRef(m.Job.Task.Application, m.Job.Task.ID); err != nil {
					t.Errorf("%v is no task: %v", m.Job.Task, err)
				}
				return nil
			}),
			"notify": OnDelivery(func(_ context.Context, d trigger.Delivery) error {
				if _, err := webhook.ParseRef(d.Ref.Application, d.Ref.Row); err != nil {
					t.Errorf("%v is no delivery: %v", d.Ref, err)
				}
				return nil
			}),
			"retention": OnTimer(func(context.Context, trigger.Tick) error { return nil }),
		}, slog.New(slog.NewJSONHandler(&log, nil)))
		for _, name := range []string{"ocr", "poison", "requeue", "retention", "notify"} {
			log.Reset()
			if status := azuretest.Invoke(t, h, name, body); status != http.StatusOK {
				t.Errorf("%s: status %d", name, status)
			}
			if log.Len() > 400 {
				t.Errorf("%s: %d bytes in the log", name, log.Len())
			}
		}
	})
}

// FuzzBlobName: every name comes out as it went in, and no name can pass for another.
func FuzzBlobName(f *testing.F) {
	for _, name := range names() {
		f.Add("uploads", name)
	}
	f.Add("results", "uploads/x")
	f.Fuzz(func(t *testing.T, container, name string) {
		if !utf8.ValidString(name) || !utf8.ValidString(container) {
			t.Skip("names are UTF-8")
		}
		p, err := parsePayload(azuretest.Blob(container, name))
		if err != nil {
			t.Skip("larger than a payload")
		}
		got, err := p.upload()
		switch {
		case container == "uploads" && name != "":
			if err != nil || got.Name != "uploads/"+name {
				t.Errorf("got %q, %v", got.Name, err)
			}
		case err == nil && !strings.HasSuffix(container, "/uploads"): // such a container cannot be
			t.Errorf("container %q: got %q", container, got.Name)
		}
	})
}

// FuzzQueueMessage: every text comes out as it went in.
func FuzzQueueMessage(f *testing.F) {
	for _, message := range names() {
		f.Add(message)
	}
	f.Fuzz(func(t *testing.T, message string) {
		if !utf8.ValidString(message) {
			t.Skip("messages are UTF-8")
		}
		p, err := parsePayload(azuretest.Queue(message))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.message(); err != nil || got != message {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

// FuzzEvent: whatever a message says, a blob that it names is an upload.
func FuzzEvent(f *testing.F) {
	f.Add(`{"eventType":"Microsoft.Storage.BlobCreated","subject":"/blobServices/default/containers/uploads/blobs/a/1"}`)
	f.Add(`{"Type":"BlobTrigger","ContainerName":"uploads","BlobName":"a/1"}`)
	f.Add(`{"app":"a","id":"01981de2-7b00-7000-8000-000000000001"}`)
	f.Fuzz(func(t *testing.T, message string) {
		for _, read := range []func(string) (trigger.Upload, bool){createdBlob, poisonedBlob} {
			if u, ok := read(message); ok && (!strings.HasPrefix(u.Name, "uploads/") || u.Name == "uploads/") {
				t.Errorf("%q is no upload", u.Name)
			}
		}
	})
}
