package aws_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// day is records of one application's day, all due within an hour.
func day(n int) []storage.Record {
	recs := make([]storage.Record, n)
	for i := range recs {
		recs[i] = storage.Record{
			Key: storage.Key{Table: storage.Tasks, Partition: "app!20260301", Row: fmt.Sprint("task", i)}, Value: fmt.Appendf(nil, "%01000d", i),
			Due: noon.Add(time.Hour + time.Duration(i%3600)*time.Second),
		}
	}
	return recs
}

func TestThousandRecordsAreCreatedInTwentyRequests(t *testing.T) {
	cfg, m := settings(t), &meter{}
	cfg.HTTP, cfg.Now = m, func() time.Time { return noon }
	store := opened(t, cfg)
	requests, bytes := m.measure(t, func() error {
		return errors.Join(storage.CreateAll(t.Context(), store.Records, day(1000))...)
	})
	if requests > 20+8 { // and the hour's item, which those that run at once write each
		t.Errorf("%d requests, %d bytes of answers", requests, bytes)
	}
	// Those that exist cost one more for each hundred, however many they are.
	more := day(1200)[1000:]
	for i := range 50 {
		if _, err := store.Records.Put(t.Context(), storage.Record{Key: more[2*i].Key}); err != nil {
			t.Fatal(err)
		}
	}
	requests, _ = m.measure(t, func() error {
		for i, err := range storage.CreateAll(t.Context(), store.Records, more) {
			if exists := i < 100 && i%2 == 0; exists != errors.Is(err, fault.AlreadyExists) || !exists && err != nil {
				t.Errorf("record %d: %v", i, err)
			}
		}
		return nil
	})
	if requests > 2+2+1 {
		t.Errorf("%d requests where 50 records exist", requests)
	}
}

// Every answer is lost twice, and the SDK sends the transaction again.
func TestTransactionWhoseAnswerWasLostIsKnownAgain(t *testing.T) {
	store, w, _ := wired(t)
	recs := day(100)
	w.after = times(2, calls("TransactWriteItems"))
	if err := errors.Join(storage.CreateAll(t.Context(), store.Records, recs)...); err != nil {
		t.Error(err)
	}
	if found, err := store.Records.List(t.Context(), storage.Query{Table: storage.Tasks, Limit: 1000}); err != nil || len(found) != len(recs) {
		t.Errorf("%d records, %v", len(found), err)
	}
	// Where every answer is lost nobody may say that they were not stored.
	w.after = times(always, calls("TransactWriteItems"))
	for i, err := range storage.CreateAll(t.Context(), store.Records, day(120)[100:]) {
		if !errors.Is(err, fault.StorageUnavailable) {
			t.Errorf("record %d: %v", i, err)
		}
	}
}

// Entries for hours that are long over are written with their hours, each by itself.
func TestRecordsThatAreLongDueAreCreatedWithTheirHours(t *testing.T) {
	cfg, m := settings(t), &meter{}
	cfg.HTTP, cfg.Now = m, func() time.Time { return noon.Add(12 * time.Hour) }
	store := opened(t, cfg)
	recs := day(30)
	if err := errors.Join(storage.CreateAll(t.Context(), store.Records, recs)...); err != nil {
		t.Fatal(err)
	}
	if found := dueAt(t, store.Records, noon.Add(12*time.Hour), 100); len(found) != len(recs) {
		t.Errorf("%d of %d are due", len(found), len(recs))
	}
}
