// Package fairqueue decides whose document and whose page is next. A document is admitted first, so that the process never
// has more documents open than it can hold; each of its pages then waits for one of a fixed number of slots.
//
// Slots are granted by processor time: of the applications that wait, one that holds no slot comes first, and among equals
// the one that recently used the least. Time is charged while it is used, so that a slot that is held for long can be
// reclaimed for another application. Pages of one application are served in order of arrival, and a document asks for one
// page at a time, so that pages of short documents are read between those of a long one.
package fairqueue

import (
	"math"
	"sync"
	"time"
)

const (
	// halfLife is how long it takes until a use of the processor weighs half: what was used long ago is forgotten.
	halfLife = time.Minute
	// negligible is a use that is forgotten at once, in seconds.
	negligible = 1e-3
	// documentsAPlace is how many documents are read side by side for each place: while pages of some are stored or the
	// results of others written, more pages are to be had. Twice as many are where each of the others is its owner's only
	// one, so that nobody waits for the end of the long documents of others.
	documentsAPlace = 8
	// ownDocumentsAPlace is how many of them may be of one owner.
	ownDocumentsAPlace = 4
)

// Queue admits documents and hands out places. It may be used by several goroutines at once.
type Queue struct {
	now       func() time.Time
	documents int // that are read side by side
	own       int // of one owner

	mu      sync.Mutex
	free    int               // places; guarded by mu; above zero only while nobody waits
	waiting []*Place          // guarded by mu; in order of arrival
	owners  map[string]*owner // guarded by mu; those that hold, wait, or used the processor lately

	outside []*Document        // that wait to be admitted; guarded by mu; in order of arrival
	beside  map[*Document]bool // that are read side by side; guarded by mu
	alone   *Document          // that is read by itself; guarded by mu
	overdue bool               // one that must be read alone has waited long enough: no other is admitted; guarded by mu
	since   time.Time          // beginning of the others' turn; guarded by mu
	alarm   *time.Timer        // calls press; guarded by mu
}

// owner is somebody whose use of the processor is weighed against that of others.
type owner struct {
	held      int       // places
	documents int       // that are read side by side
	used      float64   // seconds of processor time as of at, faded by age
	at        time.Time // of used
}

// New returns a queue of so many places.
func New(places int, now func() time.Time) *Queue {
	return &Queue{
		now: now, documents: documentsAPlace * places, own: ownDocumentsAPlace * places,
		free: places, owners: map[string]*owner{}, beside: map[*Document]bool{},
	}
}

// of returns an owner with its use as of now. The caller holds mu.
func (q *Queue) of(name string) *owner {
	now := q.now()
	o := q.owners[name]
	if o == nil {
		o = &owner{at: now}
		q.forget(now)
		q.owners[name] = o
	}
	o.used *= math.Exp2(-max(0, now.Sub(o.at).Seconds()) / halfLife.Seconds())
	o.at = now
	return o
}

// forget drops owners that are as good as new ones, so that there are only as many as were active lately.
func (q *Queue) forget(now time.Time) {
	waits := map[string]bool{}
	for _, p := range q.waiting {
		waits[p.owner] = true
	}
	for name, o := range q.owners {
		faded := o.used * math.Exp2(-max(0, now.Sub(o.at).Seconds())/halfLife.Seconds())
		if o.held == 0 && o.documents == 0 && !waits[name] && faded < negligible && o.at.Before(now) {
			delete(q.owners, name)
		}
	}
}
