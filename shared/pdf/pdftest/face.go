package pdftest

import (
	"fmt"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// face is a font program whose glyphs can be embedded, or drawn as paths. Units are thousandths of the size.
type face struct {
	font *sfnt.Font
	buf  sfnt.Buffer
}

func newFace() *face {
	f, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		panic(err) // the font is part of the program
	}
	return &face{font: f}
}

func (f *face) glyph(char rune) sfnt.GlyphIndex {
	g, err := f.font.GlyphIndex(&f.buf, char)
	if err != nil {
		panic(err)
	}
	return g
}

func (f *face) width(char rune) int {
	w, err := f.font.GlyphAdvance(&f.buf, f.glyph(char), fixed.I(1000), font.HintingNone)
	if err != nil {
		panic(err)
	}
	return w.Round()
}

// outline is the path of a glyph, without what paints it.
func (f *face) outline(char rune) string {
	segments, err := f.font.LoadGlyph(&f.buf, f.glyph(char), fixed.I(1000), nil)
	if err != nil {
		panic(err)
	}
	var b strings.Builder
	var at [2]float64
	point := func(p fixed.Point26_6) [2]float64 { return [2]float64{float64(p.X) / 64, -float64(p.Y) / 64} }
	for _, s := range segments {
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			at = point(s.Args[0])
			fmt.Fprintf(&b, "%.1f %.1f m ", at[0], at[1])
		case sfnt.SegmentOpLineTo:
			at = point(s.Args[0])
			fmt.Fprintf(&b, "%.1f %.1f l ", at[0], at[1])
		case sfnt.SegmentOpQuadTo: // as a cubic curve
			c, end := point(s.Args[0]), point(s.Args[1])
			fmt.Fprintf(&b, "%.1f %.1f %.1f %.1f %.1f %.1f c ", at[0]+2*(c[0]-at[0])/3, at[1]+2*(c[1]-at[1])/3,
				end[0]+2*(c[0]-end[0])/3, end[1]+2*(c[1]-end[1])/3, end[0], end[1])
			at = end
		case sfnt.SegmentOpCubeTo:
			c, d, end := point(s.Args[0]), point(s.Args[1]), point(s.Args[2])
			fmt.Fprintf(&b, "%.1f %.1f %.1f %.1f %.1f %.1f c ", c[0], c[1], d[0], d[1], end[0], end[1])
			at = end
		}
	}
	return b.String()
}

// Outlined draws a line of text as paths, without any font, at a place and size in points.
func Outlined(text string, x, y, size float64) string {
	f := newFace()
	var b strings.Builder
	for _, char := range text {
		fmt.Fprintf(&b, "q %g 0 0 %g %g %g cm %sf Q\n", size/1000, size/1000, x, y, f.outline(char))
		x += float64(f.width(char)) * size / 1000
	}
	return b.String()
}

const firstChar, lastChar = ' ', '~'

func (f *face) widths() string {
	var b strings.Builder
	for char := rune(firstChar); char <= lastChar; char++ {
		fmt.Fprintf(&b, "%d ", f.width(char))
	}
	return "[" + b.String() + "]"
}

// descriptor adds the font program and returns the number of its descriptor.
func (f *face) descriptor(s *sheet) int {
	file := s.add(Stream(fmt.Sprintf("/Length1 %d", len(goregular.TTF)), goregular.TTF))
	return s.add(fmt.Sprintf("<</Type/FontDescriptor/FontName/GoRegular/Flags 32/FontBBox[-200 -220 1100 950]/ItalicAngle 0"+
		"/Ascent 950/Descent -220/CapHeight 730/StemV 80/FontFile2 %d 0 R>>", file))
}

// trueType is a simple font with the program embedded.
func trueType(s *sheet) {
	f := newFace()
	s.font = fmt.Sprintf("<</Type/Font/Subtype/TrueType/BaseFont/GoRegular/FirstChar %d/LastChar %d/Widths%s/FontDescriptor %d 0 R/Encoding/WinAnsiEncoding>>",
		firstChar, lastChar, f.widths(), f.descriptor(s))
}

// composite is a font whose codes are the numbers of glyphs.
func composite(s *sheet) {
	f := newFace()
	var widths strings.Builder
	told := map[string]rune{}
	for char := rune(firstChar); char <= lastChar; char++ {
		fmt.Fprintf(&widths, "%d[%d]", f.glyph(char), f.width(char))
		told[fmt.Sprintf("%04x", f.glyph(char))] = char
	}
	descendant := s.add(fmt.Sprintf("<</Type/Font/Subtype/CIDFontType2/BaseFont/GoRegular/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"+
		"/FontDescriptor %d 0 R/W[%s]/CIDToGIDMap/Identity>>", f.descriptor(s), widths.String()))
	unicodes := s.add(Stream("", []byte(ToUnicode(2, told))))
	s.font = fmt.Sprintf("<</Type/Font/Subtype/Type0/BaseFont/GoRegular/Encoding/Identity-H/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>", descendant, unicodes)
	s.show = func(text string) string {
		var b strings.Builder
		for _, char := range text {
			fmt.Fprintf(&b, "%04x", f.glyph(char))
		}
		return "<" + b.String() + ">"
	}
}

// drawnFont is a font whose glyphs are content streams. Its codes are those of ASCII. Viewers do not agree on such glyphs in
// patterns, so they are grey then.
func drawnFont(s *sheet) {
	if strings.HasPrefix(s.paint, "/Pattern") {
		s.paint = "0.2 g"
	}
	f := newFace()
	told := map[string]rune{}
	var procs, names strings.Builder
	for char := rune(firstChar); char <= lastChar; char++ {
		n := s.add(Stream("", fmt.Appendf(nil, "%d 0 0 -220 1100 950 d1 %sf", f.width(char), f.outline(char))))
		fmt.Fprintf(&procs, "/g%d %d 0 R", char, n)
		fmt.Fprintf(&names, "/g%d", char)
		told[fmt.Sprintf("%02x", char)] = char
	}
	unicodes := s.add(Stream("", []byte(ToUnicode(1, told))))
	s.font = fmt.Sprintf("<</Type/Font/Subtype/Type3/FontBBox[0 -220 1100 950]/FontMatrix[0.001 0 0 0.001 0 0]/FirstChar %d/LastChar %d/Widths%s"+
		"/CharProcs<<%s>>/Encoding<</Type/Encoding/Differences[%d%s]>>/Resources<<>>/ToUnicode %d 0 R>>",
		firstChar, lastChar, f.widths(), procs.String(), firstChar, names.String(), unicodes)
}

// renumbered is a font whose codes are its own and say by glyph names alone what they are.
func renumbered(s *sheet) {
	names := map[rune]string{' ': "space"}
	for i, digit := range strings.Fields("zero one two three four five six seven eight nine") {
		names['0'+rune(i)] = digit
	}
	var differences strings.Builder
	codes := map[rune]int{}
	for char := rune(firstChar); char <= lastChar; char++ {
		name, ok := names[char]
		if !ok {
			if char < 'A' || char > 'z' || char > 'Z' && char < 'a' {
				continue
			}
			name = string(char)
		}
		codes[char] = len(codes) + 1
		differences.WriteString("/" + name)
	}
	s.font = fmt.Sprintf("<</Type/Font/Subtype/Type1/BaseFont/Times-Roman/Encoding<</Type/Encoding/Differences[1%s]>>>>", differences.String())
	s.show = func(text string) string {
		var b strings.Builder
		for _, char := range text {
			fmt.Fprintf(&b, "%02x", codes[char])
		}
		return "<" + b.String() + ">"
	}
}
