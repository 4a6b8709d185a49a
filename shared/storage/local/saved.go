package local

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/lethe-ocr/lethe/shared/storage"
)

// Saved returns every record that belongs to the saved state, all as of one moment, whoever writes meanwhile: it is one
// statement, and SQLite shows one state of the database to it. They come in order of their keys, and all are in memory at once.
func (r *Records) Saved(ctx context.Context) ([]storage.Record, error) {
	var tables []storage.Table
	for _, t := range storage.Tables() {
		if t.Saved() != storage.NotSaved {
			tables = append(tables, t)
		}
	}
	names, err := json.Marshal(tables)
	if err != nil {
		return nil, fmt.Errorf("name tables: %w", err)
	}
	all, err := query(ctx, r, func(rows *sql.Rows) (rec storage.Record, err error) {
		var due int64
		err = rows.Scan(&rec.Table, &rec.Partition, &rec.Row, &rec.Value, &rec.ETag, &due)
		rec.Due = timeOf(due)
		return rec, err
	}, `SELECT tbl, partition, row, value, etag, due FROM records
		WHERE tbl IN (SELECT value FROM json_each(?)) ORDER BY tbl, partition, row`, string(names))
	var saved []storage.Record
	for _, rec := range all {
		if rec.Saved() {
			saved = append(saved, rec)
		}
	}
	return saved, err
}
