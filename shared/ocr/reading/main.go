//go:build linux

package reading

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/lethe-ocr/lethe/shared/document"
	"github.com/lethe-ocr/lethe/shared/ocr/process"
	"github.com/lethe-ocr/lethe/shared/ocr/tesseract"
)

// heapGoal makes the garbage collector work harder from here on. Most of the memory of a child is native.
const heapGoal = 512 << 20

// pdfMemory bounds what PDFium may use for one document, in bytes.
const pdfMemory = 1 << 30

// Main is the program of a child process: it confines itself, says what it found, and serves its pool on the socket until
// the pool is gone.
func Main(ctx context.Context, socket int, cfg Config) error {
	debug.SetMemoryLimit(heapGoal)
	folder, err := tesseract.DataFolder(cfg.Tessdata)
	if err != nil {
		return fmt.Errorf("find language data: %w", err)
	}
	cfg.Tessdata = folder
	confined := process.Confine(cfg.Tessdata, cfg.Cache)
	engine, err := New(cfg)
	if err != nil {
		return fmt.Errorf("start engine: %w", err)
	}
	// The engine is not closed: a call may still be running in it, and the process ends with this function.
	return process.Serve(ctx, socket, engine, confined)
}

// Warm fills the compilation cache of PDFium in dir. It takes seconds and hundreds of MiB. Children only read the cache;
// without it each of them compiles PDFium when its first PDF comes.
func Warm(ctx context.Context, dir string) error {
	runtime, err := document.NewRuntime(ctx, dir, pdfMemory)
	if err != nil {
		return fmt.Errorf("fill compilation cache: %w", err)
	}
	return runtime.Close()
}
