//go:build cgo

package picture_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// BenchmarkDecode decodes a grey page of 1,654 by 2,339 pixels, A4 at 200 dpi.
func BenchmarkDecode(b *testing.B) {
	page := image.NewGray(image.Rect(0, 0, 1654, 2339))
	for i := range page.Pix {
		page.Pix[i] = uint8(i / 7 % 251)
	}
	for mediaType, encode := range map[string]func(*bytes.Buffer) error{
		ocr.PNG:  func(to *bytes.Buffer) error { return png.Encode(to, page) },
		ocr.JPEG: func(to *bytes.Buffer) error { return jpeg.Encode(to, page, nil) },
	} {
		b.Run(mediaType, func(b *testing.B) {
			var data bytes.Buffer
			if err := encode(&data); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.SetBytes(int64(len(page.Pix)))
			for b.Loop() {
				im, err := picture.Decode(data.Bytes(), mediaType, 0, ocr.DefaultLimits())
				if err != nil {
					b.Fatal(err)
				}
				im.Close()
			}
		})
	}
}
