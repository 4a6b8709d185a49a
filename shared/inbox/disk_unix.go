//go:build unix

package inbox

import (
	"errors"

	"golang.org/x/sys/unix"
)

// crossing reports whether a file cannot be renamed because its new name is on another disk.
func crossing(err error) bool { return errors.Is(err, unix.EXDEV) }

// unsupported reports whether a file system has no such thing.
func unsupported(err error) bool { return errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) }
