package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

func recordRules() map[string]func(*testing.T, Stores) {
	return map[string]func(*testing.T, Stores){
		"RecordIsReadBack":               recordIsReadBack,
		"CreateOnlyOnce":                 createOnlyOnce,
		"StaleVersionLoses":              staleVersionLoses,
		"GoneRecordIsNotReplaced":        goneRecordIsNotReplaced,
		"ConcurrentChangesLoseNothing":   concurrentChangesLoseNothing,
		"DeleteHonoursVersion":           deleteHonoursVersion,
		"ListIsOrderedAndPaged":          recordListIsOrderedAndPaged,
		"ListGoesOnBehindADeletedRecord": listGoesOnBehindADeletedRecord,
		"HostileRecordsAreRefused":       hostileRecordsAreRefused,
		"CancelledCallHasNoEffect":       cancelledCallHasNoEffect,
		"TablesAreApart":                 tablesAreApart,
		"LargestValueIsKept":             largestValueIsKept,
		"ReturnedValueIsTheCallersToOwn": returnedValueIsTheCallersToOwn,
	}
}

func key(partition, row string) storage.Key {
	return storage.Key{Table: storage.Tasks, Partition: partition, Row: row}
}

func save(t *testing.T, s Stores, rec storage.Record) storage.Record {
	t.Helper()
	etag, err := s.Records.Put(t.Context(), rec)
	if err != nil {
		t.Fatalf("put %v: %v", rec.Key, err)
	}
	rec.ETag = etag
	return rec
}

func recordIsReadBack(t *testing.T, s Stores) {
	for _, due := range []time.Time{{}, base.Add(1500 * time.Millisecond)} {
		k := key("app!20260301", "r"+strconv.FormatInt(due.Unix()&1, 10))
		rec := save(t, s, storage.Record{Key: k, Value: []byte{0, 1, 255}, Due: due})
		got, err := s.Records.Get(t.Context(), k)
		if err != nil {
			t.Fatal(err)
		}
		rec.Due = due.Truncate(time.Second)
		if !got.Due.Equal(rec.Due) || got.ETag != rec.ETag || got.ETag == "" || !bytes.Equal(got.Value, rec.Value) || got.Key != k {
			t.Errorf("got %+v, want %+v", got, rec)
		}
	}
}

func createOnlyOnce(t *testing.T, s Stores) {
	rec := storage.Record{Key: key("p", "r"), Value: []byte("first")}
	save(t, s, rec)
	rec.Value = []byte("second")
	if _, err := s.Records.Put(t.Context(), rec); !errors.Is(err, fault.AlreadyExists) {
		t.Errorf("second create: %v", err)
	}
	if got, err := s.Records.Get(t.Context(), rec.Key); err != nil || string(got.Value) != "first" {
		t.Errorf("stored: %q, %v", got.Value, err)
	}
}

func staleVersionLoses(t *testing.T, s Stores) {
	first := save(t, s, storage.Record{Key: key("p", "r"), Value: []byte("1")})
	second := first
	second.Value = []byte("2")
	second = save(t, s, second)
	if first.ETag == second.ETag {
		t.Error("the ETag did not change")
	}
	first.Value = []byte("3")
	if _, err := s.Records.Put(t.Context(), first); !errors.Is(err, fault.ETagMismatch) {
		t.Errorf("stale put: %v", err)
	}
}

func goneRecordIsNotReplaced(t *testing.T, s Stores) {
	rec := save(t, s, storage.Record{Key: key("p", "r"), Value: []byte("1")})
	if err := s.Records.Delete(t.Context(), rec.Key, rec.ETag); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Records.Put(t.Context(), rec); !errors.Is(err, fault.ETagMismatch) {
		t.Errorf("put of a gone record: %v", err)
	}
	if _, err := s.Records.Get(t.Context(), rec.Key); !errors.Is(err, fault.NotFound) {
		t.Errorf("get of a gone record: %v", err)
	}
}

func concurrentChangesLoseNothing(t *testing.T, s Stores) {
	const writers, each = 8, 10
	k := key("p", "counter")
	save(t, s, storage.Record{Key: k, Value: []byte("0")})
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				if err := increment(t.Context(), s, k); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if got, err := s.Records.Get(t.Context(), k); err != nil || string(got.Value) != strconv.Itoa(writers*each) {
		t.Errorf("counted to %s, %v; want %d", got.Value, err, writers*each)
	}
}

func increment(ctx context.Context, s Stores, k storage.Key) error {
	for {
		rec, err := s.Records.Get(ctx, k)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(string(rec.Value))
		if err != nil {
			return err
		}
		rec.Value = []byte(strconv.Itoa(n + 1))
		if _, err = s.Records.Put(ctx, rec); !errors.Is(err, fault.ETagMismatch) {
			return err
		}
	}
}

func deleteHonoursVersion(t *testing.T, s Stores) {
	old := save(t, s, storage.Record{Key: key("p", "r"), Value: []byte("1")})
	save(t, s, storage.Record{Key: old.Key, Value: []byte("2"), ETag: old.ETag})
	if err := s.Records.Delete(t.Context(), old.Key, old.ETag); !errors.Is(err, fault.ETagMismatch) {
		t.Errorf("delete of a stale version: %v", err)
	}
	for range 2 {
		if err := s.Records.Delete(t.Context(), old.Key, ""); err != nil {
			t.Errorf("delete: %v", err)
		}
	}
	if _, err := s.Records.Get(t.Context(), old.Key); !errors.Is(err, fault.NotFound) {
		t.Errorf("get after delete: %v", err)
	}
}

