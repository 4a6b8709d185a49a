package storage

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// maxETag is more than any store gives: S3's for a blob in parts has 38 characters.
const maxETag = 100

// CheckRange is what every driver asks before it reads a part of a blob.
func CheckRange(etag string, offset, length int64) error {
	// An ETag goes into a header, where a star stands for every version.
	if len(etag) == 0 || len(etag) > maxETag || strings.Trim(etag, "*") == "" || strings.ContainsFunc(etag, func(r rune) bool {
		return r <= ' ' || r > '~' || r == '"' || r == ','
	}) {
		return fault.New(fault.BadField, "a range must name the ETag of the version that it is of")
	}
	if offset < 0 || length < 1 || offset > math.MaxInt64-length {
		return fault.New(fault.BadField, "a range must begin at 0 or later, have at least one byte, and end at %d or before", int64(math.MaxInt64))
	}
	return nil
}

// Pinned refuses a blob of another version than the one asked for.
func (b Blob) Pinned(etag string) error {
	if b.ETag != etag {
		return changed()
	}
	return nil
}

func changed() error {
	return fault.New(fault.ETagMismatch, "the blob changed since it was described")
}

// Head is at most the first n bytes of r, and closes it.
func Head(r io.ReadCloser, n int64) io.ReadCloser {
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(r, n), r}
}

// Unsatisfied explains a range that a service refused with 412 or 416, which says neither whether the blob exists nor which
// version it has. One that begins beyond the end of the version asked for is empty.
func Unsatisfied(ctx context.Context, blobs Blobs, name, etag string, offset int64) (io.ReadCloser, error) {
	found, err := blobs.Stat(ctx, name)
	switch {
	case err != nil:
		return nil, err
	case found.ETag == etag && offset >= found.Size:
		return io.NopCloser(strings.NewReader("")), nil
	default:
		return nil, changed() // also if the version is back by now: some stores name versions by their content
	}
}

// CheckPartial refuses an answer that is not the range asked for, such as the whole blob from something on the way that does not
// know ranges. contentRange is the answer's header of that name (RFC 9110 section 14.4), empty if it has none.
func CheckPartial(contentRange string, offset int64) error {
	if !strings.HasPrefix(contentRange, fmt.Sprintf("bytes %d-", offset)) {
		return fault.New(fault.StorageUnavailable, "storage did not answer with the range that it was asked for")
	}
	return nil
}
