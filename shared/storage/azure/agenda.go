package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/dueindex"
)

// enter writes the due entry of a record that is about to be written.
func (r *Records) enter(ctx context.Context, rec storage.Record) error {
	if rec.Due.IsZero() {
		return nil
	}
	_, value, err := encodeEntry(rec)
	if err != nil {
		return err
	}
	_, err = r.table(dueindex.Table).UpsertEntity(ctx, value, &aztables.UpsertEntityOptions{UpdateMode: aztables.UpdateModeReplace})
	return classify(err)
}

// entry returns the keys of a due entry.
func entry(d storage.Due) (partition, row string) { return dueindex.Hour(d.At), dueindex.Row(d) }

// encodeEntry returns the due entry of a record, and its partition.
func encodeEntry(rec storage.Record) (partition string, value []byte, err error) {
	partition, row := entry(storage.Due{Key: rec.Key, At: rec.Due})
	value, err = json.Marshal(aztables.EDMEntity{Entity: aztables.Entity{PartitionKey: partition, RowKey: row}})
	if err != nil {
		return "", nil, fmt.Errorf("encode due entry: %w", err)
	}
	return partition, value, nil
}

// Due reads whole hours that are over, then the part of the current hour.
func (r *Records) Due(ctx context.Context, now time.Time, after *storage.Due, limit int) ([]storage.Due, error) {
	if err := storage.CheckLimit(limit); err != nil {
		return nil, err
	}
	var found []storage.Due
	for _, filter := range dueFilters(now, after) {
		err := r.query(ctx, dueindex.Table, filter, limit-len(found), func(value []byte) error {
			var e aztables.EDMEntity
			if err := json.Unmarshal(value, &e); err != nil {
				return fmt.Errorf("decode due entry: %w", err)
			}
			d, err := dueindex.Parse(e.RowKey)
			found = append(found, d)
			return err
		})
		if err != nil || len(found) == limit {
			return found, err
		}
	}
	return found, nil
}

// dueFilters returns ranges in the order of time.
func dueFilters(now time.Time, after *storage.Due) []string {
	hour, end := dueindex.Hour(now), dueindex.End(now)
	if after == nil {
		return []string{
			fmt.Sprintf("PartitionKey lt '%s'", hour),
			fmt.Sprintf("PartitionKey eq '%s' and RowKey lt '%s'", hour, end),
		}
	}
	from, row := entry(*after)
	if from == hour {
		return []string{fmt.Sprintf("PartitionKey eq '%s' and RowKey gt '%s' and RowKey lt '%s'", hour, row, end)}
	}
	return []string{
		fmt.Sprintf("PartitionKey eq '%s' and RowKey gt '%s'", from, row),
		fmt.Sprintf("PartitionKey gt '%s' and PartitionKey lt '%s'", from, hour),
		fmt.Sprintf("PartitionKey eq '%s' and RowKey lt '%s'", hour, end),
	}
}

// Settle removes an entry that its record does not carry. An entry younger than a Put can take is left alone: its record
// may be about to be written. The entry's own ETag guards against one that is entered anew meanwhile.
func (r *Records) Settle(ctx context.Context, d storage.Due) error {
	partition, row := entry(d)
	resp, err := r.table(dueindex.Table).GetEntity(ctx, partition, row, nil)
	if err = classify(err); errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var e aztables.EDMEntity
	if err := json.Unmarshal(resp.Value, &e); err != nil {
		return fmt.Errorf("decode due entry: %w", err)
	}
	if r.now().Sub(time.Time(e.Timestamp)) < r.settleAfter {
		return nil
	}
	rec, err := r.Get(ctx, d.Key)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	if err == nil && rec.Due.Equal(d.At) {
		return nil
	}
	match := azcore.ETag(e.ETag)
	_, err = r.table(dueindex.Table).DeleteEntity(ctx, partition, row, &aztables.DeleteEntityOptions{IfMatch: &match})
	err = classify(err)
	if errors.Is(err, fault.NotFound) || errors.Is(err, fault.ETagMismatch) {
		return nil
	}
	return err
}
