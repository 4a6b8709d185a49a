package local_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/lethe-ocr/lethe/shared/storage"
)

func TestRefreshDisturbsNobody(t *testing.T) {
	s := open(t, t.TempDir(), true)
	key := storage.Key{Table: storage.Tasks, Partition: "p", Row: "r"}
	if _, err := s.Records.Put(t.Context(), storage.Record{Key: key, Value: []byte("value")}); err != nil {
		t.Fatal(err)
	}
	var users sync.WaitGroup
	for n := range 6 {
		users.Go(func() {
			for i := range 30 {
				if _, err := s.Records.Get(t.Context(), key); err != nil {
					t.Errorf("read: %v", err)
				}
				mine := storage.Key{Table: storage.Tasks, Partition: "p", Row: strings.Repeat("x", n+1) + strings.Repeat("y", i+1)}
				if _, err := s.Records.Put(t.Context(), storage.Record{Key: mine, Value: []byte("value")}); err != nil {
					t.Errorf("write: %v", err)
				}
			}
		})
	}
	for range 20 {
		if err := s.Records.Refresh(t.Context()); err != nil {
			t.Errorf("refresh: %v", err)
		}
	}
	users.Wait()
}
