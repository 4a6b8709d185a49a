package pdf

import (
	"math"
	"slices"
	"unicode"
	"unicode/utf8"
)

// direction is the text of a page that is read in one direction, in the order of the text layer.
type direction struct {
	glyphs     []glyph
	recognised []line // of what the layer does not explain, in its frame
	frame      matrix // displayed page → frame in which the text is upright, y downwards
	shrink     float64
}

// slant is the angle in degrees up to which text counts as upright: it is taken for a page that lies askew.
const slant = 5

// split sorts the glyphs that stand nearest to a quarter turn by their exact angle: those of the page, which may lie slightly
// askew, and those across it, such as a watermark.
func split(glyphs []glyph, angle int) []direction {
	residual := func(g glyph) float64 { return math.Mod(g.angle-float64(angle)+540, 360) - 180 }
	level := func(g glyph) bool {
		return unicode.IsSpace(g.char) || quarter(g.angle) == angle && math.Abs(residual(g)) < 0.1
	}
	if !slices.ContainsFunc(glyphs, func(g glyph) bool { return !level(g) }) {
		return []direction{{glyphs: glyphs, frame: upright(angle), shrink: 1}}
	}
	type class struct {
		glyphs []glyph
		sum    float64
		n      int
	}
	classes := make(map[int]*class)
	var order []int
	var last *class
	for _, g := range glyphs {
		if unicode.IsSpace(g.char) {
			if last != nil {
				last.glyphs = append(last.glyphs, g)
			}
			continue
		}
		if quarter(g.angle) != angle {
			if last != nil {
				last.glyphs = append(last.glyphs, glyph{char: '\n', made: true})
			}
			last = nil
			continue
		}
		r, key := residual(g), 0
		if math.Abs(r) > slant {
			key = int(math.Round(r / slant))
		}
		c := classes[key]
		if c == nil {
			c = &class{}
			classes[key] = c
			order = append(order, key)
		}
		if last != nil && last != c {
			last.glyphs = append(last.glyphs, glyph{char: '\n', made: true})
		}
		last = c
		c.glyphs = append(c.glyphs, g)
		c.sum += r
		c.n++
	}
	var directions []direction
	for _, key := range order {
		c := classes[key]
		d := direction{glyphs: c.glyphs, frame: upright(angle), shrink: 1}
		if mean := c.sum / float64(c.n); math.Abs(mean) > 0.1 {
			sin, cos := math.Sincos(mean * math.Pi / 180)
			d.frame = d.frame.then(matrix{cos, sin, -sin, cos, 0, 0})
			d.shrink = 1 / (math.Abs(sin) + math.Abs(cos))
		}
		directions = append(directions, d)
	}
	return directions
}

// boxes returns the boxes of the glyphs in the frame. A box around a slanting glyph is larger than the glyph is upright.
func (d direction) boxes() []rect {
	boxes := make([]rect, len(d.glyphs))
	for i, g := range d.glyphs {
		boxes[i] = d.box(g.box)
	}
	return boxes
}

func (d direction) box(shown rect) rect {
	box := shown.through(d.frame)
	if !(box.width() > 0 && box.height() > 0) { // marks without extent, NaN
		return rect{}
	}
	if d.shrink < 1 {
		x, y := (box.x0+box.x1)/2, (box.y0+box.y1)/2
		wide, high := shown.width()*d.shrink, shown.height()*d.shrink
		if math.Abs(d.frame.b) > math.Abs(d.frame.a) {
			wide, high = high, wide
		}
		box = rect{x - wide/2, y - high/2, x + wide/2, y + high/2}
	}
	return box
}

// line is a run of words, or a line of them, in the frame of its direction, in points.
type line struct {
	box   rect
	words []word

	level, em float64 // of its largest word
	place     int     // of its first glyph in the order of the layer
}

// band is where a line stands, whether or not its letters have ascenders and descenders.
func (l line) band() (top, bottom float64) { return l.level - 0.75*l.em, l.level + 0.25*l.em }

// word is a run of glyphs without a space.
type word struct {
	text  []byte
	box   rect // frame
	shown rect // displayed page
	set   *setting

	level      float64 // of its baseline, in the frame
	em         float64 // its size, at least that of its letters
	from, to   float64 // from the origin of its first glyph to where a next one would stand, in the frame
	place, end int     // of its first glyph and behind its last in the order of the layer
	drawn      bool    // the document draws a space before it
	leftward   bool    // some of it is read from right to left

	recognised bool    // rather than of the layer
	confidence float64 // 0 to 100, if so

	characters []character
}

// character is a letter with the marks that follow it.
type character struct {
	text  []byte
	box   rect // frame; zero if PDFium knows none
	shown rect // displayed page

	confidence float64 // 0 to 100, of recognised ones
}

// maxWord bounds a word in bytes: a font may map each of its letters to hundreds.
const maxWord = 1000

