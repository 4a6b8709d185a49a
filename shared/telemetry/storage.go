package telemetry

import (
	"context"
	"io"
	"os"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/lethe-ocr/lethe/shared/storage"
)

// The operations of storage.
const (
	putBlob       = "blob-put"
	createBlob    = "blob-create"
	getBlob       = "blob-get"
	rangeOfBlob   = "blob-range"
	openBlob      = "blob-open"
	statBlob      = "blob-stat"
	deleteBlob    = "blob-delete"
	listBlobs     = "blob-list"
	countRemnants = "blob-remnants"
	discardStaged = "blob-discard"
	countStaged   = "blob-staged"
	getRecord     = "record-get"
	putRecord     = "record-put"
	createRecords = "record-create"
	deleteRecord  = "record-delete"
	listRecords   = "record-list"
	readDue       = "due-list"
	settleDue     = "due-settle"
)

func operations() []string {
	return []string{
		putBlob, createBlob, getBlob, rangeOfBlob, openBlob, statBlob, deleteBlob, listBlobs, countRemnants, discardStaged, countStaged,
		getRecord, putRecord, createRecords, deleteRecord, listRecords, readDue, settleDue,
	}
}

// call times one call.
func call[T any](ctx context.Context, t *Telemetry, operation string, do func(ctx context.Context) (T, error)) (T, error) {
	began := time.Now()
	var span trace.Span
	if t.tracer != nil && trace.SpanContextFromContext(ctx).IsSampled() { // part of something that is traced
		ctx, span = t.tracer.Start(ctx, storagePrefix+operation, trace.WithSpanKind(trace.SpanKindClient))
	}
	outcome := panicked
	defer func() {
		if span != nil {
			end(span, outcome)
		}
		t.took(ctx, StorageCalls, time.Since(began), values{operation, outcome})
	}()
	v, err := do(ctx)
	outcome = outcomeOf(err)
	return v, err
}

// Blobs times the calls of a store. What it offers beside them, such as storage.Staging, it still offers.
func (t *Telemetry) Blobs(inner storage.Blobs) storage.Blobs {
	b := &blobs{t, inner}
	o, opens := inner.(storage.Opener)
	r, keeps := inner.(storage.Remnants)
	s, stages := inner.(storage.Staging)
	own, copies, begun := opener{t, o}, remnants{t, r}, staging{t, s}
	switch {
	case opens && keeps && stages:
		return struct {
			*blobs
			opener
			remnants
			staging
		}{b, own, copies, begun}
	case opens && keeps:
		return struct {
			*blobs
			opener
			remnants
		}{b, own, copies}
	case opens && stages:
		return struct {
			*blobs
			opener
			staging
		}{b, own, begun}
	case keeps && stages:
		return struct {
			*blobs
			remnants
			staging
		}{b, copies, begun}
	case opens:
		return struct {
			*blobs
			opener
		}{b, own}
	case keeps:
		return struct {
			*blobs
			remnants
		}{b, copies}
	case stages:
		return struct {
			*blobs
			staging
		}{b, begun}
	}
	return b
}

type blobs struct {
	t     *Telemetry
	inner storage.Blobs
}

// Put implements storage.Blobs.
func (b *blobs) Put(ctx context.Context, name, contentType string, r io.Reader) (storage.Blob, error) {
	return call(ctx, b.t, putBlob, func(ctx context.Context) (storage.Blob, error) { return b.inner.Put(ctx, name, contentType, r) })
}

// Create implements storage.Blobs.
func (b *blobs) Create(ctx context.Context, name, contentType string, r io.Reader) (storage.Blob, error) {
	return call(ctx, b.t, createBlob, func(ctx context.Context) (storage.Blob, error) { return b.inner.Create(ctx, name, contentType, r) })
}

// Get implements storage.Blobs.
func (b *blobs) Get(ctx context.Context, name string) (io.ReadCloser, storage.Blob, error) {
	var blob storage.Blob
	r, err := call(ctx, b.t, getBlob, func(ctx context.Context) (r io.ReadCloser, err error) {
		r, blob, err = b.inner.Get(ctx, name)
		return r, err
	})
	return r, blob, err
}

// GetRange implements storage.Blobs.
func (b *blobs) GetRange(ctx context.Context, name, etag string, offset, length int64) (io.ReadCloser, error) {
	return call(ctx, b.t, rangeOfBlob, func(ctx context.Context) (io.ReadCloser, error) {
		return b.inner.GetRange(ctx, name, etag, offset, length)
	})
}

// Stat implements storage.Blobs.
func (b *blobs) Stat(ctx context.Context, name string) (storage.Blob, error) {
	return call(ctx, b.t, statBlob, func(ctx context.Context) (storage.Blob, error) { return b.inner.Stat(ctx, name) })
}

// Delete implements storage.Blobs.
func (b *blobs) Delete(ctx context.Context, name string) error {
	_, err := call(ctx, b.t, deleteBlob, func(ctx context.Context) (struct{}, error) { return struct{}{}, b.inner.Delete(ctx, name) })
	return err
}

// List implements storage.Blobs.
func (b *blobs) List(ctx context.Context, prefix, after string, limit int) ([]storage.Blob, error) {
	return call(ctx, b.t, listBlobs, func(ctx context.Context) ([]storage.Blob, error) { return b.inner.List(ctx, prefix, after, limit) })
}

type opener struct {
	t     *Telemetry
	inner storage.Opener
}

// Open implements storage.Opener.
func (o opener) Open(ctx context.Context, name string) (*os.File, storage.Blob, error) {
	var blob storage.Blob
	f, err := call(ctx, o.t, openBlob, func(ctx context.Context) (f *os.File, err error) {
		f, blob, err = o.inner.Open(ctx, name)
		return f, err
	})
	return f, blob, err
}

type remnants struct {
	t     *Telemetry
	inner storage.Remnants
}

// Remnants implements storage.Remnants.
func (r remnants) Remnants(ctx context.Context, prefix string) (int, error) {
	return call(ctx, r.t, countRemnants, func(ctx context.Context) (int, error) { return r.inner.Remnants(ctx, prefix) })
}

type staging struct {
	t     *Telemetry
	inner storage.Staging
}

// Discard implements storage.Staging.
func (s staging) Discard(ctx context.Context, prefix string, before time.Time) (int, error) {
	return call(ctx, s.t, discardStaged, func(ctx context.Context) (int, error) { return s.inner.Discard(ctx, prefix, before) })
}

// Staged implements storage.Staging.
func (s staging) Staged(ctx context.Context, prefix string) (written, open int, err error) {
	written, err = call(ctx, s.t, countStaged, func(ctx context.Context) (n int, err error) {
		n, open, err = s.inner.Staged(ctx, prefix)
		return n, err
	})
	return written, open, err
}
