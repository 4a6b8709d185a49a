package task

import (
	"context"
	"sync"
	"time"
)

const (
	sweepSilence = 10 * time.Minute // no sweep for so long: whoever is called sweeps
	lookInterval = time.Minute      // how often one process checks whether that is so
	catchUpMost  = 200              // entries of the due index that one call deals with
	catchUpTime  = 20 * time.Second
)

// catchUp remembers when this process last checked for the timer's sweeps.
type catchUp struct {
	mu     sync.Mutex
	looked time.Time // guarded by mu
}

// turn reports whether a check is due, and claims it.
func (c *catchUp) turn(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.looked.IsZero() && now.Sub(c.looked) < lookInterval && !now.Before(c.looked) {
		return false
	}
	c.looked = now
	return true
}

// CatchUp sweeps a bounded batch if nobody swept for ten minutes, so that retention does not hang on a timer alone. Every
// invocation of any kind may call it: nearly all calls return at once. It reports whether it swept.
func (s *Service) CatchUp(ctx context.Context) (bool, error) {
	if !s.catchUp.turn(s.Now()) {
		return false, nil
	}
	note, err := s.lastSweep(ctx)
	if err != nil || s.Now().Sub(note.Began) < sweepSilence {
		return false, err
	}
	select {
	case s.sweeping <- struct{}{}:
		defer func() { <-s.sweeping }()
	default: // it is being done, however late
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, catchUpTime)
	defer cancel()
	_, err = s.sweep(ctx, catchUpMost)
	return true, err
}
