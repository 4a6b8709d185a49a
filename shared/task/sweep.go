package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Swept is what one run of the retention function did.
type Swept struct {
	Seen     int           `json:"seen" doc:"Entries of the index of deadlines that were looked at."`
	Erased   int           `json:"erased" doc:"Tasks of which a check found no copy left."`
	Forgot   int           `json:"forgot" doc:"Tombstones and expired notes that were removed."`
	Requeued int           `json:"requeued" doc:"Tasks that were queued again because their event or their worker was lost."`
	Strays   int           `json:"strays" doc:"Stored bytes without a task that were deleted; only a full pass looks for them."`
	Overdue  int           `json:"overdue" doc:"Documents so late that an operator must act."`
	Failed   int           `json:"failed" doc:"Entries or steps that could not be dealt with; the next sweep tries again."`
	Left     int           `json:"left" doc:"Entries in which nothing can be due."`
	Stale    int           `json:"stale_passwords,omitempty" doc:"Passwords of waiting tasks that still take an earlier key; missing if there is none."`
	Took     time.Duration `json:"took" doc:"How long the sweep took, in nanoseconds."`
}

// Sweep acts on everything that is due, at a cost in proportion to it. An entry that fails does not keep the others from
// being handled; the error then joins all of them and the next sweep tries again. It waits for a sweep or full pass that runs.
func (s *Service) Sweep(ctx context.Context) (Swept, error) {
	release, err := s.takeTurn(ctx)
	if err != nil {
		return Swept{}, err
	}
	defer release()
	return s.sweep(ctx, 0)
}

// sweep is Sweep for at most so many entries, 0 for all, without waiting.
func (s *Service) sweep(ctx context.Context, most int) (Swept, error) {
	started := s.Now()
	var (
		done  Swept
		errs  []error
		after *storage.Due
		left  = map[storage.Table]int{}
	)
	for {
		limit := listing
		if most > 0 {
			limit = min(listing, most)
		}
		entries, err := s.Store.Agenda.Due(ctx, started, after, limit)
		if err != nil {
			errs = append(errs, fmt.Errorf("read due index: %w", err), s.passOverdue(ctx, &done))
			break
		}
		errs = append(errs, s.attendAll(ctx, s.known(entries, left), &done))
		if len(entries) < limit || ctx.Err() != nil || most > 0 && done.Seen >= most {
			break
		}
		after = &entries[len(entries)-1]
	}
	done.Left = s.reportLeft(ctx, left)
	errs = append(errs, s.settleOwed(ctx))
	if most == 0 {
		errs = append(errs, s.sealAgain(ctx, &done))
	}
	done.Took = s.Now().Sub(started)
	if most == 0 || done.Seen < most { // else more is due: the next call goes on, and does not wait for ten minutes
		errs = append(errs, s.noteSweep(ctx, started, done))
	}
	errs = append(errs, ctx.Err())
	return s.tell(ctx, &s.sweeps, done, errors.Join(errs...))
}

// plus adds what was done by another run.
func (s Swept) plus(o Swept) Swept {
	return Swept{
		Seen: s.Seen + o.Seen, Erased: s.Erased + o.Erased, Forgot: s.Forgot + o.Forgot, Requeued: s.Requeued + o.Requeued,
		Strays: s.Strays + o.Strays, Overdue: s.Overdue + o.Overdue, Failed: s.Failed + o.Failed, Left: s.Left + o.Left,
		Stale: s.Stale + o.Stale, Took: s.Took + o.Took,
	}
}

// attendAll deals with entries, several at once: most of the time goes by waiting for storage.
func (s *Service) attendAll(ctx context.Context, entries []storage.Due, done *Swept) error {
	var (
		mu    sync.Mutex
		errs  []error
		group errgroup.Group
	)
	group.SetLimit(max(1, s.Sweepers))
	for _, d := range entries {
		group.Go(func() error {
			var one Swept
			err := s.due[d.Table](ctx, d, &one)
			mu.Lock()
			defer mu.Unlock()
			*done = done.plus(one)
			done.Seen++
			if err != nil {
				done.Failed++
				errs = append(errs, err)
			}
			return nil
		})
	}
	_ = group.Wait() // errors are collected: one entry that fails does not hold up the others
	return errors.Join(errs...)
}

// streak is a row of runs that failed.
type streak struct {
	mu    sync.Mutex
	since time.Time // beginning of the first; zero while there is none; guarded by mu
}

// note takes down how a run ended and returns how long there has been no good one.
func (s *streak) note(now time.Time, failed bool) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !failed:
		s.since = time.Time{}
		return 0
	case s.since.IsZero():
		s.since = now
	}
	return now.Sub(s.since)
}

