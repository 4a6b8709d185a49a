//go:build cgo

package picture_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// FuzzDecode decodes whatever comes as every type of picture, and does with the pixels what a reader does.
func FuzzDecode(f *testing.F) {
	types := []string{ocr.TIFF, ocr.PNG, ocr.JPEG, ocr.BMP, ocr.GIF, ocr.WebP, ocr.JP2, picture.StoredJPEG}
	small := image.NewGray(image.Rect(0, 0, 24, 16))
	for i := range small.Pix {
		small.Pix[i] = uint8(i * 7 % 256) // #nosec G115 -- a byte
	}
	coloured := image.NewPaletted(small.Rect, color.Palette{color.White, color.Black, color.Transparent})
	for kind, encode := range map[int]func(*bytes.Buffer) error{
		0: func(b *bytes.Buffer) error { return tiff.Encode(b, small, &tiff.Options{Compression: tiff.Deflate}) },
		1: func(b *bytes.Buffer) error { return png.Encode(b, small) },
		2: func(b *bytes.Buffer) error { return jpeg.Encode(b, small, nil) },
		3: func(b *bytes.Buffer) error { return bmp.Encode(b, small) },
		4: func(b *bytes.Buffer) error { return gif.Encode(b, coloured, nil) },
		7: func(b *bytes.Buffer) error { return jpeg.Encode(b, small, &jpeg.Options{Quality: 20}) },
	} {
		var b bytes.Buffer
		if err := encode(&b); err != nil {
			f.Fatal(err)
		}
		f.Add(kind, b.Bytes())
	}
	f.Add(0, tiffFile(binary.BigEndian, 8, tiffPage{width: 3, height: 2, orientation: 6, pixels: make([]byte, 6)}))
	f.Add(5, []byte("RIFF\x20\x00\x00\x00WEBPVP8L\x14\x00\x00\x00\x2f\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Add(6, []byte("\x00\x00\x00\x00jp2c\xff\x4f\xff\x51\x00\x29\x00\x00\x00\x00\x00\x09\x00\x00\x00\x09"))
	limits := ocr.Limits{Bytes: 1 << 20, Pages: 10, Pixels: 20_000}
	f.Fuzz(func(t *testing.T, kind int, data []byte) {
		if kind < 0 || kind >= len(types) || int64(len(data)) > limits.Bytes {
			t.Skip("no such type, or no such document")
		}
		_ = picture.LeftOut(data, types[kind])
		for n := range 2 {
			im, err := picture.Decode(data, types[kind], n, limits)
			if err != nil {
				if fault.KindOf(err) != fault.Document {
					t.Fatal(err)
				}
				continue
			}
			look(t, im, limits)
			im.Close()
		}
	})
}

// look does with a picture what a reader does before it recognises it.
func look(t *testing.T, im *picture.Image, limits ocr.Limits) {
	t.Helper()
	if im.Width() < 1 || im.Height() < 1 || int64(im.Width())*int64(im.Height()) > limits.Pixels {
		t.Errorf("%d x %d pixels", im.Width(), im.Height())
	}
	pixels, err := im.Pixels()
	if err != nil || len(pixels.Data) != im.Width()*im.Height()*pixels.Channels {
		t.Errorf("%d bytes of %d x %d pixels, %v", len(pixels.Data), im.Width(), im.Height(), err)
	}
	grey, err := im.Grey()
	if err != nil {
		t.Fatal(err)
	}
	defer grey.Close()
	grey.Letters()
	if light, err := grey.Light(); err != nil {
		t.Error(err)
	} else if light.Uneven() {
		even, err := grey.Even(light)
		if err != nil {
			t.Fatal(err)
		}
		even.Close()
	}
	for _, make := range []func() (*picture.Image, error){
		func() (*picture.Image, error) { return grey.Turn(90) },
		func() (*picture.Image, error) { return grey.Scale(1.5, 0.7) },
	} {
		if changed, err := make(); err == nil { // one pixel less cannot be drawn
			changed.Close()
		}
	}
}
