//go:build cgo

package picture_test

import (
	"image"
	"image/color"
	"image/draw"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/derivative"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// What a derivative takes over is what other programs wrote, and statistics of the ink.
func TestSurveyTellsTheFormOfAPicture(t *testing.T) {
	want := derivative.Page{Width: 620, Height: 877, Ink: derivative.Ink{Density: 5, Lines: 5, Height: 3}}
	sheet := &image.Gray{
		Pix: derivative.Draw(want.Width, want.Height, want.Ink, 0).Grey(), Stride: want.Width, Rect: image.Rect(0, 0, want.Width, want.Height),
	}
	want.Ink = derivative.Measure(sheet.Pix, want.Width, want.Width, want.Height)
	twoTone := image.NewPaletted(sheet.Rect, color.Palette{color.White, color.Black})
	draw.Draw(twoTone, sheet.Rect, sheet, image.Point{}, draw.Src)
	for _, c := range []struct {
		name, mediaType string
		data            []byte
		depth           derivative.Depth
		orientation     int
	}{
		{"PNG of grey", ocr.PNG, asPNG(t, sheet), derivative.Depth{Bits: 8, Samples: 1}, 0},
		{"PNG with a palette", ocr.PNG, asPNG(t, twoTone), derivative.Depth{Bits: 1, Samples: 1, Palette: true}, 0},
		{"JPEG", ocr.JPEG, asJPEG(t, sheet), derivative.Depth{Bits: 8, Samples: 1}, 1},
		{"JPEG to be turned", ocr.JPEG, withEXIF(asJPEG(t, sheet), 6), derivative.Depth{Bits: 8, Samples: 1}, 6},
		{"GIF", ocr.GIF, asGIF(t, twoTone), derivative.Depth{Bits: 1, Samples: 1, Palette: true}, 0},
		{"BMP", ocr.BMP, asBMP(t, sheet), derivative.Depth{Bits: 8, Samples: 1, Palette: true}, 0},
		{"TIFF", ocr.TIFF, asTIFF(t, sheet), derivative.Depth{Bits: 8, Samples: 1}, 1},
	} {
		got, err := picture.Survey(c.data, c.mediaType, 0, ocr.DefaultLimits())
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if err := got.Check(c.mediaType, ocr.DefaultLimits()); err != nil {
			t.Errorf("%s: %+v: %v", c.name, got, err)
		}
		page := want
		page.Depth, page.Orientation = c.depth, c.orientation
		if c.orientation > 1 { // lines run downwards as displayed
			page.Ink = got.Ink
		}
		page.DPIX, page.DPIY = got.DPIX, got.DPIY // these encoders state none, or one of their own
		if diff := cmp.Diff(page, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}
