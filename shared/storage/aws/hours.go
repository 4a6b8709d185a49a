package aws

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

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
	d, began := storage.Due{Key: rec.Key, At: rec.Due}, r.now()
	err := r.enterAt(ctx, d, began)
	// The answer has told storage's time: a process that was frozen meanwhile knows it by now.
	if err == nil && r.now().Sub(began) > putTimeout {
		return fault.New(fault.StorageUnavailable, "storage took too long; try again")
	}
	return err
}

func (r *Records) enterAt(ctx context.Context, d storage.Due, now time.Time) error {
	name, entered := dueindex.Hour(d.At), r.entryItem(d)
	known := keyOf(hoursPartition, name)
	known[versionAttribute] = text(rand.Text())
	if over(name, now, hourOpen) {
		_, err := r.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []dynamodbtypes.TransactWriteItem{
			{Put: &dynamodbtypes.Put{TableName: r.table(dueindex.Table), Item: known}},
			{Put: &dynamodbtypes.Put{TableName: r.table(dueindex.Table), Item: entered}},
		}}, r.contested)
		return classify(err)
	}
	if !r.hours.has(name) {
		if _, err := r.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: r.table(dueindex.Table), Item: known}); err != nil {
			return classify(err)
		}
		r.hours.add(name)
	}
	_, err := r.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: r.table(dueindex.Table), Item: entered})
	return classify(err)
}

// contested is an option of a transaction: others for the same hour may be under way. It has no condition, so that nothing else
// cancels it for long.
func (r *Records) contested(o *dynamodb.Options) {
	o.Retryer = retry.AddWithMaxAttempts(retry.AddWithErrorCodes(r.retryer, (*dynamodbtypes.TransactionCanceledException)(nil).ErrorCode()), 3*maxAttempts)
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
