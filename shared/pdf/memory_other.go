//go:build !linux

package pdf

import "github.com/tetratelabs/wazero/experimental"

// allocator returns nil: modules have their memory on Go's heap.
func allocator() experimental.MemoryAllocator { return nil }
