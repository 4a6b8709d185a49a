// Package accesslog is the access log: every privileged act with who, what, when and why. The text is an append-only record
// in storage; the ledger contains a commitment to it. So a reader can verify when an entry was made and that none was
// removed, while the ledger itself reveals nothing.
package accesslog

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// kind is what the ledger calls such an entry.
const kind = "access"

// formatVersion is the version of the record's encoding. A record of a newer one is refused.
const formatVersion = 1

// Ledger takes commitments. *ledger.Log implements it.
type Ledger interface {
	// Commit hands in an entry of that kind. Success means that it will be in the log.
	Commit(ctx context.Context, kind, subject string, at time.Time) error
}

// Log writes and reads the access log.
type Log struct {
	records storage.Records
	ledger  Ledger
	life    time.Duration
	now     func() time.Time
	log     *slog.Logger
}

// New returns the log over the records. Entries are forgotten after life: the sweep finds them by their due time.
func New(records storage.Records, l Ledger, life time.Duration, now func() time.Time, log *slog.Logger) *Log {
	return &Log{records: records, ledger: l, life: life, now: now, log: log}
}

// record is what is stored. The text is kept as the ledger committed to it.
type record struct {
	Version int    `json:"v"`
	Text    string `json:"text"`
	Nonce   string `json:"nonce"`
}

// Record writes an act; its time is now. Whoever grants something calls it first and grants nothing if it fails.
//
// The text is written before the commitment. After a crash in between there is a text that the ledger does not know, of an
// act that was not granted; a commitment without a text is always one whose text was taken away, or has been forgotten.
func (l *Log) Record(ctx context.Context, e Entry) error {
	e.At = l.now().UTC().Truncate(time.Millisecond)
	if err := e.check(); err != nil {
		return err
	}
	o := Opened{e, ledger.NewNonce()}
	value, err := json.Marshal(record{formatVersion, e.Text(), o.Nonce})
	if err != nil {
		return fmt.Errorf("encode entry of the access log: %w", err)
	}
	rec := storage.Record{Key: newKey(e), Value: value, Due: e.At.Add(l.life)}
	if _, err := l.records.Put(ctx, rec); err != nil {
		return fmt.Errorf("write access log: %w", err)
	}
	if err := l.ledger.Commit(ctx, kind, o.Commitment(), e.At); err != nil {
		return fmt.Errorf("commit to access log: %w", err)
	}
	l.log.InfoContext(ctx, logevent.AccessRecorded, "act", string(e.Act), "application", e.Application, "who", e.Who, "scope", e.Scope, "task", e.Task, "case", e.Case)
	return nil
}

func newKey(e Entry) storage.Key {
	random := make([]byte, 8)
	_, _ = rand.Read(random) // never fails
	return storage.Key{Table: storage.AccessLog, Partition: e.Application, Row: rowAt(e.At) + "!" + hex.EncodeToString(random)}
}

// rowAt begins the rows of a time. Rows of one application are in order of time.
func rowAt(at time.Time) string { return fmt.Sprintf("%013d", max(0, at.UnixMilli())) }

// Query selects entries. They come by application, and for each of them by time.
type Query struct {
	Application string    // empty for all
	Since       time.Time // zero for the oldest
	After       string    // cursor of the page before; empty for the first
	Limit       int
}

// List returns a page of entries and the cursor of the next one, empty on the last.
func (l *Log) List(ctx context.Context, q Query) (page []Opened, next string, err error) {
	since := rowAt(q.Since)
	stored := storage.Query{Table: storage.AccessLog, Partition: q.Application, Limit: q.Limit}
	switch {
	case q.After != "":
		if stored.After, err = parseCursor(q.After); err != nil {
			return nil, "", err
		}
	case q.Application != "" && !q.Since.IsZero():
		stored.After = storage.Key{Partition: q.Application, Row: since}
	}
	for {
		recs, err := l.records.List(ctx, stored)
		if err != nil {
			return nil, "", fmt.Errorf("read access log: %w", err)
		}
		skip := false
		for _, rec := range recs {
			stored.After = rec.Key
			if !q.Since.IsZero() && rec.Row < since {
				// The rest of what this application did before is passed over in one step.
				stored.After.Row, skip = since, true
				break
			}
			o, err := decode(rec)
			if err != nil {
				return nil, "", err
			}
			if page = append(page, o); len(page) == q.Limit {
				return page, stored.After.Partition + cursorMark + stored.After.Row, nil
			}
		}
		if !skip && len(recs) < stored.Limit {
			return page, "", nil
		}
	}
}

// cursorMark stands in no part of a key.
const cursorMark = "~"

func parseCursor(cursor string) (storage.Key, error) {
	partition, row, _ := strings.Cut(cursor, cursorMark)
	key := storage.Key{Table: storage.AccessLog, Partition: partition, Row: row}
	if key.Check() != nil {
		return storage.Key{}, fault.New(fault.BadField, "the cursor must be the one from the previous page; leave it out for the first page").In("after")
	}
	return key, nil
}

func decode(rec storage.Record) (Opened, error) {
	var r record
	if err := json.Unmarshal(rec.Value, &r); err != nil {
		return Opened{}, fmt.Errorf("decode entry of the access log: %w", err)
	}
	if r.Version != formatVersion {
		return Opened{}, fmt.Errorf("entry of the access log has format %d, want %d", r.Version, formatVersion)
	}
	e, err := ParseEntry(r.Text)
	return Opened{e, r.Nonce}, err
}
