package task

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// openRow holds the number of open tasks and what is stored; the other rows of an account are days.
const openRow = "open"

// peopleRows is how the rows of people's accounts begin, which stand in the partition of their application so that they can be listed.
const peopleRows = "inside"

// An account is what use is counted on. An application has one, which holds the sum of its own use and of that of the people inside
// it; each of these has another one.
type account struct {
	owner   string // an application, or a person inside one
	ofOther bool   // it is that of the application of the person who acts
}

// accounts are those that what an owner uses is counted on: that of a person comes behind the application's.
func accounts(owner string) []account {
	if application := ApplicationOf(owner); application != owner {
		return []account{{application, true}, {owner, false}}
	}
	return []account{{owner, false}}
}

// person reports whether it is the account of a person.
func (a account) person() bool { return ApplicationOf(a.owner) != a.owner }

// caps are those of the account, of what its application may use. A person may use half of it, so that one alone does not leave the
// others without.
func (a account) caps(c Caps) Caps {
	if a.person() {
		c.OpenTasks, c.BytesPerDay, c.BytesStored, c.PagesPerDay = half(c.OpenTasks), half(c.BytesPerDay), half(c.BytesStored), half(c.PagesPerDay)
	}
	return c
}

// half of a cap is one too.
func half[T int | int64](most T) T { return most/2 + most%2 }

// String says whose account it is, to whom a cap stops.
func (a account) String() string {
	switch {
	case a.ofOther:
		return "all people of the application together"
	case a.person():
		return "one person of the application"
	}
	return "the application"
}

// openKey is where open tasks and what is stored are counted.
func (a account) openKey() storage.Key { return a.key(openRow) }

// dayKey is where the use of a day is counted.
func (a account) dayKey(at time.Time) storage.Key { return a.key(at.UTC().Format(dayLayout)) }

func (a account) key(row string) storage.Key {
	application := ApplicationOf(a.owner)
	if a.person() {
		row = peopleRows + strings.TrimPrefix(a.owner, application) + personMark + row
	}
	return storage.Key{Table: storage.Usage, Partition: application, Row: row}
}

// accountOf returns whose open tasks a record counts, if it is one of these.
func accountOf(key storage.Key) (account, bool) {
	a := account{owner: key.Partition}
	if person, ok := strings.CutPrefix(key.Row, peopleRows); ok {
		a.owner += strings.TrimSuffix(person, personMark+openRow)
	}
	return a, a.openKey() == key
}

// countPeople adds what is counted of the people inside an application, unless one of them is at work.
func (s *Service) countPeople(ctx context.Context, application string, counted *usage) (atRest bool, err error) {
	q := storage.Query{
		Table: storage.Usage, Partition: application, After: storage.Key{Partition: application, Row: peopleRows}, Limit: listing,
	}
	for {
		recs, err := s.Store.Records.List(ctx, q)
		if err != nil {
			return false, err
		}
		for _, rec := range recs {
			if !strings.HasPrefix(rec.Row, peopleRows) {
				return true, nil
			}
			q.After = rec.Key
			if _, ok := accountOf(rec.Key); !ok {
				continue
			}
			u, err := decodeUsage(rec)
			if err != nil || s.atWork(u.Changed) {
				return false, err
			}
			counted.Open += u.Open
			counted.Stored += u.Stored
		}
		if len(recs) < q.Limit {
			return true, nil
		}
	}
}

// reserve counts more open tasks in one write to each account: one for each document of these sizes, which are 0 where they are not
// known. It returns for each why it was not counted, nil if it was.
func (s *Service) reserve(ctx context.Context, owner string, caps Caps, sizes ...int64) ([]error, error) {
	if err := s.withinDay(ctx, owner, caps); err != nil {
		return nil, err
	}
	refused := make([]error, len(sizes))
	var counted []account // with as many tasks as granted
	granted := 0
	for _, a := range accounts(owner) {
		now, err := s.reserveOn(ctx, a, a.caps(caps), sizes, refused)
		if err := errors.Join(err, s.takeBack(ctx, counted, granted-now)); err != nil {
			return nil, err
		}
		counted, granted = append(counted, a), now
	}
	if granted == 0 {
		return refused, refused[0]
	}
	return refused, nil
}

// reserveOn counts those that were not refused before. Where an error tells that nothing was counted, none were.
func (s *Service) reserveOn(ctx context.Context, a account, caps Caps, sizes []int64, refused []error) (counted int, err error) {
	var now []error
	err = s.count(ctx, a.openKey(), func(u *usage) error {
		u.Cap, counted, now = caps.BytesStored, 0, make([]error, len(sizes))
		for i, size := range sizes {
			if now[i] = refused[i]; now[i] != nil {
				continue
			}
			if refusal := s.mayOpen(a, *u, caps, size); refusal != nil {
				now[i] = refusal
				continue
			}
			u.Open++
			counted++
		}
		if counted == 0 {
			return errUnchanged
		}
		return nil
	})
	copy(refused, now)
	switch {
	case errors.Is(err, errUnchanged):
		return 0, nil
	case err != nil:
		return 0, err
	}
	return counted, nil
}

// takeBack releases what was counted in vain on accounts, even when the client has gone.
func (s *Service) takeBack(ctx context.Context, from []account, tasks int) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestWrite)
	defer cancel()
	return s.releaseAll(ctx, from, tasks)
}

// release counts so many open tasks less.
func (s *Service) release(ctx context.Context, owner string, tasks int) error {
	return s.releaseAll(ctx, accounts(owner), tasks)
}

func (s *Service) releaseAll(ctx context.Context, from []account, tasks int) error {
	var errs []error
	for _, a := range from {
		errs = append(errs, s.releaseOn(ctx, a, tasks))
	}
	return errors.Join(errs...)
}

func (s *Service) releaseOn(ctx context.Context, a account, tasks int) error {
	if tasks == 0 {
		return nil
	}
	return s.count(ctx, a.openKey(), func(u *usage) error {
		u.Open = max(0, u.Open-tasks)
		return nil
	})
}

// withinDay refuses an owner who has used what may be used in a day.
func (s *Service) withinDay(ctx context.Context, owner string, caps Caps) error {
	if caps.BytesPerDay == 0 && caps.PagesPerDay == 0 {
		return nil
	}
	for _, a := range accounts(owner) {
		today, _, err := s.usage(ctx, a.dayKey(s.Now()))
		if err != nil {
			return err
		}
		most, wait := a.caps(caps), s.untilMidnight()
		if most.BytesPerDay > 0 && today.Bytes >= most.BytesPerDay {
			return fault.New(fault.BytesExceeded, "%s may use %d bytes a day, which are used; the count starts again at midnight UTC", a, most.BytesPerDay).Retry(wait)
		}
		if most.PagesPerDay > 0 && today.Pages >= most.PagesPerDay {
			return fault.New(fault.PagesExceeded, "%s may use %d pages a day, which are used; the count starts again at midnight UTC", a, most.PagesPerDay).Retry(wait)
		}
	}
	return nil
}

// spend adds to the day's counts.
func (s *Service) spend(ctx context.Context, owner string, bytes int64, pages int) error {
	var errs []error
	for _, a := range accounts(owner) {
		errs = append(errs, s.count(ctx, a.dayKey(s.Now()), func(u *usage) error {
			u.Bytes += bytes
			u.Pages += pages
			return nil
		}))
	}
	return errors.Join(errs...)
}
