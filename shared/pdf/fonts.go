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

// fontLook is what a page shows of a font. Pages are judged alone: a page has the same text whichever others were read before,
// and a font that shows what it says on one page may be another of the same name on the next.
type fontLook struct {
	checked  map[rune]rune // characters that were looked at, and the letter that they look like if that is another
	outlines bool          // it has some
}

const (
	// pageReadings bounds the fonts that are read for one page. Further ones that are doubted there are not believed, but for those
	// that are doubted because they have no outlines.
	pageReadings = 8

	// pageSegments bounds the outlines that are looked at for one page, about ten times those of a page of ten fonts. Fonts with
	// characters beyond them are doubted.
	pageSegments = 200_000

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

// CheckFonts has fonts whose map to characters is doubtful read from then on, a few lines of each on every page: a font that shows
// something else there than its map says is not believed. Fonts are doubted where characters have no map, all have the same, or
// do not look like what they are mapped to.
func (p *Document) CheckFonts(recognise Recognise) { p.recognise = recognise }

// lyingFonts returns the fonts of glyphs, which are those of the text layer of a page, that are not believed.
func (p *Document) lyingFonts(v view, glyphs []glyph) (map[fontKey]bool, error) {
	if p.recognise == nil {
		return nil, nil
	}
	used := slices.DeleteFunc(usages(glyphs), func(u *usage) bool { return u.glyphs < fewGlyphs })
	if len(used) == 0 {
		return nil, nil
	}
	text, err := p.instance.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: v.page})
	if err != nil {
		return nil, p.fail(err)
	}
	lying := map[fontKey]bool{}
	read, segments := 0, pageSegments
	for _, u := range used {
		look := &fontLook{checked: map[rune]rune{}}
		doubted, err := p.doubt(text.TextPage, u, look, &segments)
		if err != nil {
			return nil, p.fail(err)
		}
		if !doubted {
			continue
		}
		if read++; read > pageReadings {
			lying[u.key] = look.outlines
			continue
		}
		if lying[u.key], err = p.lies(v, glyphs, u, look); err != nil {
			return nil, err
		}
	}
	maps.DeleteFunc(lying, func(_ fontKey, lies bool) bool { return !lies })
	if _, err := p.instance.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: text.TextPage}); err != nil {
		return nil, p.fail(err)
	}
	return lying, nil
}

// leaveOut returns the glyphs and the text objects of a page without those of fonts that are not trusted: they are pictures.
func (p *Document) leaveOut(v view, glyphs []glyph, drawn content) ([]glyph, content, error) {
	honest := v.honest(glyphs)
	if len(honest) == len(glyphs) {
		return glyphs, drawn, nil
	}
	var texts []references.FPDF_PAGEOBJECT
	for _, t := range drawn.texts {
		lies, err := p.lyingText(v, t)
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
func (v view) honest(glyphs []glyph) []glyph {
	if len(v.lying) == 0 {
		return glyphs
	}
	trusted := true
	return slices.DeleteFunc(slices.Clone(glyphs), func(g glyph) bool {
		if g.set != nil {
			trusted = !v.lying[g.set.key]
		}
		return !trusted && !unicode.IsSpace(g.char)
	})
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

// doubt looks for cheap evidence that a font shows something else than its map says, and notes it. segments is what is left of
// pageSegments.
func (p *Document) doubt(text references.FPDF_TEXTPAGE, u *usage, look *fontLook, segments *int) (bool, error) {
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
		if !known(char) || !found {
			continue
		}
		plain++
		if u.key == "" { // a Type 3 font, for which PDFium gives the outlines of another
			continue
		}
		s, ok, err := p.glyphShape(font, char, segments)
		if err != nil {
			return false, err
		}
		look.outlines = look.outlines || ok || *segments < 0 // which it then has too many of
		if ok {
			look.checked[char] = p.shapes.readAs(&s, char)
		}
	}
	switch {
	case unmapped, u.broken*4 > u.glyphs, u.glyphs >= monotone && len(u.chars) == 1, *segments < 0:
		return true, nil
	case !look.outlines:
		return plain >= fewGlyphs, nil
	}
	return look.evidence() >= doubtful, nil
}

const (
	// monotone is the number of glyphs of one character, and no other, from which a font is doubted.
	monotone = 8

	// doubtful is the evidence from which a font is.
	doubtful = 2
)

// evidence counts the letters of a font that look like others. In honest fonts a digit hardly ever looks like another.
func (f *fontLook) evidence() int {
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
func (p *Document) lyingText(v view, object references.FPDF_PAGEOBJECT) (bool, error) {
	p.handles++
	font, err := p.instance.FPDFTextObj_GetFont(&requests.FPDFTextObj_GetFont{PageObject: object})
	if err != nil {
		return false, unless(trapped, err)
	}
	name, err := p.instance.FPDFFont_GetBaseFontName(&requests.FPDFFont_GetBaseFontName{Font: font.Font})
	if err != nil {
		return false, unless(trapped, err)
	}
	return v.lying[fontKey(name.BaseFontName)], nil
}
