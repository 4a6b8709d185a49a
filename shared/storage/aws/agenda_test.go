package aws_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/aws"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
)

// noon is when a test begins, in the middle of an hour.
var noon = time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)

// timed is a store whose time the test sets.
func timed(t *testing.T) (*aws.Store, *wire, aws.Config, *atomic.Pointer[time.Time]) {
	t.Helper()
	var now atomic.Pointer[time.Time]
	now.Store(&noon)
	cfg, w := settings(t), &wire{}
	cfg.HTTP, cfg.Now = w, func() time.Time { return *now.Load() }
	return opened(t, cfg), w, cfg, &now
}

func task(n int) storage.Key {
	return storage.Key{Table: storage.Tasks, Partition: "app!20260301", Row: fmt.Sprintf("r%04d", n)}
}

func enter(t *testing.T, store *aws.Store, n int, at time.Time) storage.Due {
	t.Helper()
	d := storage.Due{Key: task(n), At: at.Truncate(time.Second)}
	if _, err := store.Records.Put(t.Context(), storage.Record{Key: d.Key, Due: d.At}); err != nil {
		t.Fatal(err)
	}
	return d
}

// dueAt reads the whole index in pages.
func dueAt(t *testing.T, agenda storage.Agenda, now time.Time, limit int) []storage.Due {
	t.Helper()
	var all []storage.Due
	var after *storage.Due
	for {
		page, err := agenda.Due(t.Context(), now, after, limit)
		if err != nil {
			t.Fatal(err)
		}
		if all = append(all, page...); len(page) < limit {
			return all
		}
		after = &all[len(all)-1]
	}
}

// settleAll removes records and their entries.
func settleAll(t *testing.T, store *aws.Store, entries []storage.Due) {
	t.Helper()
	for _, d := range entries {
		if err := errors.Join(store.Records.Delete(t.Context(), d.Key, ""), store.Records.Settle(t.Context(), d)); err != nil {
			t.Fatal(err)
		}
	}
}

func count(n *atomic.Int64) func(*http.Request) error {
	return func(*http.Request) error { n.Add(1); return nil }
}

