package fairqueue

import (
	"context"
	"math"
	"slices"
	"time"
)

// patience is how long documents that are read side by side may go on while one waits that must be read alone.
const patience = 30 * time.Second

// Document is one document that was admitted.
type Document struct {
	queue *Queue
	owner string
	alone bool
	in    chan struct{} // closed when it is admitted
	yield chan struct{} // closed when it is to make way
	asked bool          // to make way; guarded by queue.mu
}

// Enter waits until a document of the owner may be read: side by side with others or, if it is suspected of having ended the
// process that read it, by itself. Both kinds have their turn: one that must be read alone and has waited long enough makes
// the others yield, and after it those that waited for its end go first. The caller must call Leave.
func (q *Queue) Enter(ctx context.Context, owner string, alone bool) (*Document, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	d := &Document{queue: q, owner: owner, alone: alone, in: make(chan struct{}), yield: make(chan struct{})}
	q.mu.Lock()
	if alone && q.alone == nil && !q.suspected() {
		q.since = q.now()
	}
	q.outside = append(q.outside, d)
	q.admit()
	q.mu.Unlock()
	select {
	case <-d.in:
		return d, nil
	case <-ctx.Done():
		d.Leave()
		return nil, context.Cause(ctx)
	}
}

// Yield is closed when the reading is to end for the sake of a document that must be read alone.
func (d *Document) Yield() <-chan struct{} { return d.yield }

// Alone reports whether the document is read by itself.
func (d *Document) Alone() bool { return d.alone }

// Take waits for a place to read the next page. The caller must call Give when it is done with it.
func (d *Document) Take(ctx context.Context) (*Place, error) {
	return d.queue.Take(ctx, d.owner, math.MaxInt64) // whoever reads says how long a slice is
}

// Leave ends the reading, or the wait for it. It may be called more than once.
func (d *Document) Leave() {
	q := d.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	q.outside = slices.DeleteFunc(q.outside, func(o *Document) bool { return o == d })
	if q.beside[d] {
		delete(q.beside, d)
		q.of(d.owner).documents--
	}
	if q.alone == d {
		q.alone, q.since = nil, q.now()
	}
	if !q.suspected() {
		q.overdue = false
	}
	q.admit()
}

// suspected reports whether a document waits that must be read alone. The caller holds mu.
func (q *Queue) suspected() bool {
	return slices.ContainsFunc(q.outside, func(d *Document) bool { return d.alone })
}

// admit lets in whoever may come in. The caller holds mu.
func (q *Queue) admit() {
	for {
		var next *Document
		for _, d := range q.outside {
			if q.admits(d) && (next == nil || q.sooner(d, next)) {
				next = d
			}
		}
		if next == nil {
			break
		}
		q.outside = slices.DeleteFunc(q.outside, func(o *Document) bool { return o == next })
		if next.alone {
			q.alone, q.overdue = next, false
		} else {
			q.beside[next] = true
			q.of(next.owner).documents++
		}
		close(next.in)
	}
	if q.alone == nil && !q.overdue && q.suspected() {
		wait := q.since.Add(patience).Sub(q.now())
		if q.alarm == nil {
			q.alarm = time.AfterFunc(wait, q.press)
		} else {
			q.alarm.Reset(wait)
		}
	}
}

// admits reports whether the document may come in. The caller holds mu.
func (q *Queue) admits(d *Document) bool {
	if q.alone != nil {
		return false
	}
	if d.alone {
		others := slices.ContainsFunc(q.outside, func(o *Document) bool { return !o.alone })
		return len(q.beside) == 0 && (q.overdue || !others)
	}
	own := q.of(d.owner).documents
	room := len(q.beside) < q.documents || own == 0 && len(q.beside) < 2*q.documents
	return !q.overdue && room && own < q.own
}

// sooner reports whether a is let in before b, which came earlier. The caller holds mu.
func (q *Queue) sooner(a, b *Document) bool {
	x, y := q.of(a.owner), q.of(b.owner)
	if x.documents != y.documents {
		return x.documents < y.documents
	}
	return x.used < y.used
}

// press makes the others yield once a document that must be read alone has waited long enough.
func (q *Queue) press() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.alone != nil || q.overdue || !q.suspected() || q.now().Before(q.since.Add(patience)) {
		return
	}
	q.overdue = true
	for d := range q.beside {
		if !d.asked {
			d.asked = true
			close(d.yield)
		}
	}
	q.admit()
}
