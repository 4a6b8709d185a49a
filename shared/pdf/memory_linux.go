package pdf

import (
	"github.com/tetratelabs/wazero/experimental"
	"golang.org/x/sys/unix"
)

// allocator gives each module memory that is outside Go's heap: it grows without being copied, and is given back the
// moment a document is closed.
func allocator() experimental.MemoryAllocator {
	return experimental.MemoryAllocatorFunc(func(_, limit uint64) experimental.LinearMemory {
		return &mapping{limit: limit}
	})
}

// mapping is an anonymous mapping as linear memory.
type mapping struct {
	pages []byte
	limit uint64
}

// Reallocate implements experimental.LinearMemory. PDFium answers a nil as it answers a full memory.
func (m *mapping) Reallocate(size uint64) []byte {
	if size > m.limit {
		return nil
	}
	if size <= uint64(len(m.pages)) {
		return m.pages[:size]
	}
	var pages []byte
	var err error
	if m.pages == nil {
		pages, err = unix.Mmap(-1, 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE) //nolint:gosec // at most 4 GiB
	} else {
		pages, err = unix.Mremap(m.pages, int(size), unix.MREMAP_MAYMOVE) //nolint:gosec // at most 4 GiB
	}
	if err != nil {
		return nil
	}
	m.pages = pages
	return pages
}

// Free implements experimental.LinearMemory.
func (m *mapping) Free() {
	if m.pages != nil {
		_ = unix.Munmap(m.pages) // nothing can be done about memory that does not go
		m.pages = nil
	}
}
