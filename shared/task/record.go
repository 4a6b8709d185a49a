package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
)

const (
	leaseLife    = 30 * time.Second // a worker that is silent for so long has lost its task
	leaseRenewal = 10 * time.Second
	leaseLook    = 500 * time.Millisecond // a delete that another process accepted ends the work within a second
	progressStep = 2 * time.Second        // the count of pages is at most so old while it grows
	longestWrite = 60 * time.Second       // a worker's writes are cancelled with its lease and end within; a deleted task is checked again after it
	linkGrace    = 5 * time.Minute        // an upload begun before its link expired may take so long to show
	firstGrace   = 2 * time.Minute        // a queued task that nobody claimed for so long is queued again, at first;
	queueGrace   = 10 * time.Minute       // and after several times
	leaseStep    = time.Minute            // the due time of a running task moves in such steps, so that few renewals move it
	recheck      = time.Minute            // an erasure that found something left is tried again so soon
)

// attention returns when the retention function must examine the task again. It is the due time of the record: never
// later than the erasure that the policy wants, earlier where an event may be lost.
func (s *Service) attention(t *Task) time.Time {
	at := s.occasion(t)
	if again := t.Updated.Add(recheck); len(t.Notices) > 0 && again.Before(at) {
		return again
	}
	return at
}

// occasion is attention of a task of which nothing is left to be told.
func (s *Service) occasion(t *Task) time.Time {
	if now := s.Now(); s.subject(t).Undatable(now) {
		return now.Truncate(time.Second).Add(-time.Second) // at once
	}
	due, _ := s.Policy.Due(t.subject())
	var look time.Time
	switch t.State {
	case Submitted:
		// Once storage was searched after the last link had expired, nothing can arrive any more.
		if t.Updated.Before(t.LinkEnds.Add(linkGrace)) {
			look = t.LinkEnds.Add(linkGrace)
		}
	case Queued:
		look = t.Updated.Add(t.grace())
	case InProgress:
		if t.inParts() {
			look = t.Updated.Add(queueGrace)
			break
		}
		look = t.Lease.Expires.Truncate(leaseStep).Add(2 * leaseStep)
	case Deleted:
		if t.Erased.IsZero() {
			look = later(due, t.Updated.Add(recheck))
			return look
		}
		if !t.Logged {
			return t.Updated.Add(recheck)
		}
	case Completed, ProcessingFailed:
	}
	if look.IsZero() || due.Before(look) {
		return due
	}
	return look
}

// subject is the task as the retention plan sees it here: the clock knows whether time was lost since it began.
func (s *Service) subject(t *Task) retention.Subject {
	subject := t.subject()
	began := t.Created
	if !t.Uploaded.IsZero() {
		began = t.Uploaded
	}
	subject.Undated = s.undated(began)
	return subject
}

// undated reports whether time went by since then that nobody measured.
func (s *Service) undated(began time.Time) bool {
	if s.Horizon == nil {
		return false
	}
	horizon := s.Horizon()
	return !horizon.IsZero() && !began.After(horizon)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// load reads a task whatever its state.
func (s *Service) load(ctx context.Context, ref Ref) (*Task, error) {
	rec, err := s.Store.Records.Get(ctx, ref.key())
	if errors.Is(err, fault.NotFound) {
		return nil, fault.New(fault.TaskNotFound, "no task of this application has that id")
	}
	if err != nil {
		return nil, err
	}
	return decode(rec)
}

func decode(rec storage.Record) (*Task, error) {
	t := &Task{etag: rec.ETag}
	if err := json.Unmarshal(rec.Value, t); err != nil {
		return nil, fmt.Errorf("decode task record: %w", err)
	}
	if t.Version > FormatVersion {
		return nil, fault.New(fault.InternalError, "task record has format %d, this program reads up to %d", t.Version, FormatVersion)
	}
	return t, nil
}

// save writes the task if it is still as it was read, and notes the new version in it.
func (s *Service) save(ctx context.Context, t *Task) error {
	rec, err := s.record(t)
	if err != nil {
		return err
	}
	etag, err := s.Store.Records.Put(ctx, rec)
	if err != nil {
		return err
	}
	t.etag = etag
	return nil
}

// errUnchanged is what a change returns to leave the record as it is.
var errUnchanged = errors.New("leave the record unchanged")

// change applies one transition by compare-and-swap. The function sees the task as stored and may refuse with an error;
// it is called again when another writer was quicker. The task as it stands afterwards is returned with any error of
// the function but errUnchanged, which becomes nil.
func (s *Service) change(ctx context.Context, ref Ref, apply func(*Task) error) (*Task, error) {
	t, err := s.load(ctx, ref)
	if err != nil {
		return nil, err
	}
	return s.changeRead(ctx, t, apply)
}

// changeRead is change of a task that was read a moment ago: the record is read again only if another writer was quicker.
func (s *Service) changeRead(ctx context.Context, t *Task, apply func(*Task) error) (*Task, error) {
	for ref := t.Ref; ; {
		before, open := s.stored(t), t.State.Open()
		err := apply(t)
		if errors.Is(err, errUnchanged) {
			return t, nil
		}
		if err != nil {
			return t, err
		}
		if s.stored(t) != before || t.State.Open() != open {
			t.Counted = s.Now().UTC()
		}
		err = s.save(ctx, t)
		if errors.Is(err, fault.ETagMismatch) {
			if t, err = s.load(ctx, ref); err != nil {
				return nil, err
			}
			continue
		}
		if err == nil {
			s.countStored(ctx, ref.Application, s.stored(t)-before)
		}
		return t, err
	}
}
