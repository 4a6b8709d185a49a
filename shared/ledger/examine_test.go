package ledger_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
)

// One call looks at what is due in an hour at most, however long nobody called, and goes on where storage did not answer.
func TestExaminationIsBoundedAndGoesOn(t *testing.T) {
	w := newWorld(t)
	for n := range 3 * 256 {
		if err := w.Append(t.Context(), w.document(n+1).receipt()); err != nil {
			t.Fatal(err)
		}
	}
	w.sequence(t)
	var seen []string
	failing := true
	w.store.Before(func(op storagetest.Op, key string) error {
		if op != storagetest.GetBlob || !strings.Contains(key, "tile/entries/") {
			return nil
		}
		if failing = !failing; !failing {
			return fault.New(fault.StorageUnavailable, "not now")
		}
		seen = append(seen, key)
		return nil
	})
	for calls := range 8 {
		w.now = w.now.Add(100 * time.Hour)
		before := len(seen)
		if err := w.Examine(t.Context()); (err != nil) != (len(seen) == before) {
			t.Errorf("call %d: %v, and looked at %q", calls, err, seen[before:])
		}
		if len(seen)-before > 1 {
			t.Errorf("call %d looked at %q", calls, seen[before:])
		}
	}
	slices.Sort(seen)
	if len(slices.Compact(seen)) != 4 {
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
