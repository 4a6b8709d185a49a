package barcode_test

import (
	"fmt"
	"image"
	"image/draw"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/lethe-ocr/lethe/shared/ocr/barcode"
)

// labels is a page of so many small QR codes with different values, apart by some pixels.
func labels(t *testing.T, n, across, apart int) *image.Gray {
	t.Helper()
	const side = 4 * 21 // as drawn enlarges it
	page := image.NewGray(image.Rect(0, 0, across*(side+apart)+200, (n+across-1)/across*(side+apart)+200))
	draw.Draw(page, page.Rect, image.White, image.Point{}, draw.Src)
	for i := range n {
		s := sample{"QR-Code", fmt.Sprint("L", i), "", qrcode.NewQRCodeWriter(), gozxing.BarcodeFormat_QR_CODE, 21, 21}
		put(page, drawn(t, s), 100+i%across*(side+apart), 100+i/across*(side+apart))
	}
	return page
}

func TestManyCodesAreFoundOrToldToBeLeftOut(t *testing.T) {
	for name, c := range map[string]struct {
		n, across, apart int
		most             int // that are found
	}{
		"a sheet of labels":          {70, 10, 60, 256},
		"labels that nearly touch":   {12, 4, 12, 256},
		"more than a page is let be": {280, 20, 60, 256},
	} {
		t.Run(name, func(t *testing.T) {
			found := barcode.Find(labels(t, c.n, c.across, c.apart))
			values := map[string]bool{}
			for _, code := range found.Codes {
				values[code.Value] = true
			}
			if len(values) != len(found.Codes) || len(values) != min(c.n, c.most) {
				t.Errorf("found %d codes with %d values of %d", len(found.Codes), len(values), c.n)
			}
			if told := found.Left > 0; told != (c.n > c.most) {
				t.Errorf("told that %d areas were left out", found.Left)
			}
		})
	}
}

// One band of a code of bars may be damaged, or show something else, whichever it is.
func TestOneBadBandHidesNoCode(t *testing.T) {
	s := sample{"Code-128", "Lethe-128", "", oned.NewCode128Writer(), gozxing.BarcodeFormat_CODE_128, 300, 100}
	other := s
	other.value = "Lethe-821"
	for name, damage := range map[string]*image.Gray{"white": image.NewGray(image.Rect(0, 0, 300, 20)), "another code": drawn(t, other)} {
		for band := range 5 {
			page := whitePage()
			put(page, drawn(t, s), 300, 200)
			at := image.Rect(300, 200+band*20, 600, 220+band*20)
			if name == "white" {
				draw.Draw(page, at, image.White, image.Point{}, draw.Src)
			} else {
				draw.Draw(page, at, damage, image.Point{}, draw.Src)
			}
			found := barcode.In(page.SubImage(image.Rect(200, 100, 800, 500)).(*image.Gray), "Code-128")
			if len(found.Codes) != 1 || found.Codes[0].Value != s.value {
				t.Errorf("%s in band %d: %+v", name, band, found)
			}
		}
	}
}
