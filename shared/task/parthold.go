package task

import (
	"context"
	"errors"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// partHold is a valid lease of a part: it renews itself until released, and ends its context when the lease is lost or the part
// is not wanted any more.
type partHold struct {
	s     *Service
	task  *Task // as it was when the part was taken
	part  *part // likewise
	begun bool  // pages of it may be kept
	stop  context.CancelCauseFunc
	done  chan struct{}

	tally // of the part
}

func (s *Service) newPartHold(t *Task, p *part, begun bool) *partHold {
	h := &partHold{s: s, task: t, part: p, begun: begun, done: make(chan struct{})}
	h.set(Progress{Total: t.partSize(p.Number)})
	return h
}

// keep starts renewing the lease.
func (h *partHold) keep(ctx context.Context) context.Context {
	ctx, h.stop = context.WithCancelCause(ctx)
	go func() {
		defer close(h.done)
		h.s.watch(ctx, h, h.part.Lease.Expires, h.stop)
	}()
	return ctx
}

// release stops renewing and waits until no renewal is under way.
func (h *partHold) release() {
	h.stop(context.Canceled)
	<-h.done
}

// look finds out whether the part is still wanted. It is errLost when it is not.
func (h *partHold) look(ctx context.Context) error {
	t, err := h.s.load(ctx, h.part.Task)
	if errors.Is(err, fault.NotFound) {
		return errLost
	}
	if err != nil {
		return err
	}
	return h.lost(t)
}

func (h *partHold) lost(t *Task) error {
	if !h.s.wantsPart(t, h.part.Number, h.part.Round) {
		return errLost
	}
	return nil
}

// renew extends the lease.
func (h *partHold) renew(ctx context.Context) (time.Time, error) {
	p, err := h.change(ctx, func(p *part) error {
		p.Lease.Expires = h.s.Now().UTC().Add(leaseLife)
		return nil
	})
	if err != nil {
		return time.Time{}, err
	}
	return p.Lease.Expires, nil
}

// change changes the part's record while its lease is held. It is errLost when it is not.
func (h *partHold) change(ctx context.Context, apply func(*part) error) (*part, error) {
	p, err := h.s.changePart(ctx, h.part.key(), func(p *part) error {
		if p.Lease.Owner != h.part.Lease.Owner {
			return errLost
		}
		return apply(p)
	})
	if errors.Is(err, fault.NotFound) {
		return nil, errLost
	}
	if err == nil {
		h.part.etag = p.etag
	}
	return p, err
}

// drop removes the part's record if the lease is still held: nothing of the part is written from now on.
func (h *partHold) drop(ctx context.Context) error {
	_, err := h.change(ctx, func(p *part) error {
		if err := h.s.dropPart(ctx, p); err != nil {
			return err
		}
		return errUnchanged
	})
	if errors.Is(err, errLost) {
		return nil
	}
	return err
}

// publish writes the count of pages into the task's record.
func (h *partHold) publish(ctx context.Context) (time.Time, error) {
	read := h.counts().Done
	_, err := h.s.change(ctx, h.part.Task, func(t *Task) error {
		if err := h.lost(t); err != nil {
			return err
		}
		before := t.Pages.Done
		if t.partRead(h.part.Number, read); t.Pages.Done == before {
			return errUnchanged
		}
		return nil
	})
	return time.Time{}, err
}

// step is how old the count in the record may be. The more workers there are, the less often each of them writes it, since they
// all write the same record.
func (h *partHold) step() time.Duration {
	return progressStep * time.Duration(max(1, min(len(h.task.openParts()), h.s.Limits.PartsAtOnce)))
}
