package pdf

import (
	"fmt"
	"strings"

	"github.com/klippa-app/go-pdfium/requests"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/pdf/contentstream"
)

// claim counts, for a font of the original, the words of which the text layer says what the result says, and those of which it
// says something else.
type claim struct {
	agrees, differs int
	embedded        bool // what the font looks like does not depend on what it claims
}

// lies reports whether the text that is set in a font is better replaced. In honest text few words are read wrongly.
func (c claim) lies() bool { return c.embedded && c.differs > 0 && c.differs*10 > c.agrees }

// recognisedBlocks returns a page with those of its blocks whose words the original does not say, or not so.
func recognisedBlocks(page ocr.Page) ocr.Page {
	if page.Origin == ocr.Recognised {
		return page
	}
	page.Blocks = withoutLayer(page.Blocks)
	return page
}

// known finds what the original says already of the words of a page that were recognised: it reports which of them are there as
// visible text, and notes which fonts say something else.
func (w *Writer) known(v view, read ocr.Page, drawn content) (skip func(ocr.Box) bool, err error) {
	none := func(ocr.Box) bool { return false }
	if drawn.visible == drawn.under {
		return none, nil
	}
	p := w.source
	glyphs, err := p.glyphs(v, drawn.invisible > 0)
	if err != nil {
		return nil, err
	}
	claims := map[fontKey]*claim{}
	pixels := matrix{a: float64(read.Width) / v.width, d: float64(read.Height) / v.height}
	type place struct {
		box  ocr.Box
		font fontKey
	}
	var there []place
	words := wordsByPlace(&read, pixels)
	for _, said := range saidWords(glyphs) {
		font := fontKey("")
		if said.set != nil {
			font = said.set.key
		}
		there = append(there, place{whole(said.shown.through(pixels), read.Width, read.Height), font})
		if claims[font] == nil {
			claims[font] = &claim{}
		}
		switch shown, ok := words.at(said.shown); {
		case !ok:
			if read.Origin != ocr.Recognised { // it is in a block of the layer
				claims[font].agrees++
			}
		case read.Origin == ocr.Recognised && sameWord(shown, string(said.text)):
			claims[font].agrees++
		default:
			claims[font].differs++
		}
	}
	if err := p.noteEmbedded(drawn, claims); err != nil {
		return nil, err
	}
	for font, c := range claims {
		total := w.claims[font]
		w.claims[font] = claim{total.agrees + c.agrees, total.differs + c.differs, c.embedded && (total == claim{} || total.embedded)}
	}
	return func(b ocr.Box) bool {
		x, y := (b.X0+b.X1)/2, (b.Y0+b.Y1)/2
		for _, t := range there {
			if t.box.X0 <= x && x < t.box.X1 && t.box.Y0 <= y && y < t.box.Y1 && !claims[t.font].lies() {
				return true
			}
		}
		return false
	}, nil
}

// noteEmbedded notes which fonts the document brings along.
func (p *Document) noteEmbedded(drawn content, claims map[fontKey]*claim) error {
	for _, t := range drawn.texts {
		p.handles++
		font, err := p.instance.FPDFTextObj_GetFont(&requests.FPDFTextObj_GetFont{PageObject: t})
		if err != nil {
			if trapped(err) {
				return p.fail(err)
			}
			continue
		}
		name, err := p.instance.FPDFFont_GetBaseFontName(&requests.FPDFFont_GetBaseFontName{Font: font.Font})
		if err != nil {
			return p.fail(err)
		}
		c := claims[fontKey(name.BaseFontName)]
		if c == nil || c.differs == 0 || c.embedded {
			continue
		}
		embedded, err := p.instance.FPDFFont_GetIsEmbedded(&requests.FPDFFont_GetIsEmbedded{Font: font.Font})
		if err != nil {
			return p.fail(err)
		}
		c.embedded = embedded.IsEmbedded || name.BaseFontName == "" // a Type 3 font is drawn by the document itself
	}
	return nil
}

// saidWords returns the words of a text layer, without those that leave no marks.
func saidWords(glyphs []glyph) []word {
	var marked []glyph
	for _, g := range glyphs {
		if !g.unmarked {
			marked = append(marked, g)
		}
	}
	d := direction{glyphs: marked, frame: upright(0), shrink: 1}
	var words []word
	for _, l := range d.pieces() {
		words = append(words, l.words...)
	}
	return words
}

// placedWords are words of a page by where they stand on the displayed page.
type placedWords struct {
	grid  grid
	boxes []rect
	texts []string
}

