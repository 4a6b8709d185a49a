package task

import (
	"context"
	"errors"
	"time"

	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Delete erases a task now. From its success on nothing of the task can be fetched, even while a worker still runs. The
// tombstone is returned; its Erased time is zero as long as a worker may still write or storage did not answer, and the
// sweep then finishes the work. Deleting again is the same success.
func (s *Service) Delete(ctx context.Context, ref Ref) (*Task, error) {
	t, err := s.remove(ctx, ref, always(retention.DeleteRequested))
	if t == nil && unwritten(err) {
		t, err = s.deleteUnwritten(ctx, ref, err)
	} else if err == nil {
		t, err = s.outlast(ctx, t)
	}
	if err != nil && t != nil {
		s.Log.WarnContext(ctx, logevent.SweepAwaited, "task", ref.String(), "step", "erase", "kind", fault.KindOf(err))
		return t, nil // accepted: the sweep goes on
	}
	return t, err
}

// verdict says why a task is to be removed as it stands now; empty if it is not.
type verdict func(t *Task) retention.Reason

// always removes whatever became of the task meanwhile: somebody asked for it.
func always(why retention.Reason) verdict { return func(*Task) retention.Reason { return why } }

// outlast waits for the transfers that other processes may have open, if nothing else keeps the erasure from its end.
func (s *Service) outlast(ctx context.Context, t *Task) (*Task, error) {
	wait := t.subject().Held.Sub(s.Now())
	if !t.Erased.IsZero() || wait <= 0 || wait > transferHold {
		return t, nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return s.finish(ctx, t)
	case <-ctx.Done():
		return t, nil
	}
}

// remove accepts the erasure, if the verdict holds for the task as stored, and carries out what can be done at once. The
// task is returned as it stands afterwards: Deleted, or left alone. With an error it is the tombstone of an erasure that was
// accepted and not finished, or nil when not even that could be written.
func (s *Service) remove(ctx context.Context, ref Ref, why verdict) (*Task, error) {
	wasOpen, mine := false, false
	t, err := s.change(ctx, ref, func(t *Task) error {
		wasOpen = t.State.Open()
		reason := why(t)
		if mine = t.State != Deleted && reason != ""; !mine {
			return errUnchanged
		}
		if t.hasPassword() || !t.Client.empty() {
			s.owed.written(t.Ref) // they go only now, whenever the bytes went
		}
		s.bury(t, reason)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if t.State != Deleted {
		return t, nil
	}
	s.running.cancel(ref)
	if wasOpen {
		if err := s.release(ctx, ref.Application, 1); err != nil {
			s.Log.WarnContext(ctx, logevent.SweepAwaited, "task", ref.String(), "step", "usage", "kind", fault.KindOf(err))
		}
	}
	if err := s.countEndings(ctx, t); err != nil {
		s.Log.WarnContext(ctx, logevent.SweepAwaited, "task", ref.String(), "step", "usage", "kind", fault.KindOf(err))
	}
	if !t.Erased.IsZero() {
		return t, nil
	}
	s.Log.InfoContext(ctx, logevent.TaskDeleted, "task", ref.String(), "reason", t.Reason)
	if mine {
		t = s.buried(ctx, t)
	}
	erased, err := s.finish(ctx, t)
	if err != nil {
		return t, err
	}
	return erased, nil
}

// buried shortens the hold of a tombstone that this call wrote. Transfers elsewhere continue from their last check of the task as
// it was, so the hold counts from when the tombstone was there; nobody else knows that, and counts with the longest write.
func (s *Service) buried(ctx context.Context, t *Task) *Task {
	if t.Streamed.IsZero() {
		return t
	}
	known, err := s.change(ctx, t.Ref, func(t *Task) error {
		until := s.Now().UTC().Add(transferHold)
		if t.State != Deleted || !until.Before(t.Streamed) {
			return errUnchanged
		}
		t.Streamed = until
		return nil
	})
	if err != nil {
		s.Log.WarnContext(ctx, logevent.SweepAwaited, "task", t.Ref.String(), "step", "hold", "kind", fault.KindOf(err))
		return t
	}
	return known
}

// bury turns a task into its tombstone. Only times, the reason and a valid lease stay.
func (s *Service) bury(t *Task, why retention.Reason) {
	now := s.Now().UTC()
	buried := Task{
		Ref:      t.Ref,
		State:    Deleted,
		Created:  t.Created,
		Uploaded: t.Uploaded,
		Ended:    t.Ended,
		Removed:  now,
		Reason:   why,
		LinkEnds: t.LinkEnds,
		Nonce:    t.Nonce,
		Input:    Input{Digest: t.Input.Digest},
		Upload:   t.Upload,
		etag:     t.etag,
		Noticed:  t.Noticed,
		Notices:  t.Notices,

		Uncounted: t.Uncounted,
	}
	if t.dropParts(now); now.Before(t.PartsHeld) {
		buried.PartsHeld = t.PartsHeld
	}
	if t.State == InProgress && now.Before(t.Lease.Expires.Add(longestWrite)) && !now.Add(leaseLife).Before(t.Lease.Expires) {
		buried.Lease = t.Lease
	}
	if s.streamed(t, now) {
		buried.Streamed = now.Add(longestWrite + transferHold)
	}
	if buried.Nonce == "" {
		buried.Nonce = ledger.NewNonce() // a record from before there were receipts
	}
	*t = buried
}

// finish removes every copy of a deleted task, runs the independent check, and only then records it as erased. While a worker
// may still write, the tombstone stays unfinished and the sweep comes back.
func (s *Service) finish(ctx context.Context, t *Task) (*Task, error) {
	if !t.Erased.IsZero() {
		return s.certify(ctx, t)
	}
	var evidence []erasure.Evidence
	err := errors.Join(s.endTransfers(ctx, t.Ref), s.endParts(ctx, t))
	if err != nil || s.held(t) {
		// Something may still be written or sent: what is there goes all the same.
		err = errors.Join(err, s.eraser.Remove(ctx, t.Ref.copies, nil))
	} else {
		evidence, err = s.eraser.Erase(ctx, t.Ref.copies)
	}
	if err != nil {
		return t, err
	}
	erased := false
	gone, before := s.owed.gone(t.Ref)
	free := t.PartsHeld.IsZero()
	t, err = s.change(ctx, t.Ref, func(t *Task) error {
		if t.State != Deleted || !t.Erased.IsZero() {
			return errUnchanged
		}
		if free {
			t.PartsHeld = time.Time{}
		}
		if evidence == nil || s.held(t) {
			return nil // saved anew: the sweep comes back when nothing can be written or sent any more
		}
		erased = true
		t.Erased = s.Now().UTC()
		t.Evidence = evidence
		t.Lease, t.Streamed, t.PartsHeld = Lease{}, time.Time{}, time.Time{}
		if before {
			t.backdate(gone)
		}
		s.notice(t, t.Erased)
		return nil
	})
	if errors.Is(err, fault.NotFound) {
		return t, nil
	}
	if err != nil {
		return t, err
	}
	if erased {
		s.owed.written(t.Ref)
		if s.Erased != nil {
			s.Erased()
		}
		s.Observer.Erased(ctx, t.Reason)
		s.Log.InfoContext(ctx, logevent.TaskErased, "task", t.Ref.String(), "reason", t.Reason, "seconds", t.Erased.Sub(t.Removed).Seconds())
	}
	if t.Erased.IsZero() {
		return t, nil
	}
	return s.certify(ctx, t)
}

// endParts clears the time until when workers of parts may write, if no part is held any more.
func (s *Service) endParts(ctx context.Context, t *Task) error {
	if t.PartsHeld.IsZero() {
		return nil
	}
	gone, err := s.partsGone(ctx, t)
	if gone && err == nil {
		t.PartsHeld = time.Time{}
	}
	return err
}

// held reports whether a worker may still write of a deleted task, or a transfer elsewhere go on. A time further ahead than
// that can take came from a clock that was wrong.
func (s *Service) held(t *Task) bool {
	until := t.subject().Held
	return s.Now().Before(until) && !s.Now().Add(leaseLife+longestWrite).Before(until)
}

// certify hands the receipt of an erased task to the ledger, once.
func (s *Service) certify(ctx context.Context, t *Task) (*Task, error) {
	if t.Logged {
		return s.published(ctx, t), nil
	}
	if t.Nonce != "" { // else a record from before there were receipts
		if err := s.tellErased(ctx, t); err != nil {
			return t, err
		}
	}
	logged, err := s.change(ctx, t.Ref, func(t *Task) error {
		if t.Logged || t.Erased.IsZero() {
			return errUnchanged
		}
		t.Logged = true
		return nil
	})
	if errors.Is(err, fault.NotFound) {
		return t, nil
	}
	if err != nil {
		return t, err
	}
	return s.published(ctx, logged), nil
}

// copies says where the task's copies lie in a container. Dead letters bear no task's name; the full pass erases them.
func (r Ref) copies(container string) string {
	if container == storage.DeadLetters {
		return ""
	}
	return r.prefix(container)
}
