package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// putTimeout bounds one Put. It is shorter than DefaultSettleAfter.
const putTimeout = time.Minute

// Records implements storage.Records and storage.Agenda.
type Records struct {
	service     *aztables.ServiceClient
	settleAfter time.Duration
	now         func() time.Time
}

var (
	_ storage.Records = (*Records)(nil)
	_ storage.Agenda  = (*Records)(nil)
)

// Properties of an entity.
const (
	valueProperty = "Value" // binary
	dueProperty   = "Due"   // seconds since 1970, 0 for never
)

func (r *Records) table(t storage.Table) *aztables.Client { return r.service.NewClient(string(t)) }

// Get reads one entity by its key.
func (r *Records) Get(ctx context.Context, key storage.Key) (storage.Record, error) {
	if err := key.Check(); err != nil {
		return storage.Record{}, err
	}
	resp, err := r.table(key.Table).GetEntity(ctx, key.Partition, key.Row, nil)
	if err != nil {
		return storage.Record{}, classify(err)
	}
	rec, err := decode(key.Table, resp.Value)
	rec.ETag = string(resp.ETag)
	return rec, err
}

// Put writes the due entry first and the record second; both within putTimeout.
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

// write writes a record whose due entry is there.
func (r *Records) write(ctx context.Context, rec storage.Record) (string, error) {
	value, err := encode(rec)
	if err != nil {
		return "", err
	}
	if rec.ETag == "" {
		resp, err := r.table(rec.Table).AddEntity(ctx, value, nil)
		if err != nil {
			return "", classify(err)
		}
		return string(resp.ETag), nil
	}
	resp, err := r.table(rec.Table).UpdateEntity(ctx, value, &aztables.UpdateEntityOptions{
		IfMatch:    to.Ptr(azcore.ETag(rec.ETag)),
		UpdateMode: aztables.UpdateModeReplace,
	})
	if err == nil {
		return string(resp.ETag), nil
	}
	if err = classify(err); errors.Is(err, fault.NotFound) {
		return "", fault.Wrap(err, fault.ETagMismatch, "the record is gone")
	}
	return "", err
}

// Delete removes an entity. Its due entry becomes stale and is settled when its time comes.
func (r *Records) Delete(ctx context.Context, key storage.Key, etag string) error {
	if err := key.Check(); err != nil {
		return err
	}
	match := azcore.ETagAny
	if etag != "" {
		match = azcore.ETag(etag)
	}
	_, err := r.table(key.Table).DeleteEntity(ctx, key.Partition, key.Row, &aztables.DeleteEntityOptions{IfMatch: &match})
	if err = classify(err); errors.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// List reads entities in the order of their keys, which is the table's own.
func (r *Records) List(ctx context.Context, q storage.Query) ([]storage.Record, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	var found []storage.Record
	for _, filter := range filters(q) {
		err := r.query(ctx, q.Table, filter, q.Limit-len(found), func(value []byte) error {
			rec, err := decode(q.Table, value)
			found = append(found, rec)
			return err
		})
		if err != nil || len(found) == q.Limit {
			return found, err
		}
	}
	return found, nil
}

// filters splits a query into ranges that the service answers without a scan: it does not use its index for "or".
func filters(q storage.Query) []string {
	const row, partition, later = "PartitionKey eq '%s' and RowKey gt '%s'", "PartitionKey eq '%s'", "PartitionKey gt '%s'"
	switch {
	case q.Partition != "" && q.After.Partition == q.Partition:
		return []string{fmt.Sprintf(row, q.Partition, q.After.Row)}
	case q.Partition != "" && q.After.Partition > q.Partition:
		return nil
	case q.Partition != "":
		return []string{fmt.Sprintf(partition, q.Partition)}
	case q.After.Partition != "":
		return []string{fmt.Sprintf(row, q.After.Partition, q.After.Row), fmt.Sprintf(later, q.After.Partition)}
	default:
		return []string{""}
	}
}

// query calls visit for up to limit entities that match. Parts of a filter are checked keys: they hold no quotes.
func (r *Records) query(ctx context.Context, t storage.Table, filter string, limit int, visit func(value []byte) error) error {
	opt := &aztables.ListEntitiesOptions{Top: to.Ptr(int32(min(limit, 1000)))} //nolint:gosec // at most 1000
	if filter != "" {
		opt.Filter = &filter
	}
	pager := r.table(t).NewListEntitiesPager(opt)
	for pager.More() {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return classify(err)
		}
		for _, e := range page.Entities {
			if limit == 0 {
				return nil
			}
			limit--
			if err := visit(e); err != nil {
				return err
			}
		}
		if limit == 0 {
			return nil
		}
	}
	return nil
}

func encode(rec storage.Record) ([]byte, error) {
	var due int64
	if !rec.Due.IsZero() {
		due = rec.Due.Unix()
	}
	value, err := json.Marshal(aztables.EDMEntity{
		Entity:     aztables.Entity{PartitionKey: rec.Partition, RowKey: rec.Row},
		Properties: map[string]any{valueProperty: aztables.EDMBinary(rec.Value), dueProperty: aztables.EDMInt64(due)},
	})
	if err != nil {
		return nil, fmt.Errorf("encode entity: %w", err)
	}
	return value, nil
}

func decode(t storage.Table, value []byte) (storage.Record, error) {
	var e aztables.EDMEntity
	if err := json.Unmarshal(value, &e); err != nil {
		return storage.Record{}, fmt.Errorf("decode entity: %w", err)
	}
	rec := storage.Record{Key: storage.Key{Table: t, Partition: e.PartitionKey, Row: e.RowKey}, ETag: e.ETag}
	if v, ok := e.Properties[valueProperty].(aztables.EDMBinary); ok {
		rec.Value = v
	}
	if due, ok := e.Properties[dueProperty].(aztables.EDMInt64); ok && due != 0 {
		rec.Due = time.Unix(int64(due), 0).UTC()
	}
	return rec, nil
}
