package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
)

func pictures(t *testing.T, page ocr.Page, pics ...*Picture) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := shared.NewWriter(nil, ocr.PDFOptions{}, &out)
	if err != nil {
		t.Fatal(err)
	}
	for _, pic := range pics {
		if err := w.Page(page, pic); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	check(t, out.Bytes())
	return out.Bytes()
}

func TestPicturesBecomePagesOfTheirSizeWithText(t *testing.T) {
	for _, angle := range []int{0, 90, 180, 270} {
		page := recognised(850, 1100, 100, angle, append(english(), "𝔘nicode", "слово", "שלום"))
		out := pictures(t, page, &Picture{JPEG: photo(850, 1100)})
		p := open(t, out)
		if w, h, err := p.Size(1); err != nil || w != 612 || h != 792 {
			t.Errorf("size %v × %v, %v", w, h, err)
		}
		if share := placed(page, 0.72, locate(t, out)); share < 0.95 {
			t.Errorf("angle %d: %.2f of the words are in place", angle, share)
		}
		raster, err := p.Raster(1, ocr.DefaultLimits())
		if err != nil || !bytes.Equal(raster.JPEG, photo(850, 1100)) {
			t.Errorf("the JPEG did not stay as it is: %v", err)
		}
	}
}

// corner is a 40 × 20 picture that is black in its top left quarter.
func corner() *image.Gray {
	m := image.NewGray(image.Rect(0, 0, 40, 20))
	for y := range 20 {
		for x := range 40 {
			if x >= 20 || y >= 10 {
				m.SetGray(x, y, color.Gray{Y: 255})
			}
		}
	}
	return m
}

func TestOrientationTurnsThePicture(t *testing.T) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, corner(), nil); err != nil {
		t.Fatal(err)
	}
	// Where the stored top left corner is displayed, as EXIF defines it: right, bottom.
	for orientation, want := range map[int][2]bool{
		0: {false, false}, 1: {false, false}, 2: {true, false}, 3: {true, true}, 4: {false, true},
		5: {false, false}, 6: {true, false}, 7: {true, true}, 8: {false, true},
	} {
		page := ocr.Page{Number: 1, Width: 40, Height: 20, DPI: 72, Origin: ocr.Blank}
		if orientation >= 5 {
			page.Width, page.Height = 20, 40
		}
		out := pictures(t, page, &Picture{JPEG: b.Bytes(), Orientation: orientation})
		dark := darkQuarter(t, out)
		if dark != want {
			t.Errorf("orientation %d: %v, want %v", orientation, dark, want)
		}
	}
}

