//go:build unix

package local

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// freeSpace returns how many bytes this process may still write on the file system of a folder, and how large it is.
func freeSpace(folder *os.File) (free, size int64, err error) {
	var at unix.Statfs_t
	if err := unix.Fstatfs(int(folder.Fd()), &at); err != nil {
		return 0, 0, err
	}
	block := int64(at.Bsize)                                       //nolint:unconvert // the type differs between architectures
	return int64(at.Bavail) * block, int64(at.Blocks) * block, nil //nolint:gosec // no file system has 2^63 bytes
}

// noSpace reports whether an error of the operating system says that there is no room.
func noSpace(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }

// inode returns the number of a file on its file system.
func inode(stat fs.FileInfo) (uint64, bool) {
	sys, ok := stat.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return sys.Ino, true
}
