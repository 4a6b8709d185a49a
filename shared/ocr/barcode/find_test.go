package barcode_test

import (
	"fmt"
	"image"
	"image/color"
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
		{"Aztec", "Lethe forgets 2026", "", aztec(), gozxing.BarcodeFormat_AZTEC, 0, 0},
		{"GS1-DataBar", "24012345678905", "", dataBar(), gozxing.BarcodeFormat_RSS_14, 0, 0},
	}
}

// modules draws what no writer of gozxing can: rows of dark and light modules, from the top.
type modules [][]bool

func (m modules) Encode(string, gozxing.BarcodeFormat, int, int, map[gozxing.EncodeHintType]any) (*gozxing.BitMatrix, error) {
	out, err := gozxing.NewBitMatrix(len(m[0]), len(m))
	for y, row := range m {
		for x, dark := range row {
			if err == nil && dark {
				out.Set(x, y)
			}
		}
	}
	return out, err
}

func (m modules) EncodeWithoutHint(value string, f gozxing.BarcodeFormat, w, h int) (*gozxing.BitMatrix, error) {
	return m.Encode(value, f, w, h, nil)
}

// aztec is "Lethe forgets 2026" as Aztec code, made with another program.
func aztec() modules {
	const side = 23
	bits := "0111110010000110000000110011011100100111011110110000001100111001110011110110000110100010101100011100001000000010010" +
		"0000111111111111111110011100100000000000100100010101011111111101001010110110100000001011011001100101011111010111010" +
		"0110110101000101011100001010101010101010101010000101010100010101101111010110101111101011101101010101000000010101111" +
		"1011110111111111010001000010100000000000100000000001111111111111101101000001010101100100000101101110010111100001100" +
		"111110010100001000000100010110010010110110000010001000011011001100101"
	var m modules
	for i, bit := range bits {
		if i%side == 0 {
			m = append(m, nil)
		}
		m[i/side] = append(m[i/side], bit == '1')
	}
	return m
}

// dataBar is 24012345678905 as GS1 DataBar, made with another program: widths of spaces and bars.
func dataBar() modules {
	widths := []int{
		0, 1, 1, 1, 1, 4, 1, 2, 1, 3, 3, 2, 5, 6, 1, 1, 4, 3, 1, 1, 1, 2, 2, 1, 2, 1, 1, 2, 1, 1, 5, 2, 1, 1, 5, 5, 3, 1, 2, 1, 5, 1, 1, 1, 4, 1, 1,
	}
	var row []bool
	for i, w := range widths {
		for range 3 * w {
			row = append(row, i%2 == 0)
		}
	}
	m := make(modules, 80)
	for y := range m {
		m[y] = row
	}
	return m
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
				found := barcode.Find(page).Codes
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
	if found := barcode.Find(page).Codes; len(found) != len(samples()) {
		t.Errorf("found %d of %d: %+v", len(found), len(samples()), found)
	}
}

// Bars of a scan of 400 or 600 dpi are wide, and so are the gaps between them.
func TestCodesOfWideBarsAreRead(t *testing.T) {
	for _, s := range samples() {
		if s.w == 0 {
			continue
		}
		for _, times := range []int{2, 3, 4} {
			s := s
			s.w, s.h = s.w*times, s.h*times
			page := image.NewGray(image.Rect(0, 0, s.w+200, s.h+200))
			draw.Draw(page, page.Rect, image.White, image.Point{}, draw.Src)
			put(page, drawn(t, s), 100, 100)
			found := barcode.Find(page).Codes
			if len(found) != 1 || found[0].Symbology != s.symbology || !found[0].Box.Overlaps(image.Rect(100, 100, 100+s.w, 100+s.h)) {
				t.Errorf("%s %d times as large: %+v", s.symbology, times, found)
			}
		}
	}
}

// A field is cut close, and knows its kind.
func TestRegionsShowTheirCodes(t *testing.T) {
	for _, s := range samples() {
		code := drawn(t, s)
		box := black(code)
		cut := image.NewGray(image.Rect(0, 0, box.Dx()+4, box.Dy()+4))
		draw.Draw(cut, cut.Rect, image.White, image.Point{}, draw.Src)
		draw.Draw(cut, cut.Rect.Inset(2), code, box.Min, draw.Src)
		want := s.want
		if want == "" {
			want = s.value
		}
		for _, kinds := range [][]string{nil, {s.symbology}, {"Code-39", s.symbology, "QR-Code"}} {
			found := barcode.In(cut, kinds...).Codes
			if len(found) != 1 || found[0].Symbology != s.symbology || found[0].Value != want || !found[0].Box.In(cut.Rect) || found[0].Box.Empty() {
				t.Errorf("%s among %q: %+v", s.symbology, kinds, found)
			}
		}
		others := []string{"PDF417"}
		for _, o := range samples() {
			if o.symbology != s.symbology && o.symbology != "EAN-13" {
				others = append(others, o.symbology)
			}
		}
		if found := barcode.In(cut, others...).Codes; len(found) > 0 {
			t.Errorf("%s is found as %+v", s.symbology, found)
		}
	}
}

func TestSmallCodesAndSeveralOfARegionAreRead(t *testing.T) {
	small := image.NewGray(image.Rect(0, 0, 27, 27))
	draw.Draw(small, small.Rect, image.White, image.Point{}, draw.Src)
	for y, row := range aztec() {
		for x, dark := range row {
			if dark {
				small.SetGray(x+2, y+2, color.Gray{})
			}
		}
	}
	if found := barcode.In(small).Codes; len(found) != 1 || !found[0].Box.In(small.Rect) {
		t.Errorf("of one pixel a module: %+v", found)
	}
	region := image.NewGray(image.Rect(0, 0, 320, 400))
	draw.Draw(region, region.Rect, image.White, image.Point{}, draw.Src)
	put(region, drawn(t, samples()[2]), 10, 10)
	put(region, drawn(t, samples()[5]), 10, 150)
	put(region, drawn(t, samples()[0]), 10, 255)
	if found := barcode.In(region).Codes; len(found) != 3 {
		t.Errorf("three codes: %+v", found)
	}
	if found := barcode.In(region, "EAN-13").Codes; len(found) != 1 || found[0].Symbology != "EAN-13" {
		t.Errorf("one kind of three: %+v", found)
	}
	upc := drawn(t, samples()[7])
	if found := barcode.In(upc, "EAN-13").Codes; len(found) != 1 || found[0].Value != "0036000291452" {
		t.Errorf("UPC-A as EAN-13: %+v", found)
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
	if found := barcode.Find(page).Codes; len(found) > 0 {
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
		for _, c := range append(barcode.Find(page).Codes, barcode.In(page).Codes...) {
			if c.Value == "" || c.Symbology == "" || c.Box.Empty() || !c.Box.In(page.Rect) {
				t.Errorf("%+v", c)
			}
		}
	})
}
