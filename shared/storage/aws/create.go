package aws

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"golang.org/x/sync/errgroup"

	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/lethe-ocr/lethe/shared/storage"
)

const (
	// transaction is how many items one request writes, all of them or none.
	transaction = 100
	// transactionBytes bounds their values: a request may have 4 MB.
	transactionBytes = 2 << 20
	// concurrent is how many requests are under way at once for one call.
	concurrent = 8
)

var _ storage.Creator = (*Records)(nil)

// Create implements storage.Creator: 100 records take a request for their due entries and one for themselves. A transaction is paid
// like twice its writes. The request has a token of the SDK's, by which the service knows it again when its answer was lost.
func (r *Records) Create(ctx context.Context, recs []storage.Record) []error {
	errs := make([]error, len(recs))
	var group errgroup.Group
	group.SetLimit(concurrent)
	for part := range storage.Portions(recs, transaction, transactionBytes) {
		group.Go(func() error {
			r.createPart(ctx, recs, part, errs)
			return nil
		})
	}
	_ = group.Wait() // every record has its own error
	return errs
}

// createPart creates the records that have these indices, all within putTimeout of their due entries.
func (r *Records) createPart(ctx context.Context, recs []storage.Record, part []int, errs []error) {
	ctx, cancel := context.WithTimeout(ctx, putTimeout)
	defer cancel()
	for _, i := range part {
		recs[i].Due = recs[i].Due.Truncate(time.Second)
	}
	if err := r.enterAll(ctx, recs, part); err != nil {
		refuse(errs, part, err)
		return
	}
	for rest := part; len(rest) > 0; {
		err := r.writeAll(ctx, recs, rest)
		if err == nil {
			return
		}
		left, checkErr := refusals(err, recs, rest, errs)
		if checkErr != nil || len(left) == len(rest) { // none of them stands in the way of the others
			refuse(errs, left, cmp.Or(checkErr, classify(err)))
			return
		}
		rest = left
	}
}

// writeAll creates the records that have these indices, all of them or none.
func (r *Records) writeAll(ctx context.Context, recs []storage.Record, part []int) error {
	items := make([]dynamodbtypes.TransactWriteItem, len(part))
	for n, i := range part {
		items[n].Put = &dynamodbtypes.Put{
			TableName: r.table(recs[i].Table), Item: encode(recs[i], rand.Text()), ConditionExpression: sdk.String("attribute_not_exists(pk)"),
			ReturnValuesOnConditionCheckFailure: dynamodbtypes.ReturnValuesOnConditionCheckFailureAllOld,
		}
	}
	_, err := r.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items}, r.contested)
	return err
}

// refusals notes in errs which of the records that have these indices exist, by the answer that nothing was written because of them.
// It returns the others.
func refusals(answer error, recs []storage.Record, part []int, errs []error) (left []int, err error) {
	cancelled, ok := errors.AsType[*dynamodbtypes.TransactionCanceledException](answer)
	if !ok || len(cancelled.CancellationReasons) != len(part) {
		return part, nil
	}
	for n, reason := range cancelled.CancellationReasons {
		i := part[n]
		if !conditional(reason) {
			left = append(left, i)
			continue
		}
		there, err := decode(recs[i].Table, reason.Item)
		if err != nil {
			return part, err
		}
		if !there.Same(recs[i]) {
			errs[i] = storage.Existing(fmt.Errorf("storage answered %s", conditionFailed))
		}
	}
	return left, nil
}

func refuse(errs []error, part []int, err error) {
	for _, i := range part {
		errs[i] = err
	}
}
