package pdf

import (
	"math"
	"slices"
	"strings"

	"golang.org/x/text/encoding/charmap"

	"github.com/lethe-ocr/lethe/shared/pdf/contentstream"
	"github.com/lethe-ocr/lethe/shared/pdf/fontprogram"
)

// usedFont is a font with the codes of it that are shown.
type usedFont struct {
	dictionary dictionary
	composite  bool
	codes      map[int]bool // whether one leaves marks
	visible    bool         // one does
}

func (f *usedFont) shows(text string, visible bool) {
	f.visible = f.visible || visible
	step := 1
	if f.composite {
		step = 2
	}
	for at := 0; at+step <= len(text); at += step {
		code := int(text[at])
		if f.composite {
			code = code<<8 | int(text[at+1])
		}
		f.codes[code] = f.codes[code] || visible
	}
}

// font returns a font that is selected.
func (i *inspection) font(value string) *usedFont {
	if f, ok := i.fonts[value]; ok {
		return f
	}
	d := i.objects.dictionary(value)
	kind, _ := d.get("/Subtype")
	f := &usedFont{dictionary: d, composite: i.objects.resolve(kind) == "/Type0", codes: map[int]bool{}}
	i.fonts[value] = f
	if i.objects.resolve(kind) == "/Type3" {
		value, _ := d.get("/Resources")
		own := i.objects.dictionary(value)
		value, _ = d.get("/CharProcs")
		for _, e := range i.objects.dictionary(value) {
			n, _ := parseReference(e.value)
			i.filters(i.objects.dictionary(e.value))
			data, ok := i.objects.stream(n)
			i.breaks(ClauseStreams, !ok)
			i.content(data, own)
		}
	}
	return f
}

// used looks at the fonts of the page, once all that is shown is known.
func (i *inspection) used() {
	for range maxNesting { // fonts of type 3 select others
		before := len(i.fonts)
		for _, f := range i.fonts {
			i.fontConforms(f)
		}
		if len(i.fonts) == before {
			return
		}
	}
}

func (i *inspection) fontConforms(f *usedFont) {
	kind, _ := f.dictionary.get("/Subtype")
	switch i.objects.resolve(kind) {
	case "/Type3":
	case "/Type0":
		i.compositeConforms(f)
	case "/Type1", "/MMType1", "/TrueType":
		i.simpleConforms(f, i.objects.resolve(kind) == "/TrueType")
	default:
		i.breaks(ClauseFontKinds, true)
	}
}

// program reads the program of a font by its descriptor; nil if there is none that is one.
func (i *inspection) program(f *usedFont, descriptor dictionary, kinds ...string) *fontprogram.Font {
	for _, key := range []string{"/FontFile", "/FontFile2", "/FontFile3"} {
		value, ok := descriptor.get(key)
		if !ok {
			continue
		}
		n, _ := parseReference(value)
		d := i.objects.dictionary(value)
		i.filters(d)
		data, read := i.objects.stream(n)
		if !slices.Contains(kinds, key) || !read {
			break
		}
		parse := map[string]func([]byte) (*fontprogram.Font, error){
			"/FontFile": fontprogram.Type1, "/FontFile2": fontprogram.TrueType, "/FontFile3": fontprogram.CFF,
		}[key]
		if subtype, _ := d.get("/Subtype"); subtype == "/OpenType" && slices.Contains(kinds, "/FontFile2") {
			parse = fontprogram.TrueType
		}
		if p, err := parse(data); err == nil {
			return p
		}
		break
	}
	i.breaks(ClauseEmbedded, f.visible)
	return nil
}

// compositeConforms looks at a font of two bytes a code.
func (i *inspection) compositeConforms(f *usedFont) {
	encoding, _ := f.dictionary.get("/Encoding")
	value, _ := f.dictionary.get("/DescendantFonts")
	descendants, _ := parseArray(i.objects.resolve(value))
	if len(descendants) != 1 {
		i.breaks(ClauseFontKinds, true)
		return
	}
	d := i.objects.dictionary(descendants[0])
	kind, _ := d.get("/Subtype")
	trueType := i.objects.resolve(kind) == "/CIDFontType2"
	value, _ = d.get("/FontDescriptor")
	kinds := []string{"/FontFile3"}
	if trueType {
		kinds = append(kinds, "/FontFile2")
	}
	p := i.program(f, i.objects.dictionary(value), kinds...)
	if encoding = i.objects.resolve(encoding); encoding != "/Identity-H" && encoding != "/Identity-V" {
		i.breaks(ClauseCIDs, true) // what its codes stand for is in a file that is not looked into
		return
	}
	glyphOf := func(cid int) int { return cid }
	if trueType {
		toGlyphs, ok := d.get("/CIDToGIDMap")
		i.breaks(ClauseCIDs, !ok && p != nil)
		if n, ok := parseReference(toGlyphs); ok && i.objects.objects[n].is {
			i.filters(dictionaryOf(i.objects.objects[n].raw))
			table, _ := i.objects.stream(n)
			glyphOf = func(cid int) int {
				if 2*cid+1 >= len(table) {
					return 0
				}
				return int(table[2*cid])<<8 | int(table[2*cid+1])
			}
		}
	} else if p != nil && p.CIDKeyed {
		glyphOf = func(cid int) int { return p.CIDs[cid] }
	}
	if p == nil {
		return
	}
	described := i.objects.composite(f.dictionary)
	for code, visible := range f.codes {
		glyph := glyphOf(code)
		i.breaks(ClauseNotdef, glyph == 0)
		i.width(p, glyph, visible, code, described.Width)
	}
}

