package pdf

import (
	"bytes"
	"math"

	"github.com/klippa-app/go-pdfium/requests"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/pdf/layer"
)

// leastReadable is the side in points below which a picture has no text that could be missed.
const leastReadable = 6

// undrawn returns where on a page the pictures are that PDFium cannot decode, in pixels. It draws the rest of the page and does not say so, and
// a page that is one damaged scan looks like an empty one. drawn is the page, without the text of its layer where it has one.
// Only where a picture should be and drawn has a single tone it is decoded once more, up to the limit of pixels for all.
func (p *Document) undrawn(v view, content content, drawn layer.Picture, limits ocr.Limits) ([]rect, error) {
	scale := matrix{a: float64(drawn.Width) / v.width, d: float64(drawn.Height) / v.height}
	var lost []rect
	left := limits.Pixels
	for _, picture := range content.images {
		place := rect{0, 0, 1, 1}.through(picture.place).intersect(rect{0, 0, v.width, v.height})
		area := place.through(scale)
		if min(place.x1-place.x0, place.y1-place.y0) < leastReadable || !oneTone(drawn, area) {
			continue
		}
		size, err := p.instance.FPDFImageObj_GetImagePixelSize(&requests.FPDFImageObj_GetImagePixelSize{ImageObject: picture.ref})
		if err != nil {
			return nil, p.fail(err)
		}
		pixels := int64(math.MaxInt64)
		if size.Width <= math.MaxInt32 && size.Height <= math.MaxInt32 {
			pixels = int64(size.Width) * int64(size.Height)
		}
		if pixels > limits.Pixels {
			lost = append(lost, area) // it may also be blank, but nobody can tell
			continue
		}
		if left -= pixels; left < 0 {
			break
		}
		decoded, err := p.decodes(v, picture, pixels)
		if err != nil {
			return nil, err
		}
		if !decoded {
			lost = append(lost, area)
		}
	}
	return lost, nil
}

// fuzzy is how far from the edges of a picture its first and last pixels may be drawn.
const fuzzy = 2

// oneTone reports whether all pixels of an area have one tone, leaving its edges aside.
func oneTone(drawn layer.Picture, area rect) bool {
	x0, x1 := max(0, int(math.Ceil(area.x0))+fuzzy), min(drawn.Width, int(area.x1)-fuzzy)
	y0, y1 := max(0, int(math.Ceil(area.y0))+fuzzy), min(drawn.Height, int(area.y1)-fuzzy)
	if x0 >= x1 || y0 >= y1 {
		return false
	}
	tone := bytes.Repeat(drawn.Pix[y0*drawn.Stride+x0:][:1], x1-x0)
	for y := y0; y < y1; y++ {
		if !bytes.Equal(drawn.Pix[y*drawn.Stride+x0:y*drawn.Stride+x1], tone) {
			return false
		}
	}
	return true
}

// blankBut reports whether a page shows nothing, areas aside.
func blankBut(drawn layer.Picture, areas []rect) bool {
	drawn.Pix = bytes.Clone(drawn.Pix)
	for _, a := range areas {
		x0, x1 := max(0, int(a.x0)-fuzzy), min(drawn.Width, int(a.x1)+fuzzy)
		for y := max(0, int(a.y0)-fuzzy); y < min(drawn.Height, int(a.y1)+fuzzy); y++ {
			copy(drawn.Pix[y*drawn.Stride+x0:y*drawn.Stride+x1], bytes.Repeat([]byte{255}, x1-x0))
		}
	}
	return oneTone(drawn, rect{-fuzzy, -fuzzy, float64(drawn.Width + fuzzy), float64(drawn.Height + fuzzy)}) && drawn.Pix[0] == 255
}

// decodes reports whether PDFium decodes a picture, and has data for at least half of it: what is missing is painted white.
func (p *Document) decodes(v view, picture picture, pixels int64) (bool, error) {
	bitmap, err := p.instance.FPDFImageObj_GetBitmap(&requests.FPDFImageObj_GetBitmap{ImageObject: picture.ref})
	if err != nil {
		return false, p.unlessAnswered(err)
	}
	if _, err := p.instance.FPDFBitmap_Destroy(&requests.FPDFBitmap_Destroy{Bitmap: bitmap.Bitmap}); err != nil {
		return false, p.fail(err)
	}
	filters, err := p.instance.FPDFImageObj_GetImageFilterCount(&requests.FPDFImageObj_GetImageFilterCount{ImageObject: picture.ref})
	if err != nil {
		return false, p.fail(err)
	}
	if filters.Count > 0 {
		last, err := p.instance.FPDFImageObj_GetImageFilter(
			&requests.FPDFImageObj_GetImageFilter{ImageObject: picture.ref, Index: filters.Count - 1})
		if err != nil {
			return false, p.fail(err)
		}
		switch last.ImageFilter {
		case "DCTDecode", "JPXDecode", "JBIG2Decode":
			return true, nil // of these the length says nothing
		case "CCITTFaxDecode", "LZWDecode":
			return p.fits(picture, pixels)
		}
	}
	about, err := p.instance.FPDFImageObj_GetImageMetadata(&requests.FPDFImageObj_GetImageMetadata{ImageObject: picture.ref, Page: v.page})
	if err != nil {
		return false, p.fail(err)
	}
	data, err := p.instance.FPDFImageObj_GetImageDataDecoded(&requests.FPDFImageObj_GetImageDataDecoded{ImageObject: picture.ref})
	if err != nil {
		return false, p.unlessAnswered(err)
	}
	bits := pixels * int64(about.ImageMetadata.BitsPerPixel) //nolint:gosec // a few bytes
	return 2*8*int64(len(data.Data)) >= bits, nil
}

// fits reports whether a picture that shows a single tone is stored in about as few bytes as that takes. PDFium makes up what it
// cannot decode by these filters, as if it were there. A row of one tone takes 4 bytes of fax, and a tone 1 of 1,000 bytes of
// LZW; there is room for less economical writers.
func (p *Document) fits(picture picture, pixels int64) (bool, error) {
	stored, err := p.instance.FPDFImageObj_GetImageDataRaw(&requests.FPDFImageObj_GetImageDataRaw{ImageObject: picture.ref})
	if err != nil {
		return false, p.unlessAnswered(err)
	}
	const least, share = 4096, 400 // bytes; pixels a byte
	return int64(len(stored.Data)) <= least+pixels/share, nil
}

// unlessAnswered returns an error if PDFium came to its end rather than to an answer.
func (p *Document) unlessAnswered(err error) error {
	if trapped(err) {
		return p.fail(err)
	}
	return nil
}
