package pdf

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// font is the font of invisible text as five objects of a PDF.
type font struct {
	number int
	codes  codes
}

// write writes the font; it comes last because its codes are known then.
func (f *font) write(e *emitter) {
	descendant, descriptor, file := e.reserve(), e.reserve(), e.reserve()
	glyphs, unicodes := e.reserve(), e.reserve()
	e.object(f.number, 0, fmt.Sprintf("<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H"+
		"/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>", fontName, descendant, unicodes))
	e.object(descendant, 0, fmt.Sprintf("<</Type/Font/Subtype/CIDFontType2/BaseFont/%s"+
		"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"+
		"/FontDescriptor %d 0 R/DW %d/W[%s]/CIDToGIDMap %d 0 R>>", fontName, descriptor, fontAdvance, widths(), glyphs))
	e.object(descriptor, 0, fmt.Sprintf("<</Type/FontDescriptor/FontName/%s/Flags 5/FontBBox[0 0 %d %d]/ItalicAngle 0"+
		"/Ascent %d/Descent %d/CapHeight %d/StemV 80/FontFile2 %d 0 R>>",
		fontName, fontAdvance, fontEm, fontAscent, fontDescent, fontAscent, file))
	data := fontFile()
	e.packed(file, fmt.Sprintf("/Length1 %d", len(data)), data)
	e.packed(glyphs, "", glyphMap())
	e.packed(unicodes, "", []byte(f.codes.toUnicode()))
}

// invisible returns the content that shows the words of a page in mode 3, neither filled nor stroked. place turns pixels of
// the page into user space. It starts from the initial graphics state and leaves it as it was.
func (f *font) invisible(page ocr.Page, place matrix, resource string, skip func(ocr.Box) bool) []byte {
	x, y := math.Hypot(place.a, place.b), math.Hypot(place.c, place.d)
	c := textContent{
		font: f, resource: resource, place: matrix{a: 1 / x, d: 1 / y}.then(place),
		middleX: float64(page.Width) * x / 2, middleY: float64(page.Height) * y / 2,
	}
	lines := upwards(typeset(page, x, y, skip))
	c.slanted = slices.ContainsFunc(lines, setLine.rises)
	for _, l := range lines {
		c.line(l)
	}
	if c.out.Len() == 0 {
		return nil
	}
	return slices.Concat([]byte("q BT 3 Tr\n"), c.out.Bytes(), []byte("ET Q\n"))
}

// encode returns the codes of characters.
func (f *font) encode(text []rune) []uint32 {
	codes := make([]uint32, len(text))
	for i, char := range text {
		code, ok := f.codes.of(char)
		if !ok {
			code = utf8.RuneError
		}
		codes[i] = code
	}
	return codes
}

// glyphsOf returns the characters of a word that have a glyph, from left to right.
func glyphsOf(text string) []rune {
	return slices.DeleteFunc(visual(text), func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) || r == utf8.RuneError })
}

// visual returns the characters of a word from left to right. PDF places glyphs where they stand, and readers of text put
// right-to-left runs back into logical order.
func visual(text string) []rune {
	chars := []rune(text)
	if !slices.ContainsFunc(chars, rightToLeft) {
		return chars
	}
	var p bidi.Paragraph
	if _, err := p.SetString(text); err != nil {
		return chars
	}
	order, err := p.Order()
	if err != nil {
		return chars
	}
	var left []rune
	for i := range order.NumRuns() {
		run := order.Run(i)
		part := []rune(run.String())
		if run.Direction() == bidi.RightToLeft {
			slices.Reverse(part)
		}
		left = append(left, part...)
	}
	return left
}

func rightToLeft(char rune) bool {
	properties, _ := bidi.LookupRune(char)
	return properties.Class() == bidi.R || properties.Class() == bidi.AL
}

// decimal formats a real number as PDF wants it: no exponent.
func decimal(v float64) string { return rounded(v, 5) }

// rounded is decimal with at most so many digits behind the point.
func rounded(v float64, digits int) string {
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if digits > 0 {
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		return "0"
	}
	return s
}
