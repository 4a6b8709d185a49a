package local_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/local"
)

func TestOnlyRecordsOfTheSavedStateAreReadForIt(t *testing.T) {
	store, err := local.Open(t.Context(), local.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	var want []storage.Key
	for _, table := range storage.Tables() {
		for _, partition := range []string{"ledger", "other"} {
			key := storage.Key{Table: table, Partition: partition, Row: "r"}
			if _, err := store.Records.Put(t.Context(), storage.Record{Key: key, Value: []byte("v")}); err != nil {
				t.Fatal(err)
			}
			if key.Saved() {
				want = append(want, key)
			}
		}
	}
	slices.SortFunc(want, func(a, b storage.Key) int {
		return slices.Compare([]string{string(a.Table), a.Partition}, []string{string(b.Table), b.Partition})
	})
	saved, err := store.Records.Saved(t.Context())
	var got []storage.Key
	for _, rec := range saved {
		got = append(got, rec.Key)
	}
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("read %v, not %v: %v", got, want, err)
	}
}

// One writer raises two counters in turn, so that they never differ by more than one: what is read one after the other would.
func TestTheSavedRecordsAreOfOneMomentWhoeverWrites(t *testing.T) {
	store, err := local.Open(t.Context(), local.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	keys := []storage.Key{{Table: storage.Applications, Partition: "p", Row: "r"}, {Table: storage.Pending, Partition: "log", Row: "r"}}
	ctx, stop := context.WithCancel(t.Context())
	var writer sync.WaitGroup
	t.Cleanup(func() {
		stop()
		writer.Wait()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	etags := make([]string, len(keys))
	raise := func(n int) error {
		for i, key := range keys {
			var err error
			if etags[i], err = store.Records.Put(ctx, storage.Record{Key: key, Value: []byte(strconv.Itoa(n)), ETag: etags[i]}); err != nil {
				return err
			}
		}
		return nil
	}
	if err := raise(0); err != nil {
		t.Fatal(err)
	}
	writer.Go(func() {
		for n := 1; raise(n) == nil; n++ {
		}
	})
	for range 100 {
		saved, err := store.Records.Saved(t.Context())
		if err != nil || len(saved) != len(keys) {
			t.Fatalf("%d records: %v", len(saved), err)
		}
		first, err1 := strconv.Atoi(string(saved[0].Value))
		second, err2 := strconv.Atoi(string(saved[1].Value))
		if err := errors.Join(err1, err2); err != nil || first-second < 0 || first-second > 1 {
			t.Fatalf("counters of two moments: %d and %d, %v", first, second, err)
		}
	}
}
