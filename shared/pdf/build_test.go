package pdf

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// Compiling PDFium takes seconds, so the tests of a process share one runtime and its cache.
var (
	shared   *Runtime
	cacheDir string
)

func TestMain(m *testing.M) {
	var err error
	if cacheDir, err = os.MkdirTemp("", "pdfium"); err != nil {
		panic(err)
	}
	if shared, err = NewRuntime(context.Background(), cacheDir, 512<<20); err != nil {
		panic(err)
	}
	code := m.Run()
	err = shared.Close()
	_ = os.RemoveAll(cacheDir)
	if err != nil {
		panic(err)
	}
	os.Exit(code)
}

// onePage is a PDF of one page with a font F1, an image I1 and the given entries and content.
func onePage(entries, content string) []byte {
	return pdftest.Build(
		"<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>/XObject<</I1 6 0 R>>>>"+entries+">>",
		pdftest.Stream("", []byte(content)),
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
		pdftest.Stream("/Type/XObject/Subtype/Image/Width 850/Height 1100/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/DCTDecode",
			photo(850, 1100)),
	)
}

// photo is a JPEG with something on it.
func photo(width, height int) []byte {
	img := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetGray(x, y, color.Gray{Y: uint8(255 * ((x/50 + y/30) % 2))})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// prose is the content of a page of English text.
func prose() string {
	var b strings.Builder
	b.WriteString("BT /F1 12 Tf 14 TL 72 720 Td\n")
	for i := range 20 {
		fmt.Fprintf(&b, "(The quick brown fox number %d jumps over the lazy dog) Tj T*\n", i)
	}
	b.WriteString("ET")
	return b.String()
}

const letter = "/MediaBox[0 0 612 792]"

func open(t testing.TB, data []byte) *Document {
	t.Helper()
	p, err := shared.Open(bytes.NewReader(data), int64(len(data)), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// recognised is a page model with words on a grid, as if they had been read from a page of that size.
func recognised(width, height, dpi, angle int, words []string) ocr.Page {
	page := ocr.Page{
		Number: 1, Width: width, Height: height, DPI: dpi, Angle: angle, Origin: ocr.Recognised, Confidence: 90,
	}
	along, across := width, height
	if angle%180 != 0 {
		along, across = height, width
	}
	turned := upright(angle)
	frame := rect{0, 0, float64(width), float64(height)}.through(turned)
	var lines []ocr.Line
	columns := 4
	pitch := along / (columns + 1)
	step := min(across/(len(words)/columns+3), pitch/4)
	for i := 0; i < len(words); i += columns {
		l := ocr.Line{}
		for j, w := range words[i:min(i+columns, len(words))] {
			x, y := float64(pitch/2+j*pitch), float64(step*(i/columns+1))
			wide, high := float64(min(pitch*3/4, len([]rune(w))*step/3)), float64(step)*0.6
			r := rect{frame.x0 + x, frame.y0 + y, frame.x0 + x + wide, frame.y0 + y + high}
			box := whole(r.through(turned.inverse()), width, height)
			l.Words = append(l.Words, ocr.Word{Text: w, Box: box, Confidence: 90})
			l.Box = l.Box.Union(box)
		}
		lines = append(lines, l)
	}
	page.Blocks = []ocr.Block{{Paragraphs: []ocr.Paragraph{{Lines: lines}}}}
	return page
}
