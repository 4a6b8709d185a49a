package tesseract

// #include "leptonica.h"
import "C"

import (
	"bytes"
	"unsafe"

	"github.com/bep/imagemeta"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
)

// Frame is one picture as displayed: after the orientation that the file states.
type Frame struct {
	Width, Height int // pixels
	DPI           int // pixels an inch; 0 if the file does not say
}

// tiffType is the only type with several pages.
const tiffType = "image/tiff"

// Probe reads headers only and refuses what is over the limits before anything is decoded. A type other than TIFF has one
// frame; of an animation that is the first.
func Probe(data []byte, mediaType string, limits ocr.Limits) ([]Frame, error) {
	quiet()
	if len(data) == 0 {
		return nil, fault.New(fault.DocumentEmpty, "the document has no bytes")
	}
	pages := 1
	if mediaType == tiffType {
		var n C.l_int32
		if C.lethe_count_tiff(bytesOf(data), C.size_t(len(data)), &n) != 0 || n < 1 {
			return nil, damaged()
		}
		if pages = int(n); pages > limits.Pages {
			return nil, fault.New(fault.DocumentTooManyPages, "the document has %d pages; at most %d are read: split it", pages, limits.Pages)
		}
	}
	exif := orientation(data, mediaType)
	frames := make([]Frame, 0, pages)
	for page := range pages {
		f, err := header(data, mediaType, page)
		if err != nil {
			return nil, err
		}
		if exif >= 5 {
			f.Width, f.Height = f.Height, f.Width
		}
		frames = append(frames, f)
	}
	return frames, nil
}

// Decode decodes one frame, counted from 0, if its header keeps to the limits.
func Decode(data []byte, mediaType string, frame int, limits ocr.Limits) (*Image, error) {
	quiet()
	if len(data) == 0 {
		return nil, fault.New(fault.DocumentEmpty, "the document has no bytes")
	}
	f, err := header(data, mediaType, frame)
	if err != nil {
		return nil, err
	}
	if int64(f.Width)*int64(f.Height) > limits.Pixels {
		return nil, fault.New(fault.PageTooLarge, "page %d has %d x %d pixels; at most %d megapixels are read: scan it at a lower resolution",
			frame+1, f.Width, f.Height, limits.Pixels/1_000_000)
	}
	im, err := newImage(C.lethe_read(bytesOf(data), C.size_t(len(data)), isTIFF(mediaType), C.int(frame)))
	if err != nil {
		return nil, err
	}
	if int64(im.Width())*int64(im.Height()) > limits.Pixels {
		im.Close()
		return nil, fault.New(fault.PageDamaged, "page %d is larger than its header says", frame+1)
	}
	exif := orientation(data, mediaType)
	if exif <= 1 {
		return im, nil
	}
	defer im.Close()
	return im.orient(exif)
}

func header(data []byte, mediaType string, page int) (Frame, error) {
	var w, h, res C.l_int32
	if C.lethe_read_header(bytesOf(data), C.size_t(len(data)), isTIFF(mediaType), C.int(page), &w, &h, &res) != 0 || w < 1 || h < 1 {
		return Frame{}, damaged()
	}
	return Frame{Width: int(w), Height: int(h), DPI: int(res)}, nil
}

// orientation returns the Exif tag Orientation of a JPEG, 1 if it has none. Leptonica applies a TIFF's own.
func orientation(data []byte, mediaType string) int {
	const jpegType, tag = "image/jpeg", "Orientation"
	value := 1
	if mediaType != jpegType {
		return value
	}
	_, err := imagemeta.Decode(imagemeta.Options{
		R:           bytes.NewReader(data),
		ImageFormat: imagemeta.JPEG,
		Sources:     imagemeta.EXIF,
		ShouldHandleTag: func(t imagemeta.TagInfo) bool {
			return t.Tag == tag && t.Namespace == "IFD0"
		},
		HandleTag: func(t imagemeta.TagInfo) error {
			if v, ok := t.Value.(uint16); ok && v >= 1 && v <= 8 {
				value = int(v)
			}
			return imagemeta.ErrStopWalking
		},
	})
	if err != nil {
		return 1
	}
	return value
}

func damaged() error {
	return fault.New(fault.DocumentDamaged, "the image is damaged: its header cannot be read")
}

func isTIFF(mediaType string) C.int {
	if mediaType == tiffType {
		return 1
	}
	return 0
}

func bytesOf(data []byte) *C.l_uint8 { return (*C.l_uint8)(unsafe.Pointer(&data[0])) }

// quiet keeps Leptonica from writing what it meets in a document to standard error.
func quiet() { C.setMsgSeverity(C.L_SEVERITY_NONE) }
