package picture

// #include "leptonica.h"
import "C"

import (
	"image"
	"unsafe"

	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// Ink returns the extent of each connected piece of ink of a grey picture: letters, parts of them, specks, rules, pictures.
func (im *Image) Ink() ([]image.Rectangle, error) {
	boxes := C.lethe_ink(im.pix)
	if boxes == nil {
		return nil, refusal.New(refusal.PageDamaged)
	}
	defer C.boxaDestroy(&boxes)
	n := int(C.boxaGetCount(boxes))
	if n == 0 {
		return nil, nil
	}
	sides := make([]C.l_int32, 4*n)
	C.lethe_boxes(boxes, (*C.l_int32)(unsafe.Pointer(&sides[0])))
	ink := make([]image.Rectangle, n)
	for i := range ink {
		s := sides[4*i:]
		ink[i] = image.Rect(int(s[0]), int(s[1]), int(s[2]), int(s[3]))
	}
	return ink, nil
}

// WithoutRules returns a copy of a grey picture in which straight lines, across or down, of at least that length are white. What
// is as thick as thickness is no line. Both are in pixels. The copy has the resolution of the picture.
func (im *Image) WithoutRules(length, thickness int) (*Image, error) {
	return newImage(C.lethe_without_rules(im.pix, C.int(length), C.int(thickness)))
}

// Whiten makes places of a grey picture white, as far as they lie in it.
func (im *Image) Whiten(places []image.Rectangle) error {
	whole := image.Rect(0, 0, im.Width(), im.Height())
	for _, r := range places {
		r = r.Intersect(whole)
		if r.Empty() {
			continue
		}
		if C.lethe_whiten(im.pix, C.int(r.Min.X), C.int(r.Min.Y), C.int(r.Dx()), C.int(r.Dy())) != 0 {
			return refusal.New(refusal.PageDamaged)
		}
	}
	return nil
}

// Blurred returns a copy of a grey picture whose pixels are the mean of the 3 × 3 around them, which joins the dots of faint
// print.
func (im *Image) Blurred() (*Image, error) { return newImage(C.pixBlockconv(im.pix, 1, 1)) }

// Joined returns a copy of a grey picture in which white that is narrower than so many pixels, an odd number, both across and
// down, is as dark as the ink around it. The copy has the resolution of the picture.
func (im *Image) Joined(gap int) (*Image, error) {
	return newImage(C.pixOpenGray(im.pix, C.l_int32(gap), C.l_int32(gap)))
}
