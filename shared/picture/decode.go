package picture

// #cgo LDFLAGS: -ltiff -ljpeg
// #include "leptonica.h"
// #include "libjpeg.h"
// #include "libtiff.h"
import "C"

import (
	"unsafe"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// StoredJPEG is a name of JPEG for which no Exif orientation is applied: a PDF shows its pictures as they are stored.
const StoredJPEG = ocr.JPEG + "; orientation=none"

// Frame is one picture as displayed: after the orientation that the file states.
type Frame struct {
	Width, Height int // pixels; those of A4 paper at 200 dpi where a page is known to be there but its header is damaged
	DPI           int // pixels an inch; 0 if the header does not say or is read only when the picture is decoded
	DPIY          int // of the height, where pixels are not square; else 0
}

// Probe reads headers only and never decodes. A TIFF has a frame for each page; of an animation only the first picture
// counts. A document without any frame inside the limits is refused; where only some pages are too large or damaged,
// Decode refuses those.
func Probe(data []byte, mediaType string, limits ocr.Limits) ([]Frame, error) {
	return File{Data: data, Type: mediaType}.Probe(limits)
}

func (f File) probe(limits ocr.Limits) ([]Frame, error) {
	headers, err := f.headers(limits)
	if err != nil {
		return nil, err
	}
	var refused error
	usable := false
	frames := make([]Frame, 0, len(headers))
	for _, h := range headers {
		frames = append(frames, h.frame())
		if err := h.check(limits); err == nil {
			usable = true
		} else if refused == nil {
			refused = err
		}
	}
	if !usable {
		return nil, refused
	}
	return frames, nil
}

// Decode decodes one frame, counted from 0, if its header keeps to the limits. A file that is cut off gives what there
// is of the picture, or a page_damaged fault.
func Decode(data []byte, mediaType string, frame int, limits ocr.Limits) (*Image, error) {
	return File{Data: data, Type: mediaType}.Decode(frame, limits)
}

func (f File) decode(frame int, limits ocr.Limits) (*Image, error) {
	headers, err := f.headers(limits)
	if err != nil {
		return nil, err
	}
	if frame < 0 || frame >= len(headers) {
		return nil, refusal.NoPage(frame+1, len(headers))
	}
	h := headers[frame]
	if err := h.check(limits); err != nil {
		return nil, err
	}
	im, turned, err := f.read(h.index)
	if err != nil {
		return nil, err
	}
	if !turned && h.orientation > 1 {
		stored := im
		defer stored.Close()
		if im, err = stored.orient(h.orientation); err != nil {
			return nil, err
		}
	}
	if shown := h.frame(); im.Width() != shown.Width || im.Height() != shown.Height {
		im.Close()
		return nil, refusal.New(refusal.SizeContradicts)
	}
	if x, y := h.resolution(); y > 0 {
		im.setResolution(x, y)
	} else if x, y := im.Resolution(); !turned && h.orientation >= 5 {
		im.setResolution(y, x) // as stored
	}
	return im, nil
}

// read runs the decoder of a type, never the one that the bytes look like: the limits were checked for the former. turned
// reports whether the picture is as its orientation wants it displayed.
func (f File) read(index int) (im *Image, turned bool, err error) {
	quiet()
	data, mediaType := f.Data, f.Type
	if mediaType == ocr.BMP {
		if data, err = plainBMP(data); err != nil {
			return nil, false, err
		}
	}
	data = firstPicture(data, mediaType)
	bytes, size := bytesOf(data), C.size_t(len(data))
	var pix *C.PIX
	switch mediaType {
	case ocr.TIFF:
		handle, release := f.handle()
		defer release()
		if handle == 0 {
			pix = C.pixReadMemTiff(bytes, size, C.l_int32(index))
		} else {
			pix = C.lethe_read_sparse_tiff(bytes, size, handle, C.int(index))
		}
		if pix != nil {
			turned = true
			break
		}
		// Leptonica knows neither tiles nor planes.
		var unsupported C.lethe_unsupported
		pix = C.lethe_read_tiff(bytes, size, handle, C.int(index), &unsupported)
		switch unsupported {
		case C.unsupported_compression:
			return nil, false, refusal.New(refusal.CompressionUnknown)
		case C.unsupported_pixels:
			return nil, false, refusal.New(refusal.PixelsUnknown)
		}
	case ocr.PNG:
		pix = C.pixReadMemPng(bytes, size)
	case ocr.JPEG, StoredJPEG:
		if plainInks(data) {
			pix = C.lethe_read_inks(bytes, size)
		} else {
			pix = C.pixReadMemJpeg(bytes, size, 0, 1, nil, 0)
		}
	case ocr.BMP:
		pix = C.pixReadMemBmp(bytes, size)
	case ocr.GIF:
		pix = C.pixReadMemGif(bytes, size)
		if colour, ok := gifTransparency(data); ok {
			C.lethe_transparent(pix, C.int(colour))
		}
	case ocr.WebP:
		pix = C.pixReadMemWebP(bytes, size)
	case ocr.JP2:
		pix = C.pixReadMemJp2k(bytes, size, 1, nil, 0, 0)
	}
	im, err = newImage(C.lethe_plain(pix))
	return im, turned, err
}

// firstPicture returns a file without the pictures of an animation that follow the first: Leptonica decodes all of a GIF
// before it takes that one, and none of a WebP.
func firstPicture(data []byte, mediaType string) []byte {
	switch mediaType {
	case ocr.GIF:
		return firstOfGIF(data)
	case ocr.WebP:
		return firstOfWebP(data)
	default:
		return data
	}
}

func bytesOf(data []byte) *C.l_uint8 { return (*C.l_uint8)(unsafe.Pointer(&data[0])) }

// quiet keeps Leptonica from writing what it meets in a document to standard error.
func quiet() { C.setMsgSeverity(C.L_SEVERITY_NONE) }
