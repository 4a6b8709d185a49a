package task

import (
	"context"
	"time"
)

// NoteLinks notes until when the links to the results of a task as it was told are good, so that the access log need not have them
// again. Of a task that is processed again meanwhile nothing is noted: its next results have links of their own.
func (s *Service) NoteLinks(ctx context.Context, told *Task, until time.Time) error {
	_, err := s.change(ctx, told.Ref, func(t *Task) error {
		if err := s.visible(t); err != nil {
			return err
		}
		if t.State != Completed || t.Round != told.Round || !t.LinksTold.Before(until) {
			return errUnchanged
		}
		t.LinksTold = until.UTC()
		return nil
	})
	return err
}
