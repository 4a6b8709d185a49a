package requeue_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/functions/requeue"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger/azure"
	"github.com/lethe-ocr/lethe/shared/trigger/azure/azuretest"
)

const id = "01981de2-7b00-7000-8000-000000000001"

// fakeTasks knows the task of every upload and notes what it is asked.
type fakeTasks struct {
	calls           []string
	landed, process error
}

func (f *fakeTasks) Landed(_ context.Context, name string) (*task.Task, error) {
	f.calls = append(f.calls, "landed "+name)
	if f.landed != nil {
		return nil, f.landed
	}
	return &task.Task{Ref: task.Ref{Application: "app", ID: id}}, nil
}

func (f *fakeTasks) Process(_ context.Context, ref task.Ref) (task.Outcome, error) {
	f.calls = append(f.calls, "process "+ref.String())
	return task.Done, f.process
}

func (f *fakeTasks) ProcessRead(ctx context.Context, t *task.Task) (task.Outcome, error) {
	return f.Process(ctx, t.Ref)
}

func TestMessages(t *testing.T) {
	const (
		canary  = "canary-7f3a"
		created = `{"eventType":"Microsoft.Storage.BlobCreated","subject":"/blobServices/default/containers/`
	)
	processed := "process app/" + id
	away := fault.New(fault.StorageUnavailable, "away")
	for _, c := range []struct {
		name      string
		body      []byte
		tasks     fakeTasks
		status    int
		calls     []string
		malformed bool
	}{
		{"recorded task", azuretest.Recorded(t, "queue-task"), fakeTasks{}, http.StatusOK, []string{processed}, false},
		{"recorded event", azuretest.Recorded(t, "queue-event"), fakeTasks{}, http.StatusOK, []string{"landed uploads/by-queue", processed}, false},
		{"recorded message that overwrites the host's metadata", azuretest.Recorded(t, "queue-spoofed"), fakeTasks{}, http.StatusOK, nil, true},
		{
			"task that overwrites the host's metadata", azuretest.Queue(`{"app":"app","id":"` + id + `","DequeueCount":9,"message":"x","name":"y"}`),
			fakeTasks{}, http.StatusOK, []string{processed}, false,
		},
		{"storage away", azuretest.Recorded(t, "queue-task"), fakeTasks{process: away}, http.StatusInternalServerError, []string{processed}, false},
		{"storage away for an event", azuretest.Recorded(t, "queue-event"), fakeTasks{landed: away}, http.StatusInternalServerError, []string{"landed uploads/by-queue"}, false},
		{
			"event of a blob outside the layout", azuretest.Queue(created + `uploads/blobs/` + canary + `"}`), fakeTasks{landed: fault.New(fault.ThingNotFound, "outside")},
			http.StatusOK, []string{"landed uploads/" + canary}, false,
		},
		{"event of a result", azuretest.Queue(created + `results/blobs/` + canary + `"}`), fakeTasks{}, http.StatusOK, nil, true},
		{"application that is none", azuretest.Queue(`{"app":"../` + canary + `","id":"` + id + `"}`), fakeTasks{}, http.StatusOK, nil, true},
		{"id in capitals", azuretest.Queue(`{"app":"app","id":"` + strings.ToUpper(id) + `"}`), fakeTasks{}, http.StatusOK, nil, true},
		{"id that is no UUIDv7", azuretest.Queue(`{"app":"app","id":"01981de2-7b00-4000-8000-000000000001"}`), fakeTasks{}, http.StatusOK, nil, true},
		{"text", azuretest.Queue(canary), fakeTasks{}, http.StatusOK, nil, true},
		{"empty", azuretest.Queue(""), fakeTasks{}, http.StatusOK, nil, true},
		{"null", azuretest.Queue("null"), fakeTasks{}, http.StatusOK, nil, true},
		{"a blob", azuretest.Recorded(t, "blob"), fakeTasks{}, http.StatusOK, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			h := azure.New(http.NotFoundHandler(), map[string]azure.Function{requeue.Name: requeue.New(&c.tasks)}, slog.New(slog.NewJSONHandler(&log, nil)))
			if status := azuretest.Invoke(t, h, requeue.Name, c.body); status != c.status {
				t.Errorf("status %d, want %d", status, c.status)
			}
			if diff := cmp.Diff(c.calls, c.tasks.calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if malformed := strings.Contains(log.String(), "invocation.malformed"); malformed != c.malformed {
				t.Errorf("malformed is %t, want %t", malformed, c.malformed)
			}
			if strings.Contains(log.String(), canary) {
				t.Errorf("content in the log: %s", log.String())
			}
		})
	}
}

// sent is a Sender that keeps the last message.
type sent struct {
	text  string
	delay time.Duration
}

func (s *sent) Send(_ context.Context, text []byte, delay time.Duration) error {
	s.text, s.delay = string(text), delay
	return nil
}

func TestMessagesHoldIdsAlone(t *testing.T) {
	ref := task.Ref{Application: "app", ID: id}
	to := &sent{}
	if err := (requeue.Pushed{To: to}).Push(t.Context(), ref, time.Minute); err != nil {
		t.Fatal(err)
	}
	if want := `{"app":"app","id":"` + id + `"}`; to.text != want || to.delay != time.Minute {
		t.Errorf("sent %s after %s, want %s after 1m", to.text, to.delay, want)
	}
	tasks := &fakeTasks{}
	h := azure.New(http.NotFoundHandler(), map[string]azure.Function{requeue.Name: requeue.New(tasks)}, slog.New(slog.DiscardHandler))
	azuretest.Invoke(t, h, requeue.Name, azuretest.Queue(to.text))
	if diff := cmp.Diff([]string{"process " + ref.String()}, tasks.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}
