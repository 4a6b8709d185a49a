package task

import (
	"context"
	"sync"
)

// Turns hands out a fixed number of places in fair rotation over applications: however many pages one application has
// waiting, another one's next page waits for at most one page of each application that waits.
type Turns struct {
	mu      sync.Mutex
	free    int                      // guarded by mu; above zero only while nobody waits
	waiting map[string][]chan<- bool // guarded by mu; by application, in order of arrival
	order   []string                 // guarded by mu; applications that wait, next one first
}

// NewTurns returns n places.
func NewTurns(n int) *Turns {
	return &Turns{free: n, waiting: map[string][]chan<- bool{}}
}

// Take waits for a place. The caller must call Give when it is done, unless an error was returned.
func (t *Turns) Take(ctx context.Context, application string) error {
	t.mu.Lock()
	if t.free > 0 {
		t.free--
		t.mu.Unlock()
		return nil
	}
	place := make(chan bool, 1)
	if len(t.waiting[application]) == 0 {
		t.order = append(t.order, application)
	}
	t.waiting[application] = append(t.waiting[application], place)
	t.mu.Unlock()

	select {
	case <-place:
		return nil
	case <-ctx.Done():
		if !t.leave(application, place) {
			t.Give() // the place came at the same moment
		}
		return ctx.Err()
	}
}

// Give returns a place and passes it to the next application in turn.
func (t *Turns) Give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.order) == 0 {
		t.free++
		return
	}
	application := t.order[0]
	t.order = t.order[1:]
	queue := t.waiting[application]
	queue[0] <- true
	if len(queue) > 1 {
		t.waiting[application] = queue[1:]
		t.order = append(t.order, application)
		return
	}
	delete(t.waiting, application)
}

// leave removes a waiting place and reports whether it was still waiting.
func (t *Turns) leave(application string, place chan<- bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	queue := t.waiting[application]
	for i, p := range queue {
		if p != place {
			continue
		}
		t.waiting[application] = append(queue[:i:i], queue[i+1:]...)
		if len(t.waiting[application]) == 0 {
			delete(t.waiting, application)
			t.order = without(t.order, application)
		}
		return true
	}
	return false
}

func without(list []string, gone string) []string {
	kept := make([]string, 0, len(list))
	for _, s := range list {
		if s != gone {
			kept = append(kept, s)
		}
	}
	return kept
}
