package task_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// alive stores so many completed tasks whose deadlines come in the next hours, as the program stores them.
func (w *world) alive(n int) {
	w.Helper()
	v := &vast{since: time.Now().UTC()}
	for i := range n {
		rec := v.record(v.ref(i))
		rec.ETag, rec.Due = "", v.since.Add(time.Hour+time.Duration(i%(22*3600))*time.Second)
		if _, err := w.store.Put(w.Context(), rec); err != nil {
			w.Fatalf("store a task: %v", err)
		}
	}
}

// swept sweeps a store in which so many tasks are due and so many others alive. It returns the calls of storage that this took.
func swept(t *testing.T, due, alive int) (calls map[string]int) {
	t.Helper()
	calls = map[string]int{}
	inWorld(t, func(t *testing.T, w *world) {
		for range due {
			w.create(order())
		}
		pass(49 * time.Hour)
		w.alive(alive)
		var counts [2]atomic.Int64 // of all calls, and of reading the index
		w.faulty.Before(func(op storagetest.Op, _ string) error {
			counts[0].Add(1)
			if op == storagetest.ReadDue {
				counts[1].Add(1)
			}
			return nil
		})
		done, err := w.Sweep(t.Context())
		w.faulty.Heal()
		if err != nil || done.Erased != due {
			t.Errorf("%d due, %d alive: %+v, %v", due, alive, done, err)
		}
		calls["all"], calls["index"] = int(counts[0].Load()), int(counts[1].Load())
	})
	return calls
}

// What is alive costs a sweep nothing. The long count has a million alive.
func TestSweepCostsByWhatIsDueHoweverMuchIsAlive(t *testing.T) {
	few, many := 100, 3_000
	if os.Getenv("LETHE_SOAK") != "" {
		many = 1_000_000
	}
	const due = 40
	nothing, small, large, twice := swept(t, 0, many), swept(t, due, few), swept(t, due, many), swept(t, 2*due, many)
	t.Logf("calls of storage for %d due: %v with %d alive, %v with %d; %v for twice as many due, %v for none", due, small, few, large, many, twice, nothing)
	if diff := cmp.Diff(small, large); diff != "" {
		t.Errorf("%d alive and %d alive (-few +many):\n%s", few, many, diff)
	}
	if one, two := large["all"]-nothing["all"], twice["all"]-nothing["all"]; two != 2*one {
		t.Errorf("%d calls for %d due, %d for twice as many", one, due, two)
	}
}

// slow is a vast store, each call of which takes time.
type slow struct {
	*vast
	takes  time.Duration
	mu     sync.Mutex
	counts map[string]int // guarded by mu
}

func (s *slow) wait(what string) {
	s.mu.Lock()
	s.counts[what]++
	s.mu.Unlock()
	time.Sleep(s.takes)
}

func (s *slow) List(ctx context.Context, q storage.Query) ([]storage.Record, error) {
	s.wait("list " + string(q.Table))
	return s.vast.List(ctx, q)
}

func (s *slow) Get(ctx context.Context, key storage.Key) (storage.Record, error) {
	s.wait("get " + string(key.Table))
	return s.vast.Get(ctx, key)
}

func (s *slow) Put(ctx context.Context, rec storage.Record) (string, error) {
	s.wait("put " + string(rec.Table))
	return s.vast.Put(ctx, rec)
}

// slowBlobs are its results.
type slowBlobs struct {
	vastBlobs
	s *slow
}

func (b slowBlobs) List(ctx context.Context, prefix, after string, limit int) ([]storage.Blob, error) {
	b.s.wait("list " + prefix)
	return b.vastBlobs.List(ctx, prefix, after, limit)
}

// comesRound makes a full pass in calls of the timer, one every five minutes by a process of its own, and returns how long it took and
// which calls of storage.
func comesRound(t *testing.T, tasks, sweepers int, takes time.Duration) (took time.Duration, counts map[string]int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		pass(10 * time.Hour)
		s := &slow{vast: &vast{Store: memory.New(time.Now), tasks: tasks, since: time.Now().UTC()}, takes: takes, counts: map[string]int{}}
		began, seen := time.Now(), 0
		for calls := 1; ; calls++ {
			process := task.New(task.Config{
				Store:     task.Store{Blobs: slowBlobs{vastBlobs{s.Blobs(), s.vast}, s}, Records: s, Agenda: s.Store},
				Inventory: erasure.Inventory(), Links: &linker{}, Queue: &queue{}, Engine: &engine{}, Turns: fairqueue.New(1, time.Now),
				Sweepers: sweepers, Policy: retention.Default(), Limits: task.DefaultLimits(), Owner: fmt.Sprint("process ", calls), Now: time.Now, Log: slog.New(slog.DiscardHandler),
			})
			ctx, cancel := context.WithTimeout(t.Context(), tick)
			done, err := process.PassWhenDue(ctx, interval)
			cancel()
			m, measured := process.Measure(t.Context())
			if err != nil || measured != nil {
				t.Fatalf("call %d: %v, %v", calls, err, measured)
			}
			seen += done.Seen
			if m.Pass.UnderWay == nil {
				took = time.Since(began)
				break
			}
			pass(tick - time.Since(began)%tick)
			if time.Since(began) > 20*time.Hour {
				t.Fatalf("%d of %d tasks were gone through in %s", seen, tasks, time.Since(began))
			}
		}
		if seen != tasks {
			t.Errorf("%d results were looked at, there are %d", seen, tasks)
		}
		counts = s.counts
	})
	return took, counts
}

// A pass costs in proportion to what is stored. It is cut into calls of the timer and goes on where the last one was, nothing looked at
// twice: with 10 million tasks it comes round within the day. The tasks are fewer here and each call takes longer by as much: the
// latency that they stand for is 3 ms for one record.
func TestFullPassOfTenMillionTasksComesRoundWithinADay(t *testing.T) {
	const latency, most = 3 * time.Millisecond, 10_000_000
	few := 10_000
	if os.Getenv("LETHE_SOAK") != "" {
		few = 100_000
	}
	half, halfCounts := comesRound(t, few/2, 1, latency*time.Duration(most/few))
	whole, counts := comesRound(t, few, 1, latency*time.Duration(most/few))
	several, _ := comesRound(t, few, 8, latency*time.Duration(most/few))
	for what := range maps.Keys(counts) {
		t.Logf("%s: %d for %d tasks, %d for %d", what, halfCounts[what], few/2, counts[what], few)
	}
	t.Logf("10 million tasks at %s a call: %s; half of them: %s; with 8 sweepers: %s; calls for each: %s", latency, whole, half, several, slices.Sorted(maps.Keys(counts)))
	if several > whole/4 {
		t.Errorf("with 8 sweepers it takes %s instead of %s", several, whole)
	}
	if whole > 2*half+tick || half > whole {
		t.Errorf("half takes %s, the whole %s", half, whole)
	}
}
