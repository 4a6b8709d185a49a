package picture_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/derivative"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// TestSheetsAreSurveyedAsTheyWereWritten is the round trip: what a derivative was made from is what it has.
func TestSheetsAreSurveyedAsTheyWereWritten(t *testing.T) {
	want := derivative.Page{
		Width: 620, Height: 877, DPIX: 300, DPIY: 300, Ink: derivative.Ink{Density: 5, Lines: 5, Height: 3},
	}
	grey := derivative.Draw(want.Width, want.Height, want.Ink, 0).Grey()
	measured := derivative.Measure(grey, want.Width, want.Width, want.Height)
	for _, mediaType := range []string{
		ocr.PNG, ocr.JPEG, ocr.GIF, ocr.BMP, ocr.TIFF, ocr.WebP, ocr.JP2,
	} {
		written := 0
		for _, d := range depths() {
			page := want
			page.Depth = d
			if mediaType == ocr.TIFF {
				page.DPIY = 150
			}
			if mediaType == ocr.GIF || mediaType == ocr.WebP {
				page.DPIX, page.DPIY = 0, 0 // they cannot state it
			}
			if mediaType == ocr.JPEG || mediaType == ocr.TIFF {
				page.Orientation = 6
			}
			if page.Check(mediaType, ocr.DefaultLimits()) != nil {
				continue
			}
			written++
			data, err := sheet(mediaType, page)
			if err != nil {
				t.Errorf("%s, %+v: %v", mediaType, d, err)
				continue
			}
			got, err := picture.Survey(data, mediaType, 0, ocr.DefaultLimits())
			if err != nil {
				t.Errorf("%s, %+v: %v", mediaType, d, err)
				continue
			}
			if page.Orientation == 0 { // else lines run downwards as displayed
				page.Ink = measured
			}
			if page.Orientation > 0 {
				page.Ink, got.Ink = derivative.Ink{}, derivative.Ink{}
			}
			if diff := cmp.Diff(page, got); diff != "" {
				t.Errorf("%s, %+v: %s", mediaType, d, diff)
			}
		}
		if written == 0 {
			t.Errorf("%s is written with no depth", mediaType)
		}
	}
}

func depths() []derivative.Depth {
	var list []derivative.Depth
	for bits := range 17 {
		for samples := range 5 {
			for _, flag := range []bool{false, true} {
				list = append(list, derivative.Depth{Bits: bits, Samples: samples, Palette: flag})
			}
			list = append(list, derivative.Depth{Bits: bits, Samples: samples, Lossy: true})
		}
	}
	return list
}

func sheet(mediaType string, page derivative.Page) ([]byte, error) {
	if mediaType == ocr.WebP || mediaType == ocr.JP2 {
		return picture.EncodeSheet(mediaType, page)
	}
	var b bytes.Buffer
	err := derivative.Write(&b, derivative.Plan{Type: mediaType, Pages: []derivative.Page{page}})
	return b.Bytes(), err
}

func TestSheetsOfAnySizeAreEncoded(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {1, 300}, {300, 1}, {2, 3}, {33, 31}, {1000, 20}} {
		for _, mediaType := range []string{ocr.WebP, ocr.JP2} {
			page := derivative.Page{
				Width: size[0], Height: size[1], Depth: derivative.Depth{Bits: 8, Samples: 3}, Ink: derivative.Ink{Density: 4, Lines: 2},
			}
			data, err := sheet(mediaType, page)
			if err != nil {
				t.Errorf("%s of %v: %v", mediaType, size, err)
				continue
			}
			got, err := picture.Survey(data, mediaType, 0, ocr.DefaultLimits())
			if err != nil || got.Width != size[0] || got.Height != size[1] {
				t.Errorf("%s of %v: %+v, %v", mediaType, size, got, err)
			}
		}
	}
}