func wordsByPlace(page *ocr.Page, pixels matrix) placedWords {
	w := placedWords{grid: grid{map[[2]int][]int{}}}
	points := pixels.inverse()
	for word := range page.Words {
		box := rect{float64(word.Box.X0), float64(word.Box.Y0), float64(word.Box.X1), float64(word.Box.Y1)}.through(points)
		w.grid.add(box, len(w.boxes))
		w.boxes, w.texts = append(w.boxes, box), append(w.texts, word.Text)
	}
	return w
}

// at returns the word on the middle of a box.
func (w placedWords) at(box rect) (text string, ok bool) {
	x, y := (box.x0+box.x1)/2, (box.y0+box.y1)/2
	cellsOf(rect{x, y, x, y}, func(cell [2]int) {
		for _, i := range w.grid.cells[cell] {
			if b := w.boxes[i]; x >= b.x0 && x <= b.x1 && y >= b.y0 && y <= b.y1 {
				text, ok = w.texts[i], true
			}
		}
	})
	return text, ok
}

// sameWord reports whether one of two readings of a word may be the other with a slip or a part missing.
func sameWord(a, b string) bool {
	x, y := folded(a), folded(b)
	_, equal := align(x, y)
	return equal*3 >= 2*min(len(x), len(y))
}

// mute takes away what fonts claim of their characters, so that viewers find the invisible text in its place: to them the font
// shows spaces. What the page looks like does not depend on it, since the document brings the fonts along.
type mute struct {
	fonts             map[fontKey]bool
	simple, composite int // the numbers of the maps to spaces; 0 while it is not known whether they are needed

	foundSimple, foundComposite bool
}

// muted returns the fonts that are to lose their claims.
func (w *Writer) muted() *mute {
	m := &mute{fonts: map[fontKey]bool{}}
	for font, c := range w.claims {
		if c.lies() {
			m.fonts[font] = true
		}
	}
	return m
}

// clean changes the fonts in an object.
func (m *mute) clean(raw string) string {
	if len(m.fonts) == 0 || !strings.Contains(raw, "/Font") {
		return raw
	}
	e := editor{dictionary: func(d dictionary) (dictionary, bool) { return m.dictionary(d), true }}
	raw, _ = e.value(raw, 0)
	return raw
}

func (m *mute) dictionary(d dictionary) dictionary {
	kind, _ := d.get("/Type")
	subtype, _ := d.get("/Subtype")
	if kind != "/Font" || strings.HasPrefix(subtype, "/CIDFont") {
		return d
	}
	value, _ := d.get("/BaseFont")
	if !m.names(contentstream.DecodeName(value), subtype) {
		return d
	}
	number := m.simple
	if subtype == "/Type0" {
		m.foundComposite, number = true, m.composite
	} else {
		m.foundSimple = true
	}
	d = d.without("/ToUnicode")
	if number == 0 {
		return d
	}
	return d.with("/ToUnicode", reference(number))
}

// names reports whether a font of a name is one of the fonts, which bear the names that PDFium gives them: without the tag of
// a subset if the font is simple, and without the name of the encoding that that of a composite font may end in (ISO 32000-1,
// table 121).
func (m *mute) names(name, subtype string) bool {
	if m.fonts[fontKey(name)] {
		return true
	}
	if subtype != "/Type0" {
		return m.fonts[fontKey(untagged(name))]
	}
	for i, c := range name {
		if c == '-' && m.fonts[fontKey(name[:i])] {
			return true
		}
	}
	return false
}

// reserve takes numbers for the maps that are needed.
func (m *mute) reserve(out *emitter) {
	if m.foundSimple {
		m.simple = out.reserve()
	}
	if m.foundComposite {
		m.composite = out.reserve()
	}
}

// write writes the maps.
func (m *mute) write(out *emitter) {
	if m.simple > 0 {
		out.packed(m.simple, "", []byte(spaces(1)))
	}
	if m.composite > 0 {
		out.packed(m.composite, "", []byte(spaces(2)))
	}
}

// spaces returns a CMap that maps each code of so many bytes to a space.
func spaces(size int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /Spaces def\n/CMapType 2 def\n"+
		"1 begincodespacerange\n<%0*X> <%s>\nendcodespacerange\n", 2*size, 0, strings.Repeat("FF", size))
	row := "[" + strings.Repeat("<0020>", 256) + "]\n"
	var ranges []string
	for high := range 1 << (8 * (size - 1)) {
		ranges = append(ranges, fmt.Sprintf("<%0*X> <%0*X> %s", 2*size, high<<8, 2*size, high<<8|0xff, row))
	}
	section(&b, "bfrange", ranges)
	b.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")
	return b.String()
}
