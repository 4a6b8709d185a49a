package local_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/storage"
)

// Readers and writers never pause, and several erasures want the log empty at once, beside the server's own rounds.
func TestJournalIsEmptiedHoweverMuchTheDatabaseIsUsed(t *testing.T) {
	s := open(t, t.TempDir(), true)
	record := func(n int) storage.Record {
		return storage.Record{Key: storage.Key{Table: storage.Tasks, Partition: "p", Row: strconv.Itoa(n)}, Value: make([]byte, 1000)}
	}
	for n := range 500 {
		if _, err := s.Records.Put(t.Context(), record(n)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	var others, erasures sync.WaitGroup
	for range 12 {
		others.Go(func() {
			for ctx.Err() == nil {
				_, _ = s.Records.List(ctx, storage.Query{Table: storage.Tasks, Limit: 500})
			}
		})
	}
	others.Go(func() {
		for n := 500; ctx.Err() == nil; n++ {
			_, _ = s.Records.Put(ctx, record(n))
		}
	})
	for range 4 {
		erasures.Go(func() {
			for range 10 {
				if err := s.Records.Scrub(t.Context()); err != nil {
					t.Errorf("the log is not emptied: %v", err)
				}
			}
		})
	}
	erasures.Wait()
	stop()
	others.Wait()
}

func TestStatementThatWaitsForTheJournalEndsWithItsContext(t *testing.T) {
	s := open(t, t.TempDir(), true)
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	<-ctx.Done()
	if _, err := s.Records.List(ctx, storage.Query{Table: storage.Tasks, Limit: 1}); err == nil {
		t.Error("a statement ran without a context")
	}
}
