package aws

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/dueindex"
)

// putTimeout bounds one Put. It is shorter than DefaultSettleAfter.
const putTimeout = time.Minute

// Attributes of an item.
const (
	partitionKey     = "pk"      // text
	rowKey           = "sk"      // text
	valueAttribute   = "value"   // bytes; absent for none
	dueAttribute     = "due"     // seconds since 1970; absent for never
	versionAttribute = "version" // text, random, chosen by who writes the item
)

// Records implements storage.Records and storage.Agenda.
type Records struct {
	client      *dynamodb.Client
	retryer     *retry.Standard // of the client
	prefix      string
	settleAfter time.Duration
	now         func() time.Time
	hours       hours
}

var (
	_ storage.Records = (*Records)(nil)
	_ storage.Agenda  = (*Records)(nil)
)

type item = map[string]dynamodbtypes.AttributeValue

func (r *Records) table(t storage.Table) *string { return sdk.String(r.prefix + string(t)) }

func text(s string) dynamodbtypes.AttributeValue {
	return &dynamodbtypes.AttributeValueMemberS{Value: s}
}

func keyOf(partition, row string) item {
	return item{partitionKey: text(partition), rowKey: text(row)}
}

func textOf(i item, attribute string) string {
	if v, ok := i[attribute].(*dynamodbtypes.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}

func number(n int64) dynamodbtypes.AttributeValue {
	return &dynamodbtypes.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func numberOf(i item, attribute string) (int64, error) {
	v, ok := i[attribute].(*dynamodbtypes.AttributeValueMemberN)
	if !ok {
		return 0, nil
	}
	n, err := strconv.ParseInt(v.Value, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("an item has no number as %s", attribute)
	}
	return n, nil
}

// Get reads one item by its key.
func (r *Records) Get(ctx context.Context, key storage.Key) (storage.Record, error) {
	if err := key.Check(); err != nil {
		return storage.Record{}, err
	}
	found, err := r.get(ctx, key.Table, key.Partition, key.Row)
	if err != nil {
		return storage.Record{}, err
	}
	return decode(key.Table, found)
}

// get reads an item as it is after every write that was answered.
func (r *Records) get(ctx context.Context, t storage.Table, partition, row string) (item, error) {
	resp, err := r.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: r.table(t), Key: keyOf(partition, row), ConsistentRead: sdk.Bool(true)})
	if err != nil {
		return nil, classify(err)
	}
	if len(resp.Item) == 0 {
		return nil, fault.New(fault.ThingNotFound, "there is no such record")
	}
	return resp.Item, nil
}

// Put writes the due entry first and the record second, both within putTimeout.
func (r *Records) Put(ctx context.Context, rec storage.Record) (string, error) {
	if err := rec.Check(); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, putTimeout)
	defer cancel()
	rec.Due = rec.Due.Truncate(time.Second)
	if err := r.enter(ctx, rec); err != nil {
		return "", err
	}
	return r.write(ctx, rec)
}

// write replaces a record under a version of its own, by which it knows what an attempt wrote whose answer was lost.
func (r *Records) write(ctx context.Context, rec storage.Record) (string, error) {
	version := rand.Text()
	in := &dynamodb.PutItemInput{
		TableName: r.table(rec.Table), Item: encode(rec, version), ConditionExpression: sdk.String("attribute_not_exists(pk)"),
		ReturnValuesOnConditionCheckFailure: dynamodbtypes.ReturnValuesOnConditionCheckFailureAllOld,
	}
	if rec.ETag != "" {
		in.ConditionExpression = sdk.String("version = :read")
		in.ExpressionAttributeValues = item{":read": text(rec.ETag)}
	}
	attempts := &attempts{RetryerV2: r.retryer}
	_, err := r.client.PutItem(ctx, in, attempts.counted)
	var refused *dynamodbtypes.ConditionalCheckFailedException
	switch {
	case err == nil:
		return version, nil
	case !errors.As(err, &refused):
		return "", classify(err)
	}
	stored := textOf(refused.Item, versionAttribute)
	switch {
	case stored == version:
		return version, nil
	case attempts.n > 1 && stored != rec.ETag:
		// The first attempt may have been stored, and replaced since. Whoever reads again knows.
		return "", fault.Wrap(classify(err), fault.StorageUnavailable, "it is not known whether the record was stored; read it again")
	case rec.ETag == "":
		return "", storage.Existing(classify(err))
	default:
		return "", classify(err)
	}
}

// attempts counts how often the SDK sends one request.
type attempts struct {
	sdk.RetryerV2
	n int
}

// counted is an option of a call.
func (a *attempts) counted(o *dynamodb.Options) { o.Retryer = a }

// GetAttemptToken implements sdk.RetryerV2: the SDK asks for one before every attempt.
func (a *attempts) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	a.n++
	return a.RetryerV2.GetAttemptToken(ctx)
}

