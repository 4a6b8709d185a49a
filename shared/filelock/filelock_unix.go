//go:build unix

package filelock

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Lock waits until no other process holds a lock that excludes this one.
func Lock(f *os.File, m Mode) error { return flock(f, m, 0) }

// TryLock is Lock, but fails with ErrHeld where it would have to wait. A folder can be locked too.
func TryLock(f *os.File, m Mode) error {
	err := flock(f, m, unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return ErrHeld
	}
	return err
}

func flock(f *os.File, m Mode, flags int) error {
	if m == Exclusive {
		flags |= unix.LOCK_EX
	} else {
		flags |= unix.LOCK_SH
	}
	for {
		err := unix.Flock(int(f.Fd()), flags)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
