package render

import (
	"io"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// dense is a page of 60 lines and 600 words.
func dense() ocr.Page {
	var lines []ocr.Line
	for i := range 60 {
		lines = append(lines, line(100, 100+30*i, 1500, "ten", "words", "stand", "on", "each", "line", "of", "this", "dense", "page"))
	}
	return ocr.Page{
		Number: 1, Width: 1654, Height: 2339, DPI: 200, Origin: ocr.Recognised, Confidence: 90,
		Blocks: []ocr.Block{block(paragraph(lines...))},
	}
}

// BenchmarkWrite writes a document of ten dense pages in each format but PDF, which the engine writes, and in all of them.
func BenchmarkWrite(b *testing.B) {
	var pages []ocr.Page
	for n := range 10 {
		page := dense()
		page.Number = n + 1
		pages = append(pages, page)
	}
	doc := document()
	doc.Pages = len(pages)
	var all []Output
	write := func(b *testing.B, outputs ...Output) {
		b.ReportAllocs()
		for b.Loop() {
			if err := Write(b.Context(), doc, sequence(pages...), outputs...); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, f := range Formats() {
		if _, ofOriginal := f.kind(); ofOriginal {
			continue
		}
		all = append(all, Output{f, io.Discard})
		b.Run(string(f), func(b *testing.B) { write(b, Output{f, io.Discard}) })
	}
	b.Run("all", func(b *testing.B) { write(b, all...) })
}
