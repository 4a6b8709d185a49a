package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// A child gets the file, and with it no way to change what others read.
func TestNobodyElseCanChangeTheFile(t *testing.T) {
	blobs, b, content := uploaded(t, 64*storage.BlockSize)
	o := opened(t, blobs, b.ETag)
	if o.Ranges == nil {
		t.Skip("this kernel has no seal against writing later on")
	}
	if err := o.Ranges.Fill(t.Context(), 0, 100); err != nil {
		t.Fatal(err)
	}
	again, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", o.File.Fd()), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.Close() }()
	for name, f := range map[string]*os.File{"the file": o.File, "the file opened again": again} {
		fd := int(f.Fd())
		for what, try := range map[string]func() error{
			"write":      func() error { _, err := f.WriteAt([]byte("changed"), 0); return err },
			"grow":       func() error { return f.Truncate(b.Size + 1) },
			"shrink":     func() error { return f.Truncate(b.Size - 1) },
			"punch":      func() error { return unix.Fallocate(fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 0, 4096) },
			"append":     func() error { _, err := f.WriteAt([]byte("more"), b.Size); return err },
			"seal":       func() error { _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_WRITE); return err },
			"map shared": func() error { return mapped(fd, unix.PROT_READ|unix.PROT_WRITE) },
			"make writable": func() error {
				m, err := unix.Mmap(fd, 0, 4096, unix.PROT_READ, unix.MAP_SHARED)
				if err != nil {
					return err
				}
				return errors.Join(unix.Mprotect(m, unix.PROT_READ|unix.PROT_WRITE), unix.Munmap(m))
			},
		} {
			if try() == nil {
				t.Errorf("%s: %s is possible", name, what)
			}
		}
	}
	if !bytes.Equal(bytesOf(t, o, 0, 100), content[:100]) {
		t.Error("it is not the document any more")
	}
}

func mapped(fd, protection int) error {
	m, err := unix.Mmap(fd, 0, 4096, protection, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	return unix.Munmap(m)
}

// What is fetched is in the file alone, and the rest of the file takes no memory.
func TestFileTakesTheMemoryOfWhatWasFetched(t *testing.T) {
	blobs, b, _ := uploaded(t, 16<<20)
	o := opened(t, blobs, b.ETag)
	before := shared(t)
	if err := o.Ranges.Fill(t.Context(), 4<<20, 8<<20); err != nil {
		t.Fatal(err)
	}
	var held unix.Stat_t
	if err := unix.Fstat(int(o.File.Fd()), &held); err != nil {
		t.Fatal(err)
	}
	if taken := held.Blocks * 512; taken < 8<<20 || taken > 10<<20 {
		t.Errorf("the file takes %d bytes", taken)
	}
	if grown := shared(t) - before; grown > 1<<20 {
		t.Errorf("this process holds %d bytes of it as well", grown)
	}
}

// shared returns the resident bytes of files and shared memory (proc_pid_statm(5)).
func shared(t *testing.T) int64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var size, resident, pages int64
	if _, err := fmt.Sscan(string(b), &size, &resident, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

func TestDocumentIsCopiedWhole(t *testing.T) {
	for name, c := range map[string]struct {
		size int
		open func(context.Context, storage.Blobs, string, string, int64) (*storage.Opened, error)
	}{
		"where no file can be sealed and filled": {4 << 20, storage.OpenRangesUnsealed},
		"when it is small":                       {storage.WholeBelow - 1, storage.OpenRanges},
	} {
		t.Run(name, func(t *testing.T) {
			blobs, b, content := uploaded(t, c.size)
			o, err := c.open(t.Context(), blobs, upload, b.ETag, int64(c.size))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = o.Close() }()
			if o.Ranges != nil || !bytes.Equal(bytesOf(t, o, 0, b.Size), content) {
				t.Error("the file is not the whole document")
			}
			if o.Blob != b {
				t.Errorf("got %+v, want %+v", o.Blob, b)
			}
		})
	}
}

func TestDocumentOverTheLimitIsNotOpened(t *testing.T) {
	for _, size := range []int{2 << 20, 100} {
		blobs, b, _ := uploaded(t, size)
		if _, err := storage.OpenRanges(t.Context(), blobs, upload, b.ETag, int64(size-1)); !errors.Is(err, fault.DocumentTooLarge) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}
