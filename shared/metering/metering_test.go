package metering_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/metering"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/local"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
)

func owed(is bool) func(context.Context) (bool, error) {
	return func(context.Context) (bool, error) { return is, nil }
}

func date(day int) time.Time { return time.Date(2026, 11, day, 13, 0, 0, 0, time.UTC) }

func newStore() *memory.Store { return memory.New(func() time.Time { return date(20) }) }

// count counts an ending that is settled at once.
func count(t *testing.T, c *metering.Counter, application string, at time.Time, counts metering.Counts) {
	t.Helper()
	e := c.End(at, counts)
	if err := c.Count(t.Context(), application, e, owed(true)); err != nil {
		t.Fatal(err)
	}
	c.Settled(application, e)
}

// all reads everything page by page.
func all(t *testing.T, records storage.Records, q metering.Query) (days []string) {
	t.Helper()
	for pages := 0; ; pages++ {
		page, next, err := metering.List(t.Context(), records, q)
		if err != nil || pages > 1000 {
			t.Fatalf("page %d: %v", pages, err)
		}
		if len(page) > q.Limit {
			t.Errorf("%d days on a page of %d", len(page), q.Limit)
		}
		for _, d := range page {
			days = append(days, fmt.Sprintf("%s %s %d", d.Application, d.Day.Format(time.DateOnly), d.Documents))
		}
		if next == "" {
			return days
		}
		q.After = next
	}
}

func TestDaysOfOneApplicationAreItsOwn(t *testing.T) {
	folder, err := local.Open(t.Context(), local.Config{Dir: t.TempDir(), Server: true, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := folder.Close(); err != nil {
			t.Error(err)
		}
	}()
	for name, records := range map[string]storage.Records{"in memory": newStore(), "in a folder": folder.Records} {
		t.Run(name, func(t *testing.T) { checkDays(t, records) })
	}
}

func checkDays(t *testing.T, store storage.Records) {
	for _, application := range []string{"app-a", "app-a2", "app-b"} {
		for day := 1; day <= 4; day++ {
			for process := range 12 { // of several instances
				count(t, metering.NewCounter(store, fmt.Sprint("process ", process)), application, date(day), metering.Counts{Documents: 1})
			}
		}
		for _, row := range []string{"open", "20261102"} { // of the limits
			if _, err := store.Put(t.Context(), storage.Record{Key: storage.Key{Table: storage.Usage, Partition: application, Row: row}, Value: []byte("{}")}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, limit := range []int{1, 2, 3, 6, 20} {
		q := metering.Query{Application: "app-a", From: date(2), To: date(3), Limit: limit}
		if diff := cmp.Diff([]string{"app-a 2026-11-02 12", "app-a 2026-11-03 12"}, all(t, store, q)); diff != "" {
			t.Errorf("own, %d a page: %s", limit, diff)
		}
		q.Application = ""
		want := []string{
			"app-a 2026-11-02 12", "app-a 2026-11-03 12", "app-a2 2026-11-02 12", "app-a2 2026-11-03 12", "app-b 2026-11-02 12", "app-b 2026-11-03 12",
		}
		if diff := cmp.Diff(want, all(t, store, q)); diff != "" {
			t.Errorf("all, %d a page: %s", limit, diff)
		}
	}
	if got := all(t, store, metering.Query{Application: "app", From: date(1), To: date(30), Limit: 10}); len(got) != 0 {
		t.Errorf("of an application whose name others begin with: %v", got)
	}
	foreign := metering.Query{Application: "app-b", From: date(1), To: date(1), Limit: 10, After: "app-a~20261101"}
	if days, _, err := metering.List(t.Context(), store, foreign); !errors.Is(err, fault.Invalid) || len(days) > 0 {
		t.Errorf("with a cursor of another application: %v, %v", days, err)
	}
}

func TestCursorThatNoPageGaveIsRefused(t *testing.T) {
	for _, cursor := range []string{"x", "~", "a~", "a~2026", "~20261101", "a/b~20261101", "a~20261101~", "a~20261301"} {
		_, _, err := metering.List(t.Context(), newStore(), metering.Query{From: date(1), To: date(2), Limit: 1, After: cursor})
		if !errors.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", cursor, err)
		}
	}
}

func TestEndingIsAddedOnce(t *testing.T) {
	store := newStore()
	one, other := metering.NewCounter(store, "a process"), metering.NewCounter(store, "a process")
	e := one.End(date(1), metering.Counts{Documents: 1})
	for _, c := range []*metering.Counter{one, other, one} {
		if err := c.Count(t.Context(), "app", e, owed(true)); err != nil {
			t.Fatal(err)
		}
	}
	one.Settled("app", e)
	count(t, one, "app", date(1), metering.Counts{Documents: 1})
	for _, c := range []*metering.Counter{one, other} { // its token is gone, and it is not in the task's record any more
		if err := c.Count(t.Context(), "app", e, owed(false)); err != nil {
			t.Fatal(err)
		}
	}
	if got := all(t, store, metering.Query{From: date(1), To: date(1), Limit: 10}); len(got) != 1 || got[0] != "app 2026-11-01 2" {
		t.Errorf("counted: %v", got)
	}
}

func TestManyProcessesCountAtOnce(t *testing.T) {
	const processes, each = 8, 10
	store := newStore()
	var group sync.WaitGroup
	for n := range processes {
		group.Go(func() {
			c := metering.NewCounter(store, fmt.Sprint("process ", n))
			for range each {
				count(t, c, "app", date(1), metering.Counts{Documents: 1})
			}
		})
	}
	group.Wait()
	if got := all(t, store, metering.Query{From: date(1), To: date(1), Limit: 10}); len(got) != 1 || got[0] != fmt.Sprintf("app 2026-11-01 %d", processes*each) {
		t.Errorf("counted: %v", got)
	}
}

// Processes that come and go leave their last tokens behind: the record stays small.
func TestRecordOfADayStaysSmall(t *testing.T) {
	store := newStore()
	for range 600 {
		count(t, metering.NewCounter(store, "a process"), "app", date(1), metering.Counts{Documents: 1, Bytes: 1 << 30})
	}
	recs, err := store.List(t.Context(), storage.Query{Table: storage.Usage, Limit: 10})
	if err != nil || len(recs) != 1 || len(recs[0].Value) > 10_000 {
		t.Fatalf("%v: %d records, the first has %d bytes", err, len(recs), len(recs[0].Value))
	}
	if due := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC).Add(metering.Life); !recs[0].Due.Equal(due) {
		t.Errorf("due %s, want %s", recs[0].Due, due)
	}
}

func TestEndingOfNoDayIsRefused(t *testing.T) {
	c := metering.NewCounter(newStore(), "a process")
	for _, row := range []string{"", "open", "20261101", "20261101!", "x!1"} {
		if err := c.Count(t.Context(), "app", metering.Ending{Row: row, Token: "t"}, owed(true)); err == nil {
			t.Errorf("%q: no error", row)
		}
	}
}
