package task

import (
	"context"
	"errors"
	"slices"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/metering"
)

// Usage returns a page of what applications had processed, and the cursor of the next one, empty on the last.
func (s *Service) Usage(ctx context.Context, q metering.Query) (page []metering.Day, next string, err error) {
	return metering.List(ctx, s.Store.Records, q)
}

// oweUsage notes in a record in which processing is about to end what is to be counted of it: the document once, at the first end, and
// the pages of a completed document each time they were read.
func (s *Service) oweUsage(t *Task) {
	var counts metering.Counts
	if t.Ended.IsZero() {
		counts.Documents, counts.Bytes = 1, t.Input.Size
		if t.State == ProcessingFailed {
			counts.Failed = 1
		}
	}
	if t.State == Completed {
		counts.Pages = int64(t.Pages.Total)
	}
	if counts != (metering.Counts{}) {
		t.Uncounted = append(t.Uncounted, s.meter.End(s.Now(), counts))
	}
}

// countEndings counts what ended, and takes it out of the record. What fails is done by the next full pass, at the latest when the
// task is erased. It leaves t as it was read.
func (s *Service) countEndings(ctx context.Context, t *Task) error {
	for _, e := range t.Uncounted {
		if err := s.countEnding(ctx, t.Ref, e); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) countEnding(ctx context.Context, ref Ref, e metering.Ending) error {
	same := func(o metering.Ending) bool { return o.Token == e.Token }
	var now *Task
	err := s.meter.Count(ctx, ApplicationOf(ref.Application), e, func(ctx context.Context) (bool, error) {
		t, err := s.load(ctx, ref)
		if errors.Is(err, fault.NotFound) {
			return false, nil
		}
		now = t
		return err == nil && slices.ContainsFunc(t.Uncounted, same), err
	})
	if err != nil {
		return err
	}
	counted := func(t *Task) error {
		if !slices.ContainsFunc(t.Uncounted, same) {
			return errUnchanged
		}
		t.Uncounted = slices.DeleteFunc(slices.Clone(t.Uncounted), same)
		return nil
	}
	if now != nil {
		_, err = s.changeRead(ctx, now, counted)
	} else {
		_, err = s.change(ctx, ref, counted)
	}
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err == nil {
		s.meter.Settled(ApplicationOf(ref.Application), e)
	}
	return err
}
