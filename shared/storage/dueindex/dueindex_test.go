package dueindex_test

import (
	"slices"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/dueindex"
)

// Rows are stored: an index that an earlier program wrote is read by this one.
func TestRowSaysTheWholeEntry(t *testing.T) {
	d := storage.Due{Key: storage.Key{Table: storage.Tasks, Partition: "app!20260930", Row: "task"}, At: time.Unix(1790812799, 0).UTC()}
	const row = "1790812799 tasks app!20260930 task"
	if got := dueindex.Row(d); got != row {
		t.Errorf("row %q, want %q", got, row)
	}
	if got := dueindex.Hour(d.At.In(time.FixedZone("", 3600))); got != "2026093023" {
		t.Errorf("hour %s", got)
	}
	if got, err := dueindex.Parse(row); got != d || err != nil {
		t.Errorf("%+v, %v; want %+v", got, err, d)
	}
}

func TestRowsSortAsTheirEntries(t *testing.T) {
	at := time.Unix(999_999_999, 0) // whose successor has a digit more
	due := func(at time.Time, table storage.Table, partition, row string) storage.Due {
		return storage.Due{Key: storage.Key{Table: table, Partition: partition, Row: row}, At: at}
	}
	ordered := []storage.Due{
		due(at, storage.Tasks, "a", "a"), due(at, storage.Tasks, "a", "b"), due(at, storage.Tasks, "a!", "a"), due(at, storage.Tasks, "ab", "a"),
		due(at, storage.Usage, "a", "a"), due(at.Add(time.Second), storage.Cases, "a", "a"),
	}
	if !slices.IsSortedFunc(ordered, storage.Due.Compare) {
		t.Fatal("the entries of this test are not in order")
	}
	rows := make([]string, len(ordered))
	for n, d := range ordered {
		rows[n] = dueindex.Row(d)
	}
	if !slices.IsSorted(rows) {
		t.Errorf("%q", rows)
	}
	if end := dueindex.End(at); rows[4] >= end || end >= rows[5] {
		t.Errorf("%q divides %q", end, rows)
	}
}

func TestParseRefusesOtherRows(t *testing.T) {
	for _, row := range []string{"", "1790812799", "1790812799 tasks app", "1790812799 tasks app task more", "soon tasks app task", "1790812799 tasks app ta'sk"} {
		if d, err := dueindex.Parse(row); err == nil {
			t.Errorf("%q is %+v", row, d)
		}
	}
}
