package task_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
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
