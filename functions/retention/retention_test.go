package retention_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/functions/retention"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger/azure"
	"github.com/lethe-ocr/lethe/shared/trigger/azure/azuretest"
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
	h     *azure.Handler
}

func newTimer() *timer {
	c := &timer{at: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}
	f := retention.New(retention.Config{
		Tasks: &c.tasks, Ledger: &c.tasks, Rounds: c.tasks.rounds, Interval: time.Hour, Now: func() time.Time { return c.at },
	})
	c.h = azure.New(http.NotFoundHandler(), map[string]azure.Function{retention.Name: f}, slog.New(slog.DiscardHandler))
	return c
}

// tick calls the function after a while and checks the answer and what was done.
func (c *timer) tick(t *testing.T, after time.Duration, status int, calls ...string) {
	t.Helper()
	c.at = c.at.Add(after)
	c.tasks.calls = nil
	if got := azuretest.Invoke(t, c.h, retention.Name, azuretest.Recorded(t, "timer")); got != status {
		t.Errorf("status %d, want %d", got, status)
	}
	if diff := cmp.Diff(calls, c.tasks.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestEachCallSweepsAndOneInAnIntervalPassesFully(t *testing.T) {
	c := newTimer()
	c.tick(t, 0, http.StatusOK, "sweep", "pass", "sequence", "rounds")
	c.tick(t, 5*time.Minute, http.StatusOK, "sweep", "sequence", "rounds")
	c.tick(t, 54*time.Minute, http.StatusOK, "sweep", "sequence", "rounds")
	c.tick(t, time.Minute, http.StatusOK, "sweep", "pass", "sequence", "rounds")
	c.tick(t, 5*time.Minute, http.StatusOK, "sweep", "sequence", "rounds")
}

func TestFailedFullPassIsMadeAgain(t *testing.T) {
	c := newTimer()
	c.tasks.pass = fault.New(fault.StorageUnavailable, "away")
	c.tick(t, 0, http.StatusInternalServerError, "sweep", "pass", "sequence", "rounds")
	c.tick(t, 5*time.Minute, http.StatusInternalServerError, "sweep", "pass", "sequence", "rounds")
	c.tasks.pass = nil
	c.tick(t, 5*time.Minute, http.StatusOK, "sweep", "pass", "sequence", "rounds")
	c.tick(t, 5*time.Minute, http.StatusOK, "sweep", "sequence", "rounds")
}

func TestFailedSweepDoesNotStopTheFullPass(t *testing.T) {
	c := newTimer()
	c.tasks.sweep = errors.New("due index")
	c.tick(t, 0, http.StatusInternalServerError, "sweep", "pass", "sequence", "rounds")
}
