package pdf

import (
	"slices"
	"strings"
	"unicode"

	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"

	"github.com/lethe-ocr/lethe/shared/pdf/layer"
)

// checked is a text layer that was held against the page as drawn.
type checked struct {
	drawn comparison
	rest  layer.Picture // the page without the text of its layer, in grey

	found   layer.Found // what may be text in it
	missing layer.Found // what may be text of the layer's and is in none of the glyphs
	covered covered     // glyphs that cross others and do not show
}

// check draws a page and marks the glyphs that do not show.
func (p *Document) check(v view, texts []references.FPDF_PAGEOBJECT, glyphs []glyph) (checked, error) {
	d, err := p.draw(v, texts, false)
	if err != nil {
		return checked{}, err
	}
	c := checked{drawn: d, rest: d.without, found: layer.Search(d.without)}
	judged, _ := d.judged(glyphs)
	c.missing = layer.Missing(d.difference, judged)
	if unseen := mark(d, glyphs); unseen {
		if c.drawn, err = p.drawInColour(v, texts); err != nil {
			return checked{}, err
		}
		mark(c.drawn, glyphs)
	}
	if c.covered, err = p.findCovered(v, c, glyphs); err != nil {
		return checked{}, err
	}
	return c, p.judge(v, c, glyphs)
}

// judge marks the glyphs of a loaded page that do not show.
func (p *Document) judge(v view, c checked, glyphs []glyph) error {
	if unseen := mark(c.drawn, glyphs); unseen {
		if err := p.keepUndrawable(v, glyphs); err != nil {
			return err
		}
	}
	c.covered.mark(glyphs)
	return nil
}

// drawInColour draws a page on a screen and on paper: what does not differ in grey may differ in colour, and there are layers that
// are only for one of the two.
func (p *Document) drawInColour(v view, texts []references.FPDF_PAGEOBJECT) (comparison, error) {
	shown, err := p.draw(v, texts, true)
	if err != nil {
		return comparison{}, err
	}
	v.paper = true
	printed, err := p.draw(v, texts, true)
	if err != nil {
		return comparison{}, err
	}
	shown.difference = layer.Larger(shown.difference, printed.difference)
	return shown, nil
}

// mark sets whether glyphs show, and reports whether there are some that do not for another reason than their own mode.
func mark(d comparison, glyphs []glyph) (unseen bool) {
	judged, places := d.judged(glyphs)
	for k, seen := range layer.Seen(d.difference, judged) {
		g := &glyphs[places[k]]
		g.hidden = !seen
		unseen = unseen || g.hidden && !g.unmarked
	}
	return unseen
}

// judged returns the glyphs that are no spaces as they stand in the pictures, and their places in the list.
func (d comparison) judged(glyphs []glyph) (judged []layer.Glyph, places []int) {
	judged, places = make([]layer.Glyph, 0, len(glyphs)), make([]int, 0, len(glyphs))
	word := 0
	for i, g := range glyphs {
		if unicode.IsSpace(g.char) {
			word++
			continue
		}
		if g.set != nil {
			word++
		}
		judged, places = append(judged, d.judge(g, word)), append(places, i)
	}
	return judged, places
}

// judge returns a glyph of a word as it stands in the pictures.
func (d comparison) judge(g glyph, word int) layer.Glyph {
	return layer.Glyph{
		Box: d.box(g.box), Word: word, Letter: unicode.IsLetter(g.char) || unicode.IsDigit(g.char), Hidden: g.unmarked,
	}
}

// keepUndrawable takes back that glyphs are hidden where PDFium cannot tell: it brings glyphs of Western letters alone for fonts
// that are not embedded.
func (p *Document) keepUndrawable(v view, glyphs []glyph) error {
	strange := func(g glyph) bool { return g.hidden && !g.unmarked && g.char > unicode.MaxLatin1 }
	if !slices.ContainsFunc(glyphs, strange) {
		return nil
	}
	text, err := p.instance.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: v.page})
	if err != nil {
		return p.fail(err)
	}
	for i := range glyphs {
		if !strange(glyphs[i]) {
			continue
		}
		embedded, err := p.embeddedFont(text.TextPage, glyphs[i].index)
		if err != nil {
			return p.fail(err)
		}
		glyphs[i].hidden = embedded
	}
	if _, err := p.instance.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: text.TextPage}); err != nil {
		return p.fail(err)
	}
	return nil
}

// embeddedFont reports whether the glyph at an index of the text layer has a font that the document brings along.
func (p *Document) embeddedFont(text references.FPDF_TEXTPAGE, index int) (bool, error) {
	p.handles += 2
	object, err := p.instance.FPDFText_GetTextObject(&requests.FPDFText_GetTextObject{TextPage: text, Index: index})
	if err != nil {
		return true, unless(trapped, err)
	}
	font, err := p.instance.FPDFTextObj_GetFont(&requests.FPDFTextObj_GetFont{PageObject: object.TextObject})
	if err != nil {
		return true, unless(trapped, err)
	}
	embedded, err := p.instance.FPDFFont_GetIsEmbedded(&requests.FPDFFont_GetIsEmbedded{Font: font.Font})
	if err != nil {
		return true, unless(trapped, err)
	}
	return embedded.IsEmbedded, nil
}

// hiddenWord is a word of the text layer, or a part of it, that does not show.
type hiddenWord struct {
	box   rect // displayed page, points; without extent where it is not known
	text  string
	drawn bool // it lies on a scan, at a place where something is drawn
}

// parted parts a text layer into what shows and words that do not. Where glyphs are left out a word ends.
func parted(glyphs []glyph) (shown []glyph, hidden []hiddenWord) {
	if !slices.ContainsFunc(glyphs, func(g glyph) bool { return g.hidden }) {
		return glyphs, nil
	}
	var word hiddenWord
	var text strings.Builder
	finish := func() {
		if word.text = text.String(); word.text != "" {
			hidden = append(hidden, word)
		}
		word = hiddenWord{}
		text.Reset()
	}
	for _, g := range glyphs {
		switch {
		case unicode.IsSpace(g.char):
			finish()
			shown = append(shown, g)
		case !g.hidden:
			finish()
			shown = append(shown, g)
		default:
			if g.set != nil {
				finish()
			}
			if text.Len() == 0 {
				shown = append(shown, glyph{char: ' ', made: true})
			}
			text.WriteRune(g.char)
			word.box = word.box.with(g.box)
		}
	}
	finish()
	return shown, hidden
}

// onScan marks hidden words at whose place a scan shows something: they are more likely an earlier reading of it than a secret.
func onScan(words []hiddenWord, scan layer.Picture, place comparison) {
	for i := range words {
		words[i].drawn = layer.Drawn(scan, place.box(words[i].box))
	}
}
