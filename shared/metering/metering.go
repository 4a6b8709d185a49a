// Package metering counts what applications had processed, by UTC day: documents, pages and bytes, and nothing that leads to a task.
//
// # Exactly once
//
// Two records cannot be written at once, so an end of processing is counted in three steps. The write that ends the processing puts
// an Ending into the record of the task. Counter.Count adds it to a record of the day and leaves its token there. Then the task's
// record loses the Ending. Whoever finds an Ending in a task, after a death or an error, takes the last two steps again: where the
// token is there already nothing is added. Between reading and replacing the record of the day Count asks whether the task still has
// the Ending, so that one who read the task long ago adds nothing either. The next Count of the process removes the token of the
// one before.
//
// Many instances end documents of one application at once. So that they do not all replace one record, a day has several, and each
// process has one of its own choice.
package metering

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Life is how long the counts of a day are kept after it.
const Life = 400 * day

const day = 24 * time.Hour

// shards is how many records an application's day has at most.
const shards = 8

// mostTokens is how many tokens a record keeps. A process that ends leaves its last one behind, and one that dies those that it was
// about to remove; the oldest go first. Only an Ending that was added, but not taken out of its task before so many processes of
// one shard had ended, would be added again.
const mostTokens = 512

// formatVersion is the version of the format of a record.
const formatVersion = 1

// Counts are numbers of documents whose processing ended.
type Counts struct {
	Documents int64 `json:"documents,omitempty" doc:"Documents whose processing ended first on this day."`
	Failed    int64 `json:"failed,omitempty" doc:"How many of them failed."`
	Pages     int64 `json:"pages,omitempty" doc:"Pages of completed documents; those of a document that was processed again once more."`
	Bytes     int64 `json:"bytes,omitempty" doc:"Bytes of the documents as they were sent."`
}

// Plus adds.
func (c Counts) Plus(o Counts) Counts {
	return Counts{c.Documents + o.Documents, c.Failed + o.Failed, c.Pages + o.Pages, c.Bytes + o.Bytes}
}

// Ending is an end of processing that is to be counted. It is kept in the record of its task until it is.
type Ending struct {
	Row   string `json:"row"`   // of the record that counts it
	Token string `json:"token"` // random
	Counts
}

// record is what is stored.
type record struct {
	Counts
	Tokens []string `json:"tokens,omitempty"` // of Endings that may still be in the records of their tasks
}

// Counter counts endings.
type Counter struct {
	records storage.Records
	shard   string

	mu      sync.Mutex
	settled map[storage.Key][]string // tokens that are not needed any more; guarded by mu
}

// NewCounter returns a counter for a process of that unique name.
func NewCounter(records storage.Records, process string) *Counter {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(process)) // never fails
	return &Counter{records: records, shard: strconv.Itoa(int(sum.Sum32() % shards)), settled: map[storage.Key][]string{}}
}

// End returns what counts so much at a time.
func (c *Counter) End(at time.Time, counts Counts) Ending {
	random := make([]byte, 9)
	_, _ = rand.Read(random) // never fails
	return Ending{Row: rowOf(at) + shardMark + c.shard, Token: base64.RawURLEncoding.EncodeToString(random), Counts: counts}
}

// Count adds an ending to its day, unless it was added before. owed reports whether it is still in the record of its task. Afterwards
// it is to be taken out of there; then Settled is called.
func (c *Counter) Count(ctx context.Context, application string, e Ending, owed func(ctx context.Context) (bool, error)) error {
	at, err := e.day()
	if err != nil {
		return err
	}
	key := storage.Key{Table: storage.Usage, Partition: application, Row: e.Row}
	for {
		rec, r, err := c.read(ctx, key)
		if err != nil || slices.Contains(r.Tokens, e.Token) {
			return err
		}
		if is, err := owed(ctx); err != nil || !is {
			return err
		}
		spent := c.spent(key)
		r.Tokens = slices.DeleteFunc(r.Tokens, func(token string) bool { return slices.Contains(spent, token) })
		r.Tokens = append(r.Tokens, e.Token)
		r.Tokens = r.Tokens[max(0, len(r.Tokens)-mostTokens):]
		r.Counts = r.Plus(e.Counts)
		if rec.Value, err = storage.Encode(formatVersion, r); err != nil {
			return fmt.Errorf("encode usage of a day: %w", err)
		}
		rec.Due = at.Add(day + Life)
		_, err = c.records.Put(ctx, rec)
		switch {
		case err == nil:
			c.removed(key, spent)
			return nil
		case !errors.Is(err, fault.ETagMismatch) && !errors.Is(err, fault.AlreadyExists):
			return err
		}
	}
}

// Settled says that an ending was taken out of the record of its task.
func (c *Counter) Settled(application string, e Ending) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := storage.Key{Table: storage.Usage, Partition: application, Row: e.Row}
	if len(c.settled) > mostTokens { // days that are over
		clear(c.settled)
	}
	c.settled[key] = append(c.settled[key], e.Token)
}

func (c *Counter) spent(key storage.Key) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.settled[key])
}

// removed forgets tokens that are not in the record any more.
func (c *Counter) removed(key storage.Key, tokens []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	left := slices.DeleteFunc(c.settled[key], func(token string) bool { return slices.Contains(tokens, token) })
	if c.settled[key] = left; len(left) == 0 {
		delete(c.settled, key)
	}
}

func (c *Counter) read(ctx context.Context, key storage.Key) (rec storage.Record, r record, err error) {
	rec, err = c.records.Get(ctx, key)
	if errors.Is(err, fault.NotFound) {
		return storage.Record{Key: key}, record{}, nil
	}
	if err == nil {
		err = storage.Decode(rec.Value, formatVersion, &r)
	}
	if err != nil {
		return storage.Record{}, record{}, fmt.Errorf("read usage of a day: %w", err)
	}
	return rec, r, nil
}

// The rows of an application: <yyyymmdd>!<shard>. Those of its limits, which package task keeps beside them, have no mark.
const (
	rowForm   = "20060102"
	shardMark = "!"
)

func rowOf(at time.Time) string { return at.UTC().Format(rowForm) }

// day returns when the day of the ending began. It is an error if the record that it is to be added to is not one of this package.
func (e Ending) day() (time.Time, error) {
	at, ok := dayOf(e.Row)
	if !ok {
		return time.Time{}, errors.New("usage is to be counted in a record that is none of a day")
	}
	return at, nil
}

// dayOf reads the day of a row; it is false for one of another kind.
func dayOf(row string) (time.Time, bool) {
	name, shard, is := strings.Cut(row, shardMark)
	at, err := time.Parse(rowForm, name)
	return at, is && err == nil && shard != ""
}
