package task

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Notice is that a task reached a state of which its application is told.
type Notice struct {
	State    State     `json:"state"`
	Sequence int       `json:"sequence"` // of the notices of a task, from 1 on
	At       time.Time `json:"at"`
	Until    time.Time `json:"until"` // from then on it is not told any more
}

// Notices takes over what is to be told. *webhook.Outbox implements it.
type Notices interface {
	// Publish takes over notices of a task; success means that they are told, or that nobody is to be. The same ones may be given
	// again, and by several processes at once.
	Publish(ctx context.Context, ref Ref, notices []Notice) error
}

// Deliveries deals with the due records of what was taken over. *webhook.Outbox implements it.
type Deliveries interface {
	// Attend deals with one, and reports whether it was forgotten.
	Attend(ctx context.Context, d storage.Due) (forgot bool, err error)
}

const (
	noticeLife  = 24 * time.Hour // how long what happened is told
	mostNotices = 50             // that wait in a record, while they cannot be published; of more, the oldest go
)

// notice notes in a record that is about to be written what is to be told of it. It is told for a day, and no longer than the
// document of that time may be kept.
func (s *Service) notice(t *Task, at time.Time) {
	if s.Notices == nil {
		return
	}
	until := at.Add(noticeLife)
	if _, limit := t.Deadline(s.Policy); !limit.IsZero() && limit.Before(until) {
		until = limit
	}
	t.Noticed++
	t.Notices = append(slices.Clone(t.Notices), Notice{t.State, t.Noticed, at, until})
	t.Notices = t.Notices[max(0, len(t.Notices)-mostNotices):]
}

// publish hands on what is noted in a task's record, and takes it out of there. The task as it stands afterwards is returned.
func (s *Service) publish(ctx context.Context, t *Task) (*Task, error) {
	if len(t.Notices) == 0 {
		return t, nil
	}
	if s.Notices != nil { // else it was turned off
		if err := s.Notices.Publish(ctx, t.Ref, t.Notices); err != nil {
			return t, err
		}
	}
	last := t.Notices[len(t.Notices)-1].Sequence
	read := *t
	now, err := s.changeRead(ctx, &read, func(t *Task) error {
		waiting := slices.DeleteFunc(slices.Clone(t.Notices), func(n Notice) bool { return n.Sequence <= last })
		if len(waiting) == len(t.Notices) {
			return errUnchanged
		}
		t.Notices = waiting
		return nil
	})
	if errors.Is(err, fault.NotFound) {
		return t, nil
	}
	if err != nil {
		return t, err
	}
	return now, nil
}

// published is publish where what follows does not depend on it: the sweep makes up for what fails.
func (s *Service) published(ctx context.Context, t *Task) *Task {
	t, err := s.publish(ctx, t)
	if err != nil {
		s.Log.WarnContext(ctx, logevent.SweepAwaited, "task", t.Ref.String(), "step", "notices", "kind", fault.KindOf(err))
	}
	return t
}

// deliver deals with a delivery.
func (s *Service) deliver(ctx context.Context, d storage.Due, done *Swept) error {
	forgot, err := s.Deliveries.Attend(ctx, d)
	if forgot {
		done.Forgot++
	}
	return err
}
