package storage

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// sparse is a memory file whose bytes take memory once they are written. Its one writable mapping is older than its seals: no
// descriptor of it can be written to, whoever has it, and nobody can map it for writing any more.
type sparse struct {
	file  *os.File
	bytes []byte
}

// newSparse makes a memory file of a size above 0. errors.ErrUnsupported means that this kernel has no such seal (Linux 5.1).
func newSparse(size int64) (*sparse, error) {
	fd, err := unix.MemfdCreate("document", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("create memory file: %w", err)
	}
	s := &sparse{file: os.NewFile(uintptr(fd), "document")}
	if err = s.file.Truncate(size); err == nil {
		s.bytes, err = unix.Mmap(fd, 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	}
	if err == nil {
		_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_FUTURE_WRITE|unix.F_SEAL_SEAL)
		if errors.Is(err, unix.EINVAL) {
			err = errors.ErrUnsupported
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create memory file: %w", err), s.unmap(), s.file.Close())
	}
	return s, nil
}

// write puts bytes into the file, and takes them out of this process: only the file holds them then.
func (s *sparse) write(b []byte, at int64) (err error) {
	// Where the machine has no memory left, writing to a mapping is a signal and not an error.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil {
			err = errMemory
		}
	}()
	copy(s.bytes[at:], b)
	page := int64(os.Getpagesize())
	from, to := at/page*page, min((at+int64(len(b))+page-1)/page*page, int64(len(s.bytes)))
	_ = unix.Madvise(s.bytes[from:to], unix.MADV_DONTNEED) // of a shared mapping, it drops nothing
	return nil
}

func (s *sparse) unmap() error {
	if s.bytes == nil {
		return nil
	}
	b := s.bytes
	s.bytes = nil
	return unix.Munmap(b)
}