// width compares the width of a glyph that leaves marks.
func (i *inspection) width(p *fontprogram.Font, glyph int, visible bool, code int, said func(int) (float64, bool)) {
	if !visible {
		return
	}
	const tolerance = 1.01 // thousandths
	is, ok := p.Width(glyph)
	i.breaks(ClauseNotdef, !ok)
	if was, told := said(code); ok && !math.IsNaN(is) {
		i.breaks(ClauseWidths, !told || math.Abs(is-was) > tolerance)
	}
}

// simpleConforms looks at a font of one byte a code.
func (i *inspection) simpleConforms(f *usedFont, trueType bool) {
	for _, key := range []string{"/FirstChar", "/LastChar", "/Widths"} {
		_, ok := f.dictionary.get(key)
		i.breaks(ClauseFontKinds, !ok && f.visible)
	}
	value, _ := f.dictionary.get("/FontDescriptor")
	descriptor := i.objects.dictionary(value)
	kinds := []string{"/FontFile", "/FontFile3"}
	if trueType {
		kinds = []string{"/FontFile2"}
	}
	p := i.program(f, descriptor, kinds...)
	if p == nil {
		return
	}
	said := i.objects.widths(f.dictionary, 1)
	glyphOf := i.glyphsByName(f, p)
	if trueType {
		flags, _ := descriptor.get("/Flags")
		bits, _ := i.objects.number(flags)
		glyphOf = i.glyphsOfTrueType(f, p, int(bits))
	}
	for code, visible := range f.codes {
		glyph, known := glyphOf(code)
		if !known {
			continue
		}
		i.breaks(ClauseNotdef, glyph == 0)
		i.width(p, glyph, visible, code, said)
	}
}

// names returns the encoding of a simple font: the base by name, empty for that of the program, and what differs from it.
func (i *inspection) names(f *usedFont) (base string, differences map[int]string, has bool) {
	value, has := f.dictionary.get("/Encoding")
	if value = i.objects.resolve(value); strings.HasPrefix(value, "/") {
		return value, nil, has
	}
	d := dictionaryOf(value)
	base, _ = d.get("/BaseEncoding")
	list, _ := d.get("/Differences")
	elements, _ := parseArray(i.objects.resolve(list))
	code := 0
	for _, e := range elements {
		if name, ok := strings.CutPrefix(e, "/"); ok {
			if differences == nil {
				differences = map[int]string{}
			}
			differences[code] = contentstream.DecodeName(name)
			code++
		} else if v, ok := i.objects.number(e); ok {
			code = int(v)
		}
	}
	return i.objects.resolve(base), differences, has
}

// characterOf returns what a code of a named encoding stands for.
func characterOf(base string, code int) (rune, bool) {
	var table *charmap.Charmap
	switch base {
	case "/WinAnsiEncoding":
		table = charmap.Windows1252
	case "/MacRomanEncoding":
		table = charmap.Macintosh
	default:
		return fontprogram.CharacterOf(fontprogram.StandardName(code))
	}
	char := table.DecodeByte(byte(code)) // #nosec G115 -- codes of one byte
	return char, char != 0xfffd && char >= ' '
}

// glyphsByName returns the glyph of a code in a program whose glyphs have names.
func (i *inspection) glyphsByName(f *usedFont, p *fontprogram.Font) func(int) (int, bool) {
	base, differences, _ := i.names(f)
	return func(code int) (int, bool) {
		if name, ok := differences[code]; ok {
			glyph, ok := p.Names[name]
			return glyph, ok || name == ".notdef"
		}
		if base == "" {
			glyph, ok := p.Codes[code]
			return glyph, ok
		}
		char, ok := characterOf(base, code)
		if !ok {
			return 0, false
		}
		glyph, ok := p.Names[fontprogram.NameOf(char)]
		return glyph, ok
	}
}

// glyphsOfTrueType returns the glyph of a code, and looks at the two kinds of encoding that there may be.
func (i *inspection) glyphsOfTrueType(f *usedFont, p *fontprogram.Font, flags int) func(int) (int, bool) {
	const symbolic = 4
	base, differences, has := i.names(f)
	unicodes, unicode := p.Maps[fontprogram.MicrosoftUnicode]
	if flags&symbolic != 0 {
		symbols, symbol := p.Maps[fontprogram.MicrosoftSymbol]
		roman, mac := p.Maps[fontprogram.Macintosh]
		i.breaks(ClauseEncodings, has || len(p.Maps) != 1 && !symbol && !mac)
		return func(code int) (int, bool) {
			if symbol {
				for _, high := range []int{0, 0xf000, 0xf100, 0xf200} {
					if g, ok := symbols[high+code]; ok {
						return g, true
					}
				}
			}
			if mac {
				g, ok := roman[code]
				return g, ok || !symbol
			}
			for _, m := range p.Maps {
				return m[code], len(p.Maps) == 1 && !unicode
			}
			return 0, false
		}
	}
	good := base == "/WinAnsiEncoding" || base == "/MacRomanEncoding"
	for _, name := range differences {
		_, ok := fontprogram.CharacterOf(name)
		good = good && ok && unicode
	}
	i.breaks(ClauseEncodings, !good || len(p.Maps) == 0)
	return func(code int) (int, bool) {
		char, ok := characterOf(base, code)
		if name, differs := differences[code]; differs {
			char, ok = fontprogram.CharacterOf(name)
		}
		if !ok || !unicode {
			return 0, false
		}
		g, ok := unicodes[int(char)]
		return g, ok
	}
}
