package storagetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// many is more than one request of any driver takes.
const many = 130

func createRules() map[string]func(*testing.T, Stores) {
	return map[string]func(*testing.T, Stores){
		"ManyAreCreatedAndDue":             manyAreCreatedAndDue,
		"NoneKeepsAnotherFromBeingCreated": noneKeepsAnotherFromBeingCreated,
		"CreatingAgainIsTheSameSuccess":    creatingAgainIsTheSameSuccess,
		"HalfDoneCreationIsFinished":       halfDoneCreationIsFinished,
		"OneOfSeveralCreatorsIsFirst":      oneOfSeveralCreatorsIsFirst,
		"ManyLargeRecordsAreCreated":       manyLargeRecordsAreCreated,
		"CancelledCreationHasNoEffect":     cancelledCreationHasNoEffect,
	}
}

// batch is records of three partitions and two tables, due in several hours or never; each value has the author's name in it.
func batch(author string, n int) []storage.Record {
	recs := make([]storage.Record, n)
	for i := range recs {
		recs[i] = storage.Record{Key: key(fmt.Sprint("app!", i%3), fmt.Sprint("r", i)), Value: fmt.Appendf(nil, "%s %d", author, i)}
		if i%4 == 0 {
			recs[i].Table = storage.Idempotency
		}
		if i%5 != 0 {
			recs[i].Due = base.Add(time.Duration(i) * 1500 * time.Millisecond * 60)
		}
	}
	return recs
}

// created asserts what became of records.
func created(t *testing.T, s Stores, recs []storage.Record, want func(i int) error) {
	t.Helper()
	for i, err := range storage.CreateAll(t.Context(), s.Records, recs) {
		if !errors.Is(err, want(i)) {
			t.Errorf("record %d: %v, want %v", i, err, want(i))
		}
	}
}

func allCreated(int) error { return nil }

// holds asserts that a record is stored as it was given, and due.
func holds(t *testing.T, s Stores, rec storage.Record, entries []storage.Due) {
	t.Helper()
	got, err := s.Records.Get(t.Context(), rec.Key)
	if err != nil || !got.Same(rec) || got.ETag == "" {
		t.Errorf("%v: %+v, %v", rec.Key, got, err)
	}
	found := rec.Due.IsZero()
	for _, d := range entries {
		found = found || d.Key == rec.Key && d.At.Equal(rec.Due.Truncate(time.Second))
	}
	if !found {
		t.Errorf("%v is not in the due index", rec.Key)
	}
}

func manyAreCreatedAndDue(t *testing.T, s Stores) {
	recs := batch("one", many)
	created(t, s, recs, allCreated)
	entries := due(t, s, base.Add(48*time.Hour), 1000)
	for _, rec := range recs {
		holds(t, s, rec, entries)
	}
	created(t, s, nil, allCreated)
	// What was created is changed and deleted like any other.
	rec, err := s.Records.Get(t.Context(), recs[1].Key)
	if err == nil {
		rec.Value = []byte("changed")
		_, err = s.Records.Put(t.Context(), rec)
	}
	if err != nil {
		t.Error(err)
	}
	if err := s.Records.Delete(t.Context(), rec.Key, rec.ETag); !errors.Is(err, fault.ETagMismatch) {
		t.Errorf("delete of the version that was created: %v", err)
	}
}

// Some exist, one is given twice, some are refused: all others are created, in the same parts of one table and partition.
func noneKeepsAnotherFromBeingCreated(t *testing.T, s Stores) {
	recs, want := batch("one", many), make([]error, many)
	for i := 7; i < many; i += 20 {
		save(t, s, storage.Record{Key: recs[i].Key, Value: []byte("other")})
		want[i] = fault.AlreadyExists
	}
	recs[50].Row, want[50] = "no key", fault.BadField
	recs[61].Value, want[61] = make([]byte, storage.MaxValue+1), fault.BadField
	recs[72].Key, want[72] = recs[66].Key, fault.AlreadyExists
	created(t, s, recs, func(i int) error { return want[i] })
	entries := due(t, s, base.Add(48*time.Hour), 1000)
	for i, rec := range recs {
		switch {
		case want[i] == nil:
			holds(t, s, rec, entries)
		case i%20 == 7:
			if got, err := s.Records.Get(t.Context(), rec.Key); err != nil || string(got.Value) != "other" {
				t.Errorf("record %d was replaced: %q, %v", i, got.Value, err)
			}
		}
	}
}

