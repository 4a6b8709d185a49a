package storage

import (
	"context"
	"errors"
	"os"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// wholeBelow is the size in bytes below which a blob is copied whole: two requests bring it, as few as one range would take.
const wholeBelow = 1 << 20

// Opened is a blob as a file that a child process can read.
type Opened struct {
	File *os.File // of the length of the blob, read-only or sealed
	Blob Blob
	// Ranges brings the bytes of File before they are read: until then they are zeros. Nil where File has all of them.
	Ranges *Ranges
}

// Close ends fetching, and closes the file. Children that were given it keep what they hold.
func (o *Opened) Close() error {
	var err error
	if o.Ranges != nil {
		err = o.Ranges.close()
	}
	return errors.Join(err, o.File.Close())
}

// OpenRanges is Open for a blob of which only parts will be read: from a store of other than files they are fetched when they are
// asked for, into a memory file that has the blob's length from the start. Nobody can write to that file but Ranges, and nobody
// can change its length. Where the kernel cannot seal a file so, or the blob is small, it is copied whole.
//
// etag names the version to read, empty for the present one. Another one is a fault.DocumentChanged, and more than limit bytes are
// a fault.DocumentTooLarge.
func OpenRanges(ctx context.Context, blobs Blobs, name, etag string, limit int64) (*Opened, error) {
	return openRanges(ctx, blobs, name, etag, limit, newSparse)
}

func openRanges(
	ctx context.Context, blobs Blobs, name, etag string, limit int64, create func(size int64) (*sparse, error),
) (*Opened, error) {
	if _, files := blobs.(Opener); files {
		return openWhole(ctx, blobs, name, etag, limit)
	}
	blob, err := blobs.Stat(ctx, name)
	if err != nil {
		return nil, err
	}
	switch {
	case etag != "" && blob.ETag != etag:
		return nil, replaced(blob.Pinned(etag))
	case blob.Size > limit:
		return nil, tooLarge(limit)
	case blob.Size < wholeBelow:
		return openWhole(ctx, blobs, name, blob.ETag, limit)
	}
	memory, err := create(blob.Size)
	if errors.Is(err, errors.ErrUnsupported) {
		return openWhole(ctx, blobs, name, blob.ETag, limit)
	}
	if err != nil {
		return nil, err
	}
	return &Opened{File: memory.file, Blob: blob, Ranges: newRanges(blobs, blob, memory)}, nil
}

func openWhole(ctx context.Context, blobs Blobs, name, etag string, limit int64) (*Opened, error) {
	f, blob, err := Open(ctx, blobs, name, limit)
	if err != nil {
		return nil, err
	}
	if etag != "" && blob.ETag != etag {
		return nil, errors.Join(replaced(blob.Pinned(etag)), f.Close())
	}
	return &Opened{File: f, Blob: blob}, nil
}

// replaced explains that a blob is not the one that was asked for any more.
func replaced(err error) error {
	if !errors.Is(err, fault.ETagMismatch) {
		return err
	}
	return fault.Wrap(err, fault.DocumentChanged, "the document was replaced while it was read; submit it again")
}

func tooLarge(limit int64) error {
	return fault.New(fault.DocumentTooLarge, "The document has more than %d bytes, which is the limit: split it.", limit)
}

var errMemory = errors.New("the machine has no memory left")
