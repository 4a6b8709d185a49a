//go:build linux

package reader_test

import (
	"fmt"
	"image"
	"image/draw"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

const (
	above, below = "This letter was typed by hand.", "Page 1 of 1, printed on Monday."
	stale        = "Wh0ever rcads thls pagc"
)

// hybrid is a page with a text layer and a part of a scan, which holds prose.
func hybrid(t *testing.T, content string) []byte {
	t.Helper()
	scan := drawn(t)
	part := image.NewGray(image.Rect(0, 0, ocrtest.Width, ocrtest.Height/4))
	draw.Draw(part, part.Rect, scan, image.Point{}, draw.Src)
	whole := fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/DCTDecode",
		ocrtest.Width, ocrtest.Height)
	quarter := strings.Replace(whole, fmt.Sprintf("/Height %d", ocrtest.Height), fmt.Sprintf("/Height %d", ocrtest.Height/4), 1)
	return pdftest.Pages(1, "/XObject<</Scan 5 0 R/Part 6 0 R>>/Font<</F 7 0 R>>/Pattern<</P 8 0 R>>", content,
		pdftest.Stream(whole, asJPEG(t, scan)), pdftest.Stream(quarter, asJPEG(t, part)),
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
		// What a pattern paints is in no text layer, as letters drawn as curves are not.
		pdftest.Stream("/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 595 842]/XStep 595/YStep 842"+
			"/Resources<</Font<</F 7 0 R>>>>", []byte(line(600, prose))))
}

// line shows text at a height of the page, in points.
func line(y int, text string) string { return fmt.Sprintf("BT/F 12 Tf 72 %d Td(%s)Tj ET ", y, text) }

func TestPagesAreReadFromLayerAndPictureWhereverTheirTextIs(t *testing.T) {
	const (
		scan = "q 595 0 0 842 0 0 cm/Scan Do Q "
		part = "q 480 0 0 170 60 500 cm/Part Do Q "
	)
	old := "q " + strings.Replace(line(770, stale), "BT", "BT 3 Tr", 1) + "Q "
	for _, c := range []struct {
		name, content string
		want          string
		origin        ocr.Origin
		mixed         bool // some blocks are recognised
		hidden        bool
	}{
		{"a part of a scan between lines", line(760, above) + part + line(60, below), above + " " + prose + " " + below, ocr.TextLayer, true, false},
		{"curves and a footer", "/Pattern cs/P scn 0 0 595 842 re f 0 g " + line(40, below), prose + " " + below, ocr.TextLayer, true, false},
		{"a stamp on a scan", scan + line(40, below), prose + " " + below, ocr.TextLayer, true, false},
		{"a stamp on a scan read earlier", scan + old + line(40, below), prose + " " + below, ocr.TextLayer, true, false},
		{"a scan over an earlier reading", line(770, stale) + scan, prose, ocr.Recognised, false, false},
		{"a scan over an earlier reading, and a stamp", line(770, stale) + scan + line(40, below), prose + " " + below, ocr.TextLayer, true, false},
		{"secret words under a picture", line(760, above) + line(650, "under it lie secrets") + part, above + " " + prose, ocr.TextLayer, true, true},
		{"no text but in the layer", line(760, above) + "0.8 g 60 500 480 170 re f", above, ocr.TextLayer, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPool(t, nil)
			got, err := p.Recognise(t.Context(), source(t, c.name, hybrid(t, c.content)), 1, english())
			if err != nil {
				t.Fatal(err)
			}
			if text(got) != c.want || got.Origin != c.origin {
				t.Errorf("%s: %q; want %q", got.Origin, text(got), c.want)
			}
			mixed := false
			for _, b := range got.Blocks {
				mixed = mixed || b.Origin == ocr.Recognised
			}
			if mixed != c.mixed || c.hidden != (got.HiddenWords > 0) || len(got.Decisions) > 0 {
				t.Errorf("recognised blocks %v, %d hidden words, %d decisions", mixed, got.HiddenWords, len(got.Decisions))
			}
		})
	}
}

func TestPageSaysWhereItsTextIsFromWhenAsked(t *testing.T) {
	p := newPool(t, nil)
	opt := english()
	opt.Explain = true
	content := line(760, above) + "q 480 0 0 170 60 500 cm/Part Do Q 1 g " + line(60, below)
	got, err := p.Recognise(t.Context(), source(t, "explained", hybrid(t, content)), 1, opt)
	if err != nil {
		t.Fatal(err)
	}
	found := map[ocr.Decision]int{}
	for _, d := range got.Decisions {
		found[ocr.Decision{From: d.From, Why: d.Why}]++
	}
	layer, read := ocr.Decision{From: ocr.TextLayer, Why: ocr.Shown}, ocr.Decision{From: ocr.Recognised, Why: ocr.Unexplained}
	if found[layer] != 1 || found[read] != 1 || found[ocr.Decision{Why: ocr.Hidden}] != 7 || len(found) != 3 {
		t.Errorf("decisions: %v", got.Decisions)
	}
}
