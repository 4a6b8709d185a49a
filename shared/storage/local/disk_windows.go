package local

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// freeSpace returns how many bytes this process may still write on the disk of a folder, and how large it is.
func freeSpace(folder *os.File) (free, size int64, err error) {
	name, err := windows.UTF16PtrFromString(folder.Name())
	if err != nil {
		return 0, 0, err
	}
	var available, total uint64
	if err := windows.GetDiskFreeSpaceEx(name, &available, &total, nil); err != nil {
		return 0, 0, err
	}
	return int64(available), int64(total), nil //nolint:gosec // no disk has 2^63 bytes
}

// noSpace reports whether an error of the operating system says that there is no room.
func noSpace(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}

// inode returns false: what is known of an open file here holds no such number.
func inode(fs.FileInfo) (uint64, bool) { return 0, false }
