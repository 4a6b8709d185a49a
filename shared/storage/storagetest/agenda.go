package storagetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/storage"
)

func agendaRules() map[string]func(*testing.T, Stores) {
	return map[string]func(*testing.T, Stores){
		"DueIsOrderedAndPaged":        dueIsOrderedAndPaged,
		"DueFollowsTheRecord":         dueFollowsTheRecord,
		"SettleKeepsLiveEntries":      settleKeepsLiveEntries,
		"SettleForgetsStaleEntries":   settleForgetsStaleEntries,
		"DeletedRecordIsNotDueLong":   deletedRecordIsNotDueLong,
		"LaterEntriesAreNotShown":     laterEntriesAreNotShown,
		"EntriesOfOneTimeAreAllFound": entriesOfOneTimeAreAllFound,
	}
}

// due reads the whole index up to a time and settles nothing.
func due(t *testing.T, s Stores, now time.Time, limit int) []storage.Due {
	t.Helper()
	var all []storage.Due
	var after *storage.Due
	for {
		page, err := s.Agenda.Due(t.Context(), now, after, limit)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page...)
		if len(page) < limit {
			return all
		}
		after = &page[len(page)-1]
	}
}

// live keeps the entries that the records contain: drivers may show stale ones.
func live(t *testing.T, s Stores, entries []storage.Due) []storage.Due {
	t.Helper()
	return slices.DeleteFunc(entries, func(d storage.Due) bool {
		rec, err := s.Records.Get(t.Context(), d.Key)
		return err != nil || !rec.Due.Equal(d.At)
	})
}

func dueIsOrderedAndPaged(t *testing.T, s Stores) {
	var want []storage.Due
	for i := range 30 {
		at := base.Add(time.Duration(i) * 7 * time.Minute)
		want = append(want, storage.Due{Key: key("app!1", fmt.Sprintf("r%02d", (i*11)%30)), At: at})
	}
	for i := range want {
		d := want[(i*7)%30]
		save(t, s, storage.Record{Key: d.Key, Due: d.At})
	}
	for _, limit := range []int{1, 4, 30, 100} {
		if diff := cmp.Diff(want, due(t, s, base.Add(24*time.Hour), limit)); diff != "" {
			t.Errorf("limit %d (-want +got):\n%s", limit, diff)
		}
	}
}

func entriesOfOneTimeAreAllFound(t *testing.T, s Stores) {
	var want []storage.Due
	for _, p := range []string{"a!1", "a-b!1", "b!1"} {
		for i := range 4 {
			d := storage.Due{Key: key(p, fmt.Sprint("r", i)), At: base}
			want = append(want, d)
			save(t, s, storage.Record{Key: d.Key, Due: d.At})
		}
	}
	for _, limit := range []int{1, 3, 5, 100} {
		if diff := cmp.Diff(want, due(t, s, base, limit)); diff != "" {
			t.Errorf("limit %d (-want +got):\n%s", limit, diff)
		}
	}
}

func laterEntriesAreNotShown(t *testing.T, s Stores) {
	save(t, s, storage.Record{Key: key("p", "now"), Due: base})
	save(t, s, storage.Record{Key: key("p", "second"), Due: base.Add(time.Second)})
	save(t, s, storage.Record{Key: key("p", "hour"), Due: base.Add(time.Hour)})
	save(t, s, storage.Record{Key: key("p", "never")})
	if got := due(t, s, base.Add(-time.Second), 10); len(got) != 0 {
		t.Errorf("a second before: %v", got)
	}
	if got := due(t, s, base.Add(999*time.Millisecond), 10); len(got) != 1 || got[0].Row != "now" {
		t.Errorf("at the time: %v", got)
	}
}

func dueFollowsTheRecord(t *testing.T, s Stores) {
	rec := save(t, s, storage.Record{Key: key("p", "r"), Due: base})
	for _, at := range []time.Time{base.Add(time.Hour), base.Add(-time.Hour), {}, base} {
		rec.Due = at
		rec = save(t, s, rec)
		got := live(t, s, due(t, s, base.Add(48*time.Hour), 10))
		var want []storage.Due
		if !at.IsZero() {
			want = []storage.Due{{Key: rec.Key, At: at}}
		}
		if diff := cmp.Diff(want, got); diff != "" && len(want)+len(got) > 0 {
			t.Errorf("due at %v (-want +got):\n%s", at, diff)
		}
	}
}

func settleKeepsLiveEntries(t *testing.T, s Stores) {
	rec := save(t, s, storage.Record{Key: key("p", "r"), Due: base})
	if err := s.Agenda.Settle(t.Context(), storage.Due{Key: rec.Key, At: base}); err != nil {
		t.Fatal(err)
	}
	if got := due(t, s, base, 10); len(got) != 1 {
		t.Errorf("the index shows %v", got)
	}
}

func settleForgetsStaleEntries(t *testing.T, s Stores) {
	rec := save(t, s, storage.Record{Key: key("p", "r"), Due: base})
	rec.Due = base.Add(time.Hour)
	save(t, s, rec)
	for range 2 {
		if err := s.Agenda.Settle(t.Context(), storage.Due{Key: rec.Key, At: base}); err != nil {
			t.Fatal(err)
		}
	}
	want := []storage.Due{{Key: rec.Key, At: rec.Due}}
	if diff := cmp.Diff(want, due(t, s, base.Add(2*time.Hour), 10)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func deletedRecordIsNotDueLong(t *testing.T, s Stores) {
	rec := save(t, s, storage.Record{Key: key("p", "r"), Due: base})
	if err := s.Records.Delete(t.Context(), rec.Key, ""); err != nil {
		t.Fatal(err)
	}
	for _, d := range due(t, s, base, 10) {
		if err := s.Agenda.Settle(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if got := due(t, s, base, 10); len(got) != 0 {
		t.Errorf("the index shows %v", got)
	}
}
