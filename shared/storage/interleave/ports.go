package interleave

import (
	"context"
	"io"
	"path"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/storage"
)

// Blobs returns blobs whose calls are steps. So is each read of a blob that was opened.
func (s *Schedule) Blobs(of storage.Blobs) storage.Blobs { return blobs{s, of} }

// Records returns records whose calls are steps.
func (s *Schedule) Records(of storage.Records) storage.Records { return records{s, of} }

// Agenda returns a due index whose calls are steps.
func (s *Schedule) Agenda(of storage.Agenda) storage.Agenda { return agenda{s, of} }

// Reader returns a reader whose reads are steps. No context ends a read that has begun.
func (s *Schedule) Reader(ctx context.Context, label string, r io.ReadCloser) io.ReadCloser {
	return &reader{s, context.WithoutCancel(ctx), label, r}
}

// Labels hold no id, so that they are the same in every execution.
func blobLabel(op, name string) string { return listLabel(op, name) + "/" + path.Base(name) }

func listLabel(op, prefix string) string {
	container, _, _ := strings.Cut(prefix, "/")
	return op + " " + container
}

func recordLabel(op string, k storage.Key) string { return op + " " + string(k.Table) }

type blobs struct {
	s  *Schedule
	of storage.Blobs
}

func (b blobs) Put(ctx context.Context, name, contentType string, r io.Reader) (storage.Blob, error) {
	b.s.Step(ctx, blobLabel("put", name))
	return b.of.Put(ctx, name, contentType, r)
}

func (b blobs) Create(ctx context.Context, name, contentType string, r io.Reader) (storage.Blob, error) {
	b.s.Step(ctx, blobLabel("create", name))
	return b.of.Create(ctx, name, contentType, r)
}

func (b blobs) Get(ctx context.Context, name string) (io.ReadCloser, storage.Blob, error) {
	b.s.Step(ctx, blobLabel("get", name))
	r, found, err := b.of.Get(ctx, name)
	if err != nil {
		return nil, found, err
	}
	return b.s.Reader(ctx, blobLabel("read", name), r), found, nil
}

func (b blobs) GetRange(ctx context.Context, name, etag string, offset, length int64) (io.ReadCloser, error) {
	b.s.Step(ctx, blobLabel("get", name))
	r, err := b.of.GetRange(ctx, name, etag, offset, length)
	if err != nil {
		return nil, err
	}
	return b.s.Reader(ctx, blobLabel("read", name), r), nil
}

func (b blobs) Stat(ctx context.Context, name string) (storage.Blob, error) {
	b.s.Step(ctx, blobLabel("stat", name))
	return b.of.Stat(ctx, name)
}

func (b blobs) Delete(ctx context.Context, name string) error {
	b.s.Step(ctx, blobLabel("delete", name))
	return b.of.Delete(ctx, name)
}

func (b blobs) List(ctx context.Context, prefix, after string, limit int) ([]storage.Blob, error) {
	b.s.Step(ctx, listLabel("list", prefix))
	return b.of.List(ctx, prefix, after, limit)
}

type reader struct {
	s     *Schedule
	ctx   context.Context //nolint:containedctx // a reader has no other way to know whose it is
	label string
	io.ReadCloser
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	r.s.Step(r.ctx, r.label)
	return r.ReadCloser.Read(p)
}

type records struct {
	s  *Schedule
	of storage.Records
}

func (r records) Get(ctx context.Context, key storage.Key) (storage.Record, error) {
	r.s.Step(ctx, recordLabel("get", key))
	return r.of.Get(ctx, key)
}

func (r records) Put(ctx context.Context, rec storage.Record) (string, error) {
	r.s.Step(ctx, recordLabel("put", rec.Key))
	return r.of.Put(ctx, rec)
}

func (r records) Delete(ctx context.Context, key storage.Key, etag string) error {
	r.s.Step(ctx, recordLabel("delete", key))
	return r.of.Delete(ctx, key, etag)
}

func (r records) List(ctx context.Context, q storage.Query) ([]storage.Record, error) {
	r.s.Step(ctx, "list "+string(q.Table))
	return r.of.List(ctx, q)
}

type agenda struct {
	s  *Schedule
	of storage.Agenda
}

func (a agenda) Due(ctx context.Context, now time.Time, after *storage.Due, limit int) ([]storage.Due, error) {
	a.s.Step(ctx, "read the due index")
	return a.of.Due(ctx, now, after, limit)
}

func (a agenda) Settle(ctx context.Context, d storage.Due) error {
	a.s.Step(ctx, recordLabel("settle", d.Key))
	return a.of.Settle(ctx, d)
}