// A sweep that comes more than a year late finds every entry in its order, and pays for the hours that have some.
func TestEntryIsFoundHoweverLateTheSweepIs(t *testing.T) {
	store, w, _, now := timed(t)
	var want []storage.Due
	for n, in := range []time.Duration{-48 * time.Hour, -time.Minute, 0, time.Minute, 23 * time.Hour, 30 * 24 * time.Hour, 400 * 24 * time.Hour} {
		want = append(want, enter(t, store, n, noon.Add(in)))
	}
	late := noon.Add(500 * 24 * time.Hour)
	now.Store(&late)
	var requests atomic.Int64
	w.before = count(&requests)
	if diff := cmp.Diff(want, dueAt(t, store.Records, late, 100)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if hours := int64(5); requests.Load() != 1+hours*16 {
		t.Errorf("%d requests for the entries of %d hours", requests.Load(), hours)
	}
	settleAll(t, store, want)
	if left := dueAt(t, store.Records, late, 100); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	requests.Store(0)
	if left := dueAt(t, store.Records, late, 100); len(left) != 0 || requests.Load() != 1 {
		t.Errorf("%d requests where nothing is due, %v", requests.Load(), left)
	}
}

// The item of an hour stays while entries for that hour are written without it.
func TestHourStaysWhileItGetsEntries(t *testing.T) {
	store, _, _, now := timed(t)
	for minutes := range 8 * 6 {
		at := noon.Add(time.Duration(minutes) * 10 * time.Minute)
		now.Store(&at)
		dueAt(t, store.Records, at, 10) // would forget it
		d := enter(t, store, minutes, noon)
		if got := dueAt(t, store.Records, at, 10); !slices.Equal(got, []storage.Due{d}) {
			t.Fatalf("%s later: %v", at.Sub(noon), got)
		}
		settleAll(t, store, []storage.Due{d})
	}
}

// A sweep finds an old hour without entries and forgets it. Meanwhile another process, which remembers the hour, writes an entry
// for it: at whatever moment that is, the next sweep finds the entry.
func TestEntryForAnHourThatIsBeingForgottenIsFound(t *testing.T) {
	store, w, cfg, now := timed(t)
	cfg.HTTP = nil
	other, err := aws.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for moment := int64(1); moment < 40; moment++ {
		start := noon.Add(time.Duration(moment) * 24 * time.Hour)
		now.Store(&start)
		settleAll(t, other, []storage.Due{enter(t, other, 0, start)})
		later := start.Add(6 * time.Hour)
		now.Store(&later)
		var (
			seen atomic.Int64
			d    storage.Due
		)
		w.before = func(*http.Request) error {
			if seen.Add(1) == moment {
				d = enter(t, other, 1, start)
			}
			return nil
		}
		early := dueAt(t, store.Records, later, 10)
		w.before = nil
		if seen.Load() < moment {
			if moment != 1+16+1+1 {
				t.Errorf("a sweep of one hour sent %d requests", moment-1)
			}
			return
		}
		got := dueAt(t, store.Records, later, 10)
		if !slices.Equal(got, []storage.Due{d}) {
			t.Fatalf("entered before request %d, which saw %v: %v is found", moment, early, got)
		}
		settleAll(t, other, got)
		dueAt(t, store.Records, later, 10)
	}
	t.Error("no sweep forgets an hour")
}

// A process that is frozen between the two writes of a Put must not go on as if no time had passed.
func TestPutThatWasFrozenIsGivenUp(t *testing.T) {
	store, w, _, now := timed(t)
	frozen := noon.Add(3 * time.Hour)
	w.after = func(req *http.Request) error {
		if calls("PutItem")(req) {
			now.Store(&frozen)
		}
		return nil
	}
	if _, err := store.Records.Put(t.Context(), storage.Record{Key: task(1), Due: noon}); !errors.Is(err, fault.StorageUnavailable) {
		t.Errorf("put: %v", err)
	}
	if _, err := store.Records.Get(t.Context(), task(1)); !errors.Is(err, fault.NotFound) {
		t.Errorf("get: %v", err)
	}
}

// Whatever hours and shards the entries are in, they come as from a store that keeps them in one list.
func TestShardsAreMergedInOrder(t *testing.T) {
	store, _, _, _ := timed(t)
	model := memory.New(time.Now)
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 120 {
		at := noon.Add(time.Duration(random.IntN(40)) * 3 * time.Minute)
		rec := storage.Record{Key: task(n), Due: at}
		enter(t, store, n, at)
		if _, err := model.Put(t.Context(), rec); err != nil {
			t.Fatal(err)
		}
	}
	for _, limit := range []int{1, 17, 50, 1000} {
		for _, now := range []time.Time{noon, noon.Add(50 * time.Minute), noon.Add(24 * time.Hour)} {
			if limit == 1 && now != noon {
				continue
			}
			if diff := cmp.Diff(dueAt(t, model, now, limit), dueAt(t, store.Records, now, limit)); diff != "" {
				t.Errorf("limit %d at %s (-want +got):\n%s", limit, now, diff)
			}
		}
	}
	// Nothing comes after what comes after now.
	if got, err := store.Records.Due(t.Context(), noon, &storage.Due{Key: task(1), At: noon.Add(20 * time.Minute)}, 10); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestSettleLeavesWhatMayBeAboutToBeWritten(t *testing.T) {
	_, _, cfg, now := timed(t)
	w := &wire{}
	cfg.HTTP, cfg.SettleAfter = w, 0
	store := opened(t, cfg)
	d := enter(t, store, 1, noon)
	if err := store.Records.Delete(t.Context(), d.Key, ""); err != nil {
		t.Fatal(err)
	}
	settle := func(after time.Duration, want int) {
		t.Helper()
		at := noon.Add(after)
		now.Store(&at)
		if err := store.Records.Settle(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		w.before = nil
		if got := dueAt(t, store.Records, noon, 10); len(got) != want {
			t.Errorf("after %s: %v", after, got)
		}
	}
	settle(aws.DefaultSettleAfter-time.Second, 1)
	w.before = func(req *http.Request) error { // entered anew meanwhile
		if calls("DeleteItem")(req) {
			w.before = nil
			enter(t, store, 1, noon)
			return store.Records.Delete(t.Context(), d.Key, "")
		}
		return nil
	}
	settle(aws.DefaultSettleAfter, 1)
	settle(3*aws.DefaultSettleAfter, 0)
}
