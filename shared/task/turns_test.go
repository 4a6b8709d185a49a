package task_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/lethe-ocr/lethe/shared/task"
)

func TestTurnsRotateOverApplications(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := task.NewTurns(1)
		if err := turns.Take(t.Context(), "first"); err != nil {
			t.Fatal(err)
		}
		var (
			mu    sync.Mutex
			order []string
			wg    sync.WaitGroup
		)
		wait := func(app string) {
			wg.Go(func() {
				if err := turns.Take(t.Context(), app); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				order = append(order, app)
				mu.Unlock()
				turns.Give()
			})
			synctest.Wait()
		}
		for range 5 {
			wait("flood")
		}
		wait("modest")
		turns.Give()
		wg.Wait()
		if order[1] != "modest" {
			t.Errorf("served in order %v: the modest application must come second", order)
		}
	})
}

func TestTurnsNeverExceedTheirNumber(t *testing.T) {
	const places = 3
	turns := task.NewTurns(places)
	var (
		mu        sync.Mutex
		now, most int
		wg        sync.WaitGroup
	)
	for i := range 60 {
		wg.Go(func() {
			if err := turns.Take(t.Context(), string(rune('a'+i%4))); err != nil {
				t.Error(err)
				return
			}
			defer turns.Give()
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			mu.Lock()
			now--
			mu.Unlock()
		})
	}
	wg.Wait()
	if most > places {
		t.Errorf("%d places were taken at once, want at most %d", most, places)
	}
}

func TestTurnGivenUpWhileWaitingIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := task.NewTurns(1)
		if err := turns.Take(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		gaveUp := make(chan error, 1)
		go func() { gaveUp <- turns.Take(ctx, "b") }()
		synctest.Wait()
		cancel()
		if err := <-gaveUp; !errors.Is(err, context.Canceled) {
			t.Fatalf("waiting ended with %v", err)
		}
		turns.Give()
		if err := turns.Take(t.Context(), "c"); err != nil {
			t.Fatal(err)
		}
	})
}
