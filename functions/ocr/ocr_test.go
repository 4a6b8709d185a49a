package ocr_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/functions/ocr"
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
	return &task.Task{Ref: task.Ref{Application: "app", ID: "id"}}, nil
}

func (f *fakeTasks) ProcessRead(_ context.Context, t *task.Task) (task.Outcome, error) {
	f.calls = append(f.calls, "process "+t.Ref.String())
	return task.Done, f.process
}

func TestUploadIsProcessedAsItsTask(t *testing.T) {
	away := fault.New(fault.StorageUnavailable, "away")
	for _, c := range []struct {
		name  string
		tasks fakeTasks
		err   error
		calls []string
	}{
		{"usual", fakeTasks{}, nil, []string{"landed uploads/x", "process app/id"}},
		{"storage away", fakeTasks{landed: away}, away, []string{"landed uploads/x"}},
		{"state not written", fakeTasks{process: away}, away, []string{"landed uploads/x", "process app/id"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := ocr.New(&c.tasks)(t.Context(), trigger.Upload{Name: "uploads/x"}); !errors.Is(err, c.err) {
				t.Errorf("got %v, want %v", err, c.err)
			}
			if diff := cmp.Diff(c.calls, c.tasks.calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}
