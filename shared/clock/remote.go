package clock

import (
	"errors"
	"sync"
	"time"
)

const (
	// truncated is what a Date header has lost on average: it has whole seconds.
	truncated = 500 * time.Millisecond
	// gain is the share of a small difference that one answer corrects.
	gain = 8
	// quick is how far an answer may be ahead before it is followed at once: this process was halted meanwhile.
	quick = 2 * time.Second
	// witnesses is how many answers in a row must agree before a difference beyond Tolerance is believed.
	witnesses = 3
)

// Remote is the clock of a store, as read from its answers. Between answers it goes on by the process's own monotonic clock, so
// that it does not matter what the wall clock of the instance says. It is safe for concurrent use.
type Remote struct {
	wall func() time.Time // with a monotonic reading

	mu      sync.Mutex
	read    time.Time // by wall, when base was right; guarded by mu
	base    time.Time // the store's time then; zero before the first answer; guarded by mu
	last    time.Time // latest time returned; guarded by mu
	doubt   time.Duration
	doubted int // answers in a row that differ by about doubt; guarded by mu
}

// NewRemote returns a clock that has seen no answer yet. wall is time.Now but in tests.
func NewRemote(wall func() time.Time) *Remote { return &Remote{wall: wall} }

// Seen reports whether the store has reported its time.
func (r *Remote) Seen() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.base.IsZero()
}

// Halted takes note that this process may have stood still since the last answer, for nobody knows how long, its own clocks
// included: the next answer is believed at once, as the first one was.
func (r *Remote) Halted() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.base, r.doubted = time.Time{}, 0
}

// Observe takes note of the Date header of an answer that has just come.
func (r *Remote) Observe(date time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	read, told := r.wall(), date.Add(truncated)
	if r.base.IsZero() {
		r.read, r.base = read, told
		return
	}
	now := r.base.Add(read.Sub(r.read))
	off := told.Sub(now)
	if off.Abs() > Tolerance {
		if r.doubted > 0 && (off-r.doubt).Abs() > Tolerance {
			r.doubted = 0
		}
		r.doubt = off
		if r.doubted++; r.doubted < witnesses {
			return
		}
		r.read, r.base, r.last, r.doubted = read, told, time.Time{}, 0
		return
	}
	r.doubted = 0
	if off < quick {
		off /= gain // late answers pull back, but slowly
	}
	r.read, r.base = read, now.Add(off)
}

// Now returns the store's time; the instance's own before the first answer.
func (r *Remote) Now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	read := r.wall()
	if r.base.IsZero() {
		return read.UTC()
	}
	if now := r.base.Add(read.Sub(r.read)); now.After(r.last) {
		r.last = now
	}
	return r.last.UTC().Round(0)
}

// Wall returns UTC as the instance believes it to be.
func (r *Remote) Wall() time.Time { return r.wall().UTC().Round(0) }

// Errors of Agrees; everybody may read them.
var (
	errUnseen = errors.New("the storage service has not reported its time yet; this resolves itself once it answers")
	errOff    = errors.New("the clocks of this instance and of the storage service differ by more than five minutes: the instance accepts no work " +
		"until they agree; restart it if that persists")
)

// Agrees returns nil while the instance's wall clock and the store's clock agree, else what is wrong.
func (r *Remote) Agrees() error {
	r.mu.Lock()
	seen, doubted := !r.base.IsZero(), r.doubted > 0
	r.mu.Unlock()
	switch {
	case !seen:
		return errUnseen
	case doubted || r.Wall().Sub(r.Now()).Abs() > Tolerance:
		return errOff
	default:
		return nil
	}
}
