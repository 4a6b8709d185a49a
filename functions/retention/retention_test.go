package retention_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/functions/retention"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger"
)

// fakeTasks notes what it is asked, and fails where a test says so.
type fakeTasks struct {
	calls []string
	fails map[string]error
}

func (f *fakeTasks) called(name string) error {
	f.calls = append(f.calls, name)
	return f.fails[name]
}

func (f *fakeTasks) Sweep(context.Context) (task.Swept, error) {
	return task.Swept{}, f.called("sweep")
}

func (f *fakeTasks) PassWhenDue(_ context.Context, interval time.Duration) (task.Swept, error) {
	return task.Swept{}, f.called("pass " + interval.String())
}

func (f *fakeTasks) Sequence(context.Context) (int, error) { return 0, f.called("sequence") }

func (f *fakeTasks) rounds(context.Context) error { return f.called("rounds") }

func TestEachCallDoesAllAndNothingThatFailsKeepsTheRest(t *testing.T) {
	all := []string{"sweep", "pass 1h0m0s", "sequence", "rounds"}
	for _, failing := range append([]string{"nothing"}, all...) {
		t.Run(failing+" fails", func(t *testing.T) {
			broken := errors.New(failing)
			f := &fakeTasks{fails: map[string]error{failing: broken}}
			call := retention.New(retention.Config{Tasks: f, Ledger: f, Rounds: f.rounds, Interval: time.Hour})
			if err := call(t.Context(), trigger.Tick{}); errors.Is(err, broken) != (failing != "nothing") {
				t.Errorf("got %v", err)
			}
			if diff := cmp.Diff(all, f.calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}
