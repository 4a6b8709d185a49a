package retention_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/functions/retention"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger"
)

// fakeTasks notes what it is asked.
type fakeTasks struct {
	calls       []string
	sweep, pass error
}

func (f *fakeTasks) Sweep(context.Context) (task.Swept, error) {
	f.calls = append(f.calls, "sweep")
	return task.Swept{}, f.sweep
}

func (f *fakeTasks) FullPass(context.Context) (task.Swept, error) {
	f.calls = append(f.calls, "pass")
	return task.Swept{}, f.pass
}

func (f *fakeTasks) Sequence(context.Context) (int, error) {
	f.calls = append(f.calls, "sequence")
	return 0, nil
}

func (f *fakeTasks) rounds(context.Context) error {
	f.calls = append(f.calls, "rounds")
	return nil
}

// timer calls the function at times that a test chooses.
type timer struct {
	tasks fakeTasks
	at    time.Time
	call  trigger.Function[trigger.Tick]
}

func newTimer() *timer {
	c := &timer{at: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}
	c.call = retention.New(retention.Config{
		Tasks: &c.tasks, Ledger: &c.tasks, Rounds: c.tasks.rounds, Interval: time.Hour, Now: func() time.Time { return c.at },
	})
	return c
}

// tick calls the function after a while and checks what was done and whether it says so.
func (c *timer) tick(t *testing.T, after time.Duration, want error, calls ...string) {
	t.Helper()
	c.at = c.at.Add(after)
	c.tasks.calls = nil
	if err := c.call(t.Context(), trigger.Tick{}); !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
	if diff := cmp.Diff(calls, c.tasks.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestEachCallSweepsAndOneInAnIntervalPassesFully(t *testing.T) {
	c := newTimer()
	c.tick(t, 0, nil, "sweep", "pass", "sequence", "rounds")
	c.tick(t, 5*time.Minute, nil, "sweep", "sequence", "rounds")
	c.tick(t, 54*time.Minute, nil, "sweep", "sequence", "rounds")
	c.tick(t, time.Minute, nil, "sweep", "pass", "sequence", "rounds")
	c.tick(t, 5*time.Minute, nil, "sweep", "sequence", "rounds")
}

func TestFailedFullPassIsMadeAgain(t *testing.T) {
	c := newTimer()
	away := fault.New(fault.StorageUnavailable, "away")
	c.tasks.pass = away
	c.tick(t, 0, away, "sweep", "pass", "sequence", "rounds")
	c.tick(t, 5*time.Minute, away, "sweep", "pass", "sequence", "rounds")
	c.tasks.pass = nil
	c.tick(t, 5*time.Minute, nil, "sweep", "pass", "sequence", "rounds")
	c.tick(t, 5*time.Minute, nil, "sweep", "sequence", "rounds")
}

func TestFailedSweepDoesNotStopTheFullPass(t *testing.T) {
	c := newTimer()
	broken := errors.New("due index")
	c.tasks.sweep = broken
	c.tick(t, 0, broken, "sweep", "pass", "sequence", "rounds")
}
