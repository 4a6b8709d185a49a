package local_test

import (
	"slices"
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
