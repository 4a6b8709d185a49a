package task

import (
	"context"
	"errors"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
)

// processPart is process for a part.
func (s *Service) processPart(ctx, work context.Context, job Job, turn *fairqueue.Document, stop context.CancelCauseFunc) (Outcome, error) {
	var h *partHold
	turn, err := s.admitted(work, job, turn, stop, func(alone bool) (err error) {
		h, err = s.claimPart(ctx, job, alone)
		return err
	})
	if turn != nil {
		defer turn.Leave()
	}
	if errors.Is(err, errSpent) {
		return s.failParts(ctx, job.Task, exhausted())
	}
	if outcome, err, over := s.unclaimed(ctx, work, job, turn, err); over {
		return outcome, err
	}
	s.Log.InfoContext(ctx, logevent.TaskClaimed, "task", job.Task.String(), "part", job.Part, "attempt", h.part.Attempts, "alone", turn.Alone())
	held := h.keep(work)
	ended := s.running.add(job.Task, h.stop)
	var seen outcomes
	err = s.readPart(held, h, &seen, turn)
	if err != nil && context.Cause(held) != nil {
		err = context.Cause(held)
	}
	h.release()
	ended()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), concluding)
	defer cancel()
	if err == nil {
		var t *Task
		if t, err = s.finishPart(last, h, seen.slowSoFar(), turn.Alone()); err == nil && t != nil {
			return s.carry(ctx, work, t, turn, stop)
		}
	}
	return s.concludePart(last, h, err)
}

// claimPart takes the lease of a part that is still to be read.
func (s *Service) claimPart(ctx context.Context, job Job, alone bool) (*partHold, error) {
	owner, err := s.newOwner()
	if err != nil {
		return nil, err
	}
	t, err := s.load(ctx, job.Task)
	if err != nil {
		return nil, err
	}
	if !s.wantsPart(t, job.Part, t.Round) {
		return nil, errFinished
	}
	begun := false
	p, err := s.changePart(ctx, (&part{Task: job.Task, Number: job.Part, Round: t.Round}).key(), func(p *part) error {
		now := s.Now().UTC()
		if err := p.free(now); err != nil {
			return err
		}
		begun, p.Begun = p.Begun, true
		return p.take(owner, now, alone)
	})
	if err != nil {
		return nil, err
	}
	h := s.newPartHold(t, p, begun || t.Parts.Begun)
	// Only now: whoever deletes the task sees who holds its parts, and whoever takes a part later sees that it is deleted.
	if err := h.look(ctx); err != nil {
		_, letGoErr := s.letGoPart(ctx, h)
		return nil, errors.Join(errFinished, letGoErr)
	}
	return h, nil
}

// wantsPart reports whether part n of that round is to be read.
func (s *Service) wantsPart(t *Task, n, round int) bool {
	return t.partOpen(n, round) && s.visible(t) == nil
}

// readPart reads the pages of a part and keeps them.
func (s *Service) readPart(ctx context.Context, h *partHold, seen *outcomes, turn *fairqueue.Document) error {
	t, numbers := h.task, h.task.partPages(h.part.Number)
	left := numbers
	if h.begun {
		var done Progress
		var err error
		if left, done, err = s.resume(ctx, t, numbers, func(int) bool { return true }, seen); err != nil {
			return err
		}
		h.set(done)
	}
	if len(left) == 0 {
		return nil
	}
	doc, err := s.openPages(ctx, t, left)
	if err != nil {
		return err
	}
	defer doc.close()
	return s.readPages(ctx, h, t, doc, left, seen, turn)
}

