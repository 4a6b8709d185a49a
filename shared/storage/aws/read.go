package aws

import (
	"context"
	"errors"
	"fmt"
	"io"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Stat reads a blob's properties.
func (b *Blobs) Stat(ctx context.Context, name string) (storage.Blob, error) {
	if err := checkName(name); err != nil {
		return storage.Blob{}, err
	}
	resp, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.bucket, Key: &name})
	if err != nil {
		return storage.Blob{}, classify(err)
	}
	return describe(name, resp.ContentLength, resp.ETag, resp.ContentType, resp.LastModified), nil
}

// Get streams a blob. A broken connection is taken up again under the ETag of the first answer.
func (b *Blobs) Get(ctx context.Context, name string) (io.ReadCloser, storage.Blob, error) {
	if err := checkName(name); err != nil {
		return nil, storage.Blob{}, err
	}
	resp, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.bucket, Key: &name})
	if err != nil {
		return nil, storage.Blob{}, classify(err)
	}
	found := describe(name, resp.ContentLength, resp.ETag, resp.ContentType, resp.LastModified)
	return &body{blobs: b, ctx: ctx, name: name, etag: found.ETag, end: found.Size, r: resp.Body}, found, nil
}

// GetRange streams a part of a blob under its ETag, also after a broken connection.
func (b *Blobs) GetRange(ctx context.Context, name, etag string, offset, length int64) (io.ReadCloser, error) {
	if err := storage.CheckRange(etag, offset, length); err != nil {
		return nil, err
	}
	if err := checkName(name); err != nil {
		return nil, err
	}
	resp, err := b.ranged(ctx, name, etag, offset, offset+length)
	if code(err) == preconditionFails || code(err) == invalidRange || status(err) == 412 || status(err) == 416 {
		return storage.Unsatisfied(ctx, b, name, etag, offset)
	}
	if err != nil {
		return nil, classify(err)
	}
	end := offset + sdk.ToInt64(resp.ContentLength)
	return storage.Head(&body{blobs: b, ctx: ctx, name: name, etag: etag, at: offset, end: end, r: resp.Body}, length), nil
}

// ranged reads from an offset up to an end that is no part of the range.
func (b *Blobs) ranged(ctx context.Context, name, etag string, from, end int64) (*s3.GetObjectOutput, error) {
	resp, err := b.client.GetObject(ctx, &s3.GetObjectInput{
		Bucket: &b.bucket, Key: &name, IfMatch: quoted(etag), Range: sdk.String(fmt.Sprintf("bytes=%d-%d", from, end-1)),
	})
	if err != nil {
		return nil, err
	}
	if err := storage.CheckPartial(sdk.ToString(resp.ContentRange), from); err != nil {
		return nil, errors.Join(err, resp.Body.Close())
	}
	return resp, nil
}

// resumptions is how often reading goes on after a broken connection.
const resumptions = 2

// body reads the bytes of one version of a blob from at to end, of what was answered with r.
type body struct {
	blobs   *Blobs
	ctx     context.Context //nolint:containedctx // of the Get whose answer this is
	name    string
	etag    string
	at, end int64
	r       io.ReadCloser
	resumed int
}

// Read implements io.Reader.
func (s *body) Read(p []byte) (int, error) {
	for {
		n, err := s.r.Read(p)
		s.at += int64(n)
		switch {
		case err == nil, n > 0 && !errors.Is(err, io.EOF):
			return n, nil // what is wrong comes back with the next call
		case errors.Is(err, io.EOF) && s.at >= s.end:
			return n, io.EOF
		case n > 0:
			return n, nil
		}
		if err := s.resume(err); err != nil {
			return 0, err
		}
	}
}

// resume asks for the rest after a failure.
func (s *body) resume(failure error) error {
	if errors.Is(failure, io.EOF) {
		failure = io.ErrUnexpectedEOF
	}
	if s.resumed == resumptions || s.ctx.Err() != nil || s.at >= s.end {
		return classify(failure)
	}
	s.resumed++
	resp, err := s.blobs.ranged(s.ctx, s.name, s.etag, s.at, s.end)
	if err != nil {
		if err = classify(err); errors.Is(err, fault.NotFound) {
			return fault.Wrap(err, fault.ETagMismatch, "the blob went while it was read")
		}
		return err
	}
	_ = s.r.Close() // it is broken
	s.r = resp.Body
	return nil
}

// Close implements io.Closer.
func (s *body) Close() error { return s.r.Close() }
