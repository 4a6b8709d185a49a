package task

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/gofrs/uuid/v5"
)

// Causes that end a worker's context before its work is done.
var (
	errLost     = errors.New("the lease is lost")
	errDeadline = errors.New("the deadline of this call is near")
)

// errBusy, errFinished, errSuspect and errSpent say why a task, or a part of one, cannot be claimed.
var (
	errSpent    = errors.New("it was begun too often")
	errSuspect  = errors.New("the document must be read alone")
	errBusy     = errors.New("another worker holds a live lease")
	errFinished = errors.New("the task needs no work")
)

// claim takes the lease of a task that was read a moment ago. A task that was begun too often fails here: it kills its workers.
// One that was in hand when its process died is claimed only alone. One whose parts are being read needs no work of its own.
func (s *Service) claim(ctx context.Context, t *Task, alone bool) (*Task, error) {
	owner, err := s.newOwner()
	if err != nil {
		return nil, err
	}
	first := false
	t, err = s.changeRead(ctx, t, func(t *Task) error {
		now := s.Now().UTC()
		first = t.Reading.IsZero()
		switch {
		case t.State != Queued && t.State != InProgress, s.visible(t) != nil, t.inParts():
			return errFinished
		}
		err := t.free(now)
		if errors.Is(err, errSpent) {
			s.fail(t, exhausted())
			return nil
		}
		if err == nil {
			err = t.take(owner, now, alone)
		}
		if err != nil {
			return err
		}
		t.State = InProgress
		if t.Reading.IsZero() {
			t.Reading = now
		}
		return nil
	})
	if err == nil && first && t.State == InProgress {
		s.Observer.Begun(ctx, t.Reading.Sub(later(t.Uploaded, t.Started)))
	}
	return t, err
}

// newOwner names a lease.
func (s *Service) newOwner() (string, error) {
	unique, err := uuid.NewV4()
	if err != nil {
		return "", err
	}
	return s.Owner + "/" + unique.String(), nil
}

// orphan queues a task whose worker let its lease run out.
func (t *Task) orphan() {
	t.lose()
	t.State = Queued
}

// handBack queues a task that its worker lets go of in good order.
func (t *Task) handBack() {
	t.yield()
	t.State = Queued
}

// hold is a valid lease: it renews itself until released, and ends its context when the lease is lost.
type hold struct {
	s     *Service
	ref   Ref
	owner string
	stop  context.CancelCauseFunc
	done  chan struct{}

	tally // written to the record with each renewal

	input atomic.Pointer[Input] // likewise
}

// keep starts renewing the lease of a task that was just claimed.
func (s *Service) keep(ctx context.Context, t *Task) (context.Context, *hold) {
	ctx, stop := context.WithCancelCause(ctx)
	h := &hold{s: s, ref: t.Ref, owner: t.Lease.Owner, stop: stop, done: make(chan struct{})}
	h.progress(t.Input, t.Pages)
	go func() {
		defer close(h.done)
		s.watch(ctx, h, t.Lease.Expires, stop)
	}()
	return ctx, h
}

// lease is what watch keeps.
type lease interface {
	renew(ctx context.Context) (until time.Time, err error)
	publish(ctx context.Context) (until time.Time, err error) // of the count of pages; until is zero if that renewed nothing
	look(ctx context.Context) error
	counts() Progress
	step() time.Duration // how old the count of pages may be that others see
}

// watch renews a lease, publishes the count of pages as it grows, and looks in between whether the task was deleted by another
// process, until ctx ends or the lease is lost.
func (s *Service) watch(ctx context.Context, l lease, expires time.Time, stop context.CancelCauseFunc) {
	tick := time.NewTicker(leaseLook)
	defer tick.Stop()
	renewed, published, told := s.Now(), s.Now(), l.counts()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		counts, until := l.counts(), time.Time{}
		var err error
		switch {
		case counts != told && s.Now().Sub(published) >= l.step():
			published = s.Now() // whatever becomes of it: a renewal comes next
			if until, err = l.publish(ctx); err == nil {
				told = counts
			}
		case s.Now().Sub(renewed) >= leaseRenewal:
			until, err = l.renew(ctx)
		default:
			err = l.look(ctx)
		}
		if err == nil && !until.IsZero() {
			expires, renewed = until, s.Now()
		}
		if errors.Is(err, errLost) || err != nil && !s.Now().Before(expires) {
			stop(errLost)
			return
		}
	}
}

// look finds out whether the lease is still held. It is errLost when it is not.
func (h *hold) look(ctx context.Context) error {
	t, err := h.s.load(ctx, h.ref)
	if err != nil {
		return err
	}
	return h.lost(t)
}

// lost is errLost for a task that is not held any more.
func (h *hold) lost(t *Task) error {
	if t.State != InProgress || t.Lease.Owner != h.owner {
		return errLost
	}
	return nil
}

// renew extends the lease and publishes the progress.
func (h *hold) renew(ctx context.Context) (time.Time, error) {
	t, err := h.update(ctx, func(t *Task) {
		t.Lease.Expires = h.s.Now().UTC().Add(leaseLife)
	})
	if err != nil {
		return time.Time{}, err
	}
	return t.Lease.Expires, nil
}

// publish implements lease: a renewal publishes, too.
func (h *hold) publish(ctx context.Context) (time.Time, error) { return h.renew(ctx) }

// step implements lease.
func (h *hold) step() time.Duration { return progressStep }

// update changes the record while the lease is held. It is errLost when it is not.
func (h *hold) update(ctx context.Context, apply func(*Task)) (*Task, error) {
	return h.s.change(ctx, h.ref, func(t *Task) error {
		if err := h.lost(t); err != nil {
			return err
		}
		t.Pages, t.Input = h.counts(), *h.input.Load()
		apply(t)
		return nil
	})
}

// progress replaces what is known of the document.
func (h *hold) progress(input Input, pages Progress) {
	h.input.Store(&input)
	h.set(pages)
}

// release stops renewing and waits until no renewal is under way.
func (h *hold) release() {
	h.stop(context.Canceled)
	<-h.done
}
