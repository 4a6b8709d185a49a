package filelock

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// Lock waits until no other process holds a lock that excludes this one.
func Lock(f *os.File, m Mode) error { return lock(f, m, 0) }

// TryLock is Lock, but fails with ErrHeld where it would have to wait. A folder cannot be locked here: for one it does nothing.
func TryLock(f *os.File, m Mode) error {
	if stat, err := f.Stat(); err != nil || stat.IsDir() {
		return err
	}
	err := lock(f, m, windows.LOCKFILE_FAIL_IMMEDIATELY)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return ErrHeld
	}
	return err
}

// beyond is where the locked byte lies, behind every content: Windows keeps others from reading what is locked.
const beyond = 1 << 30

func lock(f *os.File, m Mode, flags uint32) error {
	if m == Exclusive {
		flags |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	return windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{OffsetHigh: beyond})
}
