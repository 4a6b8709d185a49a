package storage

import (
	"context"
	"errors"
)

// OpenRangesUnsealed is OpenRanges on a kernel that cannot seal a memory file against writing later on.
func OpenRangesUnsealed(ctx context.Context, blobs Blobs, name, etag string, limit int64) (*Opened, error) {
	return openRanges(ctx, blobs, name, etag, limit, func(int64) (*sparse, error) { return nil, errors.ErrUnsupported })
}

// Sizes in bytes that tests are about.
const (
	BlockSize  = blockSize
	MaxAhead   = maxAhead
	WholeBelow = wholeBelow
	FetchTries = fetchTries
)
