package pdf

import (
	"math"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/responses"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

const (
	// textDPI is the resolution in which pages of text layers are expressed; it is also the one pages are rendered at.
	textDPI = 200

	// maxChars is the number of characters above which a text layer is not taken: no sheet of paper holds as many.
	maxChars = 200_000
)

// glyph is a character of a text layer.
type glyph struct {
	char    rune
	box     rect    // displayed page, points; of its ink
	angle   float64 // clockwise turn in degrees that makes it upright, from 0 to below 360
	made    bool    // PDFium made it up: the document draws no such space
	set     *setting
	advance rect // displayed page, points; from its origin to the next, known where it may end a word

	index    int  // in the layer
	unmarked bool // it leaves no marks on paper: its text is invisible, or off the page
	hidden   bool // the page does not show it
}

// setting is how a word is set, as its first glyph says.
type setting struct {
	font   ocr.Font
	key    fontKey
	origin struct{ x, y float64 } // of the glyph on its baseline; displayed page, points
}

// glyphs reads the text layer in PDFium's order. Glyphs outside the page and, if asked, those of invisible text are marked as
// such. It returns none if there are too many.
func (p *Document) glyphs(v view, modes bool) ([]glyph, error) {
	layer, err := p.instance.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: v.page})
	if err != nil {
		return nil, p.fail(err)
	}
	count, err := p.instance.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: layer.TextPage})
	if err != nil {
		return nil, p.fail(err)
	}
	if count.Count == 0 || count.Count > maxChars {
		_, err := p.instance.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: layer.TextPage})
		if err != nil {
			return nil, p.fail(err)
		}
		return nil, nil
	}
	hidden := func(int) (bool, error) { return false, nil }
	if modes {
		hidden = func(i int) (bool, error) {
			p.handles++
			object, err := p.instance.FPDFText_GetTextObject(
				&requests.FPDFText_GetTextObject{TextPage: layer.TextPage, Index: i})
			if err != nil {
				if trapped(err) {
					return false, err
				}
				return false, nil // PDFium made the character up: a space or a line end
			}
			mode, err := p.instance.FPDFTextObj_GetTextRenderMode(
				&requests.FPDFTextObj_GetTextRenderMode{PageObject: object.TextObject})
			if err != nil {
				return false, err
			}
			return unseen(mode.TextRenderMode), nil
		}
	}
	chars, err := p.instance.GetPageTextStructured(
		&requests.GetPageTextStructured{Page: v.page, Mode: requests.GetPageTextStructuredModeChars})
	if err != nil {
		return nil, p.fail(err)
	}
	r := reader{pdf: p, view: v, layer: layer.TextPage, hidden: hidden, glyphs: make([]glyph, 0, len(chars.Chars)), last: -1}
	for i, c := range chars.Chars {
		if err := r.read(i, c); err != nil {
			return nil, p.fail(err)
		}
	}
	if _, err := p.instance.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: layer.TextPage}); err != nil {
		return nil, p.fail(err)
	}
	tighten(r.glyphs)
	return r.glyphs, nil
}

// reader turns the characters of a text layer into glyphs.
type reader struct {
	pdf    *Document
	view   view
	layer  references.FPDF_TEXTPAGE
	hidden func(index int) (bool, error)

	glyphs []glyph
	high   rune    // the first half of a character beyond the basic plane, else 0
	last   int     // place in glyphs of the last that is no space, or -1
	index  int     // its index in the layer
	em     float64 // of the last word, points
	spaced bool    // a space or a line end follows the last glyph
	drawn  bool    // a space that the document draws does
}

func (r *reader) read(i int, c *responses.GetPageTextStructuredChar) error {
	char, _ := utf8.DecodeRuneInString(c.Text)
	if c.Text == "" {
		return nil
	}
	high := r.high
	r.high = 0
	if char == unicode.ReplacementChar {
		unit, err := r.unit(i)
		if err != nil {
			return err
		}
		if whole := utf16.DecodeRune(high, unit); whole != unicode.ReplacementChar {
			r.glyphs[r.last].char = whole
			return nil
		}
		high = unit // if it is the first half of a character
	}
	v, at := r.view, c.PointPosition
	g := glyph{char: mapped(char), index: i}
	g.box = rect{min(at.Left, at.Right), min(at.Bottom, at.Top), max(at.Left, at.Right), max(at.Bottom, at.Top)}.
		through(v.display)
	// PDFium counts the angle clockwise, in user space.
	g.angle = math.Mod(720-float64(v.turn)-math.Mod(c.Angle*180/math.Pi, 360), 360)
	if !(g.angle >= 0 && g.angle < 360) { // also NaN
		g.angle = 0
	}
	if unicode.IsSpace(g.char) {
		g.made = !(g.box.area() > 0)
		r.spaced, r.drawn = true, r.drawn || !g.made
		r.glyphs = append(r.glyphs, g)
		return nil
	}
	page := rect{0, 0, v.width, v.height}
	if centre := (rect{g.box.x0 + g.box.width()/2, g.box.y0 + g.box.height()/2, 0, 0}); g.box.area() > 0 &&
		!(centre.x0 >= page.x0 && centre.x0 <= page.x1 && centre.y0 >= page.y0 && centre.y0 <= page.y1) {
		g.unmarked = true
	}
	if char == softHyphen && min(g.box.width(), g.box.height()) < 0.01*r.em {
		return nil // it has no ink
	}
	if !g.unmarked {
		var err error
		if g.unmarked, err = r.hidden(i); err != nil {
			return err
		}
	}
	if err := r.begin(i, &g); err != nil {
		return err
	}
	r.spaced, r.drawn, r.last, r.index = false, false, len(r.glyphs), i
	r.glyphs = append(r.glyphs, g)
	if g.char == unicode.ReplacementChar {
		r.high = high
	}
	if char == lineHyphen || char == lineHyphenOld {
		r.spaced = true
		r.glyphs = append(r.glyphs, glyph{char: '\n', made: true})
	}
	return nil
}

