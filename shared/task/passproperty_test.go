package task_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// timers are processes whose calls of the timer end in every way: in time, at a deadline, by a death, beside each other.
type timers struct {
	*world
	random *rand.Rand
	procs  []*task.Service
	born   map[string]time.Time // bytes that no record explains, by name
	whole  int                  // passes that came to their end
}

// tick is a call of the timer, in which time goes by and more is stored.
func (m *timers) tick() {
	ctx, done := context.WithTimeout(m.Context(), time.Duration(20+m.random.IntN(100))*time.Second)
	defer done()
	s := m.procs[m.random.IntN(len(m.procs))]
	dies := m.random.IntN(80)
	beside := m.random.IntN(60)
	m.faulty.Before(func(storagetest.Op, string) error {
		pass(time.Duration(m.random.IntN(2000)) * time.Millisecond)
		if m.random.IntN(10) == 0 {
			m.leave()
		}
		if beside--; beside == 0 { // another one does not wait for its turn
			if _, err := m.procs[m.random.IntN(len(m.procs))].PassWhenDue(ctx, interval); err != nil && ctx.Err() == nil {
				m.Errorf("beside: %v", err)
			}
		}
		if dies--; dies <= 0 {
			done()
			return fault.New(fault.StorageUnavailable, "the process is dead")
		}
		return nil
	})
	_, err := s.PassWhenDue(ctx, interval)
	m.faulty.Heal()
	if err != nil && ctx.Err() == nil {
		m.Errorf("tick: %v", err)
	}
	if m.random.IntN(10) == 0 { // a process is replaced
		m.procs[m.random.IntN(len(m.procs))] = m.paged(fmt.Sprint("process ", m.random.Uint64()))
	}
}

// leave stores something that no record explains, anywhere.
func (m *timers) leave() {
	containers := []string{storage.Uploads, storage.Work, storage.Results, storage.DeadLetters}
	name := fmt.Sprintf("%s/stray-%03d", containers[m.random.IntN(4)], m.random.IntN(1000))
	if _, known := m.born[name]; known {
		return
	}
	m.stray(name)
	m.born[name] = time.Now()
}

// check asserts that a whole pass left nothing that was there when it began.
func (m *timers) check(before task.PassMeasure) {
	p := m.passes()
	if p.Ended.Equal(before.Ended) {
		return
	}
	m.whole++
	for _, name := range m.strays() {
		if m.born[name].Before(p.Began) {
			m.Errorf("%s was there at %v, the pass began at %v and ended at %v", name, m.born[name], p.Began, p.Ended)
		}
	}
}

// Whatever becomes of the calls that make it, a whole pass finds every orphan that is there from its beginning to its end.
func TestWholePassFindsEveryOrphan(t *testing.T) {
	seeds := 40
	if os.Getenv("LETHE_SOAK") != "" {
		seeds = 4000
	}
	whole := 0
	for seed := range seeds {
		inWorld(t, func(t *testing.T, w *world) {
			m := &timers{world: w, random: rand.New(rand.NewPCG(uint64(seed), 1)), born: map[string]time.Time{}}
			m.procs = []*task.Service{w.paged("a"), w.paged("b")}
			for range 30 {
				m.leave()
			}
			for range 60 {
				before := m.passes()
				m.tick()
				m.check(before)
				pass(tick)
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
			whole += m.whole
		})
	}
	if t.Logf("%d whole passes", whole); whole < seeds {
		t.Error("too few")
	}
}
