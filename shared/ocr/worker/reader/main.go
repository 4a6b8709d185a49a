//go:build linux

package reader

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/lethe-ocr/lethe/shared/ocr/gosseract"
	"github.com/lethe-ocr/lethe/shared/ocr/reading"
	"github.com/lethe-ocr/lethe/shared/ocr/tesseract"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
	"github.com/lethe-ocr/lethe/shared/pdf"
)

// heapGoal makes the garbage collector work harder from here on. Most of the memory of a child is native.
const heapGoal = 512 << 20

// pdfMemory bounds what PDFium may use for one document, in bytes.
const pdfMemory = 1 << 30

// Main is the program of a child process: it opens what it needs, confines itself, says what it found, and serves its pool
// on the socket until the pool is gone.
func Main(ctx context.Context, socket int, cfg Config) error {
	debug.SetMemoryLimit(heapGoal)
	models, err := tesseract.OpenModels(cfg.Tessdata)
	if err != nil {
		return fmt.Errorf("find language data: %w", err)
	}
	native, err := cfg.native(models)
	if err != nil {
		return err
	}
	engine, err := New(cfg, reading.New(native))
	if err != nil {
		return fmt.Errorf("start engine: %w", err)
	}
	if !worker.Landlocked() {
		// PDFium takes 40 MiB, so that otherwise it waits for the first PDF.
		engine.takePDFium(ctx)
	}
	confined := worker.Confine(models.Count(), cfg.Cache)
	// The engine is not closed: a call may still be running in it, and the process ends with this function.
	return worker.Serve(ctx, socket, engine, confined)
}

// native returns the engine of the configured name.
func (c Config) native(models *tesseract.Models) (reading.Engine, error) {
	switch c.Engine {
	case "", "tesseract":
		return tesseract.New(models), nil
	case "gosseract":
		return gosseract.New(models), nil
	default:
		return nil, fmt.Errorf("there is no engine %q", c.Engine)
	}
}

// takePDFium starts PDFium from its cache while files can still be opened. Where the cache is empty it is compiled when the
// first PDF comes: now the pool would wait for it too long.
func (e *Engine) takePDFium(ctx context.Context) {
	if entries, err := os.ReadDir(e.cfg.Cache); err != nil || len(entries) == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	_, _ = e.pdf(ctx) // tried again when the first PDF arrives, which returns the error
}

// Warm fills the compilation cache of PDFium in dir. It takes seconds and hundreds of MiB. Children only read the cache;
// without it each of them compiles PDFium when its first PDF comes.
func Warm(ctx context.Context, dir string) error {
	runtime, err := pdf.NewRuntime(ctx, dir, pdfMemory)
	if err != nil {
		return fmt.Errorf("fill compilation cache: %w", err)
	}
	return runtime.Close()
}
