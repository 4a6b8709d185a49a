package task_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// hang makes the first full pass stand still until the test ends, and returns once it does.
func hang(t *testing.T, w *world) {
	t.Helper()
	still, stop := make(chan struct{}), make(chan struct{})
	w.faulty.Before(func(op storagetest.Op, _ string) error {
		if op == storagetest.ListBlobs {
			w.faulty.Heal()
			close(still)
			<-stop
		}
		return nil
	})
	go func() { _, _ = w.FullPass(context.WithoutCancel(t.Context())) }() // what it does is not of interest
	<-still
	t.Cleanup(func() { close(stop) })
}

func TestSweepWaitsForNoFullPassThatDoesNotEnd(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		hang(t, w)
		began := time.Now()
		if _, err := w.Sweep(t.Context()); err != nil {
			t.Error(err)
		}
		if waited := time.Since(began); waited <= 0 || waited > time.Minute {
			t.Errorf("the sweep began after %v, want after waiting for at most a minute", waited)
		}
	})
}

// broken is a turn that cannot be had.
type broken struct{}

// TakeTurn implements task.SweepTurn.
func (broken) TakeTurn(context.Context) (func(), error) {
	return nil, errors.New("no descriptor is left")
}

func TestSweepErasesWithoutItsTurnWhereThatCannotBeHad(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.Turn = broken{}
		ref := w.completed(order())
		pass(25 * time.Hour)
		done, err := w.Sweep(t.Context())
		if err != nil || done.Erased != 1 {
			t.Errorf("swept %+v, %v", done, err)
		}
		w.checkNothingLeft(ref)
	})
}

func TestCallersLeaveASweepThatRunsToItself(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		hang(t, w)
		if swept, err := w.CatchUp(t.Context()); swept || err != nil {
			t.Errorf("swept %t, %v; want that the full pass is not disturbed", swept, err)
		}
	})
}

// A scheduler that sends a tick twice, or sends the next one before the last one's work is done, starts processes that sweep side by
// side and know nothing of each other. What is due is gone after them, and nothing of it looks like a failure.
func TestSweepsOfSeveralProcessesAtOnceAreHarmless(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var refs []task.Ref
		for range 10 {
			refs = append(refs, w.completed(order()))
		}
		pass(25 * time.Hour)
		var ticks sync.WaitGroup
		for n := range 3 {
			other := w.process(fmt.Sprint("tick ", n))
			ticks.Go(func() {
				swept, err := other.Sweep(t.Context())
				if err != nil || swept.Failed > 0 {
					t.Errorf("tick %d: %+v, %v", n, swept, err)
				}
				passed, err := other.FullPass(t.Context())
				if err != nil || passed.Failed > 0 {
					t.Errorf("full pass of tick %d: %+v, %v", n, passed, err)
				}
			})
		}
		ticks.Wait()
		for _, ref := range refs {
			w.checkNothingLeft(ref)
		}
	})
}
