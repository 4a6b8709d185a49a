package pdf

import (
	"maps"
	"slices"
	"unicode"

	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

// fontKey is what tells the fonts of a document apart, their names: PDFium gives no identity of font objects. Type 3 fonts have
// no name, and simple fonts that are subsets of one program have the same.
type fontKey string

// fontRecord is what is known of a font of a document, from all pages that were read.
type fontRecord struct {
	lies     bool
	checked  map[rune]rune // characters that were looked at, and the letter that they look like if that is another
	outlines bool          // it has some
	readings int           // of its text
	read     int           // weight of the evidence when it was read
}

const (
	// maxFonts bounds the fonts of a document that are remembered, and maxReadings how often a font is read.
	maxFonts    = 2_000
	maxReadings = 3

	// pageReadings bounds the fonts that are read for one page. Further ones that are doubted there are not believed.
	pageReadings = 8

	// fewGlyphs is the number of letters and digits below which a page says nothing about a font.
	fewGlyphs = 3
)

// usage is how a page uses a font.
type usage struct {
	key    fontKey
	words  []span
	glyphs int          // other than spaces
	chars  map[rune]int // the different ones, with the place in the text layer of the first of each
	broken int          // glyphs that stand for characters that nobody writes: private use, replacement, control
}

// span is a word of a text layer: glyphs from one to before another.
type span struct{ from, to int }

// CheckFonts has fonts whose map to characters is doubtful read from then on, a few lines of each, once for the document: a font
// that shows something else than its map says is not believed. Fonts are doubted where characters have no map, all have the
// same, or do not look like what they are mapped to.
func (p *Document) CheckFonts(recognise Recognise) { p.recognise = recognise }

// examineFonts judges the fonts of glyphs, which are those of the text layer of a page, where that is still to be done.
func (p *Document) examineFonts(v view, glyphs []glyph) error {
	if p.recognise == nil {
		return nil
	}
	open := slices.DeleteFunc(usages(glyphs), func(u *usage) bool { return !p.record(u.key).open(u) })
	if len(open) == 0 {
		return nil
	}
	text, err := p.instance.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: v.page})
	if err != nil {
		return p.fail(err)
	}
	read := 0
	for _, u := range open {
		record := p.record(u.key)
		doubted, err := p.doubt(text.TextPage, u, record)
		if err != nil {
			return p.fail(err)
		}
		if !doubted {
			continue
		}
		if read++; read > pageReadings {
			record.lies = record.outlines
			continue
		}
		record.readings, record.read = record.readings+1, record.evidence()
		if record.lies, err = p.lies(v, glyphs, u, record); err != nil {
			return err
		}
	}
	if _, err := p.instance.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: text.TextPage}); err != nil {
		return p.fail(err)
	}
	return nil
}

// record returns what is known of a font.
func (p *Document) record(key fontKey) *fontRecord {
	record := p.fonts[key]
	if record == nil {
		if len(p.fonts) >= maxFonts {
			clear(p.fonts)
		}
		record = &fontRecord{checked: map[rune]rune{}}
		p.fonts[key] = record
	}
	return record
}

// open reports whether there is something to be found out about a font.
func (f *fontRecord) open(u *usage) bool {
	if f.lies || u.glyphs < fewGlyphs || f.readings >= maxReadings {
		return false
	}
	for char := range u.chars {
		if _, ok := f.checked[char]; !ok {
			return true
		}
	}
	return false
}

// trusted reports whether the text that is set in a font says what it shows, as far as pages were read.
func (p *Document) trusted(font fontKey) bool {
	record := p.fonts[font]
	return record == nil || !record.lies
}

// leaveOut returns the glyphs and the text objects of a page without those of fonts that are not trusted: they are pictures.
func (p *Document) leaveOut(glyphs []glyph, drawn content) ([]glyph, content, error) {
	honest := p.honest(glyphs)
	if len(honest) == len(glyphs) {
		return glyphs, drawn, nil
	}
	var texts []references.FPDF_PAGEOBJECT
	for _, t := range drawn.texts {
		lies, err := p.lyingText(t)
		if err != nil {
			return nil, content{}, p.fail(err)
		}
		if !lies {
			texts = append(texts, t)
		}
	}
	if len(texts) == len(drawn.texts) {
		texts = nil // rather all of them than text that is neither read nor recognised
	}
	drawn.visible -= len(drawn.texts) - len(texts)
	drawn.texts = texts
	return honest, drawn, nil
}

// honest returns glyphs without those of fonts that are not trusted.
func (p *Document) honest(glyphs []glyph) []glyph {
	if !p.lying() {
		return glyphs
	}
	trusted := true
	return slices.DeleteFunc(slices.Clone(glyphs), func(g glyph) bool {
		if g.set != nil {
			trusted = p.trusted(g.set.key)
		}
		return !trusted && !unicode.IsSpace(g.char)
	})
}

// lying reports whether a font of the document is known to lie.
func (p *Document) lying() bool {
	for _, record := range p.fonts {
		if record.lies {
			return true
		}
	}
	return false
}

