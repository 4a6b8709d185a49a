// Package barcode finds bar codes on a picture of a page: QR code, Data Matrix, Aztec, Code 128, Code 39, Code 93, EAN-13, EAN-8,
// UPC-A, UPC-E, Interleaved 2 of 5 (ITF), Codabar and GS1 DataBar: all that gozxing reads. PDF417 is not among them, nor are the
// postal codes.
//
// Find looks for dark areas that are denser than text, cuts each out with a white margin, so that what stands next to it disturbs
// no reader, and gives it to the readers of gozxing as it is, inverted (codes of squares), and turned by a quarter (codes of bars). A
// code of bars counts only if nearly all bands of its height say the same: several kinds have a weak check digit or none, and a row of
// a photograph or of text can look like one. [Found.Left] tells of what the bounds of a page leave out. At 200 dpi, the shorter side of a code is at least 5 mm.
package barcode

import (
	"cmp"
	"image"
	"image/draw"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/makiuchi-d/gozxing"
)

// Code is a bar code.
type Code struct {
	Box       image.Rectangle // in pixels of the picture
	Symbology string
	Value     string // valid UTF-8, of at most 4,096 bytes
}

// Bounds of what a page may cost. What they leave out is counted.
const (
	mostCodes  = 256
	mostAreas  = 256
	mostValue  = 8192 // bytes; the largest QR code holds 7089 digits
	effort     = 8    // pixels given to the readers, with margins, as a multiple of those of the page
	mostTimes  = 4    // that a small region is enlarged
	mostPixels = 1_000_000
)

// Found is what a picture shows.
type Found struct {
	Codes []Code // from the top
	// Left is how many areas that may show further codes were not looked at, or not to the end, since there are too many.
	Left int
}

// Find returns the codes of a page, at most 256. The same picture has the same codes.
func Find(page *image.Gray) Found { return kinds(nil).find(page) }

// In returns the codes of a region that is known to show some: those of Find, or else what the region shows as a whole, enlarged
// if it is small. Only some kinds are looked for, by their names as in Code; none: all.
func In(region *image.Gray, symbologies ...string) Found {
	wanted := kinds(symbologies)
	found := wanted.find(region)
	for times := 1; len(found.Codes) == 0 && times <= mostTimes && region.Rect.Dx()*region.Rect.Dy()*times*times <= mostPixels; times *= 2 {
		larger := enlarged(region, times)
		s := newSearch(wanted, larger)
		s.area(larger.Rect)
		found.Codes = s.codes
		for i := range found.Codes {
			b := found.Codes[i].Box
			found.Codes[i].Box = image.Rect(b.Min.X/times, b.Min.Y/times, (b.Max.X+times-1)/times, (b.Max.Y+times-1)/times)
		}
	}
	return found
}

func (wanted kinds) find(page *image.Gray) Found {
	s := newSearch(wanted, page)
	s.among(nil)
	// Codes of wide bars fall apart at their wide gaps. In a smaller picture they are as dense as others.
	h := newSearch(wanted, halved(page))
	h.among(s.codes)
	codes := s.codes
	for _, code := range h.codes {
		code.Box = image.Rectangle{Min: code.Box.Min.Mul(2), Max: code.Box.Max.Mul(2)}.Add(page.Rect.Min)
		codes = append(codes, code)
	}
	slices.SortStableFunc(codes, func(a, b Code) int { return cmp.Or(a.Box.Min.Y-b.Box.Min.Y, a.Box.Min.X-b.Box.Min.X) })
	return Found{codes, max(s.left, h.left)} // of most areas both say the same
}

// search looks for codes in a picture within its bounds.
type search struct {
	wanted kinds
	page   *image.Gray
	pixels int // that may still be given to the readers
	known  int // codes that were found before

	codes []Code
	left  int // areas that were not looked at, or not to the end
}

func newSearch(wanted kinds, page *image.Gray) *search {
	return &search{wanted: wanted, page: page, pixels: effort * shown(page.Rect)}
}

// shown is how many pixels the readers are given of an area.
func shown(area image.Rectangle) int { return (area.Dx() + 2*margin) * (area.Dy() + 2*margin) }

// among looks at all areas of a page, or of one half as large as that which has the codes that are known. Areas that touch those
// are left out.
func (s *search) among(known []Code) {
	s.known = len(known)
	looked := 0
	for _, area := range areas(s.page) {
		twice := image.Rectangle{Min: area.Min.Mul(2), Max: area.Max.Mul(2)}
		if slices.ContainsFunc(known, func(c Code) bool { return c.Box.Overlaps(twice) }) {
			continue
		}
		if looked == mostAreas {
			s.left++
			continue
		}
		looked++
		s.area(area)
	}
}

// area looks for the codes of a part of a page.
func (s *search) area(area image.Rectangle) {
	var cut *image.Gray
	first := len(s.codes)
	for {
		if s.known+len(s.codes) >= mostCodes || s.pixels < shown(area) {
			s.left++
			return
		}
		s.pixels -= shown(area)
		if cut == nil {
			cut = cutOut(s.page, area)
		}
		code, ok := s.wanted.read(cut)
		if !ok {
			return
		}
		draw.Draw(cut, code.Box, image.White, image.Point{}, draw.Src) // for the next one beside it
		code.Box = code.Box.Add(area.Min.Sub(image.Pt(margin, margin))).Intersect(area)
		if slices.ContainsFunc(s.codes[first:], func(c Code) bool { return c.Box.Overlaps(code.Box) && c.Value == code.Value }) {
			return // what was wiped out does not keep it from being read
		}
		s.codes = append(s.codes, code)
	}
}

// said returns what a code says as text of a page, and whether it is text.
func said(r *gozxing.Result) (string, bool) {
	text := strings.Map(func(c rune) rune {
		if unicode.IsControl(c) && !strings.ContainsRune("\n\t\x1d\x1e", c) { // group and record separators part fields of GS1
			return -1
		}
		return c
	}, r.GetText())
	return text, text != "" && len(text) <= mostValue && utf8.ValidString(text)
}
