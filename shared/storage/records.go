package storage

import (
	"context"
	"strings"
	"time"
)

// Table is a kind of record. Tables are fixed at compile time: drivers create them all.
type Table string

// The tables.
const (
	Tasks        Table = "tasks"        // partition <application>!<yyyymmdd>, row <task id>
	Applications Table = "applications" // partition "applications", row <application id>; partition "aliases", row <digest of a name at ABBYY>
	Idempotency  Table = "idempotency"  // partition <application>, row <hash of the key>
	Usage        Table = "usage"        // partition <application>, row <yyyymmdd>, or <yyyymmdd>!<number> of what was processed, or open; of people inside-<digest>-<yyyymmdd> or -open
	State        Table = "state"        // partition <subject>, row <name>: last sweep and the like
	Pending      Table = "pending"      // partition "log", row <kind>!<subject>: entries that wait to be sequenced in the ledger
	Receipts     Table = "receipts"     // partition <first two characters>, row <subject>: where a receipt stands in the ledger
	AccessLog    Table = "accesslog"    // partition <application>, row <time>!<id>: who did what, and why
	Parts        Table = "parts"        // partition <application>, row <task id>!<round>!<number>: parts of documents under way
	Cases        Table = "cases"        // partition "cases", row <case id>: exceptional reviews
	Webhooks     Table = "webhooks"     // partition <application>, row <endpoint id>: where it is told of its tasks
	Deliveries   Table = "deliveries"   // partition <application>, row <time>!<task id>!<sequence>!<endpoint id>: of one event to one endpoint
)

// WhenDue is what it means that a record of a table is due.
type WhenDue string

// The meanings.
const (
	Attend     WhenDue = "attend"      // it wants a decision: a deadline has passed, or an event or a worker may be lost
	AttendPart WhenDue = "attend part" // its message or its worker may be lost, or its task needs it no more
	Deliver    WhenDue = "deliver"     // it is to be sent, or has served its time and is deleted
	Forget     WhenDue = "forget"      // it has served its time and is deleted
	NeverDue   WhenDue = "never due"   // it goes in another way
)

// Saved is what of a table belongs to the saved state of a place, from which a place whose disk was lost is made anew.
type Saved string

// The answers.
const (
	SavedWhole  Saved = "whole"       // every record
	SavedLedger Saved = "ledger only" // the partition "ledger"
	SavedCounts Saved = "counts"      // of what was processed by day, and not those of what is open or counts against caps
	NotSaved    Saved = "not saved"   // it is of documents, or is made anew
)

// registered lists every table with what being due means for it, and what of it is saved. A new table is a constant and a row.
func registered() []struct {
	Table
	WhenDue
	Saved
} {
	return []struct {
		Table
		WhenDue
		Saved
	}{
		{Tasks, Attend, NotSaved},
		{Applications, NeverDue, SavedWhole}, // goes when it is revoked
		{Idempotency, Forget, NotSaved},      // the key may be used anew
		{Usage, Forget, SavedCounts},         // the day's counts have served their time; the count of open tasks of an application is never due
		{State, NeverDue, SavedLedger},       // replaced in its place
		{Pending, NeverDue, SavedWhole},      // goes when the ledger has the entry
		{Receipts, Forget, NotSaved},         // the tombstone goes too, and nobody asks for the position of its receipt any more
		{AccessLog, Forget, NotSaved},
		{Parts, AttendPart, NotSaved},
		{Cases, Forget, NotSaved},
		{Webhooks, Forget, SavedWhole}, // of an endpoint that answered no challenge; the others go when they are removed
		{Deliveries, Deliver, NotSaved},
	}
}

// Tables lists every table.
func Tables() []Table {
	var all []Table
	for _, r := range registered() {
		all = append(all, r.Table)
	}
	return all
}

// WhenDue returns what being due means. It is empty for a table that this program does not know: a newer one may have written
// it, and no record is deleted because nobody knew it.
func (t Table) WhenDue() WhenDue {
	for _, r := range registered() {
		if r.Table == t {
			return r.WhenDue
		}
	}
	return ""
}

// Saved returns what of the table belongs to the saved state. It is NotSaved for a table that this program does not know.
func (t Table) Saved() Saved {
	for _, r := range registered() {
		if r.Table == t {
			return r.Saved
		}
	}
	return NotSaved
}

// Key names a record. Partition and Row are 1 to 200 characters of letters, digits and - _ . ! only.
type Key struct {
	Table     Table
	Partition string
	Row       string
}

// Saved reports whether the record belongs to the saved state of its place.
func (k Key) Saved() bool {
	switch k.Table.Saved() {
	case SavedWhole:
		return true
	case SavedLedger:
		return k.Partition == "ledger"
	case SavedCounts:
		return strings.Contains(k.Row, "!")
	case NotSaved:
	}
	return false
}

// MaxValue is the largest Record.Value in bytes, so that a record fits one property of an Azure table.
const MaxValue = 60 << 10

// Record is a small versioned value.
type Record struct {
	Key
	Value []byte
	ETag  string    // version as read; empty for a record that must not exist yet
	Due   time.Time // when the record wants attention again; zero for never. Whole seconds are kept, the rest is cut off
}

// Records stores small records with compare-and-swap. Every success is durable on return.
type Records interface {
	// Get reads a record. An absent one is a fault of kind NotFound.
	Get(ctx context.Context, key Key) (Record, error)
	// Put creates the record when ETag is empty (it exists: fault.AlreadyExists) and replaces it when ETag is the current
	// one (it is not, or the record is gone: fault.ETagMismatch). It returns the new ETag. When Due is set, the due index
	// knows it before the record does: after a crash in between the index has an entry too many, never one too few.
	Put(ctx context.Context, rec Record) (etag string, err error)
	// Delete removes a record if etag is current, or whatever its version if etag is empty. An absent record is success.
	Delete(ctx context.Context, key Key, etag string) error
	// List returns records of a table: of one partition in order of rows, or of all of them, a partition after the other.
	List(ctx context.Context, q Query) ([]Record, error)
}

// Query selects records of one table. Rows of a partition come in their order. Partitions come in an order of the store's own,
// which is always the same: After goes on behind its key, whether that still exists or not.
type Query struct {
	Table     Table
	Partition string // empty for all partitions: a full scan
	After     Key    // only records behind this one; its Table is ignored; zero for the beginning
	Limit     int    // at most so many; fewer returned means the end
}

// Due is one entry of the due index: the record may want attention since At. Entries can be stale; the record decides.
// Entries of one time come in the order of their keys.
type Due struct {
	Key
	At time.Time
}

// Agenda is the due index over all tables. Reading it costs in proportion to what is due, not to what is stored.
type Agenda interface {
	// Due returns up to limit entries with At not after now, oldest first, that come after the entry after (nil for the
	// beginning). Fewer than limit means the end.
	Due(ctx context.Context, now time.Time, after *Due, limit int) ([]Due, error)
	// Settle forgets an entry, if the record does not carry that very due time any more. Settling twice is success.
	Settle(ctx context.Context, d Due) error
}
