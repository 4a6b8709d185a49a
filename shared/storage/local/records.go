package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Records implements storage.Records and storage.Agenda in SQLite. The due time is a column with an index, so the index
// cannot disagree with the records.
type Records struct {
	db   *sql.DB
	log  string // the file of the write-ahead log
	stop context.CancelFunc
	done sync.WaitGroup
}

var (
	_ storage.Records = (*Records)(nil)
	_ storage.Agenda  = (*Records)(nil)
)

// schema keeps one row for each record. Times are seconds since 1970, 0 for never.
const schema = `
CREATE TABLE IF NOT EXISTS records (
	tbl TEXT NOT NULL, partition TEXT NOT NULL, row TEXT NOT NULL,
	value BLOB NOT NULL, etag TEXT NOT NULL, due INTEGER NOT NULL,
	PRIMARY KEY (tbl, partition, row)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS records_due ON records (due, tbl, partition, row) WHERE due > 0;`

// freshEtag makes a version that no other write has.
const freshEtag = "lower(hex(randomblob(12)))"

// patience is how long another process's use of the database is waited for.
const patience = 15 * time.Second

// scrubInterval is how long an erased value may stay in the write-ahead log.
const scrubInterval = 2 * time.Second

// openRecords opens the database. Deleted values are overwritten (secure_delete), every commit is on disk when it returns
// (synchronous), and another process's writes are waited for (busy_timeout).
func openRecords(ctx context.Context, file string) (*Records, error) {
	pragmas := url.Values{"_pragma": {
		fmt.Sprintf("busy_timeout(%d)", patience.Milliseconds()), "journal_mode(WAL)", "synchronous(FULL)", "secure_delete(ON)", "temp_store(MEMORY)",
	}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: url.PathEscape(file), RawQuery: pragmas.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := prepare(ctx, db); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare database: %w", err), db.Close())
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	r := &Records{db: db, log: file + "-wal", stop: stop}
	r.done.Go(func() { r.scrubber(ctx) })
	return r, nil
}

// prepare makes the tables. Processes that start at once may meet while one of them turns the write-ahead log on, or the last
// one before them takes it away: SQLite then answers "busy" at once, whatever busy_timeout says.
func prepare(ctx context.Context, db *sql.DB) error {
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		_, err := db.ExecContext(ctx, schema)
		if refused, ok := errors.AsType[*sqlite.Error](err); ok && refused.Code()&0xff == sqlite3.SQLITE_BUSY {
			return struct{}{}, err
		}
		if err != nil {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(&backoff.ExponentialBackOff{
		InitialInterval: 10 * time.Millisecond, RandomizationFactor: 0.5, Multiplier: 1.5, MaxInterval: time.Second,
	}), backoff.WithMaxElapsedTime(patience))
	return err
}

// scrubber empties the write-ahead log soon after each burst of writes, whichever process wrote, and the log that a killed
// process left. What a reader keeps it from doing it does the next time.
func (r *Records) scrubber(ctx context.Context) {
	tick := time.NewTicker(scrubInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if log, err := os.Stat(r.log); err == nil && log.Size() > 0 {
				_ = r.Scrub(ctx) // the next tick tries again
			}
		}
	}
}

// Scrub empties the write-ahead log, in which values that were erased or replaced since the last time can still be found.
// It happens by itself within seconds; a caller that must know calls it.
func (r *Records) Scrub(ctx context.Context) error {
	var busy, frames, moved int
	err := r.db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &moved)
	if err == nil && busy != 0 {
		err = errBusy
	}
	return failed(err)
}

var errBusy = errors.New("the database is in use")

// close empties the log, unless another process uses the database: that one does it then.
func (r *Records) close() error {
	r.stop()
	r.done.Wait()
	err := r.Scrub(context.Background())
	if errors.Is(err, errBusy) {
		err = nil
	}
	return errors.Join(err, r.db.Close())
}

