package clock

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/lethe-ocr/lethe/shared/logevent"
)

// Renewal is how often a server stores the anchor: what a reboot may make it forget.
const Renewal = 10 * time.Second

// Keeper stores the anchor of one data folder, for all processes that use it.
type Keeper interface {
	// Load returns what is stored, a zero Anchor if nothing is.
	Load() (Anchor, error)
	// Update changes what is stored. Of several calls at once each sees the result of the one before; the function may
	// refuse with an error. What was stored is still there when writing fails.
	Update(change func(Anchor) (Anchor, error)) error
}

// Source reads the machine's clocks.
type Source func() Reading

// Clock keeps time on one machine. It is safe for concurrent use.
type Clock struct {
	keeper Keeper
	source Source
	log    *slog.Logger

	mu     sync.Mutex
	anchor Anchor        // of this start of the machine; guarded by mu
	last   time.Time     // latest service time returned; guarded by mu
	fresh  bool          // nothing was stored; guarded by mu
	jump   time.Duration // difference that was logged; 0 for none; guarded by mu
	failed bool          // storing the anchor failed the last time; guarded by mu
}

// Open goes on from what is stored. It stores nothing: Renew does. What cannot be read counts as lost: erasing must go on.
func Open(ctx context.Context, keeper Keeper, source Source, log *slog.Logger) *Clock {
	stored, err := keeper.Load()
	if err != nil {
		log.ErrorContext(ctx, logevent.ClockUnsaved, "step", "read", "error", err)
	}
	return &Clock{keeper: keeper, source: source, log: log, anchor: stored.at(source()), fresh: stored.Service.IsZero()}
}

// Now returns service time. It never goes back, and does not follow the wall clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tell(c.anchor.at(c.source()))
}

// tell returns the service time by an anchor, never earlier than before. The caller holds mu.
func (c *Clock) tell(a Anchor) time.Time {
	if a.Service.After(c.last) {
		c.last = a.Service
	}
	return c.last
}

// Wall returns UTC as the system believes it to be.
func (c *Clock) Wall() time.Time { return c.source().Wall.UTC() }

// AtWall returns what the wall clock will show at a service time if nobody moves it. It is zero for a zero time.
func (c *Clock) AtWall(service time.Time) time.Time {
	if service.IsZero() {
		return service
	}
	return c.Wall().Add(service.Sub(c.Now()))
}

// UTC returns the UTC of a service time, by the correction that was accepted last. It is zero for a zero time.
func (c *Clock) UTC(service time.Time) time.Time {
	if service.IsZero() {
		return service
	}
	return service.Add(c.Offset()).UTC()
}

// Offset is what UTC is ahead of service time, as an operator accepted it.
func (c *Clock) Offset() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.anchor.Offset
}

// Horizon is the last service time after which time went by that nobody measured; zero if there is none.
func (c *Clock) Horizon() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.anchor.Horizon
}

// Fresh reports whether nothing was stored when the clock was opened: a first start, or a lost anchor.
func (c *Clock) Fresh() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fresh
}

// Known gives a fresh clock a service time that has certainly passed: one found in stored data. If the wall clock
// is behind it, the anchor was lost and nobody knows how much time went by.
func (c *Clock) Known(service time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.source()
	if behind := service.Sub(now.Wall); c.fresh && behind > 0 {
		c.anchor = Anchor{Service: service.UTC(), Wall: service.UTC()}.at(now)
	}
	c.fresh = false
}

// Drift is how far wall time is ahead of what service time says it should be.
func (c *Clock) Drift() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.anchor.at(c.source()).drift()
}

// errJumped is what everybody may read.
var errJumped = errors.New("the wall clock and elapsed time differ by more than five minutes: correct the wall clock, " +
	"or run `lethe clock accept` if it is right now")

// Agrees returns nil while wall time and service time agree, else what to do.
func (c *Clock) Agrees() error {
	if c.Drift().Abs() > Tolerance {
		return errJumped
	}
	return nil
}

// Renew stores the anchor, takes over what an operator accepted meanwhile, and logs a jump of the wall clock. When
// storing fails, that is logged and time goes on: only a reboot before the next success would make a difference.
func (c *Clock) Renew(ctx context.Context) {
	err := c.keeper.Update(func(stored Anchor) (Anchor, error) { return c.renew(stored), nil })
	if err != nil {
		c.renew(Anchor{})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil && !c.failed {
		c.log.ErrorContext(ctx, logevent.ClockUnsaved, "step", "write", "error", err)
	}
	c.failed = err != nil
	c.watch(ctx)
}

// renew carries the clock on to now.
func (c *Clock) renew(stored Anchor) Anchor {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.source()
	next := c.anchor.at(now)
	if !stored.Service.IsZero() {
		next.Offset = stored.Offset
		if other := stored.at(now); stored.BootID == now.BootID && other.Service.After(next.Service) {
			next.Service = other.Service // another process followed the wall clock a little further
		}
	}
	c.anchor = next.settle(now.Boot - c.anchor.Boot)
	return c.anchor
}

// watch logs each jump once. The caller holds mu.
func (c *Clock) watch(ctx context.Context) {
	drift := c.anchor.drift()
	switch {
	case drift.Abs() > Tolerance && (drift-c.jump).Abs() > Tolerance:
		c.jump = drift
		c.log.ErrorContext(ctx, logevent.ClockJumped, "seconds", drift.Seconds())
	case drift.Abs() <= Tolerance && c.jump != 0:
		c.jump = 0
		c.log.InfoContext(ctx, logevent.ClockAgrees)
	}
}

// Correction is an offset that an operator accepted.
type Correction struct {
	Service  time.Time // when, in service time
	From, To time.Time // UTC as shown until then and from then on
}

// Accept takes the wall clock as correct: it determines UTC from now on, and intake opens. Service time is not touched, so no
// document becomes older or younger. The function writes the correction down before it counts, and may ask the clock for it;
// with its error, or where the anchor cannot be stored, nothing is changed. A running server follows within Renewal.
func (c *Clock) Accept(record func(Correction) error) (Correction, error) {
	var (
		made     Correction
		accepted Anchor
	)
	err := c.keeper.Update(func(stored Anchor) (Anchor, error) {
		next := c.renew(stored)
		made = Correction{Service: next.Service, From: next.Service.Add(next.Offset).UTC(), To: next.Wall}
		if err := record(made); err != nil {
			return stored, err
		}
		next.Offset, next.Behind = next.Wall.Sub(next.Service), false
		accepted = next
		return next, nil
	})
	if err == nil { // only what is stored counts
		c.mu.Lock()
		defer c.mu.Unlock()
		c.anchor = accepted
	}
	return made, err
}
