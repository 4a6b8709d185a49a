package task

import (
	"context"
	"errors"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
)

// GiveUp takes note that a host gave up on a document, or on a part of it. The task fails with an explanation only when no worker
// holds it, or the part, and the attempts are used up; otherwise it is queued again, since the host's patience is shorter than ours.
func (s *Service) GiveUp(ctx context.Context, job Job) error {
	if job.Part > 0 {
		return s.giveUpPart(ctx, job)
	}
	failed, ref := false, job.Task
	t, err := s.change(ctx, ref, func(t *Task) error {
		failed = false
		if t.State != Queued && t.State != InProgress || t.inParts() {
			return errUnchanged
		}
		switch err := t.free(s.Now()); {
		case errors.Is(err, errBusy):
			return errUnchanged
		case errors.Is(err, errSpent):
			s.fail(t, exhausted())
			failed = true
		default:
			t.State = Queued
		}
		return nil
	})
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	s.Log.ErrorContext(ctx, logevent.UploadPoisoned, "task", ref.String(), "state", t.State, "attempts", t.Attempts)
	switch {
	case failed:
		return errors.Join(s.tellProcessed(ctx, t), s.discard(ctx, t))
	case t.State == Queued:
		return s.Queue.Push(ctx, job, retryDelay(t.Attempts+1))
	default:
		return nil
	}
}
