package picture

// #include "leptonica.h"
import "C"

import (
	"math"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/derivative"
)

// surveyPixels is the size to which a picture is brought before its ink is measured.
const surveyPixels = 4e6

// Survey finds what a derivative takes over from one frame, counted from 0. The picture must decode.
func Survey(data []byte, mediaType string, frame int, limits ocr.Limits) (derivative.Page, error) {
	return File{Data: data, Type: mediaType}.Survey(frame, limits)
}

func (f File) survey(frame int, limits ocr.Limits) (derivative.Page, error) {
	im, err := f.Decode(frame, limits)
	if err != nil {
		return derivative.Page{}, err
	}
	defer im.Close()
	headers, err := f.headers(limits)
	if err != nil {
		return derivative.Page{}, err
	}
	h := headers[frame]
	if f.Type != ocr.JPEG && f.Type != ocr.TIFF { // whose derivatives state none
		h.orientation = 0
	}
	page := derivative.Page{
		Width: h.width, Height: h.height, Orientation: h.orientation, Depth: h.depth.Bounded(),
		DPIX: int(C.pixGetXRes(im.pix)), DPIY: int(C.pixGetYRes(im.pix)),
	}
	if f.Type == ocr.TIFF {
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
		small, err := grey.Scale(f, f)
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
