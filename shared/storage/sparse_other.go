//go:build !linux

package storage

import (
	"errors"
	"os"
)

// sparse is what only Linux has.
type sparse struct{ file *os.File }

func newSparse(int64) (*sparse, error) { return nil, errors.ErrUnsupported }

func (s *sparse) write([]byte, int64) error { return errors.ErrUnsupported }

func (s *sparse) unmap() error { return nil }
