package filelock_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/lethe-ocr/lethe/shared/filelock"
)

// Two opens of one file stand for two processes: a lock belongs to the open file.
func TestLocksExcludeEachOtherUntilTheFileIsClosed(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	open := func() *os.File {
		f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	for _, c := range []struct {
		name         string
		first, other filelock.Mode
		want         error
	}{
		{"shared beside shared", filelock.Shared, filelock.Shared, nil},
		{"exclusive beside shared", filelock.Shared, filelock.Exclusive, filelock.ErrHeld},
		{"shared beside exclusive", filelock.Exclusive, filelock.Shared, filelock.ErrHeld},
		{"exclusive beside exclusive", filelock.Exclusive, filelock.Exclusive, filelock.ErrHeld},
	} {
		t.Run(c.name, func(t *testing.T) {
			first, other := open(), open()
			if err := filelock.Lock(first, c.first); err != nil {
				t.Fatal(err)
			}
			if err := filelock.TryLock(other, c.other); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if err := first.Close(); err != nil {
				t.Fatal(err)
			}
			if err := filelock.TryLock(other, c.other); err != nil {
				t.Errorf("after the first was closed: %v", err)
			}
			if err := other.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}
