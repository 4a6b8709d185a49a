package pdf

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gobolditalic"
	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// capHeight is that of the letters of visible text, as a part of its size.
const capHeight = 0.73

// face is a font of visible text. It has the letters of Latin, Greek and Cyrillic scripts.
type face struct {
	name   string
	data   []byte
	style  ocr.Style // of the words that are set in it
	parsed *sfnt.Font
	number int                      // of its object; 0 until it is used
	used   map[sfnt.GlyphIndex]rune // glyphs that are set
}

// faces are the fonts of a PDF. The first is that of words of which nothing is known.
type faces struct {
	all []*face
	buf sfnt.Buffer
}

// newFaces opens the fonts.
func newFaces() (*faces, error) {
	f := &faces{all: []*face{
		{name: "GoRegular", data: goregular.TTF},
		{name: "GoBold", data: gobold.TTF, style: ocr.Bold},
		{name: "GoItalic", data: goitalic.TTF, style: ocr.Italic},
		{name: "GoBoldItalic", data: gobolditalic.TTF, style: ocr.Bold | ocr.Italic},
		{name: "GoMono", data: gomono.TTF, style: ocr.FixedWidth},
	}}
	for _, one := range f.all {
		parsed, err := sfnt.Parse(one.data)
		if err != nil {
			return nil, fmt.Errorf("open font %s: %w", one.name, err)
		}
		one.parsed, one.used = parsed, map[sfnt.GlyphIndex]rune{}
	}
	return f, nil
}

// of returns the font for a style.
func (f *faces) of(style ocr.Style) *face {
	if style&ocr.FixedWidth != 0 {
		return f.all[len(f.all)-1]
	}
	i := slices.IndexFunc(f.all, func(one *face) bool { return one.style == style&(ocr.Bold|ocr.Italic) })
	return f.all[max(0, i)]
}

// glyph returns the glyph of a character, 0 if the font has none.
func (f *faces) glyph(one *face, char rune) sfnt.GlyphIndex {
	g, err := one.parsed.GlyphIndex(&f.buf, char)
	if err != nil {
		return 0
	}
	return g
}

// advance returns the width of a glyph in thousandths of the size.
func (f *faces) advance(one *face, g sfnt.GlyphIndex) int {
	a, err := one.parsed.GlyphAdvance(&f.buf, g, fixed.I(fontEm), xfont.HintingNone)
	if err != nil {
		return 0
	}
	return a.Round()
}

// sets reports whether the fonts have every letter of a word, in the one direction that they are set in.
func (f *faces) sets(text string) bool {
	for _, r := range text {
		if rightToLeft(r) || f.glyph(f.all[0], r) == 0 {
			return false
		}
	}
	return text != ""
}

// visible sets words of a page where they stand; those for which skip is true are left out. place maps pixels of the page to points.
// It returns the drawing and the entries of the fonts among its resources.
func (f *faces) visible(page ocr.Page, place matrix, e *emitter, skip func(ocr.Box) bool) (drawing []byte, fonts string) {
	styles := map[string]ocr.Style{} // by text: words are set in the font of the first that reads so
	for w := range page.Words {
		if _, known := styles[string(glyphsOf(w.Text))]; !known && w.Font > 0 && w.Font <= len(page.Fonts) {
			styles[string(glyphsOf(w.Text))] = page.Fonts[w.Font-1].Style
		}
	}
	sx, sy := abs(place.a), abs(place.d)
	height := sy * float64(page.Height)
	var b bytes.Buffer
	used := map[*face]bool{}
	b.WriteString("BT\n0 g\n")
	for _, l := range typeset(page, sx, sy, skip) {
		size := l.height / capHeight
		for _, w := range l.words {
			one := f.of(styles[string(w.text)])
			var codes strings.Builder
			width := 0
			for _, r := range w.text {
				g := f.glyph(one, r)
				if g == 0 {
					g = f.glyph(one, '?')
				}
				one.used[g] = r
				width += f.advance(one, g)
				fmt.Fprintf(&codes, "%04X", uint16(g))
			}
			room := w.to - w.from
			if width == 0 || room <= 0 {
				continue
			}
			if one.number == 0 {
				one.number = e.reserve()
			}
			used[one] = true
			stretch := max(1, min(room/(float64(width)*size/fontEm)*100, 1000))
			x, y := l.at(w.from, l.level)
			fmt.Fprintf(&b, "/%s %s Tf %s Tz %s %s %s %s %s %s Tm <%s> Tj\n", one.name, decimal(size), decimal(stretch),
				decimal(l.x), decimal(-l.y), decimal(l.y), decimal(l.x), decimal(x), decimal(height-y), codes.String())
		}
	}
	b.WriteString("ET\n")
	for _, one := range f.all {
		if used[one] {
			fonts += fmt.Sprintf("/%s %d 0 R", one.name, one.number)
		}
	}
	return b.Bytes(), fonts
}

func abs(x float64) float64 { return max(x, -x) }

// write writes the fonts that were used.
func (f *faces) write(e *emitter) {
	for _, one := range f.all {
		if one.number == 0 {
			continue
		}
		file, descriptor, descendant, toUnicode := e.reserve(), e.reserve(), e.reserve(), e.reserve()
		e.packed(file, fmt.Sprintf("/Length1 %d", len(one.data)), one.data)
		e.object(descriptor, 0, fmt.Sprintf("<</Type/FontDescriptor/FontName/%s/Flags 32/FontBBox[-500 -300 1500 1100]/ItalicAngle %d/Ascent 930/Descent -220"+
			"/CapHeight %d/StemV 80/FontFile2 %d 0 R>>", one.name, -12*int(one.style&ocr.Italic/ocr.Italic), int(capHeight*fontEm), file))
		glyphs := make([]sfnt.GlyphIndex, 0, len(one.used))
		for g := range one.used {
			glyphs = append(glyphs, g)
		}
		slices.Sort(glyphs)
		var widths strings.Builder
		var chars []string
		for _, g := range glyphs {
			fmt.Fprintf(&widths, "%d[%d]", g, f.advance(one, g))
			chars = append(chars, fmt.Sprintf("<%04X> <%X>\n", uint16(g), utf16Bytes(string(one.used[g]))))
		}
		e.object(descendant, 0, fmt.Sprintf("<</Type/Font/Subtype/CIDFontType2/BaseFont/%s/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"+
			"/FontDescriptor %d 0 R/W[%s]/CIDToGIDMap/Identity>>", one.name, descriptor, widths.String()))
		var cmap strings.Builder
		cmap.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n" +
			"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
		section(&cmap, "bfchar", chars)
		cmap.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")
		e.packed(toUnicode, "", []byte(cmap.String()))
		e.object(one.number, 0, fmt.Sprintf("<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>",
			one.name, descendant, toUnicode))
	}
}
