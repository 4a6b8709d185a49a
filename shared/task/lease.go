package task

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// Causes that end a worker's context before its work is done.
var (
	errLost     = errors.New("the lease is lost")
	errDeadline = errors.New("the deadline of this call is near")
)

// errBusy, errFinished and errSuspect say why a task cannot be claimed.
var (
	errSuspect  = errors.New("the document must be read alone")
	errBusy     = errors.New("another worker holds a live lease")
	errFinished = errors.New("the task needs no work")
)

// claim takes the lease of a task that was read a moment ago. A task that was begun too often fails here: it kills its workers. One that was in hand when its
// process died is claimed only alone.
func (s *Service) claim(ctx context.Context, t *Task, alone bool) (*Task, error) {
	unique, err := uuid.NewV4()
	if err != nil {
		return nil, err
	}
	owner := s.Owner + "/" + unique.String()
	return s.changeRead(ctx, t, func(t *Task) error {
		now := s.Now().UTC()
		switch {
		case t.State == InProgress && now.Before(t.Lease.Expires):
			return errBusy
		case t.State != Queued && t.State != InProgress, s.visible(t) != nil:
			return errFinished
		case t.State == InProgress:
			t.orphan()
		}
		switch {
		case t.spent():
			s.end(t, ProcessingFailed)
			t.Failure = exhausted()
			return nil
		case t.Suspect && !alone:
			return errSuspect
		}
		t.State = InProgress
		t.Attempts++
		t.Lease = Lease{Owner: owner, Expires: now.Add(leaseLife), Alone: alone}
		return nil
	})
}

// orphan queues a task whose worker let its lease run out: its process died, or was killed. Only a death over this
// document alone can be held against it; else the begun attempt is given back, and it is read alone next.
func (t *Task) orphan() {
	t.Attempts = max(0, t.Attempts-1)
	if t.Lease.Alone {
		t.Deaths++
	}
	t.Suspect = true
	t.State, t.Lease = Queued, Lease{}
}

// handBack queues a task that its worker lets go of in good order; it was no attempt.
func (t *Task) handBack() {
	t.Attempts = max(0, t.Attempts-1)
	t.State, t.Lease = Queued, Lease{}
}

// spent reports whether processing was begun too often to be begun again.
func (t *Task) spent() bool { return t.Attempts >= MaxAttempts || t.Deaths >= MaxDeaths }

func exhausted() *Failure {
	return &Failure{
		Code:   fault.AttemptsExhausted,
		Detail: "processing was begun several times and did not finish; submit the document again, or split it",
	}
}

// hold is a valid lease: it renews itself until released, and ends its context when the lease is lost.
type hold struct {
	s     *Service
	ref   Ref
	owner string
	stop  context.CancelCauseFunc
	done  chan struct{}

	mu    sync.Mutex
	pages Progress // guarded by mu; written to the record with each renewal
	input Input    // guarded by mu; likewise
}

// keep starts renewing the lease of a task that was just claimed.
func (s *Service) keep(ctx context.Context, t *Task) (context.Context, *hold) {
	ctx, stop := context.WithCancelCause(ctx)
	h := &hold{s: s, ref: t.Ref, owner: t.Lease.Owner, stop: stop, done: make(chan struct{}), pages: t.Pages, input: t.Input}
	go func() {
		defer close(h.done)
		h.watch(ctx, t.Lease.Expires)
	}()
	return ctx, h
}

// watch renews the lease, publishes the count of pages as it grows, and looks in between whether the task was deleted by another
// process, until ctx ends or the lease is lost.
func (h *hold) watch(ctx context.Context, expires time.Time) {
	tick := time.NewTicker(leaseLook)
	defer tick.Stop()
	renewed, told := h.s.Now(), h.counts()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		since, counts := h.s.Now().Sub(renewed), h.counts()
		var err error
		if since >= leaseRenewal || since >= progressStep && counts != told {
			var until time.Time
			if until, err = h.renew(ctx); err == nil {
				expires, renewed, told = until, h.s.Now(), counts
			}
		} else {
			err = h.look(ctx)
		}
		if errors.Is(err, errLost) || err != nil && !h.s.Now().Before(expires) {
			h.stop(errLost)
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

// update changes the record while the lease is held. It is errLost when it is not.
func (h *hold) update(ctx context.Context, apply func(*Task)) (*Task, error) {
	return h.s.change(ctx, h.ref, func(t *Task) error {
		if err := h.lost(t); err != nil {
			return err
		}
		h.mu.Lock()
		t.Pages, t.Input = h.pages, h.input
		h.mu.Unlock()
		apply(t)
		return nil
	})
}

// page counts one page as done.
func (h *hold) page(failed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pages.count(failed)
}

// progress replaces what is known of the document.
func (h *hold) progress(input Input, pages Progress) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.input, h.pages = input, pages
}

// counts returns the progress.
func (h *hold) counts() Progress {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.pages
}

// release stops renewing and waits until no renewal is under way.
func (h *hold) release() {
	h.stop(context.Canceled)
	<-h.done
}

// running knows the work under way in this process, so that a delete ends it at once instead of at the next renewal.
type running struct {
	mu   sync.Mutex
	stop map[Ref]context.CancelCauseFunc // guarded by mu
}

func (r *running) add(ref Ref, stop context.CancelCauseFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stop == nil {
		r.stop = map[Ref]context.CancelCauseFunc{}
	}
	r.stop[ref] = stop
}

func (r *running) remove(ref Ref) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.stop, ref)
}

func (r *running) cancel(ref Ref) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if stop, ok := r.stop[ref]; ok {
		stop(errLost)
	}
}
