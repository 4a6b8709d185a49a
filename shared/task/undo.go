package task

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// newAttempt returns a token for one call's attempt at a task.
func newAttempt() string { return rand.Text() }

// undo takes a task back whose document did not arrive, even when the client has gone meanwhile, so that the request can be
// sent again. It undoes nothing but what this very call made, and only while nobody has relied on it since: whoever is given
// the task by another answer puts a token of its own into the record first, and only then may send a document.
func (s *Service) undo(ctx context.Context, o Order, a Accepted) error {
	if a.attempt == "" {
		return nil // made by another call, which may still run or was answered
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestWrite)
	defer cancel()
	ref := a.Task.Ref
	if _, err := s.Store.Blobs.Stat(ctx, ref.UploadName()); !errors.Is(err, fault.NotFound) {
		return err // the document is stored although its call failed: the task is kept with it
	}
	undone := false
	t, err := s.change(ctx, ref, func(t *Task) error {
		if undone = t.State == Submitted && t.Attempt == a.attempt; !undone {
			return errUnchanged
		}
		s.bury(t, retention.NeverUploaded)
		return nil
	})
	if err != nil || !undone {
		return err
	}
	s.Log.InfoContext(ctx, logevent.TaskDeleted, "task", ref.String(), "reason", t.Reason)
	_, err = s.finish(ctx, t)
	return errors.Join(s.forgetKey(ctx, o, ref), s.release(ctx, ref.Application, 1), err)
}

// forgetKey lets the order's key be used again, if it still names the task.
func (s *Service) forgetKey(ctx context.Context, o Order, ref Ref) error {
	if o.IdempotencyKey == "" {
		return nil
	}
	rec, err := s.Store.Records.Get(ctx, o.key())
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var known replay
	if err := storage.Decode(rec.Value, replayVersion, &known); err != nil {
		return fmt.Errorf("decode idempotency record: %w", err)
	}
	if known.ID != ref.ID {
		return nil
	}
	err = s.Store.Records.Delete(ctx, rec.Key, rec.ETag)
	if errors.Is(err, fault.ETagMismatch) {
		return nil // somebody else was quicker
	}
	return err
}
