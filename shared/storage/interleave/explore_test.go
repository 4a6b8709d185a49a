package interleave_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/storage/interleave"
)

// counters count up to a number without compare-and-swap: a fault that needs one interruption.
func counters(actors int, atomic bool) interleave.History {
	return func(_ *testing.T, s *interleave.Schedule) error {
		n := 0
		for range actors {
			s.Go("counter", func(ctx context.Context) {
				seen := n
				if !atomic {
					s.Step(ctx, "write")
				}
				n = seen + 1
			})
		}
		if err := s.Run(); err != nil {
			return err
		}
		if n != actors {
			return errors.New("a count was lost")
		}
		return nil
	}
}

func TestFaultThatNeedsAnInterruptionIsFound(t *testing.T) {
	got := interleave.Explore(t, 1000, counters(2, false))
	if got.Fault == nil || got.Preemptions != 1 || len(got.Trace) != 4 {
		t.Errorf("%+v", got)
	}
}

// Three actors with one step each can go in 3! orders.
func TestEveryOrderIsExecutedOnce(t *testing.T) {
	got := interleave.Explore(t, 1000, counters(3, true))
	if got.Fault != nil || !got.Whole || got.Schedules != 6 {
		t.Errorf("%+v", got)
	}
}

// Two actors with three steps each can be merged in 6! / (3! 3!) ways.
func TestEveryMergeOfTwoActorsIsExecutedOnce(t *testing.T) {
	got := interleave.Explore(t, 1000, func(_ *testing.T, s *interleave.Schedule) error {
		for _, name := range []string{"a", "b"} {
			s.Go(name, func(ctx context.Context) {
				s.Step(ctx, "second")
				s.Step(ctx, "third")
			})
		}
		return s.Run()
	})
	if got.Fault != nil || !got.Whole || got.Schedules != 20 || got.Distinct != 20 {
		t.Errorf("%+v", got)
	}
}

func TestAwaitedStepIsTakenOnceItIsReadyOrNever(t *testing.T) {
	got := interleave.Explore(t, 1000, func(_ *testing.T, s *interleave.Schedule) error {
		done, taken, never := false, false, true
		s.Go("waits", func(ctx context.Context) {
			taken = s.Await(ctx, "done", func() bool { return done })
			never = s.Await(ctx, "never", func() bool { return false })
		})
		s.Go("does", func(ctx context.Context) {
			s.Step(ctx, "do")
			done = true
		})
		if err := s.Run(); err != nil {
			return err
		}
		if !taken || never {
			return errors.New("a step was taken at the wrong time")
		}
		return nil
	})
	if got.Fault != nil || !got.Whole || got.Schedules < 3 {
		t.Errorf("%+v", got)
	}
}

func TestClockMovesByItsStepAlone(t *testing.T) {
	got := interleave.Explore(t, 1000, func(_ *testing.T, s *interleave.Schedule) error {
		began := time.Now()
		s.Go("clock", func(ctx context.Context) { s.Advance(ctx, time.Hour) })
		s.Go("looks", func(ctx context.Context) {
			s.Step(ctx, "look")
			if d := time.Since(began); d != 0 && d != time.Hour {
				t.Errorf("%v went by", d)
			}
		})
		return s.Run()
	})
	if got.Fault != nil || !got.Whole {
		t.Errorf("%+v", got)
	}
}

func TestHistoryThatIsNotRepeatableIsTold(t *testing.T) {
	executions := 0
	got := interleave.Explore(t, 1000, func(_ *testing.T, s *interleave.Schedule) error {
		executions++
		for range 2 {
			s.Go("actor", func(ctx context.Context) {
				if executions < 3 {
					s.Step(ctx, "sometimes")
				}
			})
		}
		return s.Run()
	})
	if got.Fault == nil {
		t.Errorf("%+v", got)
	}
}
