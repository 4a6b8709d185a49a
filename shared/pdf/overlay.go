package pdf

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"unicode"

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
		"/FontDescriptor %d 0 R/DW %d/CIDToGIDMap %d 0 R>>", fontName, descriptor, fontAdvance, glyphs))
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
	var b bytes.Buffer
	turned := upright(page.Angle)
	back := turned.inverse().then(place)
	fmt.Fprintf(&b, "q BT 3 Tr/%s 1 Tf\n", resource)
	words := 0
	for w := range page.Words {
		if w.Box.Empty() || skip(w.Box) {
			continue
		}
		codes := f.encode(w.Text)
		if len(codes) == 0 {
			continue
		}
		box := rect{float64(w.Box.X0), float64(w.Box.Y0), float64(w.Box.X1), float64(w.Box.Y1)}.through(turned)
		advance := float64(len(codes)) * fontAdvance / fontEm
		em := matrix{a: box.width() / advance, d: -box.height(), e: box.x0, f: box.y1}.then(back)
		for _, v := range []float64{em.a, em.b, em.c, em.d, em.e, em.f} {
			b.WriteString(decimal(v))
			b.WriteByte(' ')
		}
		b.WriteString("Tm<")
		for _, code := range codes {
			fmt.Fprintf(&b, "%04X", code)
		}
		// The space keeps words apart where boxes touch. It takes no part in the width of the word.
		b.WriteString("0020>Tj\n")
		words++
	}
	if words == 0 {
		return nil
	}
	b.WriteString("ET Q\n")
	return b.Bytes()
}

// encode returns the codes of a word in the order in which they stand on the line from left to right.
func (f *font) encode(text string) []uint32 {
	var codes []uint32
	for _, char := range visual(text) {
		if code, ok := f.codes.of(char); ok && !unicode.IsControl(char) {
			codes = append(codes, code)
		}
	}
	return codes
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
func decimal(v float64) string {
	s := strconv.FormatFloat(v, 'f', 5, 64)
	for s[len(s)-1] == '0' {
		s = s[:len(s)-1]
	}
	if s[len(s)-1] == '.' {
		s = s[:len(s)-1]
	}
	if s == "-0" {
		return "0"
	}
	return s
}
