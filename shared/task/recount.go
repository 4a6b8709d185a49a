package task

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// A count of open tasks and stored bytes goes wrong when a process dies between the record of a task and the count, or when the
// count cannot be written. The full pass counts each application anew, in one go, while the application is at rest: a record
// that has changed and a count that is about to follow would else be taken for a wrong count.

const (
	countRest     = 5 * time.Minute // an application in which nothing changed for so long is at rest: no call takes longer from the record to the count
	countPatience = time.Minute     // an application with more tasks than can be counted in it is left as it is
)

// passUsage counts the open tasks and stored bytes of applications.
func (s *Service) passUsage(ctx context.Context, r *passRun, from position) (position, error) {
	recs, err := s.Store.Records.List(ctx, storage.Query{
		Table: storage.Usage, After: storage.Key{Partition: from.Partition, Row: from.Row}, Limit: s.listed,
	})
	if err != nil {
		return from, fmt.Errorf("list usage: %w", err)
	}
	first := r.pages == 0
	for _, rec := range recs {
		if r.tired() {
			return from, nil
		}
		if a, open := accountOf(rec.Key); open && r.pass.countable(a.owner) {
			whole, err := s.recount(ctx, r, a, s.countedDays(r.pass.Began))
			r.failed(err)
			if !whole && !first {
				return from, nil // the next call begins with it
			}
			first = false
		}
		from.Partition, from.Row = rec.Partition, rec.Row
	}
	from.Done = len(recs) < s.listed
	return from, nil
}

// countable reports whether all tasks of the application that count are where they are counted.
func (p *pass) countable(application string) bool {
	return !p.CountNone && !slices.Contains(p.Uncounted, application)
}

// daySpan is a range of days, as partitions of task records name them.
type daySpan struct{ first, last time.Time }

// countedDays are the days of the tasks that can be open or hold bytes while a pass that began then is made, unless something
// keeps them from being erased.
func (s *Service) countedDays(began time.Time) daySpan {
	life := s.Policy.Submission + s.Policy.Unprocessed + s.Policy.Processed
	day := 24 * time.Hour
	return daySpan{began.UTC().Add(-life).Truncate(day), later(began, s.Now()).UTC().Truncate(day).Add(day)}
}

// has reports whether a day of the form yyyymmdd is one of them.
func (d daySpan) has(day string) bool {
	at, err := time.Parse(dayLayout, day)
	return err == nil && !at.Before(d.first) && !at.After(d.last)
}

// ofPartition splits the partition of a task record.
func ofPartition(partition string) (application, day string) {
	application, day, _ = strings.Cut(partition, "!")
	return application, day
}

// recount corrects what is counted on an account if it is at rest, and if nobody changes it meanwhile. On that of an application
// stands what is counted of its people besides: their accounts come before it in a pass. It is not whole when the run's patience ended
// before.
func (s *Service) recount(ctx context.Context, r *passRun, a account, days daySpan) (whole bool, err error) {
	u, etag, err := s.usage(ctx, a.openKey())
	if err != nil || etag == "" || s.atWork(u.Changed) {
		return true, err
	}
	patient, done := context.WithTimeout(ctx, countPatience)
	defer done()
	counted := u
	counted.Open, counted.Stored = 0, 0
	for day := days.first; !day.After(days.last); day = day.Add(24 * time.Hour) {
		if r.tired() {
			return false, nil
		}
		atRest, err := s.countDay(patient, partition(a.owner, day), &counted)
		switch {
		case patient.Err() != nil && ctx.Err() == nil:
			s.Log.WarnContext(ctx, logevent.SweepAwaited, "application", a.owner, "step", "usage", "kind", fault.KindOf(patient.Err()))
			return true, nil
		case err != nil || !atRest:
			return true, err
		}
	}
	if IsApplication(a.owner) {
		if atRest, err := s.countPeople(patient, a.owner, &counted); err != nil || !atRest {
			return true, err
		}
	}
	if u.Open == counted.Open && u.Stored == counted.Stored {
		return true, nil
	}
	if err := s.putUsage(ctx, a.openKey(), counted, etag); !lost(err) {
		return true, err
	}
	return true, nil // it is not at rest
}

// countDay adds the tasks of a partition to the count, unless the application turns out not to be at rest.
func (s *Service) countDay(ctx context.Context, partition string, counted *usage) (atRest bool, err error) {
	q := storage.Query{Table: storage.Tasks, Partition: partition, Limit: listing}
	for {
		recs, err := s.Store.Records.List(ctx, q)
		if err != nil {
			return false, fmt.Errorf("list task records: %w", err)
		}
		for _, rec := range recs {
			t, err := decode(rec)
			if err != nil || s.atWork(t.lastCounted()) {
				return false, nil //nolint:nilerr // the step before has told of a record that cannot be read
			}
			if t.State.Open() {
				counted.Open++
			}
			counted.Stored += s.stored(t)
			q.After = rec.Key
		}
		if len(recs) < q.Limit {
			return true, nil
		}
	}
}

// atWork reports whether a change at that time may still be followed by what belongs to it.
func (s *Service) atWork(changed time.Time) bool {
	return !changed.IsZero() && s.Now().Sub(changed).Abs() < countRest
}

// lastCounted is when what the task counts for last changed.
func (t *Task) lastCounted() time.Time {
	return later(later(t.Created, t.Counted), t.Removed)
}
