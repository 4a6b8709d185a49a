//go:build linux

package worker

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/lethe-ocr/lethe/shared/fault"
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

	known  chan struct{} // closed when words or cause is there
	greets sync.Mutex
	words  *hello // of the first child; guarded by greets
	cause  error  // why there is none yet; guarded by greets

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
		cfg:    cfg,
		check:  newChecker(cfg.Document),
		tally:  newTally(cfg.Killed),
		spawn:  make(chan func()),
		places: fairqueue.New(cfg.Children, time.Now),
		halted: map[*guard]struct{}{},
		known:  make(chan struct{}),
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
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = 100*time.Millisecond, 5*time.Second
	b.Reset()
	return &slot{backoff: b}
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
	p.settle(nil, errClosed)
}

// Places is where documents and pages wait for the children.
func (p *Pool) Places() *fairqueue.Queue { return p.places }

// Stats returns a snapshot of counters.
func (p *Pool) Stats() Stats { return p.tally.snapshot() }

// Languages lists what the first child found. It waits for that child, but no longer than for the first call that gives up
// on starting one: then it returns nil.
func (p *Pool) Languages() []string {
	<-p.known
	p.greets.Lock()
	defer p.greets.Unlock()
	if p.words == nil {
		return nil
	}
	return slices.Clone(p.words.Languages)
}

// Sandbox waits as Languages does and returns what the first child found in force. The error is why there is no child.
func (p *Pool) Sandbox(ctx context.Context) (Sandbox, error) {
	select {
	case <-p.known:
	case <-ctx.Done():
		return Sandbox{}, context.Cause(ctx)
	}
	p.greets.Lock()
	defer p.greets.Unlock()
	if p.words == nil {
		return Sandbox{}, p.cause
	}
	return p.words.Sandbox, nil
}

// settle notes the outcome of a start. The first success stays.
func (p *Pool) settle(words *hello, cause error) {
	p.greets.Lock()
	defer p.greets.Unlock()
	if p.words == nil && p.cause == nil {
		defer close(p.known)
	}
	if p.words == nil {
		p.words, p.cause = words, cause
	}
}

// starter runs on a thread of its own as long as the pool exists: the kernel sends a child its parent-death signal when the
// thread that started it ends.
func (p *Pool) starter() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		select {
		case f := <-p.spawn:
			f()
		case <-p.ctx.Done():
			// The thread must stay until the children are gone.
			p.tally.group.Wait()
			return
		}
	}
}

// warm starts the child of a slot and gives the slot back. A failure is returned to the next caller, who tries again.
func (p *Pool) warm(s *slot) {
	_ = p.ready(p.ctx, s, "")
	p.putIdle(s)
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
	if err := p.ready(ctx, s, src.ID); err != nil {
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

// ready makes sure that the slot has a running child which may take on document id. Failed starts are tried again with
// growing pauses, which the slot remembers across calls.
func (p *Pool) ready(ctx context.Context, s *slot, id string) error {
	if s.lives() && s.child.used(id) {
		s.child.kill(Recycled)
	}
	if s.lives() {
		return nil
	}
	s.drop()
	for range startTries {
		wait := time.Until(s.after)
		if wait > maxStartWait {
			break
		}
		if pause(ctx, wait) != nil {
			return p.over(ctx)
		}
		s.child, s.cause = p.start(ctx)
		if s.cause == nil {
			s.backoff.Reset()
			return nil
		}
		if ctx.Err() != nil {
			return p.over(ctx)
		}
		p.tally.failures.Add(1)
		s.after = time.Now().Add(s.backoff.NextBackOff())
		if _, open := errors.AsType[*Unconfined](s.cause); open {
			break // the next one would be no better
		}
	}
	p.settle(nil, s.cause)
	return fault.Wrap(s.cause, fault.EngineUnavailable, "No recognition process could be started; try again later.").
		Retry(max(time.Until(s.after), time.Second).Round(time.Second))
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// over returns why a call whose context ended cannot go on.
func (p *Pool) over(ctx context.Context) error {
	if p.ctx.Err() != nil {
		return fault.Wrap(errClosed, fault.EngineUnavailable, "The service is shutting down.")
	}
	return context.Cause(ctx)
}

func (p *Pool) start(ctx context.Context) (*child, error) {
	type launched struct {
		child *child
		err   error
	}
	result := make(chan launched, 1)
	stderr := &counter{total: &p.tally.stderr}
	select {
	case p.spawn <- func() {
		c, err := launch(p.cfg, stderr)
		if err == nil {
			p.tally.add(c)
		}
		result <- launched{c, err}
	}:
	case <-p.ctx.Done():
		return nil, errClosed
	}
	l := <-result
	if l.err != nil {
		return nil, l.err
	}
	if err := l.child.greet(ctx, p.check); err != nil {
		return nil, fmt.Errorf("start recognition process: %w", err)
	}
	if confined := l.child.words.Sandbox; p.cfg.Confined && len(confined.Gap().Missing) > 0 {
		l.child.dismiss()
		return nil, &Unconfined{confined}
	}
	p.tally.starts.Add(1)
	p.settle(&l.child.words, nil)
	return l.child, nil
}

// join returns a context that ends with ctx and with the pool.
func (p *Pool) join(ctx context.Context) (context.Context, context.CancelFunc) {
	joined, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(p.ctx, func() { cancel(errClosed) })
	return joined, func() {
		stop()
		cancel(nil)
	}
}
