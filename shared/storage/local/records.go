package local

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Records implements storage.Records and storage.Agenda in SQLite. The due time is a column with an index, so the index
// cannot disagree with the records.
type Records struct {
	db       *sql.DB
	log      string // the file of the write-ahead log
	space    *Space
	patience time.Duration
	inUse    *semaphore.Weighted // one for each statement that runs, all of them for emptying the log
	stop     context.CancelFunc
	done     sync.WaitGroup

	unready atomic.Pointer[error] // why the database cannot be used yet; nil once it can
	damaged atomic.Bool           // SQLite said so
}

var (
	_ storage.Records = (*Records)(nil)
	_ storage.Creator = (*Records)(nil)
	_ storage.Agenda  = (*Records)(nil)
)

// freshEtag makes a version that no other write has.
const freshEtag = "lower(hex(randomblob(12)))"

// insertNew stores a record unless there is one under its key.
const insertNew = "INSERT INTO records VALUES (?, ?, ?, ?, " + freshEtag + ", ?) ON CONFLICT DO NOTHING"

// Get reads a record.
func (r *Records) Get(ctx context.Context, key storage.Key) (storage.Record, error) {
	if err := key.Check(); err != nil {
		return storage.Record{}, err
	}
	rec := storage.Record{Key: key}
	var due int64
	err := r.use(ctx, func() error {
		return r.db.QueryRowContext(ctx, "SELECT value, etag, due FROM records WHERE tbl=? AND partition=? AND row=?",
			key.Table, key.Partition, key.Row).Scan(&rec.Value, &rec.ETag, &due)
	})
	if errors.Is(err, sql.ErrNoRows) && !r.damaged.Load() { // what a damaged database does not find may have been there
		return storage.Record{}, fault.New(fault.ThingNotFound, "there is no such record")
	}
	rec.Due = timeOf(due)
	return rec, failed(err)
}

// Put creates or replaces a record in one statement.
func (r *Records) Put(ctx context.Context, rec storage.Record) (string, error) {
	if err := rec.Check(); err != nil {
		return "", err
	}
	if rec.Value == nil {
		rec.Value = []byte{}
	}
	statement := insertNew + " RETURNING etag"
	values := []any{rec.Table, rec.Partition, rec.Row, rec.Value, secondsOf(rec.Due)}
	if rec.ETag != "" {
		statement = "UPDATE records SET value=?, due=?, etag=" + freshEtag + " WHERE tbl=? AND partition=? AND row=? AND etag=? RETURNING etag"
		values = []any{rec.Value, secondsOf(rec.Due), rec.Table, rec.Partition, rec.Row, rec.ETag}
	}
	var etag string
	err := r.use(ctx, func() error { return r.db.QueryRowContext(ctx, statement, values...).Scan(&etag) })
	switch {
	case errors.Is(err, sql.ErrNoRows) && rec.ETag == "":
		return "", fault.New(fault.AlreadyExists, "the record exists already")
	case errors.Is(err, sql.ErrNoRows):
		return "", fault.New(fault.ETagMismatch, "the record changed since it was read")
	}
	return etag, failed(err)
}

// Delete removes a record.
func (r *Records) Delete(ctx context.Context, key storage.Key, etag string) error {
	if err := key.Check(); err != nil {
		return err
	}
	var n int64
	err := r.use(ctx, func() error {
		res, err := r.db.ExecContext(ctx, "DELETE FROM records WHERE tbl=? AND partition=? AND row=? AND (?='' OR etag=?)",
			key.Table, key.Partition, key.Row, etag, etag)
		if err == nil {
			n, err = res.RowsAffected()
		}
		return err
	})
	if err != nil || n > 0 || etag == "" {
		return failed(err)
	}
	_, err = r.Get(ctx, key)
	switch {
	case errors.Is(err, fault.NotFound):
		return nil
	case err != nil:
		return err
	default:
		return fault.New(fault.ETagMismatch, "the record changed since it was read")
	}
}

// List reads records in order of their keys.
func (r *Records) List(ctx context.Context, q storage.Query) ([]storage.Record, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	return query(ctx, r, func(rows *sql.Rows) (storage.Record, error) {
		rec := storage.Record{Key: storage.Key{Table: q.Table}}
		var due int64
		err := rows.Scan(&rec.Partition, &rec.Row, &rec.Value, &rec.ETag, &due)
		rec.Due = timeOf(due)
		return rec, err
	}, `SELECT partition, row, value, etag, due FROM records
		WHERE tbl=? AND (?='' OR partition=?) AND (partition, row) > (?, ?) ORDER BY partition, row LIMIT ?`,
		q.Table, q.Partition, q.Partition, q.After.Partition, q.After.Row, q.Limit)
}

// query returns the rows of a query.
func query[T any](ctx context.Context, r *Records, scan func(*sql.Rows) (T, error), statement string, args ...any) ([]T, error) {
	var found []T
	err := r.use(ctx, func() (err error) {
		found = nil
		rows, err := r.db.QueryContext(ctx, statement, args...)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		for rows.Next() {
			one, err := scan(rows)
			if err != nil {
				return err
			}
			found = append(found, one)
		}
		return rows.Err()
	})
	return found, failed(err)
}

// Due reads the index in its own order.
func (r *Records) Due(ctx context.Context, now time.Time, after *storage.Due, limit int) ([]storage.Due, error) {
	if err := storage.CheckLimit(limit); err != nil {
		return nil, err
	}
	var from storage.Due
	if after != nil {
		from = *after
	}
	return query(ctx, r, func(rows *sql.Rows) (storage.Due, error) {
		var d storage.Due
		var at int64
		err := rows.Scan(&at, &d.Table, &d.Partition, &d.Row)
		d.At = timeOf(at)
		return d, err
	}, `SELECT due, tbl, partition, row FROM records
		WHERE due > 0 AND due <= ? AND (due, tbl, partition, row) > (?, ?, ?, ?) ORDER BY due, tbl, partition, row LIMIT ?`,
		now.Unix(), secondsOf(from.At), from.Table, from.Partition, from.Row, limit)
}

// Settle has nothing to do: entries are deleted with their records.
func (r *Records) Settle(ctx context.Context, _ storage.Due) error { return storage.CheckContext(ctx) }

func secondsOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func timeOf(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
