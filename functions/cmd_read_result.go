//go:build linux

package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// resultFile is a result that is being written. It has no name until it is whole, so that nothing is left of it whatever ends the
// program. Where a file system or a system without /proc cannot do that it has another name, which only a kill leaves behind.
type resultFile struct {
	*os.File
	folder  string
	other   string // its present name; empty if it has none
	failed  error  // why it could not be written
	done    bool   // nothing is left to discard
	private string // leads to the file while it has no name
}

// newResultFile begins a result in a folder, for its owner alone.
func newResultFile(folder string) (*resultFile, error) {
	fd, err := unix.Open(folder, unix.O_TMPFILE|unix.O_WRONLY|unix.O_CLOEXEC, 0o600)
	if err == nil {
		r := &resultFile{File: os.NewFile(uintptr(fd), folder), folder: folder, private: fmt.Sprintf("/proc/self/fd/%d", fd)}
		if _, err := os.Stat(r.private); err == nil {
			return r, nil
		}
		if err := r.Close(); err != nil {
			return nil, &unwrittenError{err}
		}
	}
	f, err := os.CreateTemp(folder, ".lethe-*")
	if err != nil {
		return nil, &unwrittenError{err}
	}
	return &resultFile{File: f, folder: folder, other: f.Name()}, nil
}

// Write implements io.Writer.
func (r *resultFile) Write(p []byte) (int, error) {
	n, err := r.File.Write(p)
	if err != nil {
		r.failed = &unwrittenError{err}
	}
	return n, err
}

// complete makes sure that what was written has arrived: some file systems notice only then that they are full.
func (r *resultFile) complete() error {
	if err := r.Sync(); err != nil {
		return &unwrittenError{err}
	}
	return nil
}

// publish gives the result its name, in place of a file that has it already.
func (r *resultFile) publish(path string) error {
	if r.other == "" {
		err := r.link(path)
		if err == nil {
			r.done = true
			return r.closed()
		}
		if !errors.Is(err, fs.ErrExist) {
			return &unwrittenError{err}
		}
		other := filepath.Join(r.folder, ".lethe-"+rand.Text())
		if err := r.link(other); err != nil {
			return &unwrittenError{err}
		}
		r.other = other
	}
	if err := os.Rename(r.other, path); err != nil {
		return &unwrittenError{err}
	}
	r.done = true
	return r.closed()
}

// link gives a name to a file that has none.
func (r *resultFile) link(path string) error {
	if err := unix.Linkat(unix.AT_FDCWD, r.private, unix.AT_FDCWD, path, unix.AT_SYMLINK_FOLLOW); err != nil {
		return &os.PathError{Op: "name", Path: path, Err: err}
	}
	return nil
}

func (r *resultFile) closed() error {
	if err := r.Close(); err != nil {
		return &unwrittenError{err}
	}
	return nil
}

// discard removes what did not get its name.
func (r *resultFile) discard() error {
	if r.done {
		return nil
	}
	r.done = true
	err := r.closed()
	if r.other != "" {
		err = errors.Join(err, os.Remove(r.other))
	}
	return err
}
