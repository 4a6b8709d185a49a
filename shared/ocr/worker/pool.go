//go:build linux

package worker

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
)

// Pool is an ocr.Engine that does its work in child processes. Calls wait for a place to run a child in turn of the
// processor time that their owners used, see package fairqueue. One that has its place for long is stopped for another
// owner and goes on later: then there are more children than places.
type Pool struct {
	cfg    Config
	check  checker
	tally  *tally
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	spawn  chan func()    // runs on the one thread that starts children
	work   sync.WaitGroup // goroutines of the pool

	places *fairqueue.Queue

	mu     sync.Mutex
	free   []*slot             // least recently used first; guarded by mu
	halted map[*guard]struct{} // watch over a child that is stopped; guarded by mu
	busy   sync.WaitGroup      // slots that are not free; none is added after Close began

	outcome *outcome // of the last start

	closing sync.Once
}

// slot keeps one child. Whoever took it from the free list owns it.
type slot struct {
	place   *fairqueue.Place // while it is not free
	lent    bool             // the place is the caller's, who gives it back
	again   bool             // the call that has it can begin again in another child
	child   *child           // nil or dead: start one
	backoff *backoff.ExponentialBackOff
	after   time.Time // no start before
	cause   error     // of the last failed start
	idle    time.Time // since when
}

var errClosed = errors.New("pool is closed")

// startTries is how often one call tries to start a child before it gives up.
const startTries = 3

// maxStartWait is how long a call waits for the next start after failed ones; beyond it the caller is asked to retry.
const maxStartWait = 2 * time.Second

// New returns a pool and starts its children in the background: it does not wait for them. Close it to end them.
func New(cfg Config) (*Pool, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	p := &Pool{
		cfg:     cfg,
		check:   newChecker(cfg.Document),
		tally:   newTally(cfg.Killed),
		spawn:   make(chan func()),
		places:  fairqueue.New(cfg.Children, time.Now),
		halted:  map[*guard]struct{}{},
		outcome: newOutcome(),
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.work.Go(p.starter)
	p.work.Go(p.janitor)
	for range cfg.Children {
		if s := p.idle(func(*slot) int { return unwanted }, true); s != nil {
			p.work.Go(func() { p.warm(s) })
		}
	}
	return p, nil
}

func newSlot() *slot {
	return &slot{backoff: startBackoff()}
}

// Close ends every call and every child, and returns when none is left.
func (p *Pool) Close() { p.closing.Do(p.close) }

func (p *Pool) close() {
	p.mu.Lock() // from here on take gives no slot
	p.cancel()
	p.mu.Unlock()
	p.busy.Wait()
	for _, s := range p.free {
		s.end(Closed)
	}
	p.work.Wait()
	p.tally.group.Wait()
	p.outcome.close()
}

// Places is where documents and pages wait for the children.
func (p *Pool) Places() *fairqueue.Queue { return p.places }

// Stats returns a snapshot of counters.
func (p *Pool) Stats() Stats { return p.tally.snapshot() }

// Rest ends every child that was given a document, and returns once none of them is left and nothing of the pool goes on, or
// with an error when ctx ended before. Other children take their place when they are needed. The caller makes no call meanwhile.
func (p *Pool) Rest(ctx context.Context) error {
	for range p.cfg.Children {
		place, err := p.places.Take(ctx, "", math.MaxInt64) // of a child that is being started, when it has
		if err != nil {
			return p.over(ctx)
		}
		defer place.Give()
	}
	p.mu.Lock()
	idle := slices.Clone(p.free)
	p.mu.Unlock()
	for _, s := range idle { // nobody takes one without a place
		if c := s.child; c != nil && (c.opened > 0 || c.dead()) {
			s.end(Recycled)
			<-c.counted
		}
	}
	return nil
}

// janitor makes idle children let go of the last document.
func (p *Pool) janitor() {
	ticker := time.NewTicker(p.cfg.Limits.Idle/2 + time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-p.ctx.Done():
			return
		case <-ticker.C:
			p.sweep()
		}
	}
}

