package task

import (
	"context"
	"errors"
	"fmt"

	"github.com/lethe-ocr/lethe/shared/event"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Delete erases a task now. From its success on nothing of the task can be fetched, even while a worker still runs. The
// tombstone is returned; its Erased time is zero as long as a worker may still write or storage did not answer, and the
// sweep then finishes the work. Deleting again is the same success.
func (s *Service) Delete(ctx context.Context, ref Ref) (*Task, error) {
	t, err := s.remove(ctx, ref, retention.DeleteRequested)
	if err != nil && t != nil {
		s.Log.WarnContext(ctx, event.SweepFailed, "task", ref.String(), "step", "erase", "kind", fault.KindOf(err))
		return t, nil // accepted: the sweep goes on
	}
	return t, err
}

// remove accepts the erasure and carries out what can be done at once. With an error it returns the tombstone of an
// erasure that was accepted and not finished, or nil when not even that could be written.
func (s *Service) remove(ctx context.Context, ref Ref, why retention.Reason) (*Task, error) {
	wasOpen := false
	t, err := s.change(ctx, ref, func(t *Task) error {
		wasOpen = t.State.Open()
		if t.State == Deleted {
			return errUnchanged
		}
		s.bury(t, why)
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.running.cancel(ref)
	if wasOpen {
		if err := s.release(ctx, ref.Application); err != nil {
			s.Log.WarnContext(ctx, event.SweepFailed, "task", ref.String(), "step", "usage", "kind", fault.KindOf(err))
		}
	}
	if !t.Erased.IsZero() {
		return t, nil
	}
	s.Log.InfoContext(ctx, event.TaskDeleted, "task", ref.String(), "reason", t.Reason)
	erased, err := s.finish(ctx, t)
	if err != nil {
		return t, err
	}
	return erased, nil
}

// bury turns a task into its tombstone. Only times, the reason and a live lease stay.
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
		etag:     t.etag,
	}
	if t.State == InProgress && now.Before(t.Lease.Expires.Add(longestWrite)) {
		buried.Lease = t.Lease
	}
	*t = buried
}

// finish removes every copy of a deleted task, looks again, and only then notes it as erased. While a worker may still
// write, the tombstone stays unfinished and the sweep comes back.
func (s *Service) finish(ctx context.Context, t *Task) (*Task, error) {
	if err := s.eraseCopies(ctx, t.Ref); err != nil {
		return t, err
	}
	left, err := s.remaining(ctx, t.Ref)
	if err != nil {
		return t, err
	}
	if left > 0 {
		return t, fault.New(fault.StorageUnavailable, "%d copies are still listed after their erasure", left)
	}
	erased := false
	t, err = s.change(ctx, t.Ref, func(t *Task) error {
		if t.State != Deleted || !t.Erased.IsZero() {
			return errUnchanged
		}
		if s.Now().Before(t.subject().Held) {
			return nil // saved anew: the sweep comes back when the worker can write no more
		}
		erased = true
		t.Erased = s.Now().UTC()
		t.Lease = Lease{}
		return nil
	})
	if errors.Is(err, fault.NotFound) {
		return t, nil
	}
	if err == nil && erased {
		s.Log.InfoContext(ctx, event.TaskErased, "task", t.Ref.String(), "reason", t.Reason, "seconds", t.Erased.Sub(t.Removed).Seconds())
	}
	return t, err
}

// containers lists where copies of a document can be.
func containers() []string { return []string{storage.Uploads, storage.Work, storage.Results} }

func (s *Service) eraseCopies(ctx context.Context, ref Ref) error {
	var errs []error
	for _, c := range containers() {
		errs = append(errs, s.eraseUnder(ctx, ref.prefix(c)))
	}
	return errors.Join(errs...)
}

// eraseUnder deletes every blob under a prefix, going on past single errors so that one of them keeps nothing else alive.
func (s *Service) eraseUnder(ctx context.Context, prefix string) error {
	var errs []error
	after := ""
	for {
		blobs, err := s.Store.Blobs.List(ctx, prefix, after, listing)
		if err != nil {
			return errors.Join(append(errs, fmt.Errorf("list copies: %w", err))...)
		}
		for _, b := range blobs {
			if err := s.Store.Blobs.Delete(ctx, b.Name); err != nil {
				errs = append(errs, fmt.Errorf("erase copy: %w", err))
			}
			after = b.Name
		}
		if len(blobs) < listing {
			return errors.Join(errs...)
		}
	}
}

// remaining counts the copies that storage lists.
func (s *Service) remaining(ctx context.Context, ref Ref) (int, error) {
	n := 0
	for _, c := range containers() {
		blobs, err := s.Store.Blobs.List(ctx, ref.prefix(c), "", listing)
		if err != nil {
			return 0, fmt.Errorf("check for copies: %w", err)
		}
		n += len(blobs)
	}
	return n, nil
}
