package azure_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger"
	"github.com/lethe-ocr/lethe/shared/trigger/azure"
	"github.com/lethe-ocr/lethe/shared/trigger/azure/azuretest"
	"github.com/lethe-ocr/lethe/shared/webhook"
)

// What the real host was recorded to send, and what senders could put in its place, comes to the function of its trigger as
// a decoded value, or to none and as one line in the log.
func TestPayloadIsTranslatedForTheFunctionOfItsTrigger(t *testing.T) {
	const (
		id       = "01981de2-7b00-7000-8000-000000000001"
		delivery = "1793534400000!" + id + "!1!0123456789abcdef"

		created = `{"eventType":"Microsoft.Storage.BlobCreated","subject":"/blobServices/default/containers/`
	)
	recorded := func(name string) []byte { return azuretest.Recorded(t, name) }
	upload := func(name string) any { return trigger.Upload{Name: name} }
	message := trigger.Message{Job: task.Ref{Application: "app", ID: id}.Job()}
	for _, c := range []struct {
		function, name string
		body           []byte
		want           any // nil for malformed
	}{
		{"ocr", "recorded", recorded("blob"), upload("uploads/2026112409/app/first/1")},
		{"ocr", "recorded, a name that is JSON", recorded("blob-json-name"), upload(`uploads/{"name":"x"}`)},
		{"ocr", "outside the layout", azuretest.Blob("uploads", "x"), upload("uploads/x")},
		{"ocr", "another container", azuretest.Blob("results", canary), nil},
		{"ocr", "a queue message", recorded("poison"), nil},
		{"ocr", "a timer", recorded("timer"), nil},

		{"poison", "recorded", recorded("poison"), upload("uploads/transient")},
		{"poison", "a result", azuretest.Queue(`{"Type":"BlobTrigger","ContainerName":"results","BlobName":"` + canary + `"}`), nil},
		{"poison", "text", azuretest.Queue(canary), nil},
		{"poison", "a task's message", recorded("queue-task"), nil},

		{"requeue", "recorded task", recorded("queue-task"), message},
		{"requeue", "recorded event", recorded("queue-event"), trigger.Message{Upload: trigger.Upload{Name: "uploads/by-queue"}}},
		{"requeue", "recorded message that overwrites the host's metadata", recorded("queue-spoofed"), nil},
		{"requeue", "task that overwrites the host's metadata", azuretest.Queue(`{"app":"app","id":"` + id + `","DequeueCount":9,"message":"x","name":"y"}`), message},
		{"requeue", "event of a blob outside the layout", azuretest.Queue(created + `uploads/blobs/x"}`), trigger.Message{Upload: trigger.Upload{Name: "uploads/x"}}},
		{"requeue", "event of a result", azuretest.Queue(created + `results/blobs/` + canary + `"}`), nil},
		{"requeue", "application that is none", azuretest.Queue(`{"app":"../` + canary + `","id":"` + id + `"}`), nil},
		{"requeue", "id in capitals", azuretest.Queue(`{"app":"app","id":"` + strings.ToUpper(id) + `"}`), nil},
		{"requeue", "id that is no UUIDv7", azuretest.Queue(`{"app":"app","id":"01981de2-7b00-4000-8000-000000000001"}`), nil},
		{"requeue", "text", azuretest.Queue(canary), nil},
		{"requeue", "empty", azuretest.Queue(""), nil},
		{"requeue", "null", azuretest.Queue("null"), nil},
		{"requeue", "a blob", recorded("blob"), nil},

		{"retention", "recorded", recorded("timer"), trigger.Tick{}},

		{"notify", "a delivery", azuretest.Queue(`{"v":1,"app":"app","delivery":"` + delivery + `"}`), trigger.Delivery{Ref: webhook.Ref{Application: "app", Row: delivery}}},
		{"notify", "delivery that is none", azuretest.Queue(`{"v":1,"app":"app","delivery":"` + canary + `"}`), nil},
		{"notify", "recorded task", recorded("queue-task"), nil},
		{"notify", "text", azuretest.Queue(canary), nil},
		{"notify", "a blob", recorded("blob"), nil},
	} {
		t.Run(c.function+", "+c.name, func(t *testing.T) {
			var got any
			var log bytes.Buffer
			h := azure.New(teapot(), map[string]azure.Function{
				"ocr":       azure.OnBlob(func(_ context.Context, u trigger.Upload) error { got = u; return nil }),
				"poison":    azure.OnPoison(func(_ context.Context, m trigger.Message) error { got = m.Upload; return nil }),
				"requeue":   azure.OnMessage(func(_ context.Context, m trigger.Message) error { got = m; return nil }),
				"notify":    azure.OnDelivery(func(_ context.Context, d trigger.Delivery) error { got = d; return nil }),
				"retention": azure.OnTimer(func(_ context.Context, k trigger.Tick) error { got = k; return nil }),
			}, slog.New(slog.NewJSONHandler(&log, nil)))
			if status := azuretest.Invoke(t, h, c.function, c.body); status != http.StatusOK {
				t.Errorf("status %d", status)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("called with (-want +got):\n%s", diff)
			}
			want := ""
			if c.want == nil {
				want = logevent.InvocationMalformed
			}
			if logged := events(t, &log); logged != want {
				t.Errorf("events %q, want %q", logged, want)
			}
			if strings.Contains(log.String(), canary) {
				t.Errorf("content in the log: %s", log.String())
			}
		})
	}
}
