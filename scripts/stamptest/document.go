package stamptest

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// drawn is a page with the word and a number, large enough to be read.
func drawn(n int) *image.Gray {
	small := image.NewGray(image.Rect(0, 0, 160, 40))
	draw.Draw(small, small.Bounds(), image.White, image.Point{}, draw.Src)
	d := font.Drawer{Dst: small, Src: image.NewUniform(color.Black), Face: basicfont.Face7x13, Dot: fixed.P(20, 25)}
	d.DrawString(fmt.Sprintf("%s %d", Canary, n))
	large := image.NewGray(image.Rect(0, 0, 960, 240))
	draw.CatmullRom.Scale(large, large.Bounds(), small, small.Bounds(), draw.Src, nil)
	return large
}

// Picture is a picture of a page.
func Picture(t *testing.T, n int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, drawn(n)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Pages is a PDF of scanned pages.
func Pages(t *testing.T, n int) []byte {
	t.Helper()
	pictures := make([][]byte, n)
	for i := range n {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, drawn(i), nil); err != nil {
			t.Fatal(err)
		}
		pictures[i] = b.Bytes()
	}
	pdf, err := pdftest.Scans(n, pictures...)
	if err != nil {
		t.Fatal(err)
	}
	return pdf
}

// Padded is the PDF of a page with a stream that nothing refers to, which brings it to about the size.
func Padded(size int) []byte {
	padding := make([]byte, size)
	_, _ = rand.Read(padding) // never fails
	return pdftest.Pages(1, "/Font<</F 5 0 R>>", "BT/F 24 Tf 72 700 Td("+Canary+")Tj ET",
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>", pdftest.Stream("", padding))
}