// begin finds how a glyph is set that may begin a word, and where the glyph before it ends.
func (r *reader) begin(i int, g *glyph) error {
	if r.last >= 0 && !r.spaced {
		before := r.glyphs[r.last]
		if accents[before.char] == 0 && !apart(before, *g, r.em) {
			return nil
		}
	}
	var err error
	if g.set, err = r.pdf.setting(r.layer, i, r.view); err != nil {
		return err
	}
	if r.last >= 0 && !r.drawn && !(r.spaced && next(r.glyphs[r.last], *g, r.em)) {
		if r.glyphs[r.last].advance, err = r.pdf.advance(r.layer, r.index, r.view); err != nil {
			return err
		}
	}
	if r.em = max(g.box.width(), g.box.height()); g.set != nil && g.set.font.Size > 0 {
		r.em = g.set.font.Size
	}
	return nil
}

// next reports whether a glyph follows another so that there can only be a space between them, whatever room they take.
func next(before, g glyph, em float64) bool {
	if room := g.box.x0 - before.box.x1; room < (bearing+wordGap)*em || room > 2*em || before.angle != 0 || g.angle != 0 {
		return false
	}
	return min(g.box.y1, before.box.y1) > max(g.box.y0, before.box.y0)
}

// unit returns the unit of UTF-16 that PDFium reports: it takes a character beyond the basic plane for two.
func (r *reader) unit(i int) (rune, error) {
	unit, err := r.pdf.instance.FPDFText_GetUnicode(&requests.FPDFText_GetUnicode{TextPage: r.layer, Index: i})
	if err != nil || unit.Unicode > unicode.MaxRune {
		return unicode.ReplacementChar, unless(trapped, err)
	}
	return rune(unit.Unicode), nil
}

// apart reports whether two glyphs that follow each other in the layer cannot stand in one word: far from each other, or the
// second before the first in the direction of reading.
func apart(before, g glyph, em float64) bool {
	dx := max(g.box.x0-before.box.x1, before.box.x0-g.box.x1)
	dy := max(g.box.y0-before.box.y1, before.box.y0-g.box.y1)
	if max(dx, dy) > 0.75*em {
		return true
	}
	sin, cos := math.Sincos(g.angle * math.Pi / 180)
	along := (g.box.x0+g.box.x1-before.box.x0-before.box.x1)/2*cos - (g.box.y0+g.box.y1-before.box.y0-before.box.y1)/2*sin
	return along < -0.3*em && !leftward(g.char) && !leftward(before.char) && !unicode.Is(unicode.M, g.char)
}

// directions sorts glyphs by the direction of their lines. PDFium finds words and lines on the displayed page, so it is asked
// again, with the page turned, for those that are not upright.
func directions(glyphs []glyph, main int, turned func(angle int) ([]glyph, error)) ([]direction, error) {
	var found [4]bool
	for _, g := range glyphs {
		if !unicode.IsSpace(g.char) {
			found[quarter(g.angle)/90] = true
		}
	}
	var directions []direction
	for i := range found {
		angle := (main + 90*i) % 360
		if !found[angle/90] {
			continue
		}
		upright := glyphs
		if angle != 0 {
			var err error
			if upright, err = turned(angle); err != nil {
				return nil, err
			}
		}
		directions = append(directions, split(upright, angle)...)
	}
	return directions, nil
}

// turnedGlyphs is glyphs with the page turned clockwise by angle meanwhile: PDFium finds lines on the displayed page and
// takes lines that are not upright for columns. judge marks those that do not show.
func (p *Document) turnedGlyphs(v view, angle int, modes bool, judge func([]glyph) error) ([]glyph, error) {
	turn := func(degrees int) error {
		_, err := p.instance.FPDFPage_SetRotation(&requests.FPDFPage_SetRotation{
			Page: v.page, Rotate: enums.FPDF_PAGE_ROTATION(degrees / 90 % 4),
		})
		return err
	}
	if err := turn(v.turn + angle); err != nil {
		return nil, p.fail(err)
	}
	glyphs, err := p.glyphs(v, modes)
	glyphs = v.honest(glyphs)
	if err == nil {
		err = judge(glyphs)
	}
	if err != nil {
		p.broken = true // the page stays turned
		return nil, err
	}
	if err := turn(v.turn); err != nil {
		return nil, p.fail(err)
	}
	return glyphs, nil
}

// PDFium reports a hyphen that it takes for the break of a word as one of these, and leaves out the line end after it.
const (
	lineHyphen    = 0x02
	lineHyphenOld = 0xFFFE
	softHyphen    = 0xAD // printed only where a word is broken
)

func mapped(char rune) rune {
	switch char {
	case lineHyphen, lineHyphenOld, softHyphen:
		return '-'
	}
	return char
}

// quarter rounds an angle in degrees, from 0 to below 360, to a multiple of 90.
func quarter(degrees float64) int {
	return int(math.Round(degrees/90)) % 4 * 90
}

// mainAngle returns the angle of most letters, rounded to a quarter.
func mainAngle(glyphs []glyph) int {
	var letters [4]int
	for _, g := range glyphs {
		if unicode.IsLetter(g.char) {
			letters[quarter(g.angle)/90]++
		}
	}
	main := 0
	for quarter, n := range letters {
		if n > letters[main] {
			main = quarter
		}
	}
	return main * 90
}
