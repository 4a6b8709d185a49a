package local

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/sync/semaphore"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// schema keeps one row for each record. Times are seconds since 1970, 0 for never.
const schema = `
CREATE TABLE IF NOT EXISTS records (
	tbl TEXT NOT NULL, partition TEXT NOT NULL, row TEXT NOT NULL,
	value BLOB NOT NULL, etag TEXT NOT NULL, due INTEGER NOT NULL,
	PRIMARY KEY (tbl, partition, row)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS records_due ON records (due, tbl, partition, row) WHERE due > 0;`

// patience is how long another process's use of the database is waited for by default.
const patience = 15 * time.Second

// scrubInterval is how long an erased value may stay in the write-ahead log.
const scrubInterval = 2 * time.Second

// handles bounds the connections to the database: each holds three descriptors. Calls beyond it wait and hold none.
const handles = 8

// openRecords opens the database. Deleted values are overwritten (secure_delete), every commit is on disk when it returns
// (synchronous), and another process's writes are waited for (busy_timeout). A database that cannot be used is no error: its
// calls fail and Check says why, so that files beside it can still be erased by their own time.
func openRecords(ctx context.Context, root *os.Root, file string, space *Space, patience time.Duration) (*Records, error) {
	pragmas := url.Values{"_pragma": {
		fmt.Sprintf("busy_timeout(%d)", patience.Milliseconds()), "journal_mode(WAL)", "synchronous(FULL)", "secure_delete(ON)", "temp_store(MEMORY)",
	}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: url.PathEscape(file), RawQuery: pragmas.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db.SetMaxOpenConns(handles)
	db.SetMaxIdleConns(0) // a connection to a database that is put back must be new
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	r := &Records{db: db, log: file + "-wal", space: space, patience: patience, inUse: semaphore.NewWeighted(handles), stop: stop}
	r.prepare(ctx, root)
	r.done.Go(func() { r.keep(background, root) })
	return r, nil
}

// prepare makes the database usable, or notes why it is not.
func (r *Records) prepare(ctx context.Context, root *os.Root) {
	err := r.try(func() error { return makeTables(ctx, root, r.db, r.patience) })
	if err != nil {
		r.unready.Store(&err)
		return
	}
	r.db.SetMaxIdleConns(handles)
	r.unready.Store(nil)
}

// makeTables makes what is not there yet. Processes that start at once may meet while one of them turns the write-ahead log
// on, or the last one before them takes it away: SQLite then answers "busy" at once, whatever busy_timeout says.
func makeTables(ctx context.Context, root *os.Root, db *sql.DB, patience time.Duration) error {
	// The journals that SQLite makes take the mode of the database file.
	f, err := root.OpenFile(databaseFile, os.O_CREATE|os.O_RDWR, fileMode)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return fmt.Errorf("make database file: %w", err)
	}
	_, err = backoff.Retry(ctx, func() (struct{}, error) {
		_, err := db.ExecContext(ctx, schema)
		if code(err) == sqlite3.SQLITE_BUSY {
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

// Refresh replaces the connections that nobody uses: their memory holds pages of the database as they were. One is open at
// any time, since the last one to go would take the write-ahead log along, and who opens the next would find it busy.
func (r *Records) Refresh(ctx context.Context) error {
	if r.unready.Load() != nil {
		return nil
	}
	old, err := r.db.Conn(ctx)
	if err != nil {
		return failed(err)
	}
	r.db.SetMaxIdleConns(0)
	r.db.SetMaxIdleConns(handles)
	fresh, err := r.db.Conn(ctx)
	if err == nil {
		err = fresh.PingContext(ctx)
	}
	if err != nil {
		return failed(errors.Join(err, old.Close()))
	}
	err = old.Raw(func(any) error { return driver.ErrBadConn }) // the pool closes it
	if errors.Is(err, driver.ErrBadConn) {
		err = nil
	}
	return failed(errors.Join(err, fresh.Close()))
}

// keep empties the write-ahead log soon after each burst of writes, whichever process wrote, and the log that a killed
// process left. What a reader keeps it from doing it does the next time. A database that could not be used is tried again,
// and so is a reserve that had no room.
func (r *Records) keep(ctx context.Context, root *os.Root) {
	tick := time.NewTicker(scrubInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = r.space.Restore(ctx) // likewise
			if r.unready.Load() != nil {
				r.prepare(ctx, root)
			} else if log, err := os.Stat(r.log); err == nil && log.Size() > 0 {
				_ = r.scrubOnce(ctx) // the next tick tries again
			}
		}
	}
}

const (
	// scrubTurn is how long one try at emptying the log waits until no statement of this process runs. Those that come
	// meanwhile wait too.
	scrubTurn = 5 * time.Second
	// scrubWait is how long it then waits for other processes, and how long it pauses before the next try.
	scrubWait = 250 * time.Millisecond
)

// Scrub empties the write-ahead log, in which values that were erased or replaced since the last time can still be found.
// It happens by itself within seconds; a caller that must know calls it. However much the database is used by this process,
// it has its turn; another process is waited for.
func (r *Records) Scrub(ctx context.Context) error {
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := r.scrubOnce(ctx)
		if err != nil && !errors.Is(err, errBusy) {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(backoff.NewConstantBackOff(scrubWait)), backoff.WithMaxElapsedTime(r.patience))
	return failed(err)
}

// scrubOnce is one try. SQLite waits neither for another checkpoint nor longer than its busy_timeout for readers, of whom new
// ones come all the time: those of this process are held back meanwhile.
func (r *Records) scrubOnce(ctx context.Context) error {
	turn, done := context.WithTimeout(ctx, scrubTurn)
	defer done()
	if r.inUse.Acquire(turn, handles) != nil {
		return cmp.Or(ctx.Err(), errBusy)
	}
	defer r.inUse.Release(handles)
	conn, err := r.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // gives it back
	var busy, frames, moved int
	if _, err := conn.ExecContext(ctx, busyTimeout(scrubWait)); err != nil {
		return err
	}
	err = r.try(func() error {
		return conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &moved)
	})
	if _, resetErr := conn.ExecContext(context.WithoutCancel(ctx), busyTimeout(r.patience)); resetErr != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // so that nobody gets it
	}
	if err == nil && busy != 0 {
		err = errBusy
	}
	return err
}

func busyTimeout(d time.Duration) string {
	return fmt.Sprintf("PRAGMA busy_timeout(%d)", d.Milliseconds())
}

var errBusy = errors.New("the database is in use")

// close empties the log, unless another process uses the database: that one does it then.
func (r *Records) close() error {
	r.stop()
	r.done.Wait()
	var err error
	if r.Check(context.Background()) == nil {
		err = r.scrubOnce(context.Background())
	}
	if errors.Is(err, errBusy) {
		err = nil
	}
	return errors.Join(failed(err), r.db.Close())
}

// use runs a statement on the tables. It waits while the log is emptied.
func (r *Records) use(ctx context.Context, statement func() error) error {
	if err := r.inUse.Acquire(ctx, 1); err != nil {
		return err
	}
	defer r.inUse.Release(1)
	return r.try(statement)
}

// try runs a statement, with the room of the reserve if it needs it, and remembers a damage that it met.
func (r *Records) try(statement func() error) error {
	err := r.space.spend(statement)
	if c := code(err); c == sqlite3.SQLITE_CORRUPT || c == sqlite3.SQLITE_NOTADB {
		r.damaged.Store(true)
	}
	return err
}

// Erasing returns how the database erases, as SQLite's pragmas secure_delete and journal_mode say, from a connection like
// every other: the first is a property of connections.
func (r *Records) Erasing(ctx context.Context) (secureDelete int, journal string, err error) {
	if err := r.db.QueryRowContext(ctx, "PRAGMA secure_delete").Scan(&secureDelete); err != nil {
		return 0, "", unavailable(err)
	}
	if err := r.db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&journal); err != nil {
		return 0, "", unavailable(err)
	}
	return secureDelete, journal, nil
}

