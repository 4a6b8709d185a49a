package task

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// dueHandler deals with a due record. The record decides; the entry may be stale.
type dueHandler func(ctx context.Context, d storage.Due, done *Swept) error

// dueHandlers says for every table what is done with its due records. Where nothing is, or where the table is not known, they
// are left as they are and reported.
func (s *Service) dueHandlers() map[storage.Table]dueHandler {
	meanings := map[storage.WhenDue]dueHandler{storage.Attend: s.attend, storage.AttendPart: s.attendPart, storage.Forget: s.forget}
	if s.Deliveries != nil {
		meanings[storage.Deliver] = s.deliver
	}
	handlers := map[storage.Table]dueHandler{}
	for _, table := range storage.Tables() {
		if handle := meanings[table.WhenDue()]; handle != nil {
			handlers[table] = handle
		}
	}
	return handlers
}

// known splits off the entries that no handler may deal with, and counts them by table.
func (s *Service) known(entries []storage.Due, left map[storage.Table]int) []storage.Due {
	var mine []storage.Due
	for _, d := range entries {
		if s.due[d.Table] == nil {
			left[d.Table]++
			continue
		}
		mine = append(mine, d)
	}
	return mine
}

// reportLeft logs due records that were left: an operator must find out which program wrote them.
func (s *Service) reportLeft(ctx context.Context, left map[storage.Table]int) (total int) {
	for _, table := range slices.Sorted(maps.Keys(left)) {
		total += left[table]
		s.Log.ErrorContext(ctx, logevent.DueUnknown, "table", table, "records", left[table])
	}
	return total
}

// attend deals with a task.
func (s *Service) attend(ctx context.Context, d storage.Due, done *Swept) error {
	ref, err := refOf(d.Key)
	if err != nil {
		return err
	}
	t, err := s.load(ctx, ref)
	if errors.Is(err, fault.NotFound) {
		return s.Store.Agenda.Settle(ctx, d)
	}
	if err != nil {
		return s.unreadTask(ctx, ref, err, done)
	}
	if s.Now().Before(s.attention(t).Truncate(time.Second)) {
		if err := s.Store.Agenda.Settle(ctx, d); err != nil {
			return err
		}
		return s.resave(ctx, t)
	}
	return s.act(ctx, t, s.Policy.Decide(s.subject(t), s.Now()), done)
}

// refOf reads a task's name from its record key.
func refOf(key storage.Key) (Ref, error) {
	application, _, ok := strings.Cut(key.Partition, "!")
	if !ok {
		return Ref{}, fmt.Errorf("partition of a task record has no day")
	}
	return ParseRef(application, key.Row)
}

// forget removes a note that has served its time.
func (s *Service) forget(ctx context.Context, d storage.Due, done *Swept) error {
	rec, err := s.Store.Records.Get(ctx, d.Key)
	switch {
	case errors.Is(err, fault.NotFound):
		return s.Store.Agenda.Settle(ctx, d)
	case err != nil:
		return err
	case rec.Due.IsZero() || s.Now().Before(rec.Due):
		return s.Store.Agenda.Settle(ctx, d)
	}
	return s.drop(ctx, d.Key, rec.ETag, done)
}

// drop removes a record that has served its time, unless somebody changed it meanwhile.
func (s *Service) drop(ctx context.Context, key storage.Key, etag string, done *Swept) error {
	err := s.Store.Records.Delete(ctx, key, etag)
	if errors.Is(err, fault.ETagMismatch) {
		return nil
	}
	if err == nil {
		done.Forgot++
	}
	return err
}