// tell reports a run. The next one makes up for what failed, so only a row of failures calls for an operator.
func (s *Service) tell(ctx context.Context, failing *streak, done Swept, err error) (Swept, error) {
	if err != nil {
		done.Failed = max(1, done.Failed)
	}
	level := slog.LevelWarn
	if failing.note(s.Now(), err != nil) >= sweepSilence {
		level = slog.LevelError
	}
	attrs := []any{
		"seen", done.Seen, "erased", done.Erased, "forgot", done.Forgot, "requeued", done.Requeued,
		"strays", done.Strays, "overdue", done.Overdue, "failed", done.Failed, "left", done.Left, "seconds", done.Took.Seconds(),
	}
	if err != nil {
		s.Log.Log(ctx, level, logevent.SweepFailed, append(attrs, "kind", fault.KindOf(err))...)
		return done, err
	}
	s.Log.InfoContext(ctx, logevent.SweepDone, attrs...)
	return done, nil
}

// resave moves the due time of a record to where it belongs now. Losing against another writer is fine: it did the same.
func (s *Service) resave(ctx context.Context, t *Task) error {
	if err := s.save(ctx, t); err != nil && !errors.Is(err, fault.ETagMismatch) {
		return err
	}
	return nil
}

// act carries out a decision about a task.
func (s *Service) act(ctx context.Context, t *Task, d retention.Decision, done *Swept) error {
	if d.Alarm {
		done.Overdue++
		s.Log.ErrorContext(ctx, logevent.DocumentOverdue, "task", t.Ref.String(), "reason", d.Reason, "limit", d.Limit)
		if err := s.eraseFirst(ctx, t.Ref); err != nil {
			return err
		}
	}
	t, told := s.publish(ctx, t)
	return errors.Join(s.carryOut(ctx, t, d, done), told)
}

// carryOut is act without its alarm.
func (s *Service) carryOut(ctx context.Context, t *Task, d retention.Decision, done *Swept) error {
	switch d.Action {
	case retention.Erase:
		if t.State == Deleted {
			t, err := s.finish(ctx, t)
			if err == nil && !t.Erased.IsZero() {
				done.Erased++
			}
			return err
		}
		return s.expire(ctx, t, done)
	case retention.Forget:
		if t, err := s.certify(ctx, t); err != nil || !t.Logged {
			return err // the receipt comes first
		}
		if err := s.countEndings(ctx, t); err != nil {
			return err
		}
		return s.drop(ctx, t.Ref.key(), t.etag, done)
	case retention.Keep:
		return s.reconcile(ctx, t, done)
	}
	return fmt.Errorf("unknown action %q", d.Action)
}

// expire removes a task whose deadline has passed. It is decided anew for the record as it is by then: a document that landed
// meanwhile, or whose event was lost, has a deadline of its own.
func (s *Service) expire(ctx context.Context, t *Task, done *Swept) error {
	if t.State == Submitted && !t.Held {
		if _, err := s.Landed(ctx, t.Ref.UploadName()); err != nil {
			return s.unreadTask(ctx, t.Ref, err, done)
		}
	}
	t, err := s.remove(ctx, t.Ref, func(t *Task) retention.Reason { return erasing(s.Policy.Decide(s.subject(t), s.Now())) })
	switch {
	case err != nil:
		return err
	case t.State == Deleted:
		if !t.Erased.IsZero() {
			done.Erased++
		}
		return nil
	}
	return s.requeue(ctx, t, done)
}

// requeue gives a task to a worker whose event was lost, if it waits for one.
func (s *Service) requeue(ctx context.Context, t *Task, done *Swept) error {
	if t.State != Queued {
		return nil
	}
	if err := s.Queue.Push(ctx, t.Ref.Job(), 0); err != nil {
		return err
	}
	done.Requeued++
	s.Log.InfoContext(ctx, logevent.TaskRequeued, "task", t.Ref.String(), "reason", "reconciled")
	return nil
}

// erasing returns the reason of a decision to erase, empty for any other.
func erasing(d retention.Decision) retention.Reason {
	if d.Action != retention.Erase {
		return ""
	}
	return d.Reason
}

// reconcile repairs what a lost event or a lost worker left behind.
func (s *Service) reconcile(ctx context.Context, t *Task, done *Swept) error {
	var err error
	switch t.State {
	case Submitted:
		ref := t.Ref
		if t.Held {
			if t, err = s.dropOverdue(ctx, t); err != nil {
				return err
			}
			break
		}
		if t, err = s.Landed(ctx, ref.UploadName()); err != nil {
			return s.unreadTask(ctx, ref, err, done)
		}
	case InProgress:
		if t.inParts() {
			return errors.Join(s.resumeParts(ctx, t), s.resave(ctx, t))
		}
		if t.live(s.Now()) {
			return s.resave(ctx, t)
		}
		if t, err = s.change(ctx, t.Ref, func(t *Task) error {
			if t.State != InProgress || t.live(s.Now()) || t.inParts() {
				return errUnchanged
			}
			t.orphan()
			return nil
		}); err != nil {
			return err
		}
	case Deleted:
		if !t.Erased.IsZero() && !t.Logged {
			_, err := s.certify(ctx, t)
			return err
		}
		if err := s.eraser.Remove(ctx, t.Ref.copies, nil); err != nil {
			return err
		}
	case Queued:
		t.Resent++
	case Completed, ProcessingFailed:
	}
	if err := s.requeue(ctx, t, done); err != nil {
		return err
	}
	return s.resave(ctx, t)
}
