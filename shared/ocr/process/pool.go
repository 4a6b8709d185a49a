//go:build linux

package process

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/sync/semaphore"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// Pool is an ocr.Engine that does its work in child processes. Calls wait for a free child in order of arrival.
type Pool struct {
	cfg    Config
	check  checker
	tally  *tally
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	spawn  chan func()    // runs on the one thread that starts children
	work   sync.WaitGroup // goroutines of the pool

	places *semaphore.Weighted // one unit for each slot that is free

	mu   sync.Mutex
	free []*slot // least recently used first; guarded by mu

	known  chan struct{} // closed when words or cause is there
	greets sync.Mutex
	words  *hello // of the first child; guarded by greets
	cause  error  // why there is none yet; guarded by greets

	closing sync.Once
}

// slot is the place of one child. Whoever took it from the free list owns it.
type slot struct {
	child   *child // nil or dead: start one
	backoff *backoff.ExponentialBackOff
	after   time.Time // no start before
	cause   error     // of the last failed start
	idle    time.Time // since when
}

var errClosed = errors.New("pool is closed")

// startTries is how often one call tries to start a child before it gives up.
const startTries = 3

// maxStartWait is how long a call waits for the next start after failed ones; beyond it the caller is told to come back.
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
		places: semaphore.NewWeighted(int64(cfg.Children)),
		known:  make(chan struct{}),
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	for range cfg.Children {
		b := backoff.NewExponentialBackOff()
		b.InitialInterval, b.MaxInterval = 100*time.Millisecond, 5*time.Second
		b.Reset()
		p.free = append(p.free, &slot{backoff: b})
	}
	p.work.Go(p.starter)
	p.work.Go(p.janitor)
	for range cfg.Children {
		p.work.Go(p.warm)
	}
	return p, nil
}

// Close ends every call and every child, and returns when none is left.
func (p *Pool) Close() { p.closing.Do(p.close) }

func (p *Pool) close() {
	p.cancel()
	// With every place taken no call is under way.
	if err := p.places.Acquire(context.Background(), int64(p.cfg.Children)); err == nil {
		for _, s := range p.free {
			if s.child != nil {
				s.child.kill(Closed)
				s.drop()
			}
		}
	}
	p.work.Wait()
	p.tally.group.Wait()
	p.settle(nil, errClosed)
}

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

// starter runs on a thread of its own as long as the pool lives: the kernel sends a child its parent-death signal when the
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

// warm starts a child where there is none.
func (p *Pool) warm() {
	if p.places.Acquire(p.ctx, 1) != nil {
		return // closed
	}
	s := p.take(func(s *slot) int {
		if s.lives() {
			return unwanted
		}
		return 0
	})
	if s == nil {
		p.places.Release(1)
		return
	}
	// A failure is told to the next caller, who tries again.
	_ = p.ready(p.ctx, s, "")
	p.put(s)
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
		if !p.places.TryAcquire(1) {
			return // callers are waiting: nothing is idle
		}
		s := p.take(func(s *slot) int {
			if s.lives() && s.child.source != "" && time.Since(s.idle) >= p.cfg.Limits.Idle {
				return 0
			}
			return unwanted
		})
		if s == nil {
			p.places.Release(1)
			return
		}
		_, err := p.ask(p.ctx, s.child, request{Op: opRelease})
		if err == nil {
			s.child.source = ""
		}
		p.put(s)
	}
}

// acquire waits for a slot with a living child, if possible one that has the document open. The caller must put it back.
func (p *Pool) acquire(ctx context.Context, id string) (*slot, error) {
	if err := p.places.Acquire(ctx, 1); err != nil {
		return nil, p.over(ctx)
	}
	s := p.take(func(s *slot) int {
		switch {
		case !s.lives():
			return 0
		case id != "" && s.child.source == id:
			return 3
		case s.child.source == "":
			return 2
		default:
			return 1
		}
	})
	if err := p.ready(ctx, s, id); err != nil {
		p.put(s)
		return nil, err
	}
	return s, nil
}

// unwanted is the rank of a slot that take must not choose.
const unwanted = -1

// take removes from the free list the slot of the highest rank; among equals the one that was not used for longest. It
// returns nil if none is wanted. The caller holds a place, so the list is not empty.
func (p *Pool) take(rank func(*slot) int) *slot {
	p.mu.Lock()
	defer p.mu.Unlock()
	best, highest := 0, unwanted
	for i, s := range p.free {
		if r := rank(s); r > highest {
			best, highest = i, r
		}
	}
	if highest == unwanted {
		return nil
	}
	s := p.free[best]
	p.free = slices.Delete(p.free, best, best+1)
	return s
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

// put gives a slot back. A child that ended is replaced in the background.
func (p *Pool) put(s *slot) {
	s.idle = time.Now()
	replace := s.child != nil && s.child.dead()
	if replace {
		s.drop()
	}
	if replace && p.ctx.Err() == nil {
		p.work.Go(p.warm) // before the place is free, since Close waits for all places and then for all work
	}
	p.mu.Lock()
	p.free = append(p.free, s)
	p.mu.Unlock()
	p.places.Release(1)
}

// ready makes sure that the slot has a living child which may take on document id. Failed starts are tried again with
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
