//go:build linux

package reader_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/render"
)

// Pictures of every kind, read and set by a real worker: the text is text, and what is no text stays a picture.
func TestTextOfPicturesIsSetAsTextWithEverythingElseBeside(t *testing.T) {
	sheet, err := ocrtest.Draw(ocrtest.Letter(1), ocrtest.Clean(), 1)
	if err != nil {
		t.Fatal(err)
	}
	draw.Draw(sheet, image.Rect(1100, 1900, 1400, 2150), image.NewUniform(color.Gray{Y: 90}), image.Point{}, draw.Src)
	p := newPool(t, nil)
	for name, data := range map[string][]byte{"PNG": asPNG(t, sheet), "JPEG": asJPEG(t, sheet)} {
		src := source(t, name, data)
		page, err := p.Recognise(t.Context(), src, 1, english())
		if err != nil {
			t.Fatal(err)
		}
		pages := func(yield func(ocr.Page, error) bool) { yield(page, nil) }
		var set bytes.Buffer
		original := render.Original{Engine: p, Source: src}
		if err := render.Write(t.Context(), render.Document{Original: original}, pages, render.Output{Format: render.PDFText, W: &set}); err != nil {
			t.Fatal(err)
		}
		if score := ocrtest.F1(ocrtest.Letter(1), poppler{}.text(t, set.Bytes())); score < 0.97 {
			t.Errorf("%s: the text scores %.3f", name, score)
		}
		if n := bytes.Count(set.Bytes(), []byte("/Subtype/Image")); n < 1 || n > 4 {
			t.Errorf("%s: there are %d pictures", name, n)
		}
		if !bytes.Contains(set.Bytes(), []byte("/BaseFont/GoRegular")) {
			t.Errorf("%s: no text is visible", name)
		}
	}
}
