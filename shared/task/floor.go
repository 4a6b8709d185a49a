package task

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// patience is how long documents that are read side by side may go on while a suspect waits.
	patience = 30 * time.Second
	// aloneSlice is how long a suspect begins pages before the others have their turn. The pages that were in hand when the
	// process died are the first that it reads: after a slice it is a suspect no more.
	aloneSlice = time.Minute
	// pagesAlone is how many pages of a suspect are read at once: it gets through few, so that a slice ends soon.
	pagesAlone = 2
)

// Causes that end the reading of a document for the sake of others.
var (
	errYield = errors.New("a document waits that must be read alone")
	errSlice = errors.New("the time of a document that is read alone is over")
)

// floor admits documents to this process: any number side by side, or a suspect by itself. Both kinds have their turn: a
// suspect that has waited long enough makes the others hand on, and after it those that waited for its end go first.
type floor struct {
	now func() time.Time

	mu      sync.Mutex
	side    map[*visit]bool // documents that are read side by side; guarded by mu
	alone   bool            // a suspect is being read; guarded by mu
	overdue bool            // a suspect has waited long enough: no other is admitted; guarded by mu
	since   time.Time       // beginning of the others' turn; guarded by mu
	waiting [2]int          // others and suspects that wait; guarded by mu
	changed chan struct{}   // closed when somebody may be admitted; guarded by mu
}

// visit is one document's time on the floor.
type visit struct {
	floor *floor
	alone bool
	stop  context.CancelCauseFunc // ends the reading
}

func newFloor(now func() time.Time) *floor {
	return &floor{now: now, side: map[*visit]bool{}, changed: make(chan struct{})}
}

// enter waits until the document may be read, by itself if it is a suspect. The caller must call leave. stop is called
// with errYield when a suspect has waited long enough.
func (f *floor) enter(ctx context.Context, alone bool, stop context.CancelCauseFunc) (*visit, error) {
	v := &visit{floor: f, alone: alone, stop: stop}
	f.mu.Lock()
	defer f.mu.Unlock()
	if alone && f.waiting[1] == 0 && !f.alone {
		f.since = f.now()
	}
	f.waiting[kind(alone)]++
	for !f.admits(v) {
		changed := f.changed
		var long <-chan time.Time
		if alone && !f.alone && !f.overdue {
			long = time.After(f.since.Add(patience).Sub(f.now()))
		}
		f.mu.Unlock()
		var err error
		select {
		case <-changed:
		case <-long:
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		f.mu.Lock()
		if err != nil {
			f.waiting[kind(alone)]--
			if f.waiting[1] == 0 {
				f.overdue = false
			}
			f.wake()
			return nil, err
		}
		f.press()
	}
	f.waiting[kind(alone)]--
	if alone {
		f.alone, f.overdue = true, false
	} else {
		f.side[v] = true
		f.wake() // the last of those that waited lets a suspect in
	}
	return v, nil
}

func kind(alone bool) int {
	if alone {
		return 1
	}
	return 0
}

// admits reports whether the document may be read now. The caller holds mu and counts it among those that wait.
func (f *floor) admits(v *visit) bool {
	if !v.alone {
		return !f.alone && !f.overdue
	}
	return !f.alone && len(f.side) == 0 && (f.overdue || f.waiting[0] == 0)
}

// press makes the others hand on once a suspect has waited long enough. The caller holds mu.
func (f *floor) press() {
	if f.alone || f.overdue || f.waiting[1] == 0 || f.now().Before(f.since.Add(patience)) {
		return
	}
	f.overdue = true
	for v := range f.side {
		v.stop(errYield)
	}
	f.wake()
}

// wake lets everybody who waits check again. The caller holds mu.
func (f *floor) wake() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// leave ends the visit.
func (v *visit) leave() {
	f := v.floor
	f.mu.Lock()
	defer f.mu.Unlock()
	if v.alone {
		f.alone, f.since = false, f.now()
	}
	delete(f.side, v)
	f.wake()
}
