package task

import (
	"context"
	"errors"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
)

// GiveUp takes note that a host gave up on a document. The task fails with an explanation only when no worker holds it and
// its attempts are used up; otherwise it is queued again, since the host's patience is shorter than ours.
func (s *Service) GiveUp(ctx context.Context, ref Ref) error {
	failed := false
	t, err := s.change(ctx, ref, func(t *Task) error {
		failed = false
		switch {
		case t.State != Queued && t.State != InProgress, t.State == InProgress && s.Now().Before(t.Lease.Expires):
			return errUnchanged
		case t.State == InProgress:
			t.orphan()
		}
		if t.spent() {
			s.end(t, ProcessingFailed)
			t.Failure = exhausted()
			failed = true
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
		return s.Queue.Push(ctx, ref, retryDelay(t.Attempts+1))
	default:
		return nil
	}
}