// pieces cuts the text of a direction into words, and into runs of words that follow each other both on a line of the page and
// in the text layer. PDFium's spaces and line ends are hints: what counts is where glyphs stand.
func (d direction) pieces() []line {
	glyphs, boxes := placeAccents(d.glyphs, d.boxes())
	var pieces []line
	var current line
	var open *word
	drawn := false // a space since the last word
	finish := func() {
		if open != nil && open.finish(d) {
			current = current.extend(*open, &pieces)
		}
		open = nil
	}
	for i, g := range glyphs {
		switch {
		case g.char == '\r' || g.char == '\n':
			finish()
			if len(current.words) > 0 {
				pieces = append(pieces, current)
			}
			current = line{}
			continue
		case unicode.IsSpace(g.char):
			finish()
			drawn = drawn || !g.made
			continue
		case open != nil && (len(open.text) >= maxWord || g.set != nil):
			drawn = len(open.text) >= maxWord
			finish()
		}
		if open == nil {
			open = &word{set: g.set, drawn: drawn, place: i}
			drawn = false
		}
		open.end = i + 1
		open.add(g, boxes[i])
		if g.advance != (rect{}) {
			open.to = g.advance.through(d.frame).x1
		}
	}
	finish()
	if len(current.words) > 0 {
		pieces = append(pieces, current)
	}
	return pieces
}

// add appends a glyph with its box in the frame.
func (w *word) add(g glyph, box rect) {
	shown := g.box
	if box == (rect{}) {
		shown = rect{}
	}
	w.to = math.Inf(-1)
	if unicode.IsPrint(g.char) || unicode.In(g.char, unicode.Co, unicode.Cf) {
		w.text = utf8.AppendRune(w.text, g.char)
		w.leftward = w.leftward || leftward(g.char)
		if len(w.characters) == 0 || !unicode.In(g.char, unicode.M, unicode.Cf) {
			w.characters = append(w.characters, character{})
		}
		last := &w.characters[len(w.characters)-1]
		last.text = utf8.AppendRune(last.text, g.char)
		last.box, last.shown = last.box.with(box), last.shown.with(shown)
	}
	w.box, w.shown = w.box.with(box), w.shown.with(shown)
}

// finish completes a word; it reports whether it has text and a position.
func (w *word) finish(d direction) bool {
	if len(w.text) == 0 || w.box == (rect{}) {
		return false
	}
	var high float64
	for _, c := range w.characters {
		high = max(high, c.box.height())
	}
	if high == 0 {
		high = w.box.height()
	}
	w.level, w.em, w.from = w.box.y1, high, w.box.x0
	if w.set != nil {
		if s := w.set.font.Size; s > 0.3*high && s < 30*high {
			w.em = s
		}
		x, y := d.frame.apply(w.set.origin.x, w.set.origin.y)
		if math.Abs(y-w.level) < 1.5*w.em {
			w.level = y
		}
		if math.Abs(x-w.from) < 0.5*w.em {
			w.from = x
		}
	}
	if !(math.Abs(w.to-w.box.x1) < 0.5*w.em) {
		w.to = w.box.x1
	}
	return true
}

const (
	// wordGap is the share of an em from which the room between two words is a space. Spaces are a fifth of an em or more, even
	// squeezed ones; letters are hardly ever set as far apart.
	wordGap = 0.12

	// bearing is the most room that digits and letters keep free at their sides, where nothing but their ink is known.
	bearing = 0.2

	// maxSpaces is the number of spaces and line ends in the layer above which words are no neighbours there.
	maxSpaces = 4

	// pieceGap is the share of an em above which words are pieces of their own: a gutter may lie between them.
	pieceGap = 0.75
)

// gap returns the room between two words of a line in ems: that between the places that their letters take, or at least
// nearly that between their ink.
func gap(before, w word) float64 {
	em := max(before.em, w.em)
	if before.leftward || w.leftward {
		return max(w.box.x0-before.box.x1, before.box.x0-w.box.x1) / em
	}
	return max(w.from-before.to, w.box.x0-before.box.x1-bearing*em) / em
}

// joins reports whether two words that stand side by side are one, of which a text layer was drawn in parts.
func joins(before, w word) bool {
	next := w.place >= before.end && w.place-before.end <= maxSpaces
	if w.recognised || before.recognised || w.drawn && next || len(before.text)+len(w.text) > maxWord {
		return false
	}
	if math.Abs(before.level-w.level) > 0.5*max(before.em, w.em) {
		return false
	}
	room := gap(before, w)
	return room > -0.3 && room < wordGap
}

// join appends a word to another.
func (w *word) join(next word) {
	w.text = append(w.text, next.text...)
	w.characters = append(w.characters, next.characters...)
	w.box, w.shown = w.box.union(next.box), w.shown.union(next.shown)
	w.to, w.end = next.to, next.end
	w.leftward = w.leftward || next.leftward
	w.em = max(w.em, next.em)
}

// extend appends a word to a run where it follows, else it adds the run to pieces and begins another.
func (l line) extend(w word, pieces *[]line) line {
	if n := len(l.words); n > 0 {
		last := &l.words[n-1]
		em := max(last.em, w.em)
		room := gap(*last, w)
		switch {
		case room < -0.3 || room > pieceGap || math.Abs(last.level-w.level) > 0.7*em:
			*pieces = append(*pieces, l)
			l = line{}
		case joins(*last, w):
			last.join(w)
			l.box = l.box.union(w.box)
			return l
		}
	}
	return l.with(w)
}

func (l line) with(w word) line {
	if len(l.words) == 0 {
		l.box, l.place = w.box, w.place
	}
	if w.em > l.em {
		l.level, l.em = w.level, w.em
	}
	l.box = l.box.union(w.box)
	l.words = append(l.words, w)
	return l
}
