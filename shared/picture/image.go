package picture

// #cgo LDFLAGS: -lleptonica
// #include "leptonica.h"
import "C"

import (
	"unsafe"

	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// Image is a picture in Leptonica's memory. Close frees it.
type Image struct{ pix *C.PIX }

// Pixels is a picture in Go's memory, rows from the top without padding.
type Pixels struct {
	Width, Height int
	Channels      int // 1: grey, 3: red, green, blue
	Data          []byte
}

func newImage(pix *C.PIX) (*Image, error) {
	if pix == nil {
		return nil, refusal.New(refusal.PageDamaged)
	}
	return &Image{pix}, nil
}

// NewGray copies 8-bit grey pixels. dpi is 0 if it is not known.
func NewGray(pix []byte, stride, width, height, dpi int) (*Image, error) {
	if width <= 0 || height <= 0 || stride < width || len(pix) < stride*(height-1)+width {
		return nil, refusal.New(refusal.PixelsMissing)
	}
	im, err := newImage(C.lethe_from_grey((*C.l_uint8)(unsafe.Pointer(&pix[0])), C.size_t(stride), C.int(width), C.int(height)))
	if err == nil {
		im.SetDPI(dpi)
	}
	return im, err
}

// Close frees the picture. Closing twice is allowed.
func (im *Image) Close() {
	if im.pix != nil {
		C.pixDestroy(&im.pix)
	}
}

// Width returns the width in pixels.
func (im *Image) Width() int { return int(C.pixGetWidth(im.pix)) }

// Height returns the height in pixels.
func (im *Image) Height() int { return int(C.pixGetHeight(im.pix)) }

// DPI returns the resolution that the file states in pixels an inch, or 0 if that means nothing.
func (im *Image) DPI() int { return perInch(float64(C.pixGetYRes(im.pix)), unitInch) }

// SetDPI sets the resolution; 0 is none. Leptonica's call for both directions at once would keep the old one then.
func (im *Image) SetDPI(dpi int) {
	C.pixSetXRes(im.pix, C.l_int32(dpi))
	C.pixSetYRes(im.pix, C.l_int32(dpi))
}

// Pixels copies the picture: grey if it has no colour, red, green and blue otherwise.
func (im *Image) Pixels() (Pixels, error) {
	colour := C.pixGetDepth(im.pix) == 32
	p := Pixels{Width: im.Width(), Height: im.Height(), Channels: 1}
	if colour {
		flat, err := newImage(C.pixConvertTo32(im.pix))
		if err != nil {
			return Pixels{}, err
		}
		defer flat.Close()
		p.Channels = 3
		p.Data = make([]byte, p.Width*p.Height*p.Channels)
		C.lethe_copy_rgb(flat.pix, (*C.l_uint8)(unsafe.Pointer(&p.Data[0])))
		return p, nil
	}
	flat, err := im.Grey()
	if err != nil {
		return Pixels{}, err
	}
	defer flat.Close()
	p.Data = make([]byte, p.Width*p.Height)
	C.lethe_copy_grey(flat.pix, (*C.l_uint8)(unsafe.Pointer(&p.Data[0])))
	return p, nil
}

// Grey returns an 8-bit copy without colour map.
func (im *Image) Grey() (*Image, error) { return newImage(C.pixConvertTo8(im.pix, C.FALSE)) }

// Scale returns a copy of f times the size.
func (im *Image) Scale(f float64) (*Image, error) {
	return newImage(C.pixScale(im.pix, C.l_float32(f), C.l_float32(f)))
}

// Turn returns a copy turned clockwise by 90, 180 or 270 degrees.
func (im *Image) Turn(degrees int) (*Image, error) {
	const right, half, left = 6, 3, 8 // values of the Exif tag
	switch degrees {
	case 90:
		return im.orient(right)
	case 180:
		return im.orient(half)
	case 270:
		return im.orient(left)
	default:
		return im.orient(1)
	}
}

// orient returns a copy as the Exif tag Orientation wants it displayed.
func (im *Image) orient(exif int) (*Image, error) {
	return newImage(C.lethe_orient(im.pix, C.int(exif)))
}

// Letters is what the ink of a page shows before recognition.
type Letters struct {
	Height int     // median, in pixels; 0 if too few were found
	Specks float64 // share of specks, 0 to 1
}

// Letters measures a grey picture.
func (im *Image) Letters() Letters {
	var found C.lethe_letters
	C.lethe_measure_letters(im.pix, &found)
	return Letters{Height: int(found.height), Specks: float64(found.specks)}
}

// Share returns the picture as a PIX of Leptonica for other native code, which frees it with pixDestroy. Both share one
// memory; neither changes the pixels.
func (im *Image) Share() unsafe.Pointer { return unsafe.Pointer(C.pixClone(im.pix)) }
