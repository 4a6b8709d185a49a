package storagetest

import (
	"context"
	"io"
	"sync/atomic"
	"time"

	"github.com/lethe-ocr/lethe/shared/storage"
)

// Op names a call of the ports.
type Op string

// The calls.
const (
	PutBlob      Op = "put blob"
	GetBlob      Op = "get blob"
	StatBlob     Op = "stat blob"
	DeleteBlob   Op = "delete blob"
	ListBlobs    Op = "list blobs"
	GetRecord    Op = "get record"
	PutRecord    Op = "put record" // also of each that is created with others
	DeleteRecord Op = "delete record"
	ListRecords  Op = "list records"
	ReadDue      Op = "read due"
	SettleDue    Op = "settle due"
)

// Writes reports whether the call changes what is stored.
func (o Op) Writes() bool {
	switch o {
	case PutBlob, DeleteBlob, PutRecord, DeleteRecord, SettleDue:
		return true
	}
	return false
}

// Hook is asked about a call, by several goroutines at once. key is the blob's name or prefix, or table/partition/row. An error becomes the call's.
type Hook func(op Op, key string) error

// Faulty makes a store fail as its hooks say.
type Faulty struct {
	Stores
	before, after atomic.Pointer[Hook]
}

// NewFaulty wraps a store that is healthy until hooks are set.
func NewFaulty(s Stores) *Faulty { return &Faulty{Stores: s} }

// Before sets the hook that is asked before a call has had any effect; with its error the call has none.
func (f *Faulty) Before(h Hook) { f.before.Store(&h) }

// After sets the hook that is asked when a call has had its effect; its error hides that.
func (f *Faulty) After(h Hook) { f.after.Store(&h) }

// Heal takes both hooks away.
func (f *Faulty) Heal() {
	f.before.Store(nil)
	f.after.Store(nil)
}

// FaultyBlobs returns the blobs of the store.
func (f *Faulty) FaultyBlobs() storage.Blobs { return faultyBlobs{f} }

// FaultyRecords returns the records of the store.
func (f *Faulty) FaultyRecords() storage.Records { return faultyRecords{f} }

// FaultyAgenda returns the due index of the store.
func (f *Faulty) FaultyAgenda() storage.Agenda { return faultyAgenda{f} }

// around calls one method between the hooks.
func around[T any](f *Faulty, op Op, key string, call func() (T, error)) (T, error) {
	var none T
	if h := f.before.Load(); h != nil {
		if err := (*h)(op, key); err != nil {
			return none, err
		}
	}
	v, err := call()
	if h := f.after.Load(); h != nil && err == nil {
		if err := (*h)(op, key); err != nil {
			return none, err
		}
	}
	return v, err
}

func keyString(k storage.Key) string { return string(k.Table) + "/" + k.Partition + "/" + k.Row }

type faultyBlobs struct{ f *Faulty }

func (b faultyBlobs) Put(ctx context.Context, name, contentType string, r io.Reader) (storage.Blob, error) {
	return around(b.f, PutBlob, name, func() (storage.Blob, error) {
		return b.f.Blobs.Put(ctx, name, contentType, r)
	})
}

func (b faultyBlobs) Create(ctx context.Context, name, contentType string, r io.Reader) (storage.Blob, error) {
	return around(b.f, PutBlob, name, func() (storage.Blob, error) {
		return b.f.Blobs.Create(ctx, name, contentType, r)
	})
}

func (b faultyBlobs) Get(ctx context.Context, name string) (io.ReadCloser, storage.Blob, error) {
	var blob storage.Blob
	r, err := around(b.f, GetBlob, name, func() (r io.ReadCloser, err error) {
		r, blob, err = b.f.Blobs.Get(ctx, name)
		return r, err
	})
	return r, blob, err
}

func (b faultyBlobs) GetRange(ctx context.Context, name, etag string, offset, length int64) (io.ReadCloser, error) {
	return around(b.f, GetBlob, name, func() (io.ReadCloser, error) { return b.f.Blobs.GetRange(ctx, name, etag, offset, length) })
}

func (b faultyBlobs) Stat(ctx context.Context, name string) (storage.Blob, error) {
	return around(b.f, StatBlob, name, func() (storage.Blob, error) { return b.f.Blobs.Stat(ctx, name) })
}

func (b faultyBlobs) Delete(ctx context.Context, name string) error {
	_, err := around(b.f, DeleteBlob, name, func() (struct{}, error) { return struct{}{}, b.f.Blobs.Delete(ctx, name) })
	return err
}

func (b faultyBlobs) List(ctx context.Context, prefix, after string, limit int) ([]storage.Blob, error) {
	return around(b.f, ListBlobs, prefix, func() ([]storage.Blob, error) {
		return b.f.Blobs.List(ctx, prefix, after, limit)
	})
}

type faultyRecords struct{ f *Faulty }

func (r faultyRecords) Get(ctx context.Context, key storage.Key) (storage.Record, error) {
	return around(r.f, GetRecord, keyString(key), func() (storage.Record, error) { return r.f.Records.Get(ctx, key) })
}

func (r faultyRecords) Put(ctx context.Context, rec storage.Record) (string, error) {
	return around(r.f, PutRecord, keyString(rec.Key), func() (string, error) { return r.f.Records.Put(ctx, rec) })
}

// Create implements storage.Creator. The hooks are asked about every record, as if each were put alone: some may be stored and
// others not, and of some the answer may be lost.
func (r faultyRecords) Create(ctx context.Context, recs []storage.Record) []error {
	errs := make([]error, len(recs))
	ask := func(h *Hook, i int) {
		if h != nil && errs[i] == nil {
			errs[i] = (*h)(PutRecord, keyString(recs[i].Key))
		}
	}
	var asked []storage.Record
	var at []int
	for i := range recs {
		if ask(r.f.before.Load(), i); errs[i] == nil {
			asked, at = append(asked, recs[i]), append(at, i)
		}
	}
	for n, err := range storage.CreateAll(ctx, r.f.Records, asked) {
		errs[at[n]] = err
		ask(r.f.after.Load(), at[n])
	}
	return errs
}

func (r faultyRecords) Delete(ctx context.Context, key storage.Key, etag string) error {
	_, err := around(r.f, DeleteRecord, keyString(key), func() (struct{}, error) {
		return struct{}{}, r.f.Records.Delete(ctx, key, etag)
	})
	return err
}

func (r faultyRecords) List(ctx context.Context, q storage.Query) ([]storage.Record, error) {
	return around(r.f, ListRecords, string(q.Table)+"/"+q.Partition, func() ([]storage.Record, error) {
		return r.f.Records.List(ctx, q)
	})
}

type faultyAgenda struct{ f *Faulty }

func (a faultyAgenda) Due(ctx context.Context, now time.Time, after *storage.Due, limit int) ([]storage.Due, error) {
	return around(a.f, ReadDue, "", func() ([]storage.Due, error) { return a.f.Agenda.Due(ctx, now, after, limit) })
}

func (a faultyAgenda) Settle(ctx context.Context, d storage.Due) error {
	_, err := around(a.f, SettleDue, keyString(d.Key), func() (struct{}, error) {
		return struct{}{}, a.f.Agenda.Settle(ctx, d)
	})
	return err
}