func creatingAgainIsTheSameSuccess(t *testing.T, s Stores) {
	recs := batch("one", many)
	created(t, s, recs, allCreated)
	before, err := s.Records.Get(t.Context(), recs[8].Key)
	if err != nil {
		t.Fatal(err)
	}
	created(t, s, recs, allCreated)
	if now, err := s.Records.Get(t.Context(), recs[8].Key); err != nil || now.ETag != before.ETag {
		t.Errorf("it was written again: %+v, %v", now, err)
	}
	// The same value with another due time is another record, and so is another value.
	other := recs[8]
	other.Due = base.Add(time.Hour)
	created(t, s, []storage.Record{other}, func(int) error { return fault.AlreadyExists })
	created(t, s, batch("two", many), func(int) error { return fault.AlreadyExists })
}

// Before each record in turn the store goes away, and of some the answer is lost: repeated, everything is there once.
func halfDoneCreationIsFinished(t *testing.T, s Stores) {
	f := NewFaulty(s)
	away := fault.New(fault.StorageUnavailable, "away")
	for _, after := range []bool{false, true} {
		recs := batch(fmt.Sprint("after ", after), 40)
		for i := range recs {
			recs[i].Partition = fmt.Sprint(recs[i].Partition, after)
		}
		fails := map[string]bool{}
		for i := 0; i < len(recs); i += 3 {
			fails[keyString(recs[i].Key)] = true
		}
		hook := func(op Op, key string) error {
			if op == PutRecord && fails[key] {
				return away
			}
			return nil
		}
		if after {
			f.After(hook)
		} else {
			f.Before(hook)
		}
		faulty := s
		faulty.Records = f.FaultyRecords()
		created(t, faulty, recs, func(i int) error {
			if i%3 == 0 {
				return fault.StorageUnavailable
			}
			return nil
		})
		f.Heal()
		for i, rec := range recs {
			if _, err := s.Records.Get(t.Context(), rec.Key); (err == nil) != (after || i%3 != 0) {
				t.Errorf("record %d, after %t: %v", i, after, err)
			}
		}
		created(t, faulty, recs, allCreated)
		entries := due(t, s, base.Add(48*time.Hour), 1000)
		for _, rec := range recs {
			holds(t, s, rec, entries)
		}
	}
}

func oneOfSeveralCreatorsIsFirst(t *testing.T, s Stores) {
	const creators = 4
	answers := make([][]error, creators)
	var wg sync.WaitGroup
	for c := range creators {
		wg.Go(func() { answers[c] = storage.CreateAll(t.Context(), s.Records, batch(fmt.Sprint("creator ", c), many)) })
	}
	wg.Wait()
	for i, rec := range batch("", many) {
		first := -1
		for c := range creators {
			switch err := answers[c][i]; {
			case err == nil && first < 0:
				first = c
			case !errors.Is(err, fault.AlreadyExists):
				t.Errorf("record %d, creator %d: %v, first was %d", i, c, err, first)
			}
		}
		got, err := s.Records.Get(t.Context(), rec.Key)
		if want := fmt.Sprintf("creator %d %d", first, i); err != nil || string(got.Value) != want {
			t.Errorf("record %d: %q, %v, want %q", i, got.Value, err, want)
		}
	}
}

// Together they are more than any service takes in one request.
func manyLargeRecordsAreCreated(t *testing.T, s Stores) {
	recs := make([]storage.Record, many)
	for i := range recs {
		recs[i] = storage.Record{Key: key("p", fmt.Sprint("r", i)), Value: make([]byte, storage.MaxValue), Due: base}
	}
	created(t, s, recs, allCreated)
	holds(t, s, recs[many-1], due(t, s, base, 1000))
}

func cancelledCreationHasNoEffect(t *testing.T, s Stores) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	recs := batch("one", many)
	for i, err := range storage.CreateAll(ctx, s.Records, recs) {
		if fault.KindOf(err) != fault.Unavailable {
			t.Errorf("record %d: %v", i, err)
		}
	}
	for _, rec := range recs {
		if _, err := s.Records.Get(t.Context(), rec.Key); !errors.Is(err, fault.NotFound) {
			t.Fatalf("%v: %v", rec.Key, err)
		}
	}
}
