package hostiletest

import (
	"bytes"
	"compress/zlib"
	"image"
	"image/color"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// Sides of the small good pictures.
const (
	width  = 160
	height = 48
)

// picture is a small page with two words.
func picture() *image.Gray {
	img := image.NewGray(image.Rect(0, 0, width, height))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	d := font.Drawer{Dst: img, Src: image.NewUniform(color.Black), Face: basicfont.Face7x13, Dot: fixed.P(20, 28)}
	d.DrawString("Harbour survey")
	return img
}

// rows returns the picture's pixels.
func rows() []byte { return picture().Pix }

// deflated compresses with zlib's format.
func deflated(data []byte) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write(data) // a buffer takes everything
	_ = z.Close()
	return b.Bytes()
}

// zeros returns the zlib stream of n MiB of zero bytes without making them: one compressed MiB is repeated.
func zeros(mebibytes int) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write(make([]byte, 1<<20)) // a buffer takes everything
	_ = z.Flush()
	first := bytes.Clone(b.Bytes())
	b.Reset()
	_, _ = z.Write(make([]byte, 1<<20))
	_ = z.Flush()
	again := bytes.Clone(b.Bytes())
	out := append(first, bytes.Repeat(again, mebibytes-1)...)
	out = append(out, 1, 0, 0, 0xff, 0xff) // the last block: stored, empty
	// Adler-32 of zeros: the first sum stays 1, the second counts the bytes (RFC 1950, section 8.2).
	second := (mebibytes << 20) % 65521
	return append(out, byte(second>>8), byte(second), 0, 1)
}
