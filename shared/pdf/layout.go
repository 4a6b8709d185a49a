package pdf

import (
	"math"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// line is a line of a text layer; its box is in the upright frame, in points, y downwards.
type line struct {
	box   rect
	words []word
}

type word struct {
	text []byte
	box  rect // upright frame
	set  *setting

	characters []character
}

// character is a letter with the marks that follow it.
type character struct {
	text []byte
	box  rect // upright frame; zero if PDFium knows none
}

// upright returns the transformation from the displayed page into the frame in which text that needs a clockwise turn by
// angle is upright. Its origin does not matter.
func upright(angle int) matrix {
	switch angle {
	case 90:
		return matrix{0, 1, -1, 0, 0, 0}
	case 180:
		return matrix{-1, 0, 0, -1, 0, 0}
	case 270:
		return matrix{0, -1, 1, 0, 0, 0}
	default:
		return matrix{a: 1, d: 1}
	}
}

// arrange groups glyphs into words, lines, paragraphs and blocks, in the order of the text layer, and lists the fonts.
func arrange(glyphs []glyph, v view, angle int, characters bool) ([]ocr.Block, []ocr.Font) {
	turned := upright(angle)
	lines := joinLines(splitLines(glyphs, turned))
	back := turned.inverse().then(v.scale(textDPI))
	width, height := v.pixels(textDPI)
	place := func(box rect) ocr.Box { return whole(box.through(back), width, height) }

	var blocks []ocr.Block
	var fonts fontTable
	for i := range lines {
		l := ocr.Line{Baseline: lines[i].baseline(turned, back, width, height)}
		for j := range lines[i].words {
			w := &lines[i].words[j]
			word := ocr.Word{Text: string(w.text), Box: place(w.box), Confidence: 100, Font: fonts.number(w.set)}
			if characters {
				for _, c := range w.characters {
					if c.box == (rect{}) {
						c.box = w.box
					}
					word.Characters = append(word.Characters, ocr.Char{Text: string(c.text), Box: place(c.box), Confidence: 100})
				}
			}
			l.Words = append(l.Words, word)
			l.Box = l.Box.Union(l.Words[j].Box)
		}
		step := newBlock
		if i > 0 {
			step = follow(lines[i-1], lines[i])
		}
		switch step {
		case newBlock:
			blocks = append(blocks, ocr.Block{Paragraphs: []ocr.Paragraph{{}}})
		case newParagraph:
			b := &blocks[len(blocks)-1]
			b.Paragraphs = append(b.Paragraphs, ocr.Paragraph{})
		}
		b := &blocks[len(blocks)-1]
		p := &b.Paragraphs[len(b.Paragraphs)-1]
		p.Lines = append(p.Lines, l)
		p.Box = p.Box.Union(l.Box)
		b.Box = b.Box.Union(l.Box)
	}
	return blocks, fonts
}

// baseline returns the line on which the letters stand, from the first word that says so to the last, over the length of the
// line; nil if none does. It is level with the text: the origins of one line differ where letters are raised.
func (l line) baseline(turned, back matrix, width, height int) *ocr.Baseline {
	var levels []float64
	for _, w := range l.words {
		if w.set != nil {
			_, y := turned.apply(w.set.origin.x, w.set.origin.y)
			levels = append(levels, y)
		}
	}
	if len(levels) == 0 {
		return nil
	}
	slices.Sort(levels)
	level := levels[len(levels)/2]
	if !(level >= l.box.y0-l.box.height() && level <= l.box.y1+l.box.height()) { // also NaN
		return nil
	}
	at := func(x float64) (int, int) {
		x, y := back.apply(x, level)
		return int(math.Round(max(0, min(x, float64(width))))), int(math.Round(max(0, min(y, float64(height)))))
	}
	var b ocr.Baseline
	b.X0, b.Y0 = at(l.box.x0)
	b.X1, b.Y1 = at(l.box.x1)
	return &b
}

// maxWord bounds a word in bytes: a font may map each of its letters to hundreds.
const maxWord = 1000

// splitLines cuts words at spaces and where they are too long to be any, and lines at the ends that PDFium found.
func splitLines(glyphs []glyph, turned matrix) []line {
	var lines []line
	var current line
	open := false // the last word takes more letters
	for _, g := range glyphs {
		switch {
		case g.char == '\r' || g.char == '\n':
			open = false
			if current = closed(current); len(current.words) > 0 {
				lines = append(lines, current)
			}
			current = line{}
		case unicode.IsSpace(g.char):
			open = false
		default:
			if !open {
				current.words = append(current.words, word{set: g.set})
			}
			last := &current.words[len(current.words)-1]
			last.add(g, turned)
			open = len(last.text) < maxWord
		}
	}
	if current = closed(current); len(current.words) > 0 {
		lines = append(lines, current)
	}
	return lines
}

func (w *word) add(g glyph, turned matrix) {
	box := g.box.through(turned)
	if !(box.width() > 0 && box.height() > 0) { // marks without extent, NaN
		box = rect{}
	}
	if unicode.IsPrint(g.char) || unicode.In(g.char, unicode.Co, unicode.Cf) {
		w.text = utf8.AppendRune(w.text, g.char)
		if len(w.characters) == 0 || !unicode.In(g.char, unicode.M, unicode.Cf) {
			w.characters = append(w.characters, character{})
		}
		last := &w.characters[len(w.characters)-1]
		last.text = utf8.AppendRune(last.text, g.char)
		last.box = last.box.with(box)
	}
	w.box = w.box.with(box)
}

// closed drops words without text or position and computes the box of the line.
func closed(l line) line {
	kept := l.words[:0]
	for i := range l.words {
		w := &l.words[i]
		if len(w.text) == 0 || (w.box == rect{}) {
			continue
		}
		if len(kept) == 0 {
			l.box = w.box
		}
		l.box = l.box.union(w.box)
		kept = append(kept, *w)
	}
	l.words = kept
	return l
}

// joinLines puts together what stands side by side on one line, such as the cells of a table's row.
func joinLines(lines []line) []line {
	var joined []line
	for _, l := range lines {
		if n := len(joined); n > 0 {
			last := &joined[n-1]
			level := min(last.box.y1, l.box.y1) - max(last.box.y0, l.box.y0)
			apart := l.box.x0 >= last.box.x1 || l.box.x1 <= last.box.x0
			if apart && level > 0.5*max(last.box.height(), l.box.height()) {
				last.words = append(last.words, l.words...)
				last.box = last.box.union(l.box)
				continue
			}
		}
		joined = append(joined, l)
	}
	return joined
}

type step int

const (
	sameParagraph step = iota
	newParagraph
	newBlock
)

// follow says how a line follows the one before it.
func follow(before, l line) step {
	height := max(before.box.height(), l.box.height())
	gap := l.box.y0 - before.box.y1
	beside := l.box.x0 >= before.box.x1 || l.box.x1 <= before.box.x0
	switch {
	case beside, gap < -0.5*height, gap > 2.5*height:
		return newBlock
	case gap > 0.8*height, before.box.height() > 1.5*l.box.height(), l.box.height() > 1.5*before.box.height(),
		l.box.x0-before.box.x0 > 1.2*height && before.box.x1-l.box.x1 < height:
		return newParagraph
	default:
		return sameParagraph
	}
}

// whole rounds a box outwards to pixels within the page, at least one pixel in size.
func whole(r rect, width, height int) ocr.Box {
	within := func(x float64, limit int) int { return int(max(0, min(x, float64(limit)))) }
	b := ocr.Box{
		X0: within(math.Floor(r.x0), width-1), Y0: within(math.Floor(r.y0), height-1),
		X1: within(math.Ceil(r.x1), width), Y1: within(math.Ceil(r.y1), height),
	}
	b.X1, b.Y1 = max(b.X1, b.X0+1), max(b.Y1, b.Y0+1)
	return b
}