// finishPart notes in the task's record that a part is finished, once the next ones are under way. Where it was the last, the same
// write takes the lease of the task, which is returned: its results are to be written.
func (s *Service) finishPart(ctx context.Context, h *partHold, slow int, alone bool) (*Task, error) {
	owner, err := s.newOwner()
	if err != nil {
		return nil, err
	}
	p := h.part
	sent, err := s.sendNext(ctx, h.task, p.Number)
	if err != nil && !errors.Is(err, errLost) {
		return nil, err
	}
	failed := h.counts().Failed
	t, err := s.change(ctx, p.Task, func(t *Task) error {
		if !s.wantsPart(t, p.Number, p.Round) {
			return errUnchanged
		}
		t.partDone(p.Number, failed, slow)
		switch {
		case t.Parts.Slow >= slowPages:
			f := tooSlow(t.Parts.Slow)
			s.fail(t, &Failure{Code: f.Code, Detail: f.Detail})
		case t.assembling():
			return t.take(owner, s.Now().UTC(), alone)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := h.drop(ctx); err != nil {
		s.Log.WarnContext(ctx, logevent.SweepAwaited, "task", p.Task.String(), "step", "part", "kind", fault.KindOf(err)) // dropped when it is due
	}
	if !sent && t.inParts() { // the others may have ended at the same moment, each counting on the rest
		if err := s.resumeParts(ctx, t); err != nil {
			return nil, err
		}
	}
	switch {
	case t.State == Deleted:
		return nil, errLost
	case t.State == ProcessingFailed:
		_, err := s.report(ctx, t, nil)
		return nil, err
	case t.State == InProgress && t.Lease.Owner == owner:
		return t, nil
	}
	return nil, nil //nolint:nilnil // others are still reading
}

// concludePart writes how the work on a part ended that was not the last.
func (s *Service) concludePart(ctx context.Context, h *partHold, workErr error) (Outcome, error) {
	switch why := permanent(workErr); {
	case workErr == nil:
		return Done, nil
	case errors.Is(workErr, errLost):
		return s.letGoPart(ctx, h)
	case why != nil:
		return s.failPart(ctx, h, why)
	}
	p, err := h.change(ctx, func(p *part) error {
		p.Sent = s.Now().UTC()
		return p.settle(workErr)
	})
	switch {
	case errors.Is(err, errSpent):
		return s.failPart(ctx, h, exhausted())
	case errors.Is(err, errLost):
		return s.letGoPart(ctx, h)
	case err != nil:
		return "", err
	case handsOn(workErr):
		s.Log.InfoContext(ctx, logevent.TaskHandedOn, "task", p.Task.String(), "part", p.Number)
		return HandedOn, s.Queue.Push(ctx, p.job(), 0)
	}
	delay := p.patience(workErr)
	s.Log.WarnContext(ctx, logevent.TaskRequeued, "task", p.Task.String(), "part", p.Number, "attempt", p.Attempts,
		"kind", fault.KindOf(workErr), "delay_seconds", delay.Seconds())
	return Retried, s.Queue.Push(ctx, p.job(), delay)
}

// failPart is failParts for the worker of the part.
func (s *Service) failPart(ctx context.Context, h *partHold, why *Failure) (Outcome, error) {
	outcome, err := s.failParts(ctx, h.part.Task, why)
	return outcome, errors.Join(err, h.drop(ctx))
}

// failParts ends a task one of whose parts cannot be read. The workers of the others find out and let go.
func (s *Service) failParts(ctx context.Context, ref Ref, why *Failure) (Outcome, error) {
	failed := false
	t, err := s.change(ctx, ref, func(t *Task) error {
		if failed = t.inParts(); !failed {
			return errUnchanged
		}
		s.fail(t, why)
		return nil
	})
	if errors.Is(err, fault.NotFound) {
		return Done, nil
	}
	if err != nil {
		return "", err
	}
	s.running.cancel(ref)
	_, err = s.partsGone(ctx, t)
	if !failed {
		return Done, errors.Join(err, s.finishDeleted(ctx, t))
	}
	outcome, reportErr := s.report(ctx, t, nil)
	return outcome, errors.Join(err, reportErr)
}

// letGoPart ends a call whose part is no more its own, or no more wanted. Of a task that ended it removes what it may have written;
// of one that was deleted it finishes the erasure.
func (s *Service) letGoPart(ctx context.Context, h *partHold) (Outcome, error) {
	t, err := s.load(ctx, h.part.Task)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return "", err
	}
	if err == nil && s.wantsPart(t, h.part.Number, h.part.Round) {
		p, err := h.change(ctx, func(p *part) error {
			p.yield()
			p.Sent = s.Now().UTC()
			return nil
		})
		if errors.Is(err, errLost) {
			return Busy, nil
		}
		if err != nil {
			return "", err
		}
		return HandedOn, s.Queue.Push(ctx, p.job(), 0)
	}
	dropErr := h.drop(ctx)
	if err != nil { // there is no task any more
		return Done, dropErr
	}
	if t.State.Ended() {
		dropErr = errors.Join(dropErr, s.discardPages(ctx, t))
	}
	return Done, errors.Join(dropErr, s.finishDeleted(ctx, t))
}

// finishDeleted finishes the erasure of a task if it is deleted.
func (s *Service) finishDeleted(ctx context.Context, t *Task) error {
	if t.State != Deleted {
		return nil
	}
	_, err := s.finish(ctx, t)
	return err
}

// giveUpPart is GiveUp for a part.
func (s *Service) giveUpPart(ctx context.Context, job Job) error {
	t, err := s.load(ctx, job.Task)
	if errors.Is(err, fault.NotFound) || err == nil && !s.wantsPart(t, job.Part, t.Round) {
		return nil
	}
	if err != nil {
		return err
	}
	p, err := s.changePart(ctx, (&part{Task: job.Task, Number: job.Part, Round: t.Round}).key(), func(p *part) error {
		if err := p.free(s.Now()); err != nil {
			return err
		}
		p.Sent = s.Now().UTC()
		return nil
	})
	switch {
	case errors.Is(err, errBusy), errors.Is(err, fault.NotFound):
		return nil
	case errors.Is(err, errSpent):
		_, err = s.failParts(ctx, job.Task, exhausted())
	case err == nil:
		err = s.Queue.Push(ctx, job, retryDelay(p.Attempts+1))
	}
	s.Log.ErrorContext(ctx, logevent.UploadPoisoned, "task", job.Task.String(), "part", job.Part)
	return err
}

// rescanParts queues the parts of a task that are under way, or those that should be. It returns how many.
func (s *Service) rescanParts(ctx context.Context, t *Task) (int, error) {
	n := 0
	err := s.eachPart(ctx, t.Ref.Application, t.Ref.ID, func(p *part) error {
		n++
		return s.Queue.Push(ctx, p.job(), max(0, p.Lease.Expires.Sub(s.Now())))
	})
	if err != nil || n > 0 {
		return n, err
	}
	return 1, s.resumeParts(ctx, t)
}
