package storage

import (
	"errors"
	"io"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// WrongSize refuses a document that has not the size that was announced for it.
func WrongSize(announced int64) *fault.Error {
	return fault.New(fault.DocumentSizeMismatch, "the document does not have the %d bytes that were announced as its size; send that document, or create a new task", announced)
}

// Exactly passes on what r has if that is exactly size bytes. Otherwise reading ends with WrongSize, before a byte too many.
func Exactly(r io.Reader, size int64) io.Reader { return &exact{r, size, size} }

type exact struct {
	r    io.Reader
	size int64
	left int64
}

// Read implements io.Reader.
func (e *exact) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	if int64(n) > e.left || errors.Is(err, io.EOF) && int64(n) < e.left {
		n, err = int(min(int64(n), e.left)), WrongSize(e.size)
	}
	e.left -= int64(n)
	return n, err
}
