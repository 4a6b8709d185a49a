package task

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Plan returns what a sweep followed by a full pass would do now, and does nothing. It costs as much as a full pass.
func (s *Service) Plan(ctx context.Context) ([]retention.Decision, error) {
	var plan []retention.Decision
	planned := map[Ref]bool{}
	add := func(t *Task, d retention.Decision) {
		if d.Action != retention.Keep && !planned[t.Ref] {
			planned[t.Ref] = true
			plan = append(plan, d)
		}
	}
	errs := []error{s.eachRecord(ctx, &Swept{}, func(t *Task) error {
		if s.Now().Before(s.attention(t)) {
			return nil
		}
		d := s.Policy.Decide(s.subject(t), s.Now())
		if d.Action == retention.Erase && t.State == Submitted && !t.Held {
			var err error
			if d, err = s.waiting(ctx, t, d); err != nil {
				return err
			}
		}
		if d.Action == retention.Keep {
			d.Action, d.Reason = s.repair(t)
		}
		add(t, d)
		return nil
	})}
	for _, c := range erasure.Containers(s.Inventory) {
		errs = append(errs, s.eachBlob(ctx, c, &Swept{}, func(b storage.Blob, t *Task, unread error) error {
			if unread != nil {
				if d := s.ownTime(b); d.Action == retention.Erase {
					d.Reason, d.Subject.Key = retention.Unreadable, c
					plan = append(plan, d)
				}
				return unread
			}
			d := s.judge(b, t)
			switch {
			case d.Reason == retention.NoRecord || d.Reason == retention.LateCopy:
				if t == nil || !planned[t.Ref] { // else the copy goes with its task
					d.Subject.Key = c
					plan = append(plan, d)
				}
			case d.Action == retention.Erase:
				add(t, d)
			case t.State == Submitted && !t.Held && !b.Uncommitted:
				d.Action, d.Reason = retention.Requeue, retention.EventLost
				add(t, d)
			}
			return nil
		}))
	}
	errs = append(errs, s.eachDuePart(ctx, func(d retention.Decision) { plan = append(plan, d) }))
	notes, err := s.expiredNotes(ctx)
	return append(plan, notes...), errors.Join(append(errs, err)...)
}

// waiting returns what is decided about a task without a document once storage has been searched for one.
func (s *Service) waiting(ctx context.Context, t *Task, d retention.Decision) (retention.Decision, error) {
	blob, err := s.Store.Blobs.Stat(ctx, t.Ref.UploadName())
	if errors.Is(err, fault.NotFound) {
		return d, nil
	}
	if err != nil {
		return d, err
	}
	if d = s.judge(blob, t); d.Action == retention.Keep {
		d.Action, d.Reason = retention.Requeue, retention.EventLost
	}
	return d, nil
}

// repair says what reconcile does with a task whose deadlines have not passed.
func (s *Service) repair(t *Task) (retention.Action, retention.Reason) {
	switch t.State {
	case Queued:
		return retention.Requeue, retention.EventLost
	case InProgress:
		if !t.inParts() && !t.live(s.Now()) {
			return retention.Requeue, retention.WorkerLost
		}
	case Deleted:
		if !t.Erased.IsZero() && !t.Logged {
			return retention.Certify, retention.ReceiptWaits
		}
	case Submitted, Completed, ProcessingFailed:
	}
	return retention.Keep, retention.WithinClocks
}

// eachDuePart adds what a sweep does with the parts of documents that are due.
func (s *Service) eachDuePart(ctx context.Context, add func(retention.Decision)) error {
	return s.eachPart(ctx, "", "", func(p *part) error {
		if s.Now().Before(p.attention().Truncate(time.Second)) {
			return nil
		}
		d := retention.Decision{Subject: retention.Subject{Key: p.job().String()}, Action: retention.Forget, Reason: retention.NoteOld, Due: p.attention()}
		t, err := s.load(ctx, p.Task)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		if err == nil && t.partOpen(p.Number, p.Round) {
			d.Action, d.Reason = retention.Requeue, retention.EventLost
			if p.Lease.Owner != "" {
				d.Reason = retention.WorkerLost
			}
		}
		add(d)
		return nil
	})
}

// expiredNotes lists what a sweep forgets beside tasks: keys, counts, positions of receipts, entries of the access log.
func (s *Service) expiredNotes(ctx context.Context) ([]retention.Decision, error) {
	var plan []retention.Decision
	for _, table := range storage.Tables() {
		if table.WhenDue() != storage.Forget {
			continue
		}
		q := storage.Query{Table: table, Limit: listing}
		for {
			recs, err := s.Store.Records.List(ctx, q)
			if err != nil {
				return plan, fmt.Errorf("list %s: %w", table, err)
			}
			for _, rec := range recs {
				q.After = rec.Key
				if !rec.Due.IsZero() && !s.Now().Before(rec.Due) {
					plan = append(plan, retention.Decision{
						Subject: retention.Subject{Key: string(table)}, Action: retention.Forget, Reason: retention.NoteOld, Due: rec.Due,
					})
				}
			}
			if len(recs) < q.Limit {
				break
			}
		}
	}
	return plan, nil
}
