package storage_test

import (
	"slices"
	"testing"

	"github.com/lethe-ocr/lethe/shared/storage"
)

func TestEveryTableSaysWhetherItIsSaved(t *testing.T) {
	for _, table := range storage.Tables() {
		if !slices.Contains([]storage.Saved{storage.SavedWhole, storage.SavedLedger, storage.SavedCounts, storage.NotSaved}, table.Saved()) {
			t.Errorf("table %s does not say what of it belongs to the saved state", table)
		}
	}
	if got := storage.Table("unknown").Saved(); got != storage.NotSaved {
		t.Errorf("a table that nobody knows: %s", got)
	}
}

func TestOfTheStateOnlyTheLedgerIsSaved(t *testing.T) {
	for partition, want := range map[string]bool{"ledger": true, "retention": false, "canary": false, "readiness": false} {
		if got := (storage.Key{Table: storage.State, Partition: partition, Row: "r"}).Saved(); got != want {
			t.Errorf("partition %s: saved %v", partition, got)
		}
	}
}

func TestOfTheCountsThoseOfWhatWasProcessedAreSaved(t *testing.T) {
	for row, want := range map[string]bool{"20261129!0": true, "20261129": false, "open": false} {
		if got := (storage.Key{Table: storage.Usage, Partition: "a", Row: row}).Saved(); got != want {
			t.Errorf("row %s: saved %v", row, got)
		}
	}
}
