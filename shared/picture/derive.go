package picture

// #include "leptonica.h"
import "C"

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"unsafe"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/derivative"
)

// surveyPixels is the size to which a picture is brought before its ink is measured.
const surveyPixels = 4e6

// Survey finds what a derivative takes over from one frame, counted from 0. The picture must decode.
func Survey(data []byte, mediaType string, frame int, limits ocr.Limits) (derivative.Page, error) {
	im, err := Decode(data, mediaType, frame, limits)
	if err != nil {
		return derivative.Page{}, err
	}
	defer im.Close()
	headers, err := headers(data, mediaType, limits)
	if err != nil {
		return derivative.Page{}, err
	}
	h := headers[frame]
	page := derivative.Page{
		Width: h.width, Height: h.height, Orientation: h.orientation, Depth: derivative.Nearest(mediaType, h.depth),
		DPIX: int(C.pixGetXRes(im.pix)), DPIY: im.DPI(),
	}
	if mediaType == ocr.TIFF {
		page.DPIX, page.DPIY = h.dpi, h.dpiY
	}
	if page.DPIX < 1 || page.DPIY < 1 || page.DPIX > maxSide || page.DPIY > maxSide {
		page.DPIX, page.DPIY = 0, 0
	}
	page.Ink, err = im.ink()
	return page, err
}

// ink measures the ink of a picture on a copy of moderate size.
func (im *Image) ink() (derivative.Ink, error) {
	grey, err := im.Grey()
	if err != nil {
		return derivative.Ink{}, err
	}
	defer grey.Close()
	if f := math.Sqrt(surveyPixels / (float64(im.Width()) * float64(im.Height()))); f < 1 {
		small, err := grey.Scale(f)
		if err != nil {
			return derivative.Ink{}, err
		}
		defer small.Close()
		grey = small
	}
	p, err := grey.Pixels()
	if err != nil {
		return derivative.Ink{}, err
	}
	return derivative.Measure(p.Data, p.Width, p.Width, p.Height), nil
}

// EncodeSheet returns a sheet of synthetic ink as WebP or JPEG 2000, of the size and depth of page. The encoder
// of WebP takes about 18 bytes a pixel, so that the largest pictures that are read are over the memory of a child.
func EncodeSheet(mediaType string, page derivative.Page) ([]byte, error) {
	quiet()
	grey, err := NewGray(derivative.Draw(page.Width, page.Height, page.Ink, 0).Grey(), page.Width, page.Width, page.Height, 0)
	if err != nil {
		return nil, err
	}
	im, err := newImage(C.lethe_with_samples(grey.pix, C.int(page.Depth.Samples)))
	grey.Close()
	if err != nil {
		return nil, err
	}
	defer im.Close()
	var data *C.l_uint8
	var size C.size_t
	failed := C.l_ok(1)
	switch mediaType {
	case ocr.WebP:
		const quality = 80
		lossless := C.l_int32(1)
		if page.Depth.Lossy {
			lossless = 0
		}
		failed = C.pixWriteMemWebP(&data, &size, im.pix, quality, lossless)
	case ocr.JP2:
		const quality, mostLevels = 34, 6                                       // decibels; resolutions, of which a side must hold a pixel each
		levels := min(mostLevels, bits.Len(uint(min(page.Width, page.Height)))) // #nosec G115 -- at least 1
		failed = C.pixWriteMemJp2k(&data, &size, im.pix, quality, C.l_int32(levels), 0, 0)
	}
	if failed != 0 || data == nil {
		return nil, errors.New("encode sheet: the encoder refused it")
	}
	defer C.lept_free(unsafe.Pointer(data))
	if size > math.MaxInt32 {
		return nil, errors.New("encode sheet: too large")
	}
	encoded := C.GoBytes(unsafe.Pointer(data), C.int(size)) // #nosec G115 -- checked above
	if mediaType == ocr.JP2 && page.DPIX > 0 && page.DPIY > 0 {
		encoded = withResolution(encoded, page.DPIX, page.DPIY)
	}
	return encoded, nil
}

// withResolution adds a box with the resolution at which a JPEG 2000 was captured to the header of the file, which the
// encoder cannot (ISO/IEC 15444-1, I.5.3.7).
func withResolution(jp2 []byte, x, y int) []byte {
	const headers = 8
	be := binary.BigEndian
	for at := 0; at+headers <= len(jp2); {
		n := int(be.Uint32(jp2[at:]))
		if n < headers || n > len(jp2)-at {
			break
		}
		if string(jp2[at+4:at+8]) != "jp2h" {
			at += n
			continue
		}
		var resolution bytes.Buffer
		resolution.WriteString("\x00\x00\x00\x1ares \x00\x00\x00\x12resc")
		for _, dpi := range []int{y, x} { // pixels a metre are numerator / denominator × 10 to the exponent
			resolution.Write(be.AppendUint16(be.AppendUint16(nil, uint16(dpi)), 254)) // #nosec G115 -- Check bounds it
		}
		resolution.Write([]byte{4, 4})
		be.PutUint32(jp2[at:], uint32(n+resolution.Len())) // #nosec G115 -- a header of some tens of bytes
		return append(append(append([]byte{}, jp2[:at+n]...), resolution.Bytes()...), jp2[at+n:]...)
	}
	return jp2
}
