package metering

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Day is what an application had processed on a day.
type Day struct {
	Application string
	Day         time.Time // its beginning, UTC
	Counts
}

// Query selects days, the first and the last included. They come by application, and for each of them in order.
type Query struct {
	Application string // empty for all
	From, To    time.Time
	After       string // cursor of the page before; empty for the first
	Limit       int    // days of one page, at least 1
}

// listing is how many records are read at once.
const listing = 500

// List returns a page of the days on which something was counted, and the cursor of the next one, empty on the last.
func List(ctx context.Context, records storage.Records, q Query) (page []Day, next string, err error) {
	from, to := rowOf(q.From), rowOf(q.To)+shardMark+lastRow
	stored := storage.Query{Table: storage.Usage, Partition: q.Application, Limit: listing}
	switch {
	case q.After != "":
		if stored.After, err = parseCursor(q.After, q.Application); err != nil {
			return nil, "", err
		}
	case q.Application != "":
		stored.After = storage.Key{Partition: q.Application, Row: from}
	}
	for {
		recs, err := records.List(ctx, stored)
		if err != nil {
			return nil, "", fmt.Errorf("list usage: %w", err)
		}
		skipped := false
		for _, rec := range recs {
			// What is not asked for of an application is passed over in one step.
			if rec.Row < from {
				stored.After, skipped = storage.Key{Partition: rec.Partition, Row: from}, true
				break
			}
			if rec.Row > to {
				if q.Application != "" {
					return page, "", nil
				}
				stored.After, skipped = storage.Key{Partition: rec.Partition, Row: lastRow}, true
				break
			}
			at, is := dayOf(rec.Row)
			same := is && len(page) > 0 && page[len(page)-1].Application == rec.Partition && page[len(page)-1].Day.Equal(at)
			if is && !same && len(page) == q.Limit {
				return page, cursor(page[len(page)-1]), nil
			}
			stored.After = rec.Key
			if !is {
				continue
			}
			var r record
			if err := storage.Decode(rec.Value, formatVersion, &r); err != nil {
				return nil, "", fmt.Errorf("read usage of a day: %w", err)
			}
			if !same {
				page = append(page, Day{Application: rec.Partition, Day: at})
			}
			page[len(page)-1].Counts = page[len(page)-1].Plus(r.Counts)
		}
		if !skipped && len(recs) < stored.Limit {
			return page, "", nil
		}
	}
}

const (
	lastRow    = "z" // behind every row of a day and every shard
	cursorMark = "~" // stands in no part of a key
)

func cursor(d Day) string { return d.Application + cursorMark + rowOf(d.Day) }

// parseCursor reads a cursor. Of an application that sees its own days alone it must be one of them.
func parseCursor(cursor, of string) (storage.Key, error) {
	application, day, _ := strings.Cut(cursor, cursorMark)
	at, err := time.Parse(rowForm, day)
	key := storage.Key{Table: storage.Usage, Partition: application, Row: rowOf(at) + shardMark + lastRow}
	if err != nil || key.Check() != nil || of != "" && application != of {
		return storage.Key{}, fault.New(fault.BadField, "the cursor must be the one from the previous page; leave it out for the first page").In("after")
	}
	return key, nil
}
