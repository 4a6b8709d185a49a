package azure

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"golang.org/x/sync/errgroup"

	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/dueindex"
)

const (
	// transaction is how many entities of one partition one request writes, all of them or none.
	transaction = 100
	// transactionBytes bounds their values: a request may have 4 MiB, in which a value takes a third more than its bytes, and each
	// entity about a kilobyte beside it.
	transactionBytes = 2 << 20
	// concurrent is how many requests are under way at once for one call.
	concurrent = 8
)

var _ storage.Creator = (*Records)(nil)

// Create implements storage.Creator: 100 records of one partition take one request, and their due entries another one for each hour
// before it. Where one of them exists, those 100 are written one by one.
func (r *Records) Create(ctx context.Context, recs []storage.Record) []error {
	errs := make([]error, len(recs))
	var group errgroup.Group
	group.SetLimit(concurrent)
	for part := range storage.Portions(recs, transaction, transactionBytes) {
		group.Go(func() error {
			for n, err := range r.createPart(ctx, recs, part) {
				errs[part[n]] = err
			}
			return nil
		})
	}
	_ = group.Wait() // every record has its own error
	return errs
}

// createPart creates the records of one partition that have these indices, all within putTimeout of their due entries.
func (r *Records) createPart(ctx context.Context, recs []storage.Record, part []int) []error {
	ctx, cancel := context.WithTimeout(ctx, putTimeout)
	defer cancel()
	var records []aztables.TransactionAction
	entries := map[string][]aztables.TransactionAction{}
	for _, i := range part {
		rec := &recs[i]
		rec.Due = rec.Due.Truncate(time.Second)
		value, err := encode(*rec)
		if err != nil {
			return storage.Refuse(len(part), err)
		}
		records = append(records, aztables.TransactionAction{ActionType: aztables.TransactionTypeAdd, Entity: value})
		if rec.Due.IsZero() {
			continue
		}
		hour, value, err := encodeEntry(*rec)
		if err != nil {
			return storage.Refuse(len(part), err)
		}
		entries[hour] = append(entries[hour], aztables.TransactionAction{ActionType: aztables.TransactionTypeInsertReplace, Entity: value})
	}
	for _, hour := range entries {
		if err := r.submit(ctx, dueindex.Table, hour); err != nil {
			return storage.Refuse(len(part), err)
		}
	}
	switch err := r.submit(ctx, recs[part[0]].Table, records); {
	case err == nil:
		return make([]error, len(part))
	case !errors.Is(err, errNone):
		return storage.Refuse(len(part), err)
	}
	// One of them exists. If the request was sent again because no answer came, all of them may.
	errs := make([]error, len(part))
	var group errgroup.Group
	group.SetLimit(concurrent)
	for n, i := range part {
		group.Go(func() error {
			_, err := r.write(ctx, recs[i])
			errs[n] = storage.Created(ctx, r, recs[i], err)
			return nil
		})
	}
	_ = group.Wait() // every record has its own error
	return errs
}

// errNone is the cause of a transaction's failure by which nothing was stored: the service refused a part of it.
var errNone = errors.New("storage refused a part of the transaction")

// How a part of the answer to a transaction begins. The other parts of a request that was refused are not answered.
const (
	partDone    = "HTTP/1.1 2"
	partRefused = "HTTP/1.1 4"
)

// submit writes entities of one partition, all of them or none. The SDK takes an answer without any parts for a success, and does not
// return from one that is empty: only an answer that tells of every part counts.
func (r *Records) submit(ctx context.Context, t storage.Table, actions []aztables.TransactionAction) (err error) {
	var resp *http.Response
	defer func() {
		if recover() != nil {
			err = storage.Unanswered(errNoParts)
		}
	}()
	_, err = r.table(t).SubmitTransaction(policy.WithCaptureResponse(ctx, &resp), actions, nil)
	if resp == nil || resp.StatusCode != http.StatusAccepted {
		return classify(cmp.Or(err, errNoParts))
	}
	answer, readErr := runtime.Payload(resp)
	switch done := bytes.Count(answer, []byte(partDone)); {
	case readErr != nil:
		return storage.Unanswered(readErr)
	case bytes.Contains(answer, []byte(partRefused)):
		return storage.Refused(errNone)
	case done != len(actions):
		return storage.Unanswered(errNoParts)
	}
	return nil
}

var errNoParts = errors.New("the answer does not tell of every part of the transaction")
