package aws

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"

	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

const (
	// partSize is what a Put holds in memory, and the least that S3 takes as a part that is not the last. Smaller blobs are
	// written by one request.
	partSize = 5 << 20
	// maxParts is how many S3 takes: 48 GiB.
	maxParts = 10_000
	// abortTimeout is how long a Put that failed goes on to take away what it stored, also when it was cancelled.
	abortTimeout = 5 * time.Second
)

// markKey is the metadata in which a Put leaves its mark: 128 random bits.
const markKey = "put"

// Blobs implements storage.Blobs.
type Blobs struct {
	client *s3.Client
	bucket string
	now    func() time.Time
}

var (
	_ storage.Blobs    = (*Blobs)(nil)
	_ storage.Remnants = (*Blobs)(nil)
)

// checkName refuses what is in no container: the bucket has nothing else.
func checkName(name string) error {
	if _, rest, _ := strings.Cut(name, "/"); rest == "" {
		return fault.New(fault.BadField, "a blob name begins with a container and a slash")
	}
	return storage.CheckList(name, 1)
}

// Put writes a small blob by one request. A larger one is uploaded in parts and becomes visible when they are put together;
// after a failure the parts are taken away again, and List shows what could not be.
func (b *Blobs) Put(ctx context.Context, name, contentType string, r io.Reader) (storage.Blob, error) {
	return b.put(ctx, writing{name: name, contentType: contentType, mark: rand.Text()}, r)
}

// Create is Put for a name that must not exist. Of two that upload parts at once the first to put them together succeeds.
func (b *Blobs) Create(ctx context.Context, name, contentType string, r io.Reader) (storage.Blob, error) {
	return b.put(ctx, writing{name: name, contentType: contentType, mark: rand.Text(), only: sdk.String("*")}, r)
}

// writing is one Put or Create.
type writing struct {
	name, contentType string
	mark              string
	only              *string // If-None-Match
}

func (w writing) metadata() map[string]string { return map[string]string{markKey: w.mark} }

func (b *Blobs) put(ctx context.Context, w writing, r io.Reader) (storage.Blob, error) {
	if err := storage.CheckBlob(w.name, w.contentType); err != nil {
		return storage.Blob{}, err
	}
	first, err := io.ReadAll(io.LimitReader(r, partSize))
	if err != nil {
		return storage.Blob{}, unread(err)
	}
	if len(first) == partSize {
		return b.putParts(ctx, w, first, r)
	}
	resp, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.bucket, Key: &w.name, ContentType: &w.contentType, Metadata: w.metadata(), IfNoneMatch: w.only, Body: bytes.NewReader(first),
	})
	if err != nil {
		return b.judge(ctx, w, err)
	}
	return w.stored(int64(len(first)), resp.ETag, b.date(resp.ResultMetadata)), nil
}

func unread(err error) error { return fmt.Errorf("read what is to be stored: %w", err) }

func (w writing) stored(size int64, etag *string, created time.Time) storage.Blob {
	return storage.Blob{Name: w.name, ContentType: w.contentType, Size: size, ETag: plainTag(etag), Created: created}
}

// putParts holds one part at a time. The first one is read already.
func (b *Blobs) putParts(ctx context.Context, w writing, part []byte, r io.Reader) (storage.Blob, error) {
	begun, err := b.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: &b.bucket, Key: &w.name, ContentType: &w.contentType, Metadata: w.metadata(), ChecksumAlgorithm: s3types.ChecksumAlgorithmCrc32,
	})
	if err != nil {
		return storage.Blob{}, classify(err)
	}
	parts, size, err := b.uploadParts(ctx, w.name, begun.UploadId, part, r)
	if err != nil {
		return storage.Blob{}, b.takeBack(ctx, w.name, begun.UploadId, err)
	}
	resp, err := b.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &b.bucket, Key: &w.name, UploadId: begun.UploadId, IfNoneMatch: w.only,
		MultipartUpload: &s3types.CompletedMultipartUpload{Parts: parts},
	})
	if err != nil {
		found, err := b.judge(ctx, w, err)
		if err != nil {
			err = b.takeBack(ctx, w.name, begun.UploadId, err)
		}
		return found, err
	}
	// The object is dated by the beginning of its upload.
	return w.stored(size, resp.ETag, b.date(begun.ResultMetadata)), nil
}

func (b *Blobs) uploadParts(ctx context.Context, name string, upload *string, part []byte, r io.Reader) ([]s3types.CompletedPart, int64, error) {
	var (
		parts []s3types.CompletedPart
		size  int64
	)
	for n := int32(1); ; n++ {
		if n > maxParts {
			return nil, 0, fault.New(fault.BadField, "a blob may have at most %d bytes", int64(maxParts)*partSize)
		}
		resp, err := b.client.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: &b.bucket, Key: &name, UploadId: upload, PartNumber: &n, Body: bytes.NewReader(part),
		})
		if err != nil {
			return nil, 0, storing(err)
		}
		size += int64(len(part))
		parts = append(parts, s3types.CompletedPart{
			PartNumber: sdk.Int32(n), ETag: resp.ETag, ChecksumCRC32: resp.ChecksumCRC32,
		})
		part = part[:partSize]
		read, err := io.ReadFull(r, part)
		part = part[:read]
		switch {
		case errors.Is(err, io.EOF):
			return parts, size, nil
		case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
			return nil, 0, unread(err)
		}
	}
}

// takeBack aborts an upload that failed for a reason, which it returns. The caller's context may have ended.
func (b *Blobs) takeBack(ctx context.Context, name string, upload *string, reason error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTimeout)
	defer cancel()
	_ = b.abort(ctx, name, upload) // then List shows it
	return reason
}

// judge finds out what became of a write that was answered with an error: an earlier attempt of it may have succeeded, and its
// answer was lost.
func (b *Blobs) judge(ctx context.Context, w writing, failure error) (storage.Blob, error) {
	err := storing(failure)
	found, lost := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.bucket, Key: &w.name})
	if lost != nil {
		if errors.Is(err, fault.ETagMismatch) { // it was there a moment ago
			return storage.Blob{}, storage.Existing(err)
		}
		return storage.Blob{}, err
	}
	if found.Metadata[markKey] == w.mark {
		return describe(w.name, found.ContentLength, found.ETag, found.ContentType, found.LastModified), nil
	}
	if w.only != nil {
		return storage.Blob{}, storage.Existing(err)
	}
	return storage.Blob{}, err
}

// storing classifies an error of a write. Nothing is missing but what the write itself had begun, and somebody took away.
func storing(err error) error {
	if err = classify(err); errors.Is(err, fault.NotFound) {
		return fault.Wrap(err, fault.StorageUnavailable, "what was being stored was taken away; try again")
	}
	return err
}

// date returns the time of an answer by storage's clock.
func (b *Blobs) date(answer middleware.Metadata) time.Time {
	if at, ok := awsmiddleware.GetServerTime(answer); ok && !at.IsZero() {
		return at.UTC()
	}
	return b.now().UTC().Truncate(time.Second)
}

func describe(name string, size *int64, etag, contentType *string, modified *time.Time) storage.Blob {
	return storage.Blob{
		Name: name, Size: sdk.ToInt64(size), ETag: plainTag(etag), ContentType: sdk.ToString(contentType), Created: sdk.ToTime(modified).UTC(),
	}
}

// plainTag takes the quotes off, which headers have.
func plainTag(etag *string) string { return strings.Trim(sdk.ToString(etag), `"`) }

// quoted puts them on.
func quoted(etag string) *string { return sdk.String(`"` + etag + `"`) }
