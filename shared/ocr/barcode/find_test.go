package barcode_test

import (
	"fmt"
	"image"
	"image/draw"
	"math/rand/v2"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/datamatrix"
	"github.com/makiuchi-d/gozxing/oned"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/lethe-ocr/lethe/shared/ocr/barcode"
)

type sample struct {
	symbology, value, want string
	writer                 gozxing.Writer
	format                 gozxing.BarcodeFormat
	w, h                   int
}

func samples() []sample {
	return []sample{
		{"QR-Code", "https://example.org/a?b=ä", "", qrcode.NewQRCodeWriter(), gozxing.BarcodeFormat_QR_CODE, 132, 132},
		{"DataMatrix", "Invoice 2026-001", "", datamatrix.NewDataMatrixWriter(), gozxing.BarcodeFormat_DATA_MATRIX, 0, 0},
		{"Code-128", "Lethe-128", "", oned.NewCode128Writer(), gozxing.BarcodeFormat_CODE_128, 300, 80},
		{"Code-39", "LETHE39", "", oned.NewCode39Writer(), gozxing.BarcodeFormat_CODE_39, 300, 80},
		{"Code-93", "LETHE93", "", oned.NewCode93Writer(), gozxing.BarcodeFormat_CODE_93, 300, 80},
		{"EAN-13", "4006381333931", "", oned.NewEAN13Writer(), gozxing.BarcodeFormat_EAN_13, 250, 80},
		{"EAN-8", "96385074", "", oned.NewEAN8Writer(), gozxing.BarcodeFormat_EAN_8, 200, 80},
		{"UPC-A", "036000291452", "", oned.NewUPCAWriter(), gozxing.BarcodeFormat_UPC_A, 250, 80},
		{"UPC-E", "01234565", "", oned.NewUPCEWriter(), gozxing.BarcodeFormat_UPC_E, 200, 80},
		{"ITF", "12345678901231", "", oned.NewITFWriter(), gozxing.BarcodeFormat_ITF, 300, 80},
		{"Codabar", "A123456789B", "123456789", oned.NewCodaBarWriter(), gozxing.BarcodeFormat_CODABAR, 300, 80},
	}
}

// drawn is a code in black on white, without a margin, each module at least 2 pixels wide.
func drawn(t *testing.T, s sample) *image.Gray {
	t.Helper()
	m, err := s.writer.Encode(s.value, s.format, s.w, s.h, map[gozxing.EncodeHintType]any{gozxing.EncodeHintType_MARGIN: 0})
	if err != nil {
		t.Fatal(err)
	}
	scale := 1
	if m.GetHeight() < 80 {
		scale = 4
	}
	im := image.NewGray(image.Rect(0, 0, m.GetWidth()*scale, m.GetHeight()*scale))
	for y := range im.Rect.Dy() {
		for x := range im.Rect.Dx() {
			if !m.Get(x/scale, y/scale) {
				im.Pix[y*im.Stride+x] = 255
			}
		}
	}
	return im
}

func whitePage() *image.Gray {
	page := image.NewGray(image.Rect(0, 0, 1200, 1000))
	draw.Draw(page, page.Rect, image.White, image.Point{}, draw.Src)
	return page
}

func put(page, code *image.Gray, x, y int) {
	draw.Draw(page, code.Rect.Add(image.Pt(x, y)), code, image.Point{}, draw.Src)
}

func quarter(im *image.Gray) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, im.Rect.Dy(), im.Rect.Dx()))
	for y := range im.Rect.Dy() {
		for x := range im.Rect.Dx() {
			out.SetGray(im.Rect.Dy()-1-y, x, im.GrayAt(x, y))
		}
	}
	return out
}

func noisy(im *image.Gray) *image.Gray {
	random := rand.New(rand.NewPCG(1, 2))
	out := image.NewGray(im.Rect)
	for i, p := range im.Pix {
		out.Pix[i] = uint8(min(max(int(p)*3/4+30+random.IntN(60)-30, 0), 255))
	}
	return out
}

// black is the smallest box of what is dark.
func black(im *image.Gray) image.Rectangle {
	var box image.Rectangle
	for y := im.Rect.Min.Y; y < im.Rect.Max.Y; y++ {
		for x := im.Rect.Min.X; x < im.Rect.Max.X; x++ {
			if im.GrayAt(x, y).Y < 128 {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return box
}

func same(im *image.Gray) *image.Gray { return im }

func TestEveryKindIsReadWhereItStands(t *testing.T) {
	for _, s := range samples() {
		for name, change := range map[string]func(*image.Gray) *image.Gray{"upright": same, "turned": quarter, "noisy": noisy} {
			t.Run(fmt.Sprint(s.symbology, " ", name), func(t *testing.T) {
				page := whitePage()
				put(page, change(drawn(t, s)), 333, 222)
				box := black(page)
				found := barcode.Find(page)
				if len(found) != 1 {
					t.Fatalf("found %+v", found)
				}
				want := s.want
				if want == "" {
					want = s.value
				}
				if found[0].Symbology != s.symbology || found[0].Value != want {
					t.Errorf("found %+v, want %q", found[0], want)
				}
				overlap := found[0].Box.Intersect(box)
				union := found[0].Box.Union(box)
				if 2*overlap.Dx()*overlap.Dy() < union.Dx()*union.Dy() {
					t.Errorf("it is at %v, want %v", found[0].Box, box)
				}
			})
		}
	}
}

func TestAllCodesOfAPageAreFound(t *testing.T) {
	page := whitePage()
	for i, s := range samples() {
		put(page, drawn(t, s), 60+i%3*380, 40+i/3*230)
	}
	if found := barcode.Find(page); len(found) != len(samples()) {
		t.Errorf("found %d of %d: %+v", len(found), len(samples()), found)
	}
}

func TestNoiseAndStripesAreNoCodes(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	page := whitePage()
	for y := range 400 {
		for x := range 500 {
			page.Pix[(y+50)*page.Stride+x+50] = uint8(random.IntN(256))
		}
	}
	for x := range 500 {
		shade := uint8(random.IntN(2) * 255)
		for y := range 300 {
			page.Pix[(y+600)*page.Stride+x+50] = shade
		}
	}
	if found := barcode.Find(page); len(found) > 0 {
		t.Errorf("found %+v", found)
	}
}

func FuzzFind(f *testing.F) {
	f.Add([]byte{0, 255, 0, 255}, uint8(100), uint8(3))
	f.Fuzz(func(t *testing.T, pixels []byte, width, scale uint8) {
		if len(pixels) == 0 {
			return
		}
		page := image.NewGray(image.Rect(0, 0, int(width), 160))
		for y := range page.Rect.Dy() {
			for x := range page.Rect.Dx() {
				page.Pix[y*page.Stride+x] = pixels[(y/(int(scale)+1)*page.Rect.Dx()+x/(int(scale)+1))%len(pixels)]
			}
		}
		for _, c := range barcode.Find(page) {
			if c.Value == "" || c.Symbology == "" || c.Box.Empty() || !c.Box.In(page.Rect) {
				t.Errorf("%+v", c)
			}
		}
	})
}