// failed classifies an error of the database. Values are never part of its text.
func failed(err error) error {
	if err == nil {
		return nil
	}
	return fault.Wrap(err, fault.StorageUnavailable, "the database did not answer; try again")
}

// Get reads a record.
func (r *Records) Get(ctx context.Context, key storage.Key) (storage.Record, error) {
	if err := key.Check(); err != nil {
		return storage.Record{}, err
	}
	rec := storage.Record{Key: key}
	var due int64
	err := r.db.QueryRowContext(ctx, "SELECT value, etag, due FROM records WHERE tbl=? AND partition=? AND row=?",
		key.Table, key.Partition, key.Row).Scan(&rec.Value, &rec.ETag, &due)
	if errors.Is(err, sql.ErrNoRows) {
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
	var row *sql.Row
	if rec.ETag == "" {
		row = r.db.QueryRowContext(ctx, "INSERT INTO records VALUES (?, ?, ?, ?, "+freshEtag+", ?) ON CONFLICT DO NOTHING RETURNING etag",
			rec.Table, rec.Partition, rec.Row, rec.Value, secondsOf(rec.Due))
	} else {
		row = r.db.QueryRowContext(ctx, "UPDATE records SET value=?, due=?, etag="+freshEtag+" WHERE tbl=? AND partition=? AND row=? AND etag=? RETURNING etag",
			rec.Value, secondsOf(rec.Due), rec.Table, rec.Partition, rec.Row, rec.ETag)
	}
	var etag string
	err := row.Scan(&etag)
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
	res, err := r.db.ExecContext(ctx, "DELETE FROM records WHERE tbl=? AND partition=? AND row=? AND (?='' OR etag=?)",
		key.Table, key.Partition, key.Row, etag, etag)
	if err != nil {
		return failed(err)
	}
	n, err := res.RowsAffected()
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
func (r *Records) List(ctx context.Context, q storage.Query) (found []storage.Record, err error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	rows, err := r.db.QueryContext(ctx, `SELECT partition, row, value, etag, due FROM records
		WHERE tbl=? AND (?='' OR partition=?) AND (partition, row) > (?, ?) ORDER BY partition, row LIMIT ?`,
		q.Table, q.Partition, q.Partition, q.After.Partition, q.After.Row, q.Limit)
	if err != nil {
		return nil, failed(err)
	}
	defer func() { err = errors.Join(err, failed(rows.Close())) }()
	for rows.Next() {
		rec := storage.Record{Key: storage.Key{Table: q.Table}}
		var due int64
		if err := rows.Scan(&rec.Partition, &rec.Row, &rec.Value, &rec.ETag, &due); err != nil {
			return nil, failed(err)
		}
		rec.Due = timeOf(due)
		found = append(found, rec)
	}
	return found, failed(rows.Err())
}

// Due reads the index in its own order.
func (r *Records) Due(ctx context.Context, now time.Time, after *storage.Due, limit int) (found []storage.Due, err error) {
	if err := storage.CheckLimit(limit); err != nil {
		return nil, err
	}
	var from storage.Due
	if after != nil {
		from = *after
	}
	rows, err := r.db.QueryContext(ctx, `SELECT due, tbl, partition, row FROM records
		WHERE due > 0 AND due <= ? AND (due, tbl, partition, row) > (?, ?, ?, ?) ORDER BY due, tbl, partition, row LIMIT ?`,
		now.Unix(), secondsOf(from.At), from.Table, from.Partition, from.Row, limit)
	if err != nil {
		return nil, failed(err)
	}
	defer func() { err = errors.Join(err, failed(rows.Close())) }()
	for rows.Next() {
		var d storage.Due
		var at int64
		if err := rows.Scan(&at, &d.Table, &d.Partition, &d.Row); err != nil {
			return nil, failed(err)
		}
		d.At = timeOf(at)
		found = append(found, d)
	}
	return found, failed(rows.Err())
}

// Settle has nothing to do: entries live and go with their records.
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
