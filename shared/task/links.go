package task

import (
	"context"
	"time"
)

// NoteLinks notes until when the links to the results of a task that somebody was told are good, so that the access log has them once.
func (s *Service) NoteLinks(ctx context.Context, ref Ref, until time.Time) error {
	_, err := s.change(ctx, ref, func(t *Task) error {
		if err := s.visible(t); err != nil {
			return err
		}
		if !t.LinksTold.Before(until) {
			return errUnchanged
		}
		t.LinksTold = until.UTC()
		return nil
	})
	return err
}
