package requeue_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/functions/requeue"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger"
)

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
	return &task.Task{Ref: task.Ref{Application: "app", ID: "landed"}}, nil
}

func (f *fakeTasks) Process(_ context.Context, job task.Job) (task.Outcome, error) {
	f.calls = append(f.calls, "process "+job.String())
	return task.Done, f.process
}

func (f *fakeTasks) ProcessRead(ctx context.Context, t *task.Task) (task.Outcome, error) {
	return f.Process(ctx, t.Ref.Job())
}

func TestTaskOfAMessageIsProcessed(t *testing.T) {
	sent := trigger.Message{Job: task.Ref{Application: "app", ID: "sent"}.Job()}
	event := trigger.Message{Upload: trigger.Upload{Name: "uploads/x"}}
	away := fault.New(fault.StorageUnavailable, "away")
	for _, c := range []struct {
		name    string
		message trigger.Message
		tasks   fakeTasks
		err     error
		calls   []string
	}{
		{"task", sent, fakeTasks{}, nil, []string{"process app/sent"}},
		{"event", event, fakeTasks{}, nil, []string{"landed uploads/x", "process app/landed"}},
		{"storage away", sent, fakeTasks{process: away}, away, []string{"process app/sent"}},
		{"storage away for an event", event, fakeTasks{landed: away}, away, []string{"landed uploads/x"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := requeue.New(&c.tasks)(t.Context(), c.message); !errors.Is(err, c.err) {
				t.Errorf("got %v, want %v", err, c.err)
			}
			if diff := cmp.Diff(c.calls, c.tasks.calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}
