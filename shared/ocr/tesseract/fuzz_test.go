//go:build cgo

package tesseract_test

import (
	"image"
	"testing"

	"golang.org/x/image/draw"

	"github.com/lethe-ocr/lethe/shared/ocr/reading"
	"github.com/lethe-ocr/lethe/shared/ocr/reading/enginetest"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// FuzzRecognise shows the engine any pixels in any mode, and any part of them, with all that can be asked for.
func FuzzRecognise(f *testing.F) {
	lines := image.NewGray(image.Rect(0, 0, 180, 120))
	draw.Draw(lines, lines.Rect, letter(f), image.Pt(200, 200), draw.Src)
	f.Add(lines.Pix, 180, 200, 0, 0, 0, 0, 0)
	f.Add(lines.Pix, 180, 0, 1, 0, 30, 180, 90)
	f.Add(lines.Pix, 179, 70, 2, 20, 10, 100, 60)
	f.Add(make([]byte, 4096), 64, 2400, 3, 0, 0, 0, 0)
	f.Add([]byte{0, 255, 0}, 1, -1, 4, -5, -5, 3, 3)
	f.Add([]byte{0, 255, 0}, 3, 300, 5, 1, 0, 2, 1)
	e := newEngine(f)
	f.Fuzz(func(t *testing.T, pixels []byte, width, dpi, mode, left, top, right, bottom int) {
		const most = 300 // pixels of a side: one that takes a second finds little
		if width < 1 || width > most || len(pixels) < width || len(pixels)/width > most || dpi < 0 || dpi > 100_000 {
			t.Skip("no picture")
		}
		height := len(pixels) / width
		im, err := picture.NewGray(pixels, width, width, height, dpi)
		if err != nil {
			t.Fatal(err)
		}
		defer im.Close()
		ask := enginetest.English()
		ask.Mode, ask.Characters, ask.Alternatives = reading.Mode(((mode%6)+6)%6), true, true
		ask.Region = image.Rect(left, top, right, bottom)
		found, err := e.Recognise(t.Context(), im, ask)
		if err != nil {
			return // what it cannot read it refuses
		}
		for _, w := range found.Words {
			if w.Text != "" && (!w.Box.In(image.Rect(0, 0, width, height)) || w.Confidence < 0 || w.Confidence > 100 || len(w.Text) > 4096) {
				t.Errorf("%q at %v of %d x %d, %v", w.Text, w.Box, width, height, w.Confidence)
			}
		}
	})
}