// Delete removes an item. Its due entry becomes stale and is settled when its time comes.
func (r *Records) Delete(ctx context.Context, key storage.Key, etag string) error {
	if err := key.Check(); err != nil {
		return err
	}
	in := &dynamodb.DeleteItemInput{TableName: r.table(key.Table), Key: keyOf(key.Partition, key.Row)}
	if etag != "" {
		in.ConditionExpression = sdk.String("attribute_not_exists(pk) OR version = :read")
		in.ExpressionAttributeValues = item{":read": text(etag)}
	}
	_, err := r.client.DeleteItem(ctx, in)
	return classify(err)
}

// List reads a partition in the order of its rows. A full scan comes in the order in which DynamoDB keeps partitions.
func (r *Records) List(ctx context.Context, q storage.Query) ([]storage.Record, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	if q.Partition == "" {
		return r.scan(ctx, q)
	}
	rows := span{partition: q.Partition}
	switch {
	case q.After.Partition == q.Partition:
		rows.after = q.After.Row
	case q.After.Partition > q.Partition:
		return nil, nil
	}
	var found []storage.Record
	for page := (cursor{}); !page.done && len(found) < q.Limit; {
		items, err := r.query(ctx, q.Table, rows, &page, q.Limit-len(found))
		if err != nil {
			return nil, err
		}
		if found, err = add(found, q.Table, items); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// scan goes on after a key whether or not that still exists: its place follows from the key alone.
func (r *Records) scan(ctx context.Context, q storage.Query) ([]storage.Record, error) {
	in := &dynamodb.ScanInput{TableName: r.table(q.Table), ConsistentRead: sdk.Bool(true)}
	if q.After.Partition != "" {
		in.ExclusiveStartKey = keyOf(q.After.Partition, max(q.After.Row, dueindex.Separator)) // no part of a key is empty here
	}
	var found []storage.Record
	for {
		in.Limit = atMost(q.Limit - len(found))
		page, err := r.client.Scan(ctx, in)
		if err != nil {
			return nil, classify(err)
		}
		if found, err = add(found, q.Table, page.Items); err != nil {
			return nil, err
		}
		if len(found) >= q.Limit || len(page.LastEvaluatedKey) == 0 {
			return found, nil
		}
		in.ExclusiveStartKey = page.LastEvaluatedKey
	}
}

func add(found []storage.Record, t storage.Table, items []item) ([]storage.Record, error) {
	for _, i := range items {
		rec, err := decode(t, i)
		if err != nil {
			return nil, err
		}
		found = append(found, rec)
	}
	return found, nil
}

// span is the rows of a partition after one and before another, each empty for no bound.
type span struct{ partition, after, before string }

// cursor is how far a span was read.
type cursor struct {
	last item
	done bool
}

// query reads the next rows of a span, at most limit, as they are after every write that was answered.
func (r *Records) query(ctx context.Context, t storage.Table, rows span, page *cursor, limit int) ([]item, error) {
	if rows.before != "" && rows.after >= rows.before {
		page.done = true
		return nil, nil
	}
	condition, values := "pk = :partition", item{":partition": text(rows.partition)}
	// DynamoDB takes one condition on sk: what stands at the bounds is left out below.
	switch {
	case rows.after != "" && rows.before != "":
		condition += " AND sk BETWEEN :after AND :before"
		values[":after"], values[":before"] = text(rows.after), text(rows.before)
	case rows.after != "":
		condition += " AND sk > :after"
		values[":after"] = text(rows.after)
	case rows.before != "":
		condition += " AND sk < :before"
		values[":before"] = text(rows.before)
	}
	resp, err := r.client.Query(ctx, &dynamodb.QueryInput{
		TableName: r.table(t), KeyConditionExpression: &condition, ExpressionAttributeValues: values,
		ConsistentRead: sdk.Bool(true), Limit: atMost(limit), ExclusiveStartKey: page.last,
	})
	if err != nil {
		return nil, classify(err)
	}
	page.last, page.done = resp.LastEvaluatedKey, len(resp.LastEvaluatedKey) == 0
	found := resp.Items[:0]
	for _, i := range resp.Items {
		if row := textOf(i, rowKey); row != rows.after && row != rows.before {
			found = append(found, i)
		}
	}
	return found, nil
}

func encode(rec storage.Record, version string) item {
	i := keyOf(rec.Partition, rec.Row)
	if len(rec.Value) > 0 {
		i[valueAttribute] = &dynamodbtypes.AttributeValueMemberB{Value: rec.Value}
	}
	i[versionAttribute] = text(version)
	if !rec.Due.IsZero() {
		i[dueAttribute] = number(rec.Due.Unix())
	}
	return i
}

func decode(t storage.Table, i item) (storage.Record, error) {
	rec := storage.Record{
		Key:  storage.Key{Table: t, Partition: textOf(i, partitionKey), Row: textOf(i, rowKey)},
		ETag: textOf(i, versionAttribute),
	}
	if v, ok := i[valueAttribute].(*dynamodbtypes.AttributeValueMemberB); ok {
		rec.Value = v.Value
	}
	due, err := numberOf(i, dueAttribute)
	if err == nil && due != 0 {
		rec.Due = time.Unix(due, 0).UTC()
	}
	return rec, err
}
