package ocr

import (
	"context"
	"fmt"
	"io"
	"os"
)

// Filler brings the bytes of a document's file that are not there yet. It may be called from several goroutines at once.
type Filler interface {
	// Fill returns once length bytes from offset, at least one and all within the file, can be read from it.
	Fill(ctx context.Context, offset, length int64) error
}

// Content is the document's bytes, so many as size says. Whatever is read of it is filled before, with ctx.
func (s Source) Content(ctx context.Context, size int64) *io.SectionReader {
	if s.Fill == nil {
		return io.NewSectionReader(s.File, 0, size)
	}
	return io.NewSectionReader(filled{ctx, s.File, s.Fill, size}, 0, size)
}

// filled reads a file whose bytes are not all there.
type filled struct {
	ctx  context.Context //nolint:containedctx // of what opened the document, for readers that know none
	file *os.File
	fill Filler
	size int64
}

// ReadAt implements io.ReaderAt.
func (f filled) ReadAt(b []byte, offset int64) (int, error) {
	if length := min(int64(len(b)), f.size-offset); length > 0 && offset >= 0 {
		if err := f.fill.Fill(f.ctx, offset, length); err != nil {
			return 0, fmt.Errorf("read document: %w", err)
		}
	}
	return f.file.ReadAt(b, offset)
}
