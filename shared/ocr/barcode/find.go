// Package barcode finds bar codes on a picture of a page: QR code, Data Matrix, Aztec, Code 128, Code 39, Code 93, EAN-13, EAN-8,
// UPC-A, UPC-E, Interleaved 2 of 5 (ITF), Codabar and GS1 DataBar: all that gozxing reads. PDF417 is not among them, nor are the
// postal codes.
//
// Find looks for dark areas that are denser than text, cuts each out with a white margin, so that what stands next to it disturbs
// no reader, and gives it to the readers of gozxing as it is, inverted (codes of squares), and turned by a quarter (codes of bars). A
// code of bars counts only if nearly all bands of its height say the same: several kinds have a weak check digit or none, and a row of
// a photograph or of text can look like one. At 200 dpi, the shorter side of a code is at least 5 mm.
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

// Bounds of what a page may cost.
const (
	mostCodes  = 64
	mostAreas  = 48
	mostValue  = 4096 // bytes
	mostInArea = 4
	effort     = 2 // pixels of all areas together, as a multiple of those of the page
	mostTimes  = 4 // that a small region is enlarged
	mostPixels = 1_000_000
)

// Find returns the codes of a page, from the top. The same picture has the same codes.
func Find(page *image.Gray) []Code { return kinds(nil).find(page) }

// In returns the codes of a region that is known to show some, from the top: those of Find, or else what the region shows as a
// whole, enlarged if it is small. Only some kinds are looked for, by their names as in Code; none: all.
func In(region *image.Gray, symbologies ...string) []Code {
	wanted := kinds(symbologies)
	found := wanted.find(region)
	for times := 1; len(found) == 0 && times <= mostTimes && region.Rect.Dx()*region.Rect.Dy()*times*times <= mostPixels; times *= 2 {
		larger := enlarged(region, times)
		found = wanted.area(larger, larger.Rect, mostCodes)
		for i := range found {
			b := found[i].Box
			found[i].Box = image.Rect(b.Min.X/times, b.Min.Y/times, (b.Max.X+times-1)/times, (b.Max.Y+times-1)/times)
		}
	}
	return found
}

func (wanted kinds) find(page *image.Gray) []Code {
	found := wanted.among(page, nil)
	// Codes of wide bars fall apart at their wide gaps. In a smaller picture they are as dense as others.
	for _, code := range wanted.among(halved(page), found) {
		code.Box = image.Rectangle{Min: code.Box.Min.Mul(2), Max: code.Box.Max.Mul(2)}.Add(page.Rect.Min)
		found = append(found, code)
	}
	slices.SortStableFunc(found, func(a, b Code) int { return cmp.Or(a.Box.Min.Y-b.Box.Min.Y, a.Box.Min.X-b.Box.Min.X) })
	return found
}

// among returns codes of a page, or of one half as large as that which has the codes that are known. Areas that touch those are left out.
func (wanted kinds) among(page *image.Gray, known []Code) []Code {
	left := effort * page.Rect.Dx() * page.Rect.Dy()
	var found []Code
	for _, area := range areas(page) {
		twice := image.Rectangle{Min: area.Min.Mul(2), Max: area.Max.Mul(2)}
		if slices.ContainsFunc(known, func(c Code) bool { return c.Box.Overlaps(twice) }) {
			continue
		}
		if left -= area.Dx() * area.Dy(); left < 0 {
			break
		}
		found = append(found, wanted.area(page, area, mostCodes-len(known)-len(found))...)
	}
	return found
}

// area returns the codes of a part of a page, up to a number.
func (wanted kinds) area(page *image.Gray, area image.Rectangle, most int) []Code {
	cut := cutOut(page, area)
	var found []Code
	for range min(mostInArea, most) {
		code, ok := wanted.read(cut)
		if !ok {
			break
		}
		draw.Draw(cut, code.Box, image.White, image.Point{}, draw.Src) // for the next one beside it
		code.Box = code.Box.Add(area.Min.Sub(image.Pt(margin, margin))).Intersect(area)
		found = append(found, code)
	}
	return found
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