// Check returns nil while the database can be used, else what is wrong and the remedy.
func (r *Records) Check(context.Context) error {
	why := r.unready.Load()
	switch {
	case r.damaged.Load():
		return errors.New("the database is damaged: stop the server and repair it (sqlite3's .recover), or move it away and start with a new one; " +
			"documents whose records are lost are erased")
	case why == nil:
		return nil
	case code(*why) == sqlite3.SQLITE_BUSY:
		return errors.New("another program has locked the database: stop that program")
	case full(*why):
		return errors.New("the disk of the data folder is full: free some space")
	default:
		return errors.New("the database cannot be opened: the data folder must belong to the user that the server runs as")
	}
}

// Damaged checks the whole database for damage, which costs about a second for a gigabyte.
func (r *Records) Damaged(ctx context.Context) bool {
	var verdict string
	err := r.try(func() error { return r.db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict) })
	if err == nil && verdict != "ok" {
		r.damaged.Store(true)
	}
	return r.damaged.Load()
}

// code returns SQLite's primary result code, 0 for an error that is not its own.
func code(err error) int {
	if refused, ok := errors.AsType[*sqlite.Error](err); ok {
		return refused.Code() & 0xff
	}
	return 0
}

// full reports whether an error says that there is no room.
func full(err error) bool {
	return noSpace(err) || code(err) == sqlite3.SQLITE_FULL
}

// mayBeFull reports whether an error of SQLite can come from want of room for its journals.
func mayBeFull(err error) bool {
	c := code(err)
	return c == sqlite3.SQLITE_IOERR || c == sqlite3.SQLITE_CANTOPEN
}

// failed classifies an error of the database. Values are never part of its text.
func failed(err error) error {
	switch {
	case err == nil:
		return nil
	case full(err):
		return fault.Wrap(err, fault.StorageFull, "the disk of the data folder is full: free some space")
	default:
		return fault.Wrap(err, fault.StorageUnavailable, "the database did not answer; try again")
	}
}
