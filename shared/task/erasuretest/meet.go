package erasuretest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// sweepsMeet begins a second sweep or full pass in the middle of a first one. The second does nothing until the first has
// ended, and then finds nothing that it could take for an orphan.
func (w *world) sweepsMeet(t *testing.T) {
	runs := map[string]func(context.Context) (task.Swept, error){"sweep": w.tasks.Sweep, "full pass": w.tasks.FullPass}
	for first, runFirst := range runs {
		for second, runSecond := range runs {
			t.Run(second+" during "+first, func(t *testing.T) {
				w.ahead.Store(0)
				w.completed(t)
				w.ahead.Store(int64(49 * time.Hour))
				var (
					met    atomic.Bool
					calls  atomic.Int64
					other  sync.WaitGroup
					swept  task.Swept
					failed error
				)
				w.faulty.Before(func(op storagetest.Op, _ string) error {
					calls.Add(1)
					if op != storagetest.DeleteBlob || !met.CompareAndSwap(false, true) {
						return nil
					}
					ended, end := context.WithCancel(t.Context())
					end()
					before := calls.Load()
					if _, err := runSecond(ended); err == nil || calls.Load() != before {
						t.Errorf("a second one called storage %d times, %v", calls.Load()-before, err)
					}
					other.Go(func() { swept, failed = runSecond(t.Context()) })
					return nil
				})
				defer w.faulty.Heal()
				if _, err := runFirst(t.Context()); err != nil {
					t.Error(err)
				}
				other.Wait()
				if failed != nil || swept.Strays > 0 || swept.Overdue > 0 || !met.Load() {
					t.Errorf("the one that waited: %+v, %v; met %t", swept, failed, met.Load())
				}
			})
		}
	}
}
