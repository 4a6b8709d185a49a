package local_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/storage"
)

// Each commit writes at least one page of 4 KiB to the log: a thousand records take fewer than that.
func TestThousandRecordsAreOneCommit(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, false)
	recs := make([]storage.Record, 1000)
	for i := range recs {
		recs[i] = storage.Record{Key: storage.Key{Table: storage.Tasks, Partition: "p", Row: fmt.Sprint("r", i)}, Value: make([]byte, 100), Due: time.Unix(int64(i), 0)}
	}
	if err := s.Records.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(storage.CreateAll(t.Context(), s.Records, recs)...); err != nil {
		t.Fatal(err)
	}
	logs, err := filepath.Glob(filepath.Join(dir, "*-wal"))
	if err != nil || len(logs) != 1 {
		t.Fatalf("%v, %v", logs, err)
	}
	if log, err := os.Stat(logs[0]); err != nil || log.Size() > 500*4096 {
		t.Errorf("the log grew to %d bytes, %v", log.Size(), err)
	}
}
