package task

import (
	"context"
	"fmt"

	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// passStep is one kind of thing that a full pass goes through.
type passStep struct {
	name      string        // stored: it keeps its spelling
	container string        // whose blobs it goes through; empty for none
	table     storage.Table // whose records it goes through; empty for none
	// page deals with the next entries and returns how far it came: as far as it was if it could not begin. It stops between
	// two entries when the run's patience ends.
	page func(ctx context.Context, r *passRun, from position) (position, error)
}

// passSteps lists what a full pass goes through, in order.
func (s *Service) passSteps() []passStep {
	var steps []passStep
	for _, c := range erasure.Containers(s.Inventory) {
		steps = append(steps,
			passStep{name: c, container: c, page: func(ctx context.Context, r *passRun, from position) (position, error) {
				return s.passBlobs(ctx, c, r, from)
			}},
			passStep{name: c + " staging", page: func(ctx context.Context, r *passRun, _ position) (position, error) {
				err := s.passStaging(ctx, c, &r.share)
				return position{Done: err == nil}, err
			}},
		)
	}
	return append(steps,
		passStep{name: "records", table: storage.Tasks, page: s.passRecords},
		passStep{name: "usage", table: storage.Usage, page: s.passUsage}) // last: what was erased before counts no more
}

// passBlobs judges the blobs of a container.
func (s *Service) passBlobs(ctx context.Context, container string, r *passRun, from position) (position, error) {
	blobs, err := s.Store.Blobs.List(ctx, container+"/", from.Blob, s.listed)
	if err != nil {
		return from, fmt.Errorf("list %s: %w", container, err)
	}
	for b, of := range s.owners(ctx, blobs) {
		if r.tired() {
			return from, nil
		}
		r.failed(s.passBlob(ctx, b, of.task, of.err, &r.share))
		from.Blob = b.Name
	}
	from.Done = len(blobs) < s.listed
	return from, nil
}

// passBlob judges one blob of a task, nil for none, whose record could not be read because of unread.
func (s *Service) passBlob(ctx context.Context, b storage.Blob, t *Task, unread error, done *Swept) error {
	done.Seen++
	if unread != nil {
		return s.unread(ctx, b, unread, done)
	}
	d := s.judge(b, t)
	switch {
	case d.Action != retention.Erase:
		if err := s.welcome(ctx, b, t, done); err != nil {
			return s.unread(ctx, b, err, done)
		}
		return nil
	case d.Reason == retention.NoRecord, d.Reason == retention.LateCopy:
		s.Log.WarnContext(ctx, logevent.UploadRefused, "reason", d.Reason, "bytes", b.Size)
		err := s.eraseStranger(ctx, b, d.Reason)
		if err == nil {
			done.Strays++
		}
		return err
	}
	t, err := s.remove(ctx, t.Ref, func(t *Task) retention.Reason { return erasing(s.judge(b, t)) })
	if err != nil {
		return s.unread(ctx, b, err, done)
	}
	if !t.Erased.IsZero() {
		done.Erased++
	}
	return nil
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

// passRecords finds records that want attention and that the due index did not bring up.
func (s *Service) passRecords(ctx context.Context, r *passRun, from position) (position, error) {
	recs, err := s.Store.Records.List(ctx, storage.Query{
		Table: storage.Tasks, After: storage.Key{Partition: from.Partition, Row: from.Row}, Limit: s.listed,
	})
	if err != nil {
		return from, fmt.Errorf("list task records: %w", err)
	}
	counted := s.countedDays(r.pass.Began)
	for _, rec := range recs {
		if r.tired() {
			return from, nil
		}
		t, err := decode(rec)
		if err == nil && !s.Now().Before(s.attention(t)) {
			err = s.act(ctx, t, s.Policy.Decide(s.subject(t), s.Now()), &r.share)
		}
		r.failed(err)
		if t != nil {
			r.failed(s.countEndings(ctx, t))
		}
		application, day := ofPartition(rec.Partition)
		if !counted.has(day) && (t == nil || t.State.Open() || s.stored(t) > 0) {
			r.pass.notCounted(application)
		}
		from.Partition, from.Row = rec.Partition, rec.Row
	}
	from.Done = len(recs) < s.listed
	return from, nil
}
