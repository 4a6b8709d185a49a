package task

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Rescan queues every task that waits for a worker. It is for a process whose queue dies with it.
func (s *Service) Rescan(ctx context.Context) (int, error) {
	n := 0
	err := s.eachRecord(ctx, &Swept{}, func(t *Task) error {
		var delay time.Duration
		switch t.State {
		case Queued:
		case InProgress:
			if t.inParts() {
				pushed, err := s.rescanParts(ctx, t)
				n += pushed
				return err
			}
			delay = max(0, t.Lease.Expires.Sub(s.Now()))
		case Submitted:
			if t.Held {
				return nil
			}
			landed, err := s.Landed(ctx, t.Ref.UploadName())
			if errors.Is(err, fault.NotFound) {
				return nil // a sweep that runs beside it was quicker
			}
			if err != nil || landed.State != Queued {
				return err
			}
		case Completed, ProcessingFailed, Deleted:
			return nil
		}
		n++
		return s.Queue.Push(ctx, t.Ref.Job(), delay)
	})
	return n, err
}

// welcome takes in a document whose event was lost or has not come yet.
func (s *Service) welcome(ctx context.Context, b storage.Blob, t *Task, done *Swept) error {
	if t.State != Submitted || t.Held || b.Uncommitted {
		return nil
	}
	t, err := s.Landed(ctx, b.Name)
	if err != nil {
		return err
	}
	return s.requeue(ctx, t, done)
}

// judge decides about one blob and the task it belongs to; t is nil when there is none.
func (s *Service) judge(b storage.Blob, t *Task) retention.Decision {
	stray := retention.Subject{Uploaded: b.Created}
	upload := container(b.Name) == storage.Uploads
	switch {
	case t == nil, !t.State.Ended() && t.State != Deleted && upload && !t.owns(b.Name):
		stray.NoRecord = true
	case t.State == Deleted, t.State.Ended() && !s.belongs(b, t):
		stray.Surviving = true
	case b.Uncommitted:
		// Staged blocks carry no time; they may wait for their commit as long as the link lives. A task that has its document
		// by now got it after the listing, by that commit: what the name holds is the document.
		stray.Surviving = t.State == Submitted && s.Now().After(t.LinkEnds.Add(linkGrace))
		if !stray.Surviving {
			return s.Policy.Decide(s.subject(t), s.Now())
		}
	default:
		subject := s.subject(t)
		if subject.Uploaded.IsZero() || b.Created.Before(subject.Uploaded) {
			subject.Uploaded = b.Created
		}
		return s.Policy.Decide(subject, s.Now())
	}
	return s.Policy.Decide(stray, s.Now())
}

// belongs reports whether an ended task still has the blob: results of its last round, or an upload that is kept.
func (s *Service) belongs(b storage.Blob, t *Task) bool {
	switch container(b.Name) {
	case storage.Uploads:
		return s.keepsUpload(t) && t.owns(b.Name)
	case storage.Results:
		return t.State == Completed && !b.Uncommitted && t.hasResult(b.Name)
	}
	return false
}

func container(name string) string {
	c, _, _ := strings.Cut(name, "/")
	return c
}

// eachBlob calls visit for every blob of a container with its task, or with why that cannot be read, going on past errors of
// single blobs, which it counts.
func (s *Service) eachBlob(ctx context.Context, container string, done *Swept, visit func(b storage.Blob, t *Task, unread error) error) error {
	var (
		errs  []error
		after string
		last  *Task
	)
	for {
		blobs, err := s.Store.Blobs.List(ctx, container+"/", after, listing)
		if err != nil {
			return errors.Join(append(errs, fmt.Errorf("list %s: %w", container, err))...)
		}
		last = nil // what was listed now may be younger than what was read of its task
		for _, b := range blobs {
			after = b.Name
			last, err = s.ownerOf(ctx, b.Name, last)
			if err := visit(b, last, err); err != nil {
				done.Failed++
				errs = append(errs, err)
			}
		}
		if len(blobs) < listing {
			return errors.Join(errs...)
		}
	}
}

// ownerOf returns the task that a blob belongs to, nil for none. last saves reading it again for each of its blobs.
func (s *Service) ownerOf(ctx context.Context, name string, last *Task) (*Task, error) {
	_, ref, _, err := ParseName(name)
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // a blob outside the layout has no owner
	}
	if last != nil && last.Ref == ref {
		return last, nil
	}
	t, err := s.load(ctx, ref)
	if errors.Is(err, fault.NotFound) {
		return nil, nil //nolint:nilnil // no record, no owner
	}
	return t, err
}

// eachRecord calls visit for every task record, whatever its state, going on past errors of single records, which it counts.
func (s *Service) eachRecord(ctx context.Context, done *Swept, visit func(*Task) error) error {
	var errs []error
	q := storage.Query{Table: storage.Tasks, Limit: listing}
	for {
		recs, err := s.Store.Records.List(ctx, q)
		if err != nil {
			return errors.Join(append(errs, fmt.Errorf("list task records: %w", err))...)
		}
		for _, rec := range recs {
			t, err := decode(rec)
			if err == nil {
				err = visit(t)
			}
			if err != nil {
				done.Failed++
				errs = append(errs, err)
			}
		}
		if len(recs) < q.Limit {
			return errors.Join(errs...)
		}
		q.After = recs[len(recs)-1].Key
	}
}
