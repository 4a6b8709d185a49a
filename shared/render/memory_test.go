package render

import (
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// What a result keeps of a page until its end is its entry in a directory at most: no text, in memory or in a file.
func TestPagesThatAreWrittenTakeNeitherMemoryNorAFile(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing")) // where no file can be made
	const first, last, most = 50, 150, 1 << 10                // pages, and bytes kept of each
	page := dense()
	page.Blocks[0].Paragraphs[0].Lines = page.Blocks[0].Paragraphs[0].Lines[:20]
	page.Blocks = append(page.Blocks, structured().Blocks[3])
	if len(page.Blocks[1].Rows) == 0 {
		t.Fatal("there is no table")
	}
	held := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	for _, f := range everyFormat() {
		var start, end int64
		doc := Document{Pages: last, Original: Original{Engine: &engine{}}}
		err := Write(t.Context(), doc, func(yield func(ocr.Page, error) bool) {
			for n := range last {
				page.Number = n + 1
				page.Blocks[0].Paragraphs[0].Lines[0].Words[0].Text = fmt.Sprintf("page%d", n)
				if !yield(page, nil) {
					return
				}
				switch page.Number {
				case first:
					start = held()
				case last:
					end = held()
				}
			}
		}, Output{f, io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		if each := (end - start) / (last - first); each > most {
			t.Errorf("%s keeps %d bytes of each page", f, each)
		}
	}
}
