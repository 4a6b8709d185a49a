//go:build !linux

package storage

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Seal fails: only Linux has memory files that nobody can change any more, and only there documents are read.
func Seal(io.Reader, int64) (*os.File, error) {
	return nil, fmt.Errorf("create memory file: %w", errors.ErrUnsupported)
}
