package ledger_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
)

// One call looks at what is due in an hour at most, however long nobody called, and the next goes on where storage did not answer.
func TestExaminationIsBoundedAndGoesOn(t *testing.T) {
	w := newWorld(t)
	const bundles = 12
	for n := range bundles*256 - 1 { // and the key
		if err := w.Append(t.Context(), w.document(n+1).receipt()); err != nil {
			t.Fatal(err)
		}
	}
	w.sequence(t)
	var seen []string
	w.store.Before(func(op storagetest.Op, key string) error {
		if op == storagetest.GetBlob && strings.Contains(key, "tile/entries/") {
			seen = append(seen, key)
		}
		return nil
	})
	for range 2 { // never before, and long ago
		seen = nil
		w.examine(t)
		if len(seen) != 2 { // of twelve files in twelve hours
			t.Errorf("one call looked at %q", seen)
		}
		w.now = w.now.Add(100 * time.Hour)
	}
	seen = nil
	failing := true
	w.store.Before(func(op storagetest.Op, key string) error {
		if op != storagetest.GetBlob || !strings.Contains(key, "tile/entries/") {
			return nil
		}
		if failing = !failing; failing { // every second time
			return fault.New(fault.StorageUnavailable, "not now")
		}
		seen = append(seen, key)
		return nil
	})
	for range bundles {
		w.now = w.now.Add(100 * time.Hour)
		before := len(seen)
		if err := w.Examine(t.Context()); !errors.Is(err, fault.StorageUnavailable) || len(seen) != before+1 {
			t.Fatalf("one call looked at %q: %v", seen[before:], err)
		}
	}
	slices.Sort(seen)
	if len(slices.Compact(seen)) != bundles {
		t.Errorf("looked at %q", seen)
	}
}

// Whichever file of the log is changed, it is noticed within a day of steps of five minutes, and forgiven once it is put back.
func TestChangedFileOfTheLogIsNoticedWithinADay(t *testing.T) {
	w := newWorld(t)
	var entries []ledger.Entry
	for n := 1; n <= 300; n++ {
		entries = append(entries, w.document(n).entries()...)
	}
	for _, e := range entries {
		if err := w.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	w.sequence(t)
	w.examine(t) // the first round, of everything
	for _, path := range []string{"tile/entries/000", "tile/entries/002", "tile/0/001", "tile/1/000.p/3"} {
		good, err := w.ReadFile(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		bad := bytes.Clone(good)
		bad[len(bad)/2] ^= 1
		w.putFile(t, path, bad)
		noticed := false
		for passed := time.Duration(0); passed < ledger.ExaminedWithin; passed += 5 * time.Minute {
			w.now = w.now.Add(5 * time.Minute)
			w.examine(t)
			if noticed = w.Check(t.Context()) != nil; noticed {
				break
			}
		}
		if !noticed {
			t.Errorf("%s: the change is not noticed", path)
		}
		w.putFile(t, path, good)
		for passed := time.Duration(0); passed < 2*ledger.ExaminedWithin; passed += time.Hour {
			w.now = w.now.Add(time.Hour)
			w.examine(t)
		}
		if err := w.Check(t.Context()); err != nil {
			t.Errorf("%s: after it was put back: %v", path, err)
		}
	}
}