// darkQuarter tells which quarter of the first page is dark.
func darkQuarter(t *testing.T, data []byte) (quarter [2]bool) {
	t.Helper()
	p := open(t, data)
	var raster Raster
	err := p.look(1, func(v view) (err error) {
		raster, err = p.render(v, 72)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, bottom := range []bool{false, true} {
		for _, right := range []bool{false, true} {
			x, y := raster.Width/4, raster.Height/4
			if right {
				x = raster.Width * 3 / 4
			}
			if bottom {
				y = raster.Height * 3 / 4
			}
			if raster.Gray[y*raster.Stride+x] < 128 {
				quarter = [2]bool{right, bottom}
				found++
			}
		}
	}
	if found != 1 {
		t.Errorf("%d quarters are dark", found)
	}
	return quarter
}

func TestPixelsOfEachFormat(t *testing.T) {
	m := corner()
	rgb := make([]byte, 0, 3*len(m.Pix))
	for _, v := range m.Pix {
		rgb = append(rgb, v, v, v)
	}
	bits := make([]byte, 6*20) // one byte of padding a row
	for y := range 20 {
		for x := range 40 {
			if m.GrayAt(x, y).Y > 0 {
				bits[y*6+x/8] |= 0x80 >> (x % 8)
			}
		}
	}
	page := ocr.Page{Number: 1, Width: 40, Height: 20, DPI: 72, Origin: ocr.Blank}
	for name, pic := range map[string]*Picture{
		"gray":    {Pixels: m.Pix, Format: Gray, Stride: 40, Width: 40, Height: 20},
		"rgb":     {Pixels: rgb, Format: RGB, Stride: 120, Width: 40, Height: 20},
		"bilevel": {Pixels: bits, Format: Bilevel, Stride: 6, Width: 40, Height: 20},
	} {
		t.Run(name, func(t *testing.T) {
			if got := darkQuarter(t, pictures(t, page, pic)); got != [2]bool{} {
				t.Errorf("dark at %v", got)
			}
		})
	}
}

func TestPicturesThatAreNoneAreRefused(t *testing.T) {
	page := ocr.Page{Number: 1, Width: 40, Height: 20, DPI: 72}
	for name, pic := range map[string]*Picture{
		"no JPEG":     {JPEG: []byte("JPEG")},
		"no pixels":   {},
		"few pixels":  {Pixels: make([]byte, 799), Stride: 40, Width: 40, Height: 20},
		"short rows":  {Pixels: make([]byte, 2000), Format: RGB, Stride: 40, Width: 40, Height: 20},
		"no position": {Pixels: make([]byte, 2000), Stride: -40, Width: -40, Height: -20},
	} {
		w, err := shared.NewWriter(nil, ocr.PDFOptions{}, &bytes.Buffer{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Page(page, pic); !errors.Is(err, fault.PageDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type failing struct{ left int }

var errFull = errors.New("no space")

func (f *failing) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestFailureOfTheReceiverIsReportedAsIs(t *testing.T) {
	page := recognised(850, 1100, 100, 0, english())
	for _, left := range []int{0, 100, 3000} {
		w, err := shared.NewWriter(open(t, onePage(letter, prose())), ocr.PDFOptions{}, &failing{left})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Page(page, nil), w.Finish()); !errors.Is(err, errFull) {
			t.Errorf("copy, after %d bytes: %v", left, err)
		}
		w.Close()
		if w, err = shared.NewWriter(nil, ocr.PDFOptions{}, &failing{left}); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Page(page, &Picture{JPEG: photo(850, 1100)}), w.Finish()); !errors.Is(err, errFull) {
			t.Errorf("pictures, after %d bytes: %v", left, err)
		}
	}
}

func TestEveryPageGetsItsOwnText(t *testing.T) {
	data := many(3)
	var out bytes.Buffer
	w, err := shared.NewWriter(open(t, data), ocr.PDFOptions{}, &out)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for n := 1; n <= 3; n++ {
		page := recognised(1700, 2200, 200, 0, []string{fmt.Sprintf("page%d", n)})
		page.Number = n
		if n == 2 {
			page.Origin = ocr.TextLayer
			page.Blocks[0].Paragraphs[0].Lines[0].Words[0].Confidence = 100
		}
		if err := w.Page(page, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	p := open(t, out.Bytes())
	for n, want := range []string{"page1", "", "page3"} {
		if got := allText(t, p, n+1); got != want {
			t.Errorf("page %d holds %q", n+1, got)
		}
	}
}

// allText returns all text of a page, visible or not.
func allText(t *testing.T, p *Document, n int) string {
	t.Helper()
	var text []rune
	err := p.look(n, func(v view) error {
		glyphs, err := p.glyphs(v, false)
		for _, g := range glyphs {
			text = append(text, g.char)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes.TrimSpace([]byte(string(text))))
}

func TestAdobesMarkerIsFoundWhereverItStands(t *testing.T) {
	segment := func(marker byte, body string) string {
		return "\xff" + string([]byte{marker, byte((len(body) + 2) >> 8), byte(len(body) + 2)}) + body
	}
	const start, scan = "\xff\xd8", "\xff\xda\x00\x02"
	profile := segment(0xe2, strings.Repeat("p", 65_000))
	mark := segment(0xee, "Adobe\x00\x64\x00\x00\x00\x00\x02")
	for name, c := range map[string]struct {
		data string
		want bool
	}{
		"first":                {start + mark + scan, true},
		"after a long profile": {start + profile + profile + mark + scan, true},
		"after fill bytes":     {start + "\xff\xff" + mark + scan, true},
		"none":                 {start + profile + scan, false},
		"in the pixels":        {start + scan + mark, false},
		"in another segment":   {start + segment(0xfe, mark) + scan, false},
		"of another maker":     {start + segment(0xee, "Other\x00\x64") + scan, false},
		"cut off":              {start + mark[:6], false},
		"nothing":              {"", false},
	} {
		if got := adobe([]byte(c.data)); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
