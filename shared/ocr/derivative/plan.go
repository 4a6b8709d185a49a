package derivative

import (
	"errors"
	"math"
	"slices"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// Plan is all that a derivative is made from.
type Plan struct {
	Type  string `json:"type"` // media type
	Pages []Page `json:"pages"`
}

// Page is what a derivative takes over from one page. A PDF has Boxes, a picture everything else.
type Page struct {
	Boxes *Boxes `json:"boxes,omitempty"`

	Width       int   `json:"width,omitempty"`       // pixels, as stored
	Height      int   `json:"height,omitempty"`      // pixels, as stored
	DPIX        int   `json:"dpiX,omitempty"`        // pixels an inch; 0 if not stated
	DPIY        int   `json:"dpiY,omitempty"`        // pixels an inch; 0 if not stated
	Orientation int   `json:"orientation,omitempty"` // of JPEG and TIFF, 1 to 8 as in Exif; 0 if not stated
	Depth       Depth `json:"depth,omitzero"`

	Ink Ink `json:"ink"`
}

// Depth is how a pixel is stored.
type Depth struct {
	Bits    int  `json:"bits"`    // of a sample; 5 stands for the 16-bit pixels of BMP
	Samples int  `json:"samples"` // 1: grey or palette, 2: grey and alpha, 3: colour, 4: colour and one more
	Palette bool `json:"palette,omitempty"`
	Lossy   bool `json:"lossy,omitempty"` // of WebP, which has two codecs
}

// Boxes is the geometry of a page of PDF (ISO 32000-1, section 14.11.2).
type Boxes struct {
	Media  Rect  `json:"media"`
	Crop   *Rect `json:"crop,omitempty"` // nil if the page has none
	Rotate int   `json:"rotate,omitempty"`
}

// Rect is left, bottom, right and top in points, in whole hundredths.
type Rect [4]float64

// Visible returns the part of the page that is shown.
func (b Boxes) Visible() Rect {
	if b.Crop == nil {
		return b.Media
	}
	r := Rect{
		max(b.Media[0], b.Crop[0]), max(b.Media[1], b.Crop[1]),
		min(b.Media[2], b.Crop[2]), min(b.Media[3], b.Crop[3]),
	}
	if r.Width() <= 0 || r.Height() <= 0 {
		return b.Media
	}
	return r
}

// Width returns the width in points.
func (r Rect) Width() float64 { return r[2] - r[0] }

// Height returns the height in points.
func (r Rect) Height() float64 { return r[3] - r[1] }

// Rounded returns r in whole hundredths of a point.
func (r Rect) Rounded() Rect {
	for i, v := range r {
		r[i] = math.Round(v*100) / 100
	}
	return r
}

const (
	maxPoints = 1_000_000 // beyond it the engine refuses a page
	maxSide   = 65_535    // pixels, and pixels an inch

	maxBits    = 64
	maxSamples = 8
)

// possible reports whether the rectangle can be one of a page.
func (r Rect) possible() bool {
	for _, v := range r {
		if !(math.Abs(v) <= maxPoints) { // also NaN
			return false
		}
	}
	return r == r.Rounded() && r.Width() > 0 && r.Height() > 0
}

var errImpossible = errors.New("page that no document can have")

// Check reports whether a page of a document of a type holds no more than numbers in their ranges.
func (p Page) Check(mediaType string, limits ocr.Limits) error {
	if !p.Ink.possible() {
		return errImpossible
	}
	if mediaType == ocr.PDF {
		if p.Boxes == nil || p != (Page{Boxes: p.Boxes, Ink: p.Ink}) || !p.Boxes.possible() {
			return errImpossible
		}
		return nil
	}
	if p.Boxes != nil || p.Width < 1 || p.Height < 1 || p.Width > maxSide || p.Height > maxSide ||
		int64(p.Width)*int64(p.Height) > limits.Pixels ||
		p.DPIX < 0 || p.DPIY < 0 || p.DPIX > maxSide || p.DPIY > maxSide ||
		p.Orientation < 0 || p.Orientation > 8 || p.Orientation > 0 && mediaType != ocr.JPEG && mediaType != ocr.TIFF ||
		!slices.Contains(ocr.MediaTypes(), mediaType) || !p.Depth.possible() {
		return errImpossible
	}
	return nil
}

func (b Boxes) possible() bool {
	return b.Media.possible() && (b.Crop == nil || b.Crop.possible()) && slices.Contains([]int{0, 90, 180, 270}, b.Rotate)
}

func (d Depth) possible() bool {
	return d.Bits >= 1 && d.Bits <= maxBits && d.Samples >= 1 && d.Samples <= maxSamples
}

// Bounded returns the depth with numbers in their ranges, whatever a damaged header says.
func (d Depth) Bounded() Depth {
	d.Bits, d.Samples = min(max(d.Bits, 1), maxBits), min(max(d.Samples, 1), maxSamples)
	return d
}

func abs(n int) int { return max(n, -n) }
