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
type dueHandler func(s *Service, ctx context.Context, d storage.Due, done *Swept) error

// dueHandlers says for every table what being due means. What is not here, or is never due, is left as it is when it is due
// all the same, and reported: a newer program may have written it, and no record is deleted because nobody knew it.
func dueHandlers() map[storage.Table]dueHandler {
	handlers := map[storage.Table]dueHandler{
		storage.Tasks:        (*Service).attend, // a clock ran out, or an event or a worker may be lost
		storage.Applications: nil,               // never due: goes when it is revoked
		storage.State:        nil,               // never due: replaced in its place
		storage.Pending:      nil,               // never due: goes when the ledger has the entry
	}
	for _, table := range notes() {
		handlers[table] = (*Service).forget
	}
	return handlers
}

// notes lists the tables whose records have served their time when they are due.
func notes() []storage.Table {
	return []storage.Table{
		storage.Idempotency, // the key may be used anew
		storage.Usage,       // the day's counts are over; the count of open tasks is never due
		storage.Receipts,    // the tombstone goes too, and nobody asks for the place of its receipt any more
		storage.AccessLog,
		storage.Cases,
	}
}

// known splits off the entries that no handler may deal with, and counts them by table.
func known(entries []storage.Due, left map[storage.Table]int) []storage.Due {
	handlers := dueHandlers()
	var mine []storage.Due
	for _, d := range entries {
		if handlers[d.Table] == nil {
			left[d.Table]++
			continue
		}
		mine = append(mine, d)
	}
	return mine
}

// reportLeft tells of due records that were left: somebody must look what program wrote them.
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
