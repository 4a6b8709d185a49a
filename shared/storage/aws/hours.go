package aws

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"sync"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/dueindex"
)

// The partition "hours" of the due index has an item for every hour that may have entries, so that none is missed however late
// the sweep is, and no hour without entries costs a request:
//
//   - The item of an hour is written before the first entry of that hour. A process remembers for which hours it is there.
//   - Due takes away the item of an hour that is over for longer than hourKept and has no entry left, if nobody has written
//     the item since it was read.
//   - So an entry for an hour that may be taken away at that moment is written in one transaction with the item: either the
//     item is new again, or the item was taken away before there was an entry. Other entries are on time, in an hour that is
//     kept for hourKept more, and are given up if they take longer.
//
// A crash leaves at most an item without entries, which goes when its hour is over.
const hoursPartition = "hours"

const (
	// hourKept is how long after its end the item of an hour stays.
	hourKept = 2 * time.Hour
	// hourOpen is how long after its end an hour gets entries without a transaction. What is between the two is more than
	// writing an entry takes and clocks differ.
	hourOpen = time.Hour
	// mostHours is how many hours a process remembers: those of a year are 8760, and most entries are for few of them.
	mostHours = 4096
)

// hours is what a process knows of the items that are there.
type hours struct {
	mu    sync.Mutex
	known map[string]bool // guarded by mu
}

func (h *hours) has(hour string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.known[hour]
}

func (h *hours) add(hour string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.known == nil || len(h.known) >= mostHours {
		h.known = map[string]bool{}
	}
	h.known[hour] = true
}

// hour is one that may have entries.
type hour struct {
	name string
	item item
}

// over reports whether an hour has ended for at least so long.
func over(name string, now time.Time, ago time.Duration) bool {
	return name < dueindex.Hour(now.Add(-ago))
}

// enter writes the due entry of a record that is about to be written.
func (r *Records) enter(ctx context.Context, rec storage.Record) error {
	if rec.Due.IsZero() {
		return nil
	}
	began := r.now()
	if err := r.enterAt(ctx, storage.Due{Key: rec.Key, At: rec.Due}, began); err != nil {
		return err
	}
	return r.inTime(began)
}

// inTime gives up entries that took longer than a Put may. The answer has told storage's time: a process that was frozen meanwhile
// knows it by now.
func (r *Records) inTime(began time.Time) error {
	if r.now().Sub(began) > putTimeout {
		return fault.New(fault.StorageUnavailable, "storage took too long; try again")
	}
	return nil
}

func (r *Records) enterAt(ctx context.Context, d storage.Due, now time.Time) error {
	name, entered := dueindex.Hour(d.At), r.entryItem(d)
	if over(name, now, hourOpen) {
		_, err := r.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []dynamodbtypes.TransactWriteItem{
			{Put: &dynamodbtypes.Put{TableName: r.table(dueindex.Table), Item: hourItem(name)}},
			{Put: &dynamodbtypes.Put{TableName: r.table(dueindex.Table), Item: entered}},
		}}, r.contested)
		return classify(err)
	}
	if err := r.openHour(ctx, name); err != nil {
		return err
	}
	_, err := r.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: r.table(dueindex.Table), Item: entered})
	return classify(err)
}

func hourItem(name string) item {
	i := keyOf(hoursPartition, name)
	i[versionAttribute] = text(rand.Text())
	return i
}

// openHour writes the item of an hour unless it is known to be there.
func (r *Records) openHour(ctx context.Context, name string) error {
	if r.hours.has(name) {
		return nil
	}
	if _, err := r.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: r.table(dueindex.Table), Item: hourItem(name)}); err != nil {
		return classify(err)
	}
	r.hours.add(name)
	return nil
}

// enterAll is enter for the records that have these indices, with one request for all of them where their hours are open.
func (r *Records) enterAll(ctx context.Context, recs []storage.Record, part []int) error {
	began := r.now()
	var entries []dynamodbtypes.TransactWriteItem
	for _, i := range part {
		d := storage.Due{Key: recs[i].Key, At: recs[i].Due}
		if d.At.IsZero() {
			continue
		}
		name := dueindex.Hour(d.At)
		if over(name, began, hourOpen) {
			if err := r.enterAt(ctx, d, began); err != nil {
				return err
			}
			continue
		}
		if err := r.openHour(ctx, name); err != nil {
			return err
		}
		entries = append(entries, dynamodbtypes.TransactWriteItem{Put: &dynamodbtypes.Put{TableName: r.table(dueindex.Table), Item: r.entryItem(d)}})
	}
	if len(entries) > 0 {
		if _, err := r.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: entries}, r.contested); err != nil {
			return classify(err)
		}
	}
	return r.inTime(began)
}

// contested is an option of a transaction: others for the same items may be under way.
func (r *Records) contested(o *dynamodb.Options) {
	o.Retryer = retry.AddWithMaxAttempts(contest{r.retryer}, 3*maxAttempts)
}

// contest is a retryer that sends again what was cancelled for anything but a condition that does not hold.
type contest struct{ sdk.RetryerV2 }

// IsErrorRetryable implements sdk.Retryer.
func (c contest) IsErrorRetryable(err error) bool {
	if cancelled, ok := errors.AsType[*dynamodbtypes.TransactionCanceledException](err); ok {
		return !slices.ContainsFunc(cancelled.CancellationReasons, conditional)
	}
	// The attempt before this one is still being worked on.
	_, ok := errors.AsType[*dynamodbtypes.TransactionInProgressException](err)
	return ok || c.RetryerV2.IsErrorRetryable(err)
}

// conditional reports that an item of a transaction did not hold its condition.
func conditional(r dynamodbtypes.CancellationReason) bool {
	return sdk.ToString(r.Code) == conditionFailed
}

// known returns the hours up to now that may have entries, from that of after on.
func (r *Records) known(ctx context.Context, now time.Time, after *storage.Due) ([]hour, error) {
	rows := span{partition: hoursPartition, before: dueindex.Hour(now) + dueindex.Separator} // which comes after the hour itself
	if after != nil {
		rows.after = dueindex.Hour(after.At.Add(-time.Hour)) // the hour of after is still read
	}
	var found []hour
	for page := (cursor{}); !page.done; {
		items, err := r.query(ctx, dueindex.Table, rows, &page, pageSize)
		if err != nil {
			return nil, err
		}
		for _, i := range items {
			found = append(found, hour{textOf(i, rowKey), i})
		}
	}
	return found, nil
}

// forget takes away the item of an hour in which no entry was found up to now, since the item was read. Where that fails, or
// the process may not, the hour costs a few requests until another one does.
func (r *Records) forget(ctx context.Context, h hour, now time.Time) {
	if over(h.name, r.now(), hourKept) && over(h.name, now, 0) {
		_ = r.drop(ctx, h.item)
	}
}
