package storage

import (
	"context"
	"errors"
	"os"
)

// Open gives a blob as a file that a child process can read. A store of files hands out its own; from any other store the
// blob is copied into a sealed memory file, so that no byte of it touches a disk. At most limit bytes are copied.
func Open(ctx context.Context, blobs Blobs, name string, limit int64) (*os.File, Blob, error) {
	if o, ok := blobs.(Opener); ok {
		return o.Open(ctx, name)
	}
	r, blob, err := blobs.Get(ctx, name)
	if err != nil {
		return nil, Blob{}, err
	}
	f, err := Seal(r, limit)
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, Blob{}, err
	}
	return f, blob, nil
}
