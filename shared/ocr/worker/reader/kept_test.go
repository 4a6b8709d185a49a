//go:build linux

package reader_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/color/palette"
	"image/gif"
	"image/jpeg"
	"image/png"
	"iter"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/draw"
	"golang.org/x/image/tiff"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
)

// keptPictures are documents of one page: what they show, and whether their data are kept byte for byte or may change by a loss.
func keptPictures(t *testing.T) map[string]struct {
	data  []byte
	shows image.Image // nil for what has no loss but is compared by its bytes
	kept  []byte      // what the PDF holds of the file
} {
	t.Helper()
	grey, err := ocrtest.Draw(ocrtest.Letter(1), ocrtest.Style{Paper: 250, Size: 12}, 1)
	if err != nil {
		t.Fatal(err)
	}
	bounds := image.Rect(0, 0, 800, 600)
	part := image.NewGray(bounds)
	draw.Draw(part, bounds, grey, image.Pt(100, 100), draw.Src)
	colour, sheer, few := image.NewRGBA(bounds), image.NewNRGBA(bounds), image.NewPaletted(bounds, palette.WebSafe)
	ink := image.NewPaletted(bounds, color.Palette{color.White, color.Black})
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			v := part.GrayAt(x, y).Y
			c := color.RGBA{R: v, G: byte(x), B: byte(y), A: 255}
			colour.SetRGBA(x, y, c)
			sheer.SetNRGBA(x, y, color.NRGBA{R: v, G: byte(x), B: byte(y), A: byte(255 * (x / 400))})
			few.Set(x, y, c)
			if v < 128 {
				ink.SetColorIndex(x, y, 1)
			}
		}
	}
	shown := image.NewRGBA(bounds) // sheer, on white
	draw.Draw(shown, bounds, image.White, image.Point{}, draw.Src)
	draw.Draw(shown, image.Rect(400, 0, 800, 600), colour, image.Pt(400, 0), draw.Src)
	file := func(encode func(*bytes.Buffer) error) []byte {
		var b bytes.Buffer
		if err := encode(&b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	asPNG := func(m image.Image) []byte { return file(func(b *bytes.Buffer) error { return png.Encode(b, m) }) }
	asBMP := func(m image.Image) []byte { return file(func(b *bytes.Buffer) error { return bmp.Encode(b, m) }) }
	asTIFF := func(m image.Image, compression string) []byte {
		plain := file(func(b *bytes.Buffer) error { return tiff.Encode(b, m, nil) })
		return ocrtest.Convert(t, plain, "in.tif", "out.tif", "tiffcp", "-c", compression, "-r", "1000", "in.tif", "out.tif")
	}
	fax := ocrtest.Convert(t, bilevelTIFF(ink), "in.tif", "out.tif", "tiffcp", "-c", "g4", "-r", "1000", "in.tif", "out.tif")
	turned := ocrtest.Convert(t, fax, "in.tif", "out.tif", "tiffcp", "-c", "g4", "-f", "lsb2msb", "-r", "1000", "in.tif", "out.tif")
	const head = 8 // of a TIFF, after which tiffcp writes the only strip
	strip := fax[head : binary.LittleEndian.Uint32(fax[4:])-1]
	photo := file(func(b *bytes.Buffer) error { return jpeg.Encode(b, colour, nil) })
	jp2 := ocrtest.Convert(t, asPNG(colour), "in.png", "out.jp2", "opj_compress", "-i", "in.png", "-o", "out.jp2", "-r", "20")
	type document = struct {
		data  []byte
		shows image.Image
		kept  []byte
	}
	return map[string]document{
		"grey.png":        {asPNG(part), part, nil},
		"colour.png":      {asPNG(colour), colour, nil},
		"sheer.png":       {asPNG(sheer), shown, nil},
		"few colours.png": {asPNG(few), few, nil},
		"bilevel.png":     {asPNG(ink), ink, nil},
		"colour.bmp":      {asBMP(colour), colour, nil},
		"few colours.bmp": {asBMP(few), few, nil},
		"few.gif":         {file(func(b *bytes.Buffer) error { return gif.Encode(b, few, nil) }), few, nil},
		"grey.tif":        {asTIFF(part, "lzw:2"), part, nil},
		"fax.tif":         {fax, ink, strip},
		"turned fax.tif":  {turned, ink, strip},
		"jpeg.jpg":        {photo, nil, photo},
		"jp2.jp2":         {jp2, nil, jp2},
	}
}

// bilevelTIFF is a picture of two colours, the first of them white, in one strip of packed pixels.
func bilevelTIFF(m *image.Paletted) []byte {
	le := binary.LittleEndian
	width, height := m.Rect.Dx(), m.Rect.Dy()
	const entries = 8
	const pixels = 8 + 2 + entries*12 + 4
	b := le.AppendUint16([]byte("II*\x00\x08\x00\x00\x00"), entries)
	for _, e := range [entries][3]int{
		{256, 4, width}, {257, 4, height}, {258, 3, 1}, {259, 3, 1}, {262, 3, 0}, {273, 4, pixels}, {278, 4, height}, {279, 4, width / 8 * height},
	} {
		b = le.AppendUint16(le.AppendUint16(b, uint16(e[0])), uint16(e[1]))
		b = le.AppendUint32(le.AppendUint32(b, 1), uint32(e[2]))
	}
	b = le.AppendUint32(b, 0) // no other page
	for i := 0; i < len(m.Pix); i += 8 {
		packed := byte(0)
		for _, v := range m.Pix[i : i+8] {
			packed = packed<<1 | v
		}
		b = append(b, packed)
	}
	return b
}

func TestPicturesAreKeptInAPDFWithoutALossAndWithoutGrowing(t *testing.T) {
	e := layers(t)
	for name, d := range keptPictures(t) {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			pages := iter.Seq2[ocr.Page, error](func(yield func(ocr.Page, error) bool) {
				yield(ocr.Page{Number: 1, Width: 800, Height: 600, DPI: 200, Origin: ocr.Blank}, nil)
			})
			if _, err := e.WritePDF(t.Context(), source(t, name, d.data), ocr.PDFOptions{Kind: ocr.PicturesOnly}, pages, &out); err != nil {
				t.Fatal(err)
			}
			const beside = 1000 // bytes of everything but the picture
			if out.Len() > len(d.data)+beside {
				t.Errorf("%d bytes became %d", len(d.data), out.Len())
			}
			if !bytes.Contains(out.Bytes(), d.kept) {
				t.Error("the file is not in the PDF")
			}
			if d.shows == nil {
				return
			}
			got, err := png.Decode(bytes.NewReader(ocrtest.Convert(t, out.Bytes(), "in.pdf", "out-000.png", "pdfimages", "-png", "in.pdf", "out")))
			if err != nil {
				t.Fatal(err)
			}
			for y := range 600 {
				for x := range 800 {
					r, g, b, _ := got.At(x, y).RGBA()
					if wr, wg, wb, _ := d.shows.At(x, y).RGBA(); r>>8 != wr>>8 || g>>8 != wg>>8 || b>>8 != wb>>8 {
						t.Fatalf("%d, %d: %v, want %v", x, y, got.At(x, y), d.shows.At(x, y))
					}
				}
			}
		})
	}
}
