package local_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger/local"
)

func job(app string, n int) task.Job { return task.Ref{Application: app, ID: fmt.Sprint(n)}.Job() }

func TestFloodDoesNotStarveAnotherApplication(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := local.NewScheduler(fairqueue.New(1, time.Now), slog.New(slog.DiscardHandler))
		for n := range 100 {
			_ = s.Push(t.Context(), job("flood", n), 0)
		}
		_ = s.Push(t.Context(), job("modest", 0), 0)
		var (
			mu    sync.Mutex
			order []string
		)
		ctx, cancel := context.WithCancel(t.Context())
		go s.Run(ctx, func(_ context.Context, r task.Job, _ *fairqueue.Document) (task.Outcome, error) {
			time.Sleep(time.Second) // fake time
			mu.Lock()
			defer mu.Unlock()
			order = append(order, r.Task.Application)
			return task.Done, nil
		})
		time.Sleep(time.Minute)
		cancel()
		synctest.Wait()
		for i, app := range order {
			if app == "modest" && i > 4 {
				t.Errorf("the modest application was served as number %d", i+1)
			}
		}
		if len(order) != 101 {
			t.Errorf("%d tasks ran, want 101", len(order))
		}
	})
}

// Two applications whose tasks never end fill the scheduler; a third has its task run all the same.
func TestLongTasksOfSomeDoNotKeepAnotherWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := local.NewScheduler(fairqueue.New(1, time.Now), slog.New(slog.DiscardHandler))
		for n := range 10 {
			_ = s.Push(t.Context(), job("one", n), 0)
			_ = s.Push(t.Context(), job("two", n), 0)
		}
		ctx, cancel := context.WithCancel(t.Context())
		modest := 0
		go s.Run(ctx, func(ctx context.Context, r task.Job, _ *fairqueue.Document) (task.Outcome, error) {
			if r.Task.Application == "modest" {
				modest++
				return task.Done, nil
			}
			<-ctx.Done()
			return task.HandedOn, nil
		})
		synctest.Wait()
		if _, running := s.Waiting(); running != 8 {
			t.Errorf("%d tasks run, want 8", running)
		}
		for n := range 3 {
			_ = s.Push(t.Context(), job("modest", n), 0)
		}
		synctest.Wait()
		if modest != 3 {
			t.Errorf("%d of 3 tasks of the third application ran", modest)
		}
		cancel()
		synctest.Wait()
	})
}

func TestTaskThatWaitsIsNotQueuedTwice(t *testing.T) {
	s := local.NewScheduler(fairqueue.New(1, time.Now), slog.New(slog.DiscardHandler))
	_ = s.Push(t.Context(), job("a", 1), 0)
	_ = s.Push(t.Context(), job("a", 1), 0)
	if waiting, _ := s.Waiting(); waiting != 1 {
		t.Errorf("%d tasks wait, want 1", waiting)
	}
}

func TestDelayedTaskRunsAfterItsDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := local.NewScheduler(fairqueue.New(1, time.Now), slog.New(slog.DiscardHandler))
		began := time.Now()
		var ran time.Duration
		ctx, cancel := context.WithCancel(t.Context())
		_ = s.Push(ctx, job("a", 1), 30*time.Second)
		s.Run(ctx, func(context.Context, task.Job, *fairqueue.Document) (task.Outcome, error) {
			ran = time.Since(began)
			cancel()
			return task.Done, nil
		})
		if ran != 30*time.Second {
			t.Errorf("ran after %v, want 30s", ran)
		}
	})
}

func TestRunWaitsForTheCallsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := local.NewScheduler(fairqueue.New(1, time.Now), slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		_ = s.Push(ctx, job("a", 1), 0)
		ended := false
		s.Run(ctx, func(ctx context.Context, _ task.Job, _ *fairqueue.Document) (task.Outcome, error) {
			cancel()
			<-ctx.Done()
			time.Sleep(time.Second) // fake time
			ended = true
			return task.HandedOn, nil
		})
		if !ended {
			t.Error("Run returned before the call had ended")
		}
	})
}

func TestDocumentDoesNotWaitForAllPartsOfAnotherNorTheyForAllDocuments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := local.NewScheduler(fairqueue.New(1, time.Now), slog.New(slog.DiscardHandler))
		for n := range 5 {
			_ = s.Push(t.Context(), task.Job{Task: job("a", 0).Task, Part: n + 1}, 0)
		}
		for n := range 5 {
			_ = s.Push(t.Context(), job("a", n+1), 0)
		}
		ctx, stop := context.WithCancel(t.Context())
		var mu sync.Mutex
		var order []bool // of parts
		go s.Run(ctx, func(_ context.Context, j task.Job, _ *fairqueue.Document) (task.Outcome, error) {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, j.Part > 0)
			return task.Done, nil
		})
		synctest.Wait()
		stop()
		mu.Lock()
		defer mu.Unlock()
		parts := 0
		for i, part := range order {
			if part {
				parts++
			}
			if parts > i/2+1 || parts < i/2 {
				t.Fatalf("parts are %v", order)
			}
		}
		if len(order) != 10 {
			t.Errorf("%d jobs were done of 10", len(order))
		}
	})
}

func TestAgeIsThatOfTheJobThatWaitedLongest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := local.NewScheduler(fairqueue.New(1, time.Now), slog.New(slog.DiscardHandler))
		if age := s.Age(); age != 0 {
			t.Errorf("nothing waits, for %s", age)
		}
		part := job("one", 1)
		part.Part = 3
		for _, j := range []task.Job{part, job("one", 2), job("other", 3)} {
			_ = s.Push(t.Context(), j, 0)
			time.Sleep(time.Second)
			_ = s.Push(t.Context(), j, 0) // again: it waits since the first time
		}
		if age := s.Age(); age != 3*time.Second {
			t.Errorf("the oldest waits for %s, want 3s", age)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go s.Run(ctx, func(context.Context, task.Job, *fairqueue.Document) (task.Outcome, error) { return task.Done, nil })
		synctest.Wait()
		cancel()
		synctest.Wait()
		if age := s.Age(); age != 0 {
			t.Errorf("all are done, and one waits for %s", age)
		}
	})
}

type carriedKey struct{}

func TestJobCarriesWhatThePushThatQueuedItGave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := local.NewScheduler(fairqueue.New(1, time.Now), slog.New(slog.DiscardHandler))
		s.Carry = func(ctx context.Context) func(context.Context) context.Context {
			given := ctx.Value(carriedKey{})
			if given == nil {
				return nil
			}
			return func(ctx context.Context) context.Context { return context.WithValue(ctx, carriedKey{}, given) }
		}
		of := func(given string) context.Context { return context.WithValue(t.Context(), carriedKey{}, given) }
		_ = s.Push(of("first"), job("one", 1), 0)
		_ = s.Push(of("again"), job("one", 1), 0) // it waits already
		_ = s.Push(of("later"), job("one", 2), time.Minute)
		_ = s.Push(t.Context(), job("one", 3), 0)
		got := map[string]any{}
		ctx, cancel := context.WithCancel(t.Context())
		go s.Run(ctx, func(ctx context.Context, j task.Job, _ *fairqueue.Document) (task.Outcome, error) {
			got[j.Task.ID] = ctx.Value(carriedKey{})
			return task.Done, nil
		})
		time.Sleep(2 * time.Minute)
		cancel()
		synctest.Wait()
		if got["1"] != "first" || got["2"] != "later" || got["3"] != nil {
			t.Errorf("carried: %v", got)
		}
	})
}
