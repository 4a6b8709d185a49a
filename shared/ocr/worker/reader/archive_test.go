//go:build linux

package reader_test

import (
	"bytes"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// The page is set in a font that is not embedded, which no PDF/A may have.
func TestPDFAComesOutOfTheWorkerWithItsTextAndTellsOfDrawnPages(t *testing.T) {
	src := source(t, "letter", pdftest.Build("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>",
		pdftest.Stream("", []byte("BT /F1 14 Tf 72 720 Td (The quarterly report is kept for ten years in the archive) Tj ET")),
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"))
	p := newPool(t, nil)
	page, err := p.Recognise(t.Context(), src, 1, english())
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	pages := iter.Seq2[ocr.Page, error](func(yield func(ocr.Page, error) bool) { yield(page, nil) })
	notes, err := p.WritePDF(t.Context(), src, ocr.PDFOptions{Kind: ocr.Archive}, pages, &out)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(notes, ocr.Note{Code: ocr.PageDrawn, Page: 1}) {
		t.Errorf("notes: %+v", notes)
	}
	for _, mark := range []string{"<pdfaid:part>2</pdfaid:part>", "<pdfaid:conformance>B</pdfaid:conformance>", "/GTS_PDFA1"} {
		if !bytes.Contains(out.Bytes(), []byte(mark)) {
			t.Errorf("%s is not in the PDF", mark)
		}
	}
	found := strings.Fields(string(ocrtest.Convert(t, out.Bytes(), "in.pdf", "out.txt", "pdftotext", "in.pdf", "out.txt")))
	if want := strings.Fields("The quarterly report is kept for ten years in the archive"); !slices.Equal(found, want) {
		t.Errorf("text: %q", found)
	}
}