func (p *Pool) sweep() {
	for range p.cfg.Children {
		s := p.idle(func(s *slot) int {
			if s.lives() && s.child.source != "" && time.Since(s.idle) >= p.cfg.Limits.Idle {
				return 0
			}
			return unwanted
		}, false)
		if s == nil {
			return
		}
		_, err := p.ask(p.ctx, s, step{request: request{Op: opRelease}, cpu: p.cfg.Limits.CPU})
		if err == nil {
			s.child.source = ""
		}
		p.put(s)
	}
}

// idle takes a slot for the pool's own work if a place is free, a new one if it may and none is wanted. It returns nil
// otherwise.
func (p *Pool) idle(rank func(*slot) int, mayAdd bool) *slot {
	place, ok := p.places.TryTake("")
	if !ok {
		return nil // callers are waiting: nothing is idle
	}
	s := p.take(place, rank, mayAdd)
	if s == nil {
		place.Give()
	}
	return s
}

// acquire waits for a slot with a running child, if possible one that has the document open. The caller must put it back.
// It may keep it for a slice of processor time while others wait.
func (p *Pool) acquire(ctx context.Context, src ocr.Source, slice time.Duration) (*slot, error) {
	place, err := src.Place, error(nil)
	if place == nil {
		place, err = p.places.Take(ctx, src.Owner, slice)
	} else {
		err = place.Retake(ctx, slice)
	}
	if err != nil {
		return nil, p.over(ctx)
	}
	s := p.take(place, func(s *slot) int {
		switch {
		case !s.lives():
			return 0
		case src.ID != "" && s.child.source == src.ID:
			return 3
		case s.child.source == "":
			return 2
		default:
			return 1
		}
	}, true)
	if s == nil {
		place.Give()
		return nil, p.over(ctx)
	}
	s.lent = src.Place != nil
	if err := p.ready(ctx, s, src.ID, nil); err != nil {
		p.put(s)
		return nil, err
	}
	return s, nil
}

// unwanted is the rank of a slot that take must not choose.
const unwanted = -1

// take removes from the free list the slot of the highest rank; among equals the one that was not used for longest. If none
// is wanted it makes a new one if it may, and returns nil otherwise, and once the pool is closed.
func (p *Pool) take(place *fairqueue.Place, rank func(*slot) int, mayAdd bool) *slot {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		return nil
	}
	best, highest := 0, unwanted
	for i, s := range p.free {
		if r := rank(s); r > highest {
			best, highest = i, r
		}
	}
	var s *slot
	switch {
	case highest > unwanted:
		s = p.free[best]
		p.free = slices.Delete(p.free, best, best+1)
	case mayAdd:
		s = newSlot()
	default:
		return nil
	}
	s.place = place
	p.busy.Add(1)
	return s
}

// end makes an end of the child, if there is one.
func (s *slot) end(why Reason) {
	if s.child != nil {
		s.child.kill(why)
		s.drop()
	}
}

// drop forgets a child that is dead.
func (s *slot) drop() {
	if s.child != nil {
		s.child.hangUp()
		s.child = nil
	}
}

// lives reports whether the slot has a child that can be used.
func (s *slot) lives() bool { return s.child != nil && !s.child.dead() }

// put gives a slot back. A child that ended is replaced in the background, as long as nobody waits for the place.
func (p *Pool) put(s *slot) {
	if s.child != nil && s.child.dead() {
		s.drop()
		if p.ctx.Err() == nil && p.places.Waiting() == 0 && s.place.Held() && !s.lent {
			p.work.Go(func() { p.warm(s) })
			return
		}
	}
	p.putIdle(s)
}

// putIdle gives a slot back as it is. There are as many idle ones as places: another was needed while a child was stopped.
func (p *Pool) putIdle(s *slot) {
	place, lent := s.place, s.lent
	s.idle, s.place, s.lent, s.again = time.Now(), nil, false, false
	p.mu.Lock()
	surplus := len(p.free) >= p.cfg.Children
	if !surplus {
		p.free = append(p.free, s)
	}
	p.mu.Unlock()
	if surplus {
		s.end(Recycled)
	}
	if !lent {
		place.Give()
	}
	p.busy.Done()
}
