package poison_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/functions/poison"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger"
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

func (f *fakeTasks) GiveUp(_ context.Context, job task.Job) error {
	f.calls = append(f.calls, "give up "+job.String())
	return f.giveUp
}

func TestWhatThePlatformGaveUpOnIsGivenUp(t *testing.T) {
	away, none := fault.New(fault.StorageUnavailable, "away"), fault.New(fault.TaskNotFound, "none")
	upload := trigger.Message{Upload: trigger.Upload{Name: "uploads/x"}}
	named := trigger.Message{Job: task.Ref{Application: "app", ID: "other"}.Job()}
	for _, c := range []struct {
		name    string
		message trigger.Message
		tasks   fakeTasks
		err     error
		calls   []string
	}{
		{"usual", upload, fakeTasks{}, nil, []string{"landed uploads/x", "give up app/id"}},
		{"storage away", upload, fakeTasks{landed: away}, away, []string{"landed uploads/x"}},
		{"storage away later", upload, fakeTasks{giveUp: away}, away, []string{"landed uploads/x", "give up app/id"}},
		{"no task", upload, fakeTasks{landed: none}, none, []string{"landed uploads/x"}},
		{"a task of the queue", named, fakeTasks{}, nil, []string{"give up app/other"}},
		{"a task of the queue, storage away", named, fakeTasks{giveUp: away}, away, []string{"give up app/other"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := poison.New(&c.tasks)(t.Context(), c.message); !errors.Is(err, c.err) {
				t.Errorf("got %v, want %v", err, c.err)
			}
			if diff := cmp.Diff(c.calls, c.tasks.calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}
