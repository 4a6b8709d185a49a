//go:build cgo

package reading_test

import (
	"image"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
)

// dotted prints a page as a matrix printer does: each pixel that is dark becomes a square dot, so many pixels from the next.
func dotted(src *image.Gray, pitch, side int) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, src.Rect.Dx()*pitch, src.Rect.Dy()*pitch))
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			img.Pix[y*img.Stride+x] = 255
			if x%pitch < side && y%pitch < side && src.GrayAt(x/pitch, y/pitch).Y < 128 {
				img.Pix[y*img.Stride+x] = 0
			}
		}
	}
	return img
}

func TestPrintOfSeparateDotsIsRead(t *testing.T) {
	r := newReader(t)
	small := drawn(t, 260, 140, 11, map[image.Point][]string{{20, 20}: sentences()})
	for _, c := range []struct {
		pitch, side int
		least       float64
	}{{2, 1, 0.7}, {3, 1, 0.7}, {3, 2, 0.9}, {4, 2, 0.8}, {5, 3, 0.8}, {5, 4, 0.9}, {6, 4, 0.8}} {
		page := read(t, r, grey(t, dotted(small, c.pitch, c.side)))
		if got := ocrtest.F1(strings.Join(sentences(), " "), text(page)); got < c.least {
			t.Errorf("dots of %d pixels, each %d: F1 is %.2f, want %.2f: %q", c.side, c.pitch, got, c.least, text(page))
		}
		for w := range page.Words {
			if at := 20 * c.pitch; w.Box.X0 < at-2*c.pitch || w.Box.Y0 < at {
				t.Errorf("dots of %d pixels, each %d: %q is at %+v, and the print begins at %d", c.side, c.pitch, w.Text, w.Box, at)
			}
		}
	}
}

func TestDirtOfAnyDensityIsNoPrintOfDots(t *testing.T) {
	r := newReader(t)
	for _, c := range []struct{ specks, side int }{{500, 1}, {2000, 1}, {8000, 1}, {32_000, 1}, {500, 2}, {2000, 2}} {
		img := drawn(t, 800, 1000, 1, nil)
		random := rand.New(rand.NewPCG(1, 1)) // a fixed seed is the point
		for range c.specks {
			x, y := random.IntN(img.Rect.Dx()-c.side), random.IntN(img.Rect.Dy()-c.side)
			for i := range c.side * c.side {
				img.Pix[(y+i/c.side)*img.Stride+x+i%c.side] = 0
			}
		}
		if page := read(t, r, grey(t, img)); page.Origin != ocr.Blank {
			t.Errorf("%d specks of %d pixels: %s, confidence %.0f: %q", c.specks, c.side, page.Origin, page.Confidence, text(page))
		}
	}
}