// listAll reads a table or a partition in pages, and calls between after each.
func listAll(t *testing.T, s Stores, partition string, limit int, between func(last storage.Key)) []storage.Key {
	t.Helper()
	var got []storage.Key
	q := storage.Query{Table: storage.Tasks, Partition: partition, Limit: limit}
	for {
		page, err := s.Records.List(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) > limit {
			t.Fatalf("%d records, limit %d", len(page), limit)
		}
		for _, r := range page {
			got = append(got, r.Key)
			q.After = r.Key
		}
		if len(page) < limit {
			return got
		}
		if between != nil {
			between(q.After)
		}
	}
}

func recordListIsOrderedAndPaged(t *testing.T, s Stores) {
	var want []storage.Key
	for _, p := range []string{"a!1", "a-b!1", "a.b", "b"} {
		for r := range 5 {
			want = append(want, key(p, fmt.Sprint("r", r)))
		}
	}
	for i := len(want) - 1; i >= 0; i-- {
		save(t, s, storage.Record{Key: want[i], Value: []byte("x")})
	}
	all := listAll(t, s, "", 100, nil)
	for _, limit := range []int{1, 3, 7, 100} {
		for partition, expected := range map[string][]storage.Key{"": all, "a-b!1": want[5:10], "none": nil} {
			if diff := cmp.Diff(expected, listAll(t, s, partition, limit, nil)); diff != "" {
				t.Errorf("partition %q, limit %d (-want +got):\n%s", partition, limit, diff)
			}
		}
	}
	// Each partition as a whole, in whatever order.
	for at := 0; at+5 <= len(all); at += 5 {
		if !slices.IsSortedFunc(all[at:at+5], storage.Key.Compare) || all[at].Partition != all[at+4].Partition {
			t.Errorf("the rows of a partition are listed as %v", all[at:at+5])
		}
	}
	if slices.SortFunc(all, storage.Key.Compare); !slices.Equal(want, all) {
		t.Errorf("the table is listed as %v", all)
	}
}

// A full pass deletes what it comes across, and goes on where it was.
func listGoesOnBehindADeletedRecord(t *testing.T, s Stores) {
	const partitions, rows = 5, 3
	for p := range partitions {
		for r := range rows {
			save(t, s, storage.Record{Key: key(fmt.Sprint("p", p), fmt.Sprint("r", r))})
		}
	}
	for _, c := range []struct {
		partition string
		want      int
	}{{"p1", rows}, {"", (partitions - 1) * rows}} {
		got := listAll(t, s, c.partition, 1, func(last storage.Key) {
			if err := s.Records.Delete(t.Context(), last, ""); err != nil {
				t.Fatal(err)
			}
		})
		if len(got) != c.want {
			t.Errorf("partition %q: %d records were seen, want %d", c.partition, len(got), c.want)
		}
	}
}

func hostileRecordsAreRefused(t *testing.T, s Stores) {
	for name, rec := range map[string]storage.Record{
		"empty row":      {Key: key("p", "")},
		"slash":          {Key: key("p", "a/b")},
		"quote":          {Key: key("p", "a' or '1' eq '1")},
		"control":        {Key: key("p\x00", "a")},
		"long":           {Key: key(strings.Repeat("p", 201), "a")},
		"unknown table":  {Key: storage.Key{Table: "other", Partition: "p", Row: "r"}},
		"value too long": {Key: key("p", "r"), Value: make([]byte, storage.MaxValue+1)},
	} {
		if _, err := s.Records.Put(t.Context(), rec); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func cancelledCallHasNoEffect(t *testing.T, s Stores) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Records.Put(ctx, storage.Record{Key: key("p", "r"), Value: []byte("x")}); err == nil {
		t.Error("a cancelled Put succeeded")
	}
	if _, err := s.Records.Get(t.Context(), key("p", "r")); !errors.Is(err, fault.NotFound) {
		t.Errorf("get: %v", err)
	}
}

func tablesAreApart(t *testing.T, s Stores) {
	for _, table := range storage.Tables() {
		save(t, s, storage.Record{Key: storage.Key{Table: table, Partition: "p", Row: "r"}, Value: []byte(table)})
	}
	for _, table := range storage.Tables() {
		got, err := s.Records.List(t.Context(), storage.Query{Table: table, Limit: 10})
		if err != nil || len(got) != 1 || string(got[0].Value) != string(table) {
			t.Errorf("%s: %+v, %v", table, got, err)
		}
	}
}

func largestValueIsKept(t *testing.T, s Stores) {
	value := bytes.Repeat([]byte{'v'}, storage.MaxValue)
	save(t, s, storage.Record{Key: key("p", "r"), Value: value})
	if got, err := s.Records.Get(t.Context(), key("p", "r")); err != nil || !bytes.Equal(got.Value, value) {
		t.Errorf("%d bytes came back, %v", len(got.Value), err)
	}
}

func returnedValueIsTheCallersToOwn(t *testing.T, s Stores) {
	save(t, s, storage.Record{Key: key("p", "r"), Value: []byte("abc")})
	got, err := s.Records.Get(t.Context(), key("p", "r"))
	if err != nil {
		t.Fatal(err)
	}
	got.Value[0] = 'X'
	if again, err := s.Records.Get(t.Context(), key("p", "r")); err != nil || string(again.Value) != "abc" {
		t.Errorf("changing a returned value changed the store: %q, %v", again.Value, err)
	}
}
