package aws

import (
	"context"
	"crypto/rand"
	"errors"
	"hash/fnv"
	"strconv"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"golang.org/x/sync/errgroup"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/dueindex"
)

const (
	// shards is over how many partitions the entries of an hour are spread.
	shards = 16
	// enteredAttribute says when an entry was written: seconds since 1970 by storage's clock.
	enteredAttribute = "entered"
)

// entry returns the keys of a due entry.
func entry(d storage.Due) (partition, row string) {
	h := fnv.New32a()
	for _, part := range []string{string(d.Table), d.Partition, d.Row} {
		_, _ = h.Write([]byte(part + dueindex.Separator)) // a hash takes everything
	}
	return shard(dueindex.Hour(d.At), int(h.Sum32()%shards)), dueindex.Row(d)
}

func shard(hour string, n int) string { return hour + "#" + strconv.Itoa(n) }

// Due merges the shards of one hour after the other, of the hours that are known to have entries.
func (r *Records) Due(ctx context.Context, now time.Time, after *storage.Due, limit int) ([]storage.Due, error) {
	if err := storage.CheckLimit(limit); err != nil {
		return nil, err
	}
	known, err := r.known(ctx, now, after)
	if err != nil {
		return nil, err
	}
	var found []storage.Due
	for _, h := range known {
		part, err := r.dueIn(ctx, h.name, now, after, limit-len(found))
		if err != nil {
			return nil, err
		}
		if len(part) == 0 && after == nil {
			r.forget(ctx, h, now)
		}
		if found = append(found, part...); len(found) == limit {
			return found, nil
		}
	}
	return found, nil
}

// lane is one shard of an hour while it is merged with the others.
type lane struct {
	rows span
	page cursor
	next []storage.Due
}

// dueIn returns up to limit entries of an hour that come after one and are due.
func (r *Records) dueIn(ctx context.Context, hour string, now time.Time, after *storage.Due, limit int) ([]storage.Due, error) {
	rows := span{before: dueindex.End(now)}
	if after != nil && dueindex.Hour(after.At) == hour {
		rows.after = dueindex.Row(*after)
	}
	// A little more than the share of a shard: as a rule one request each is enough.
	most := min(limit, limit/shards+16)
	lanes := make([]lane, shards)
	group, groupCtx := errgroup.WithContext(ctx)
	for n := range lanes {
		lanes[n].rows = rows
		lanes[n].rows.partition = shard(hour, n)
		group.Go(func() error { return r.fill(groupCtx, &lanes[n], most) })
	}
	if err := group.Wait(); err != nil {
		return nil, classify(err)
	}
	var found []storage.Due
	for len(found) < limit {
		first := -1
		for n := range lanes {
			if len(lanes[n].next) > 0 && (first < 0 || lanes[n].next[0].Compare(lanes[first].next[0]) < 0) {
				first = n
			}
		}
		if first < 0 {
			break
		}
		l := &lanes[first]
		found, l.next = append(found, l.next[0]), l.next[1:]
		if err := r.fill(ctx, l, most); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// fill reads the next entries of a shard when all it has were taken.
func (r *Records) fill(ctx context.Context, l *lane, most int) error {
	for len(l.next) == 0 && !l.page.done {
		items, err := r.query(ctx, dueindex.Table, l.rows, &l.page, most)
		if err != nil {
			return err
		}
		for _, i := range items {
			d, err := dueindex.Parse(textOf(i, rowKey))
			if err != nil {
				return err
			}
			l.next = append(l.next, d)
		}
	}
	return nil
}

// entryItem is a due entry as it is written now.
func (r *Records) entryItem(d storage.Due) item {
	i := keyOf(entry(d))
	i[versionAttribute] = text(rand.Text())
	i[enteredAttribute] = number(r.now().Unix())
	return i
}

// Settle removes an entry that its record does not carry. An entry younger than a Put can take is left alone: its record
// may be about to be written. The entry's own version guards against one that is entered anew meanwhile.
func (r *Records) Settle(ctx context.Context, d storage.Due) error {
	partition, row := entry(d)
	found, err := r.get(ctx, dueindex.Table, partition, row)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	entered, err := numberOf(found, enteredAttribute)
	if err != nil || r.now().Sub(time.Unix(entered, 0)) < r.settleAfter {
		return err
	}
	rec, err := r.Get(ctx, d.Key)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	if err == nil && rec.Due.Equal(d.At) {
		return nil
	}
	return r.drop(ctx, found)
}

// drop removes an item of the due index if it is still the one that was read.
func (r *Records) drop(ctx context.Context, read item) error {
	_, err := r.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: r.table(dueindex.Table), Key: keyOf(textOf(read, partitionKey), textOf(read, rowKey)),
		ConditionExpression:       sdk.String("version = :read"),
		ExpressionAttributeValues: item{":read": text(textOf(read, versionAttribute))},
	})
	if err = classify(err); errors.Is(err, fault.ETagMismatch) {
		return nil
	}
	return err
}
