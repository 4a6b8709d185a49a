//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"
)

// workerFile is a worker program as it lies on disk: itself, or what it differs in from another one, as `zstd --patch-from` writes it. The
// two programs of a package share all but the code of recognition, so that the second adds a twelfth of its size.
type workerFile struct {
	path string
	like string // the program that path is a patch for; empty where path is the program itself
}

// executable is a worker program that can be started as long as it is not closed.
type executable struct {
	path string
	file *os.File // that holds it; nil where it lies in a folder
}

// Close gives back what it takes.
func (e executable) Close() error {
	if e.file == nil {
		return nil
	}
	return e.file.Close()
}

// open makes a program that can be started. One of a patch lies in no folder, since that of a package may not be writable, and goes
// with this process. It fails if one of the two files is damaged, or is of another version than the other.
func (f workerFile) open() (executable, error) {
	if f.like == "" {
		return executable{path: f.path}, nil
	}
	var failed []error
	for _, place := range []func() (*os.File, error){unnamed, inMemory} {
		file, err := f.unpack(place)
		if err == nil {
			return executable{fmt.Sprintf("/proc/self/fd/%d", file.Fd()), file}, nil // a child sees it under the same number
		}
		failed = append(failed, err)
	}
	return executable{}, fmt.Errorf("unpack %s, which says what differs from %s; install both from one package: %w", f.path, f.like, errors.Join(failed...))
}

// unpack returns the program in a file that can be executed and by which it can be neither read nor written.
func (f workerFile) unpack(place func() (*os.File, error)) (*os.File, error) {
	like, err := os.ReadFile(f.like)
	if err != nil {
		return nil, err
	}
	file, err := place()
	if err != nil {
		return nil, err
	}
	err = unzstd(file, f.path, zstd.WithDecoderDictRaw(0, like))
	if err == nil {
		err = file.Chmod(0o111)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	program, err := toExecute(file)
	return program, errors.Join(err, file.Close()) // what is open for writing cannot be executed
}

// unnamed makes a file for a program in the folder for temporary files, under no name.
func unnamed() (*os.File, error) {
	dir := os.TempDir()
	var mount unix.Statfs_t
	if err := unix.Statfs(dir, &mount); err != nil {
		return nil, fmt.Errorf("look at %s: %w", dir, err)
	}
	if mount.Flags&unix.MS_NOEXEC != 0 {
		return nil, fmt.Errorf("nothing may be executed in %s", dir)
	}
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_WRONLY|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make a file in %s: %w", dir, err)
	}
	return os.NewFile(uintptr(fd), dir), nil // #nosec G115 -- a descriptor
}

// inMemory makes a file for a program in memory. It is the second choice: Landlock does not keep a worker from reading there what it
// runs, and the mode keeps it from that only if it is not root's.
func inMemory() (*os.File, error) {
	const name = "lethe-worker"
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3 all may be executed
		fd, err = unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	}
	if err != nil {
		return nil, fmt.Errorf("make a file in memory: %w", err)
	}
	return os.NewFile(uintptr(fd), name), nil // #nosec G115 -- a descriptor
}

// toExecute opens a file anew, for nothing but to be executed. A child gets its sockets under the lowest numbers, in place of what is
// there, so that the number is a higher one.
func toExecute(file *os.File) (*os.File, error) {
	fd, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", file.Fd()), unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open the program: %w", err)
	}
	defer func() { _ = unix.Close(fd) }()                             // there is a duplicate
	high, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 64) // #nosec G115 -- a descriptor
	if err != nil {
		return nil, fmt.Errorf("open the program: %w", err)
	}
	return os.NewFile(uintptr(high), file.Name()), nil // #nosec G115 -- a descriptor
}
