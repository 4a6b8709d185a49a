package picture

// #cgo LDFLAGS: -lleptonica
// #include "leptonica.h"
import "C"

import (
	"image"
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

// Image returns the same pixels as a picture of Go.
func (p Pixels) Image() image.Image {
	bounds := image.Rect(0, 0, p.Width, p.Height)
	if p.Channels == 1 {
		return &image.Gray{Pix: p.Data, Stride: p.Width, Rect: bounds}
	}
	m := image.NewRGBA(bounds)
	for i := range p.Width * p.Height {
		copy(m.Pix[4*i:], p.Data[3*i:3*i+3])
		m.Pix[4*i+3] = 255
	}
	return m
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

// Resolution returns the pixels an inch of each direction that the file states, or zeros if that means nothing.
func (im *Image) Resolution() (x, y int) {
	return plausible(perInch(float64(C.pixGetXRes(im.pix)), unitInch), perInch(float64(C.pixGetYRes(im.pix)), unitInch))
}

// mostOblong bounds how much longer one side of a pixel may be than the other: those of coarse fax are 2.08 times as high as wide.
const mostOblong = 4

// plausible returns a resolution that a scanner can have: of one that is not known in both directions, or that is of no pixel
// that is known or is nearly square, the vertical one stands for both.
func plausible(x, y int) (int, int) {
	const tolerance = 50 // one part in so many is rounding
	if x == 0 || y == 0 || max(x, y) > mostOblong*min(x, y) || max(x-y, y-x)*tolerance <= max(x, y) {
		return y, y
	}
	return x, y
}

// SetDPI sets the resolution of both directions; 0 is none.
func (im *Image) SetDPI(dpi int) { im.setResolution(dpi, dpi) }

// setResolution sets the resolution. Leptonica's call for both directions at once would keep the old one where it is 0.
func (im *Image) setResolution(x, y int) {
	C.pixSetXRes(im.pix, C.l_int32(x))
	C.pixSetYRes(im.pix, C.l_int32(y))
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

// Scale returns a copy of x times the width and y times the height.
func (im *Image) Scale(x, y float64) (*Image, error) {
	return newImage(C.pixScale(im.pix, C.l_float32(x), C.l_float32(y)))
}

// Within returns a copy with at most so many pixels on its longer side, and with square ones: of those of another shape the longer side
// counts. Small pictures are not enlarged but for that.
func (im *Image) Within(side int) (*Image, error) {
	x, y := im.Resolution()
	across, down := 1.0, 1.0
	if x > y {
		down = float64(x) / float64(y)
	} else if y > x {
		across = float64(y) / float64(x)
	}
	fits := min(1, float64(side)/max(across*float64(im.Width()), down*float64(im.Height())))
	if C.pixGetDepth(im.pix) != 1 {
		return im.Scale(across*fits, down*fits)
	}
	grey, err := im.Grey() // else pixels would be left out rather than mixed
	if err != nil {
		return nil, err
	}
	defer grey.Close()
	return grey.Scale(across*fits, down*fits)
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
	Pieces int     // of ink, of any size
	Count  int     // of pieces that look like letters
}

// Letters measures a grey picture.
func (im *Image) Letters() Letters {
	var found C.lethe_letters
	C.lethe_measure_letters(im.pix, &found)
	return Letters{Height: int(found.height), Specks: float64(found.specks), Pieces: int(found.pieces), Count: int(found.letters)}
}

// Share returns the picture as a PIX of Leptonica for other native code, which frees it with pixDestroy. Both share one
// memory; neither changes the pixels.
func (im *Image) Share() unsafe.Pointer { return unsafe.Pointer(C.pixClone(im.pix)) }
