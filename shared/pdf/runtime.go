package pdf

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// Runtime holds the compiled PDFium module. Every open document has an instance of its own, with memory of its own, so
// what one document does to the module cannot reach another. It may be used by several goroutines at once.
type Runtime struct {
	pool  pdfium.Pool
	cache wazero.CompilationCache // nil without a cache directory
}

// A page of WebAssembly memory (WebAssembly core specification, section 4.2.8).
const wasmPage = 64 << 10

// NewRuntime compiles PDFium. Compiling takes seconds and hundreds of MiB; with a cacheDir that an earlier call of the same
// program on the same CPU has filled, it is loaded instead, and nothing is written there. An empty cacheDir means no cache.
// memory bounds what each open document may use, in bytes, at most 4 GiB. No file system is mounted into the module.
func NewRuntime(ctx context.Context, cacheDir string, memory int64) (*Runtime, error) {
	if memory < 64<<20 || memory > 4<<30 {
		return nil, fmt.Errorf("pdfium: memory of %d bytes is not between 64 MiB and 4 GiB", memory)
	}
	config := wazero.NewRuntimeConfig().
		// PDFium's build uses exceptions for setjmp; go-pdfium requires the feature of custom configurations.
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
		WithMemoryLimitPages(uint32(memory / wasmPage))
	r := &Runtime{}
	if cacheDir != "" {
		cache, err := wazero.NewCompilationCacheWithDir(cacheDir)
		if err != nil {
			return nil, fmt.Errorf("pdfium: open compilation cache: %w", err)
		}
		r.cache = cache
		config = config.WithCompilationCache(cache)
	}
	ctx = context.WithoutCancel(ctx) // the runtime outlives the call that starts it
	pool, err := webassembly.Init(webassembly.Config{
		Context:       experimental.WithMemoryAllocator(ctx, allocator()),
		MaxTotal:      -1,                   // the caller decides how many documents are open
		FSConfig:      wazero.NewFSConfig(), // nil would mount the root
		RuntimeConfig: config,
		Stdout:        io.Discard,
		Stderr:        io.Discard,
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("pdfium: compile: %w", err), r.closeCache())
	}
	r.pool = pool
	return r, nil
}

// Close releases the module. Documents that are still open must not be used any more.
func (r *Runtime) Close() error {
	return errors.Join(r.pool.Close(), r.closeCache())
}

func (r *Runtime) closeCache() error {
	if r.cache == nil {
		return nil
	}
	return r.cache.Close(context.Background())
}
