package poison_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/functions/poison"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger/azure"
	"github.com/lethe-ocr/lethe/shared/trigger/azure/azuretest"
)

// fakeTasks knows the task of every upload and notes what it is asked.
type fakeTasks struct {
	calls          []string
	landed, giveUp error
}

func (f *fakeTasks) Landed(_ context.Context, name string) (*task.Task, error) {
	f.calls = append(f.calls, "landed "+name)
	if f.landed != nil {
		return nil, f.landed
	}
	return &task.Task{Ref: task.Ref{Application: "app", ID: "id"}}, nil
}

func (f *fakeTasks) GiveUp(_ context.Context, ref task.Ref) error {
	f.calls = append(f.calls, "give up "+ref.String())
	return f.giveUp
}

func TestPoison(t *testing.T) {
	const canary = "canary-7f3a"
	away := fault.New(fault.StorageUnavailable, "away")
	for _, c := range []struct {
		name      string
		body      []byte
		tasks     fakeTasks
		status    int
		calls     []string
		malformed bool
	}{
		{"recorded", azuretest.Recorded(t, "poison"), fakeTasks{}, http.StatusOK, []string{"landed uploads/transient", "give up app/id"}, false},
		{"storage away", azuretest.Recorded(t, "poison"), fakeTasks{landed: away}, http.StatusInternalServerError, []string{"landed uploads/transient"}, false},
		{
			"storage away later", azuretest.Recorded(t, "poison"), fakeTasks{giveUp: away},
			http.StatusInternalServerError, []string{"landed uploads/transient", "give up app/id"}, false,
		},
		{
			"no task", azuretest.Recorded(t, "poison"), fakeTasks{landed: fault.New(fault.TaskNotFound, "none")},
			http.StatusOK, []string{"landed uploads/transient"}, false,
		},
		{"result", azuretest.Queue(`{"Type":"BlobTrigger","ContainerName":"results","BlobName":"` + canary + `"}`), fakeTasks{}, http.StatusOK, nil, true},
		{"text", azuretest.Queue(canary), fakeTasks{}, http.StatusOK, nil, true},
		{"a task's message", azuretest.Recorded(t, "queue-task"), fakeTasks{}, http.StatusOK, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			h := azure.New(http.NotFoundHandler(), map[string]azure.Function{poison.Name: poison.New(&c.tasks)}, slog.New(slog.NewJSONHandler(&log, nil)))
			if status := azuretest.Invoke(t, h, poison.Name, c.body); status != c.status {
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