// usages sorts the words of a text layer by their fonts, in the order in which they appear.
func usages(glyphs []glyph) []*usage {
	found := map[fontKey]*usage{}
	var order []*usage
	var current *usage
	for i, g := range glyphs {
		if g.unmarked {
			current = nil
			continue
		}
		if g.set != nil {
			current = found[g.set.key]
			if current == nil {
				current = &usage{key: g.set.key, chars: map[rune]int{}}
				found[g.set.key] = current
				order = append(order, current)
			}
		}
		switch {
		case current == nil:
			continue
		case unicode.IsSpace(g.char):
			continue
		case g.set != nil || i == 0 || unicode.IsSpace(glyphs[i-1].char):
			current.words = append(current.words, span{i, i})
		}
		current.words[len(current.words)-1].to = i + 1
		current.glyphs++
		if _, ok := current.chars[g.char]; !ok {
			current.chars[g.char] = g.index
		}
		if g.char == unicode.ReplacementChar || unicode.In(g.char, unicode.Co, unicode.Cc, unicode.Cs) {
			current.broken++
		}
	}
	return order
}

// places returns where in the text layer the different characters appear first, in order: a font is judged by the first of them, and
// not by chance.
func (u *usage) places() []int { return slices.Sorted(maps.Values(u.chars)) }

// doubt looks for cheap evidence that a font shows something else than its map says, and notes it in the record.
func (p *Document) doubt(text references.FPDF_TEXTPAGE, u *usage, record *fontRecord) (bool, error) {
	unmapped, err := p.unmapped(text, u)
	if err != nil {
		return false, err
	}
	font, found, err := p.fontOf(text, u)
	if err != nil {
		return false, err
	}
	if p.shapes == nil {
		p.shapes = unpackShapes()
	}
	plain := 0
	for _, char := range slices.Sorted(maps.Keys(u.chars)) {
		if _, ok := record.checked[char]; ok {
			continue
		}
		record.checked[char] = 0
		if !known(char) || !found {
			continue
		}
		plain++
		if u.key == "" { // a Type 3 font, for which PDFium gives the outlines of another
			continue
		}
		s, ok, err := p.glyphShape(font, char)
		if err != nil {
			return false, err
		}
		if ok {
			record.outlines = true
			record.checked[char] = p.shapes.readAs(&s, char)
		}
	}
	switch {
	case unmapped, u.broken*4 > u.glyphs, u.glyphs >= monotone && len(u.chars) == 1:
		return record.readings == 0, nil
	case !record.outlines:
		return record.readings == 0 && plain >= fewGlyphs, nil
	}
	return record.evidence() >= doubtful && record.evidence() > record.read, nil
}

const (
	// monotone is the number of glyphs of one character, and no other, from which a font is doubted.
	monotone = 8

	// doubtful is the evidence from which a font is.
	doubtful = 2
)

// evidence counts the letters of a font that look like others. In honest fonts a digit hardly ever looks like another.
func (f *fontRecord) evidence() int {
	n := 0
	for char, as := range f.checked {
		switch {
		case as == 0:
		case char != '1' && unicode.IsDigit(char) && unicode.IsDigit(as):
			n += doubtful
		default:
			n++
		}
	}
	return n
}

// unmapped reports whether most characters of a font have no map to Unicode. PDFium then reports their codes.
func (p *Document) unmapped(text references.FPDF_TEXTPAGE, u *usage) (bool, error) {
	const sample = 8
	seen, without := 0, 0
	for _, index := range u.places() {
		if seen++; seen > sample {
			break
		}
		mapped, err := p.instance.FPDFText_HasUnicodeMapError(&requests.FPDFText_HasUnicodeMapError{TextPage: text, Index: index})
		if err != nil {
			if trapped(err) {
				return false, err
			}
			continue
		}
		if mapped.HasUnicodeMapError {
			without++
		}
	}
	return without*2 > seen, nil
}

// fontOf returns the font of the first of the glyphs that the document draws.
func (p *Document) fontOf(text references.FPDF_TEXTPAGE, u *usage) (references.FPDF_FONT, bool, error) {
	for _, index := range u.places() {
		p.handles += 2
		object, err := p.instance.FPDFText_GetTextObject(&requests.FPDFText_GetTextObject{TextPage: text, Index: index})
		if err != nil {
			if trapped(err) {
				return "", false, err
			}
			continue
		}
		font, err := p.instance.FPDFTextObj_GetFont(&requests.FPDFTextObj_GetFont{PageObject: object.TextObject})
		if err != nil {
			return "", false, unless(trapped, err)
		}
		return font.Font, true, nil
	}
	return "", false, nil
}

// lyingText reports whether a text object of a page is set in a font that is not trusted.
func (p *Document) lyingText(object references.FPDF_PAGEOBJECT) (bool, error) {
	p.handles++
	font, err := p.instance.FPDFTextObj_GetFont(&requests.FPDFTextObj_GetFont{PageObject: object})
	if err != nil {
		return false, unless(trapped, err)
	}
	name, err := p.instance.FPDFFont_GetBaseFontName(&requests.FPDFFont_GetBaseFontName{Font: font.Font})
	if err != nil {
		return false, unless(trapped, err)
	}
	return !p.trusted(fontKey(name.BaseFontName)), nil
}
