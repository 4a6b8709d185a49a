package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/lethe-ocr/lethe/shared/fault"
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
	f, err := seal(r, limit)
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, Blob{}, err
	}
	return f, blob, nil
}

// seal copies r into a memory file that nobody can change any more.
func seal(r io.Reader, limit int64) (*os.File, error) {
	fd, err := unix.MemfdCreate("document", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("create memory file: %w", err)
	}
	f := os.NewFile(uintptr(fd), "document")
	n, err := io.Copy(f, io.LimitReader(r, limit+1))
	if err == nil && n > limit {
		err = fault.New(fault.DocumentTooLarge, "the document has more than %d bytes; split it", limit)
	}
	if err == nil {
		_, err = unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_WRITE|unix.F_SEAL_SEAL)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
