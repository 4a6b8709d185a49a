package telemetry

import (
	"context"
	"errors"
	"time"

	"github.com/lethe-ocr/lethe/shared/storage"
)

// Indexed are records with their index of what is due.
type Indexed interface {
	storage.Records
	storage.Agenda
}

// Records times the calls of records and of their due index.
func (t *Telemetry) Records(inner Indexed) Indexed { return &records{t, inner} }

type records struct {
	t     *Telemetry
	inner Indexed
}

// Get implements storage.Records.
func (r *records) Get(ctx context.Context, key storage.Key) (storage.Record, error) {
	return call(ctx, r.t, getRecord, func(ctx context.Context) (storage.Record, error) { return r.inner.Get(ctx, key) })
}

// Put implements storage.Records.
func (r *records) Put(ctx context.Context, rec storage.Record) (string, error) {
	return call(ctx, r.t, putRecord, func(ctx context.Context) (string, error) { return r.inner.Put(ctx, rec) })
}

// Create implements storage.Creator, whether the store has a way of its own to do so or not.
func (r *records) Create(ctx context.Context, recs []storage.Record) []error {
	errs, _ := call(ctx, r.t, createRecords, func(ctx context.Context) ([]error, error) {
		errs := storage.CreateAll(ctx, r.inner, recs)
		return errs, errors.Join(errs...)
	})
	return errs
}

// Delete implements storage.Records.
func (r *records) Delete(ctx context.Context, key storage.Key, etag string) error {
	_, err := call(ctx, r.t, deleteRecord, func(ctx context.Context) (struct{}, error) { return struct{}{}, r.inner.Delete(ctx, key, etag) })
	return err
}

// List implements storage.Records.
func (r *records) List(ctx context.Context, q storage.Query) ([]storage.Record, error) {
	return call(ctx, r.t, listRecords, func(ctx context.Context) ([]storage.Record, error) { return r.inner.List(ctx, q) })
}

// Due implements storage.Agenda.
func (r *records) Due(ctx context.Context, now time.Time, after *storage.Due, limit int) ([]storage.Due, error) {
	return call(ctx, r.t, readDue, func(ctx context.Context) ([]storage.Due, error) { return r.inner.Due(ctx, now, after, limit) })
}

// Settle implements storage.Agenda.
func (r *records) Settle(ctx context.Context, d storage.Due) error {
	_, err := call(ctx, r.t, settleDue, func(ctx context.Context) (struct{}, error) { return struct{}{}, r.inner.Settle(ctx, d) })
	return err
}
