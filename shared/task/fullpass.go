package task

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// FullPass finds what the due index cannot know: orphans, judged by storage's own clock, and
// records that the index lost. It costs in proportion to what is stored. Every open task whose event was lost is queued
// again on the way, and the counts of open tasks are put right. It waits for a sweep or full pass that runs.
func (s *Service) FullPass(ctx context.Context) (Swept, error) {
	release, err := s.takeTurn(ctx)
	if err != nil {
		return Swept{}, err
	}
	defer release()
	started := s.Now()
	var done Swept
	err = errors.Join(s.passBlobs(ctx, &done), s.passRecords(ctx, &done), s.settleOwed(ctx))
	done.Took = s.Now().Sub(started)
	return s.tell(ctx, &s.passes, done, err)
}

// Rescan queues every task that waits for a worker. It is for a process whose queue dies with it.
func (s *Service) Rescan(ctx context.Context) (int, error) {
	n := 0
	err := s.eachRecord(ctx, &Swept{}, func(t *Task) error {
		var delay time.Duration
		switch t.State {
		case Queued:
		case InProgress:
			delay = max(0, t.Lease.Expires.Sub(s.Now()))
		case Submitted:
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
		return s.Queue.Push(ctx, t.Ref, delay)
	})
	return n, err
}

// passBlobs judges every blob.
func (s *Service) passBlobs(ctx context.Context, done *Swept) error {
	var errs []error
	for _, c := range erasure.Containers(s.Inventory) {
		err := s.eachBlob(ctx, c, done, func(b storage.Blob, t *Task, unread error) error {
			done.Seen++
			if unread != nil {
				return s.unread(ctx, b, unread, done)
			}
			d := s.judge(b, t)
			if d.Action != retention.Erase {
				if err := s.welcome(ctx, b, t, done); err != nil {
					return s.unread(ctx, b, err, done)
				}
				return nil
			}
			if d.Reason != retention.NoRecord && d.Reason != retention.LateCopy {
				t, err := s.remove(ctx, t.Ref, func(t *Task) retention.Reason { return erasing(s.judge(b, t)) })
				if err != nil {
					return s.unread(ctx, b, err, done)
				}
				if !t.Erased.IsZero() {
					done.Erased++
				}
				return nil
			}
			s.Log.WarnContext(ctx, logevent.UploadRefused, "reason", d.Reason, "bytes", b.Size)
			err := s.eraseStranger(ctx, b, d.Reason)
			if err == nil {
				done.Strays++
			}
			return err
		})
		errs = append(errs, err, s.passStaging(ctx, c, done))
	}
	return errors.Join(errs...)
}

// passStaging erases what was half written longer ago than any write takes. What belongs to an erased task went with it.
func (s *Service) passStaging(ctx context.Context, container string, done *Swept) error {
	staging, ok := s.Store.Blobs.(storage.Staging)
	if !ok {
		return nil
	}
	longest := max(s.Limits.Deadline, s.Limits.UploadLink) + longestWrite
	n, err := staging.Discard(ctx, container+"/", s.Now().Add(-longest))
	if n > 0 {
		done.Strays += n
		s.Log.WarnContext(ctx, logevent.UploadRefused, "reason", "half-written", "copies", n)
	}
	return err
}

// welcome takes in a document whose event was lost or has not come yet.
func (s *Service) welcome(ctx context.Context, b storage.Blob, t *Task, done *Swept) error {
	if t.State != Submitted || b.Uncommitted {
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
	switch {
	case t == nil:
		stray.NoRecord = true
	case t.State == Deleted, t.State.Ended() && !s.belongs(b, t):
		stray.Surviving = true
	case b.Uncommitted:
		// Staged blocks carry no time; they may wait for their commit as long as the link lives. A task that has its document
		// by now got it after the listing, by that commit: what the name holds is the document.
		stray.Surviving = t.State.Ended() || t.State == Submitted && s.Now().After(t.LinkEnds.Add(linkGrace))
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

// belongs reports whether an ended task still has the blob: results, or a document that is kept for review.
func (s *Service) belongs(b storage.Blob, t *Task) bool {
	container, _, _, err := ParseName(b.Name)
	if err != nil || b.Uncommitted {
		return false
	}
	return t.State == Completed && container == storage.Results || s.forReview(t) && container == storage.Uploads
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

// passRecords finds records that want attention and that the due index did not bring up, and counts open tasks and stored bytes anew.
func (s *Service) passRecords(ctx context.Context, done *Swept) error {
	etags, err := s.openCounts(ctx)
	if err != nil {
		return err
	}
	counted := map[string]usage{}
	var errs []error
	err = s.eachRecord(ctx, done, func(t *Task) error {
		app, u := t.Ref.Application, counted[t.Ref.Application]
		if t.State.Open() {
			u.Open++
		}
		u.Stored += s.stored(t)
		if counted[app] = u; u != (usage{}) {
			if _, known := etags[app]; !known {
				etags[app] = ""
			}
		}
		if s.Now().Before(s.attention(t)) {
			return nil
		}
		if err := s.act(ctx, t, s.Policy.Decide(s.subject(t), s.Now()), done); err != nil {
			done.Failed++
			errs = append(errs, err)
		}
		return nil
	})
	errs = append(errs, err)
	if err == nil {
		for app, etag := range etags {
			errs = append(errs, s.recount(ctx, app, etag, counted[app]))
		}
	}
	return errors.Join(errs...)
}

// openCounts returns the versions of all numbers of open tasks, also of applications that have no task any more.
func (s *Service) openCounts(ctx context.Context) (map[string]string, error) {
	etags := map[string]string{}
	q := storage.Query{Table: storage.Usage, Limit: listing}
	for {
		recs, err := s.Store.Records.List(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("list usage: %w", err)
		}
		for _, rec := range recs {
			if q.After = rec.Key; rec.Row == openRow {
				etags[rec.Partition] = rec.ETag
			}
		}
		if len(recs) < q.Limit {
			return etags, nil
		}
	}
}

// recount corrects the number of open tasks and stored bytes if nobody changed them since etag was read.
func (s *Service) recount(ctx context.Context, application, etag string, counted usage) error {
	u, now, err := s.usage(ctx, openKey(application))
	if err != nil || now != etag || u.Open == counted.Open && u.Stored == counted.Stored {
		return err
	}
	return s.count(ctx, openKey(application), time.Time{}, func(u *usage) error {
		u.Open, u.Stored = counted.Open, counted.Stored
		return nil
	})
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
