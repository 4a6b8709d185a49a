package inbox

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// disk is everything that changes files, so that tests can let each change fail, and stop before and after each.
type disk interface {
	Mkdir(path string) error
	Create(path string) (output, error) // for its owner alone; what was there is gone
	Rename(from, to string) error
	Remove(path string) error
	Sync(folder string) error // names in it outlive that the power fails
}

// output is a file that is written.
type output interface {
	io.WriteCloser
	Sync() error
}

// machine is the disk of the machine.
type machine struct{}

// Mkdir implements disk.
func (machine) Mkdir(path string) error { return os.Mkdir(path, 0o700) }

// Create implements disk. What has the name before is removed and not written to: it may be a link.
func (machine) Create(path string) (output, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // in a folder that the user named
}

// Rename implements disk.
func (machine) Rename(from, to string) error { return os.Rename(from, to) }

// Remove implements disk.
func (machine) Remove(path string) error { return os.Remove(path) }

// Sync implements disk. Windows syncs no folders, and some network shares do not either.
func (machine) Sync(folder string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(folder) //nolint:gosec // a folder that the user named
	if err != nil {
		return err
	}
	err = f.Sync()
	if unsupported(err) {
		err = nil
	}
	return errors.Join(err, f.Close())
}

// write writes a file that is there whole, on the disk, or not at all.
func write(d disk, path string, fill func(io.Writer) error) error {
	part := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+partial)
	if err := writePart(d, part, fill); err != nil {
		return err
	}
	if err := d.Rename(part, path); err != nil {
		return err
	}
	return d.Sync(filepath.Dir(path))
}

// writePart writes a file that is to be renamed when all of it is on the disk. One that cannot be written is removed.
func writePart(d disk, part string, fill func(io.Writer) error) error {
	f, err := d.Create(part)
	if err != nil {
		return err
	}
	if err := fill(f); err != nil {
		return errors.Join(err, f.Close(), d.Remove(part))
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return errors.Join(err, d.Remove(part))
	}
	return nil
}

// move moves a file to a name that nothing has, to another disk too.
func move(d disk, from, to string) error {
	err := d.Rename(from, to)
	if !crossing(err) {
		return err
	}
	before, err := os.Lstat(from)
	if err != nil {
		return err
	}
	if !before.Mode().IsRegular() {
		return errors.New("it is no plain file, and its new place is on another disk")
	}
	err = write(d, to, func(w io.Writer) error {
		f, err := os.Open(from) //nolint:gosec // a plain file of the inbox
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // read
		_, err = io.Copy(w, f)
		return err
	})
	if err != nil {
		return fmt.Errorf("copy to another disk: %w", err)
	}
	if after, err := os.Lstat(from); err != nil || !unchanged(before, after) {
		return errors.Join(errors.New("the document changed while it was copied to another disk"), d.Remove(to))
	}
	return d.Remove(from)
}

// equal reports whether two plain files hold the same. Files that cannot be read do not.
func equal(a, b string) bool {
	var digests [2][sha256.Size]byte
	for i, path := range []string{a, b} {
		if stat, err := os.Lstat(path); err != nil || !stat.Mode().IsRegular() {
			return false
		}
		f, err := os.Open(path) //nolint:gosec // in folders that the user named
		if err != nil {
			return false
		}
		h := sha256.New()
		_, err = io.Copy(h, f)
		_ = f.Close() // read
		if err != nil {
			return false
		}
		h.Sum(digests[i][:0])
	}
	return digests[0] == digests[1]
}
