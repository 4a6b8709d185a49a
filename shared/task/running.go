package task

import (
	"context"
	"sync"
)

// running knows the work under way in this process, so that a delete ends it at once instead of at the next renewal.
type running struct {
	mu   sync.Mutex
	stop map[Ref]map[*context.CancelCauseFunc]bool // guarded by mu; a process may read several parts of a task
}

// add notes work on a task. The caller calls done when it has ended.
func (r *running) add(ref Ref, stop context.CancelCauseFunc) (done func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stop == nil {
		r.stop = map[Ref]map[*context.CancelCauseFunc]bool{}
	}
	if r.stop[ref] == nil {
		r.stop[ref] = map[*context.CancelCauseFunc]bool{}
	}
	r.stop[ref][&stop] = true
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if delete(r.stop[ref], &stop); len(r.stop[ref]) == 0 {
			delete(r.stop, ref)
		}
	}
}

// cancel ends the work on a task.
func (r *running) cancel(ref Ref) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for stop := range r.stop[ref] {
		(*stop)(errLost)
	}
}
