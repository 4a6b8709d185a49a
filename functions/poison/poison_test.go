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

func (f *fakeTasks) GiveUp(_ context.Context, ref task.Ref) error {
	f.calls = append(f.calls, "give up "+ref.String())
	return f.giveUp
}

func TestPoisonedUploadIsGivenUp(t *testing.T) {
	away, none := fault.New(fault.StorageUnavailable, "away"), fault.New(fault.TaskNotFound, "none")
	for _, c := range []struct {
		name  string
		tasks fakeTasks
		err   error
		calls []string
	}{
		{"usual", fakeTasks{}, nil, []string{"landed uploads/x", "give up app/id"}},
		{"storage away", fakeTasks{landed: away}, away, []string{"landed uploads/x"}},
		{"storage away later", fakeTasks{giveUp: away}, away, []string{"landed uploads/x", "give up app/id"}},
		{"no task", fakeTasks{landed: none}, none, []string{"landed uploads/x"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := poison.New(&c.tasks)(t.Context(), trigger.Upload{Name: "uploads/x"}); !errors.Is(err, c.err) {
				t.Errorf("got %v, want %v", err, c.err)
			}
			if diff := cmp.Diff(c.calls, c.tasks.calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}
