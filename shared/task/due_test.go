package task_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

func TestEveryTableSaysWhatBeingDueMeans(t *testing.T) {
	for _, table := range storage.Tables() {
		if when := table.WhenDue(); when == "" || when != storage.NeverDue && !task.HasDueHandler(table) {
			t.Errorf("the sweep does not know what to do with due records of %q, which being due means %q for", table, when)
		}
	}
}

// newer is the due index of a data folder in which a newer program keeps tables of its own.
type newer struct {
	storage.Agenda
	entries []storage.Due
	settled []storage.Due
}

func (n *newer) Due(ctx context.Context, now time.Time, after *storage.Due, limit int) ([]storage.Due, error) {
	var found []storage.Due
	for _, d := range n.entries {
		if !d.At.After(now) && (after == nil || d.Compare(*after) > 0) && len(found) < limit {
			found = append(found, d)
		}
	}
	if len(found) == limit {
		return found, nil
	}
	if after != nil && len(n.entries) > 0 && after.Table == n.entries[0].Table {
		after = nil
	}
	rest, err := n.Agenda.Due(ctx, now, after, limit-len(found))
	return append(found, rest...), err
}

func (n *newer) Settle(ctx context.Context, d storage.Due) error {
	n.settled = append(n.settled, d)
	return n.Agenda.Settle(ctx, d)
}

func TestDueRecordsOfUnknownTablesAreLeftAndReported(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		agenda := &newer{Agenda: w.store}
		for n := range 300 { // more than a call that catches up deals with
			agenda.entries = append(agenda.entries, storage.Due{
				Key: storage.Key{Table: "pledges", Partition: "p", Row: strings.Repeat("r", 1+n)}, At: time.Unix(1, 0),
			})
		}
		w.Store.Agenda = agenda
		w.faulty.Before(func(op storagetest.Op, key string) error {
			if strings.HasPrefix(key, "pledges/") {
				t.Errorf("%s of %s", op, key[:10])
			}
			return nil
		})
		ref := w.completed(order())
		pass(23 * time.Hour)
		if swept, err := w.CatchUp(t.Context()); err != nil || !swept {
			t.Fatalf("catch up: %t, %v", swept, err)
		}
		w.checkNothingLeft(ref)
		if done := w.sweep(); done.Left != 300 || done.Failed != 0 || len(agenda.settled) > 0 {
			t.Errorf("sweep says %+v, settled %v", done, agenda.settled)
		}
		if !strings.Contains(w.log.String(), `"msg":"`+logevent.DueUnknown+`","table":"pledges","records":300`) {
			t.Error("nobody is told of the records")
		}
	})
}

// Nothing in these tables is ever due. A record that is due all the same was written by another program.
func TestDueRecordsOfTablesWithoutClocksAreLeft(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		tables := []storage.Table{storage.Applications, storage.State, storage.Pending}
		for _, table := range tables {
			rec := storage.Record{Key: storage.Key{Table: table, Partition: "p", Row: "r"}, Value: []byte("{}"), Due: time.Now()}
			if _, err := w.store.Put(t.Context(), rec); err != nil {
				t.Fatal(err)
			}
		}
		pass(time.Hour)
		if done := w.sweep(); done.Left != len(tables) || done.Forgot != 0 {
			t.Errorf("sweep says %+v", done)
		}
		for _, table := range tables {
			if _, err := w.store.Get(t.Context(), storage.Key{Table: table, Partition: "p", Row: "r"}); err != nil {
				t.Errorf("%s: %v", table, err)
			}
		}
	})
}
