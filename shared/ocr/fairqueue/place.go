package fairqueue

import (
	"context"
	"math"
	"slices"
	"time"
)

// Place is one place, on behalf of an owner. It is used by one goroutine at a time.
type Place struct {
	queue *Queue
	owner string
	slice time.Duration // processor time after which it is asked back for an owner that has none

	held  bool          // else it waits, or was given back; guarded by queue.mu
	aside bool          // it waits for a place that it had; guarded by queue.mu
	back  chan struct{} // closed when it is held (again); guarded by queue.mu
	total time.Duration // charged; guarded by queue.mu
	anew  time.Duration // charged since it was held last; guarded by queue.mu
}

// Take waits for a place, which is asked back after a slice of processor time for an owner that has none. The caller must
// call Give when it is done with it.
func (q *Queue) Take(ctx context.Context, owner string, slice time.Duration) (*Place, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	p := &Place{queue: q, owner: owner, slice: slice}
	q.mu.Lock()
	back := p.wait()
	q.mu.Unlock()
	select {
	case <-back:
		return p, nil
	case <-ctx.Done():
		p.Give()
		return nil, context.Cause(ctx)
	}
}

// TryTake returns a place if one is free now. It is not asked back.
func (q *Queue) TryTake(owner string) (*Place, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.free == 0 {
		return nil, false
	}
	p := &Place{queue: q, owner: owner, slice: math.MaxInt64}
	p.wait()
	return p, true
}

// Waiting returns how many wait for a place.
func (q *Queue) Waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

// wait queues for a place. The caller holds mu.
func (p *Place) wait() <-chan struct{} {
	p.back = make(chan struct{})
	p.queue.waiting = append(p.queue.waiting, p)
	p.queue.serve()
	return p.back
}

// serve hands out free places in turn. The caller holds mu.
func (q *Queue) serve() {
	for q.free > 0 && len(q.waiting) > 0 {
		best := q.waiting[0]
		for _, p := range q.waiting[1:] {
			if q.before(p, best) {
				best = p
			}
		}
		q.grant(best)
	}
}

// grant hands a free place to one that waits. The caller holds mu.
func (q *Queue) grant(p *Place) {
	q.drop(p)
	q.free--
	q.of(p.owner).held++
	p.held, p.aside, p.anew = true, false, 0
	close(p.back)
}

// drop takes p from those that wait. The caller holds mu.
func (q *Queue) drop(p *Place) {
	q.waiting = slices.DeleteFunc(q.waiting, func(w *Place) bool { return w == p })
}

// before reports whether a is served before b, which came earlier or later.
func (q *Queue) before(a, b *Place) bool {
	if a.owner == b.owner {
		return a.aside && !b.aside // it has memory that another could use
	}
	x, y := q.of(a.owner), q.of(b.owner)
	if none := x.held == 0; none != (y.held == 0) {
		return none
	}
	return x.used < y.used
}

// Charge notes processor time that was used on the place.
func (p *Place) Charge(used time.Duration) {
	if used <= 0 {
		return
	}
	p.queue.mu.Lock()
	defer p.queue.mu.Unlock()
	p.queue.of(p.owner).used += used.Seconds()
	p.total += used
	p.anew += used
}

// StepAside gives the place to somebody else if it is due to: it was used for a slice since it was held last, or for one in
// all by an owner that is a slice ahead, and an owner without a place waits. The channel is closed when a place is held
// again; it is nil if the place is kept.
func (p *Place) StepAside() <-chan struct{} {
	q := p.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	heir := p.heir()
	if heir == nil {
		return nil
	}
	q.of(p.owner).held--
	p.held, p.aside = false, true
	q.free++
	q.grant(heir)
	return p.wait()
}

// Wanted reports whether StepAside would give the place away.
func (p *Place) Wanted() bool {
	p.queue.mu.Lock()
	defer p.queue.mu.Unlock()
	return p.heir() != nil
}

// heir returns who is to have the place instead, if anybody. The caller holds mu.
func (p *Place) heir() *Place {
	q := p.queue
	if !p.held || p.total < p.slice {
		return nil
	}
	var heir *Place
	own := q.of(p.owner).used
	for _, w := range q.waiting {
		o := q.of(w.owner)
		if w.owner == p.owner || o.held > 0 || p.anew < p.slice && own-o.used < p.slice.Seconds() {
			continue
		}
		if heir == nil || q.before(w, heir) {
			heir = w
		}
	}
	return heir
}

// Held reports whether the place is held, and has not stepped aside.
func (p *Place) Held() bool {
	p.queue.mu.Lock()
	defer p.queue.mu.Unlock()
	return p.held
}

// Regain waits until the place is held, if it has stepped aside.
func (p *Place) Regain(ctx context.Context) error {
	p.queue.mu.Lock()
	back := p.back
	p.queue.mu.Unlock()
	select {
	case <-back:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Retake waits until the place is held again, if it was given back, and begins a new slice.
func (p *Place) Retake(ctx context.Context, slice time.Duration) error {
	q := p.queue
	q.mu.Lock()
	p.slice, p.total, p.anew = slice, 0, 0
	if !p.held && !slices.Contains(q.waiting, p) {
		p.wait()
	}
	q.mu.Unlock()
	return p.Regain(ctx)
}

// Give returns the place, or stops waiting for it. It may be called more than once.
func (p *Place) Give() {
	q := p.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if p.held {
		p.held = false
		q.of(p.owner).held--
		q.free++
	}
	p.aside = false
	q.drop(p)
	q.serve()
}
