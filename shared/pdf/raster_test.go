package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

func TestScansAreHandedOutAsTheyAre(t *testing.T) {
	whole := "q 612 0 0 792 0 0 cm /I1 Do Q" // 850 × 1100 pixels, 100 dpi
	cases := []struct {
		name, entries, content string
		jpeg                   bool
		dpi                    int
	}{
		{"whole page", letter, whole, true, 100},
		{"turned page", letter + "/Rotate 90", whole, false, 150},
		{"turned image", letter, "q 0 792 -612 0 612 0 cm /I1 Do Q", false, 150},
		{"mirrored image", letter, "q -612 0 0 792 612 0 cm /I1 Do Q", false, 150},
		{"with a margin", letter, "q 600 0 0 780 6 6 cm /I1 Do Q", false, 150},
		{"half a page", letter, "q 612 0 0 396 0 0 cm /I1 Do Q", false, 200},
		{"drawn over", letter, whole + " 0 0 m 612 792 l S", false, 150},
		{"written over", letter, whole + " BT /F1 12 Tf 72 720 Td (stamp) Tj ET", false, 150},
		{"with invisible text", letter, whole + " BT 3 Tr /F1 12 Tf 72 720 Td (read) Tj ET", true, 100},
		{"too coarse", "/MediaBox[0 0 1224 1584]", "q 1224 0 0 1584 0 0 cm /I1 Do Q", false, 150},
		{"text", letter, prose(), false, 200},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			raster, err := open(t, onePage(c.entries, c.content)).Raster(1, ocr.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if (raster.JPEG != nil) != c.jpeg || (raster.Gray == nil) != c.jpeg || raster.DPI != c.dpi {
				t.Errorf("JPEG of %d bytes, %d bytes of pixels, %d dpi", len(raster.JPEG), len(raster.Gray), raster.DPI)
			}
			if c.jpeg && !bytes.Equal(raster.JPEG, photo(850, 1100)) {
				t.Error("the JPEG is another one")
			}
		})
	}
}

func TestPixelsAreBoundedBeforeRendering(t *testing.T) {
	cases := []struct {
		name, box string
		dpi       int // 0: refused
	}{
		{"letter", letter, 200},
		{"poster", "/MediaBox[0 0 2880 2880]", 150}, // 40 × 40 inches
		{"the largest that fits", "/MediaBox[0 0 5990 5990]", 72},
		{"too large", "/MediaBox[0 0 6100 6100]", 0},
		{"a mile", "/MediaBox[0 0 4500000 4500000]", 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			limits := ocr.Limits{Pixels: 36_000_000}
			raster, err := open(t, onePage(c.box, "0 0 m 9 9 l S")).Raster(1, limits)
			if c.dpi == 0 {
				if !errors.Is(err, fault.PageTooLarge) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if raster.DPI != c.dpi || int64(raster.Width)*int64(raster.Height) > limits.Pixels {
				t.Errorf("%d dpi, %d × %d", raster.DPI, raster.Width, raster.Height)
			}
		})
	}
}

func TestPosterIsRenderedAtTheResolutionOfItsPicture(t *testing.T) {
	for _, c := range []struct{ side, width, height, dpi int }{
		{14_400, 1200, 1200, 6}, {7_200, 1800, 1800, 18}, {3_000, 1200, 1200, 29}, {14_400, 200, 200, 1}, {612, 500, 500, 150},
	} {
		data := pdftest.Build(
			"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
			fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Resources<</XObject<</I 5 0 R>>>>/Contents 4 0 R>>", c.side, c.side),
			pdftest.Stream("", fmt.Appendf(nil, "%d 0 0 %d 0 0 cm /I Do", c.side, c.side)),
			pdftest.Stream(fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace/DeviceGray", c.width, c.height),
				make([]byte, c.width*c.height)),
		)
		raster, err := open(t, data).Raster(1, ocr.DefaultLimits())
		if err != nil {
			t.Errorf("%+v: %v", c, err)
		} else if raster.DPI != c.dpi {
			t.Errorf("%+v: %d dpi, %d x %d pixels", c, raster.DPI, raster.Width, raster.Height)
		}
	}
}

func TestFormFieldsAreRendered(t *testing.T) {
	data := pdftest.Build(
		"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]>>>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R"+letter+"/Annots[4 0 R]>>",
		"<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/Rect[72 200 300 220]/AP<</N 5 0 R>>/F 4>>",
		pdftest.Stream("/Type/XObject/Subtype/Form/BBox[0 0 228 20]", []byte("0 g 0 0 228 20 re f")),
	)
	raster, err := open(t, data).Raster(1, ocr.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if at := raster.Gray[(2200-210*200/72)*raster.Stride+150*200/72]; at != 0 {
		t.Errorf("the field is %d", at)
	}
}
