package pdf

import (
	"math"
	"slices"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

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

// arrange groups the text of each direction into words, lines, paragraphs and blocks, in reading order, and lists the fonts.
func arrange(directions []direction, v view, angle int, characters bool) ([]ocr.Block, []ocr.Font) {
	width, height := v.pixels(textDPI)
	b := builder{
		scale: v.scale(textDPI), width: width, height: height, characters: characters,
	}
	var blocks []ocr.Block
	for i, d := range directions {
		if i == 0 {
			blocks = b.blocks(d)
			continue
		}
		blocks = insert(blocks, b.blocks(d), angle == 0)
	}
	return blocks, b.fonts
}

// insert places blocks that are read in another direction than the others: before the first that stands below them on the
// page, if the others are upright there, or before all if they stand above all. A note beside the others comes last.
func insert(blocks, across []ocr.Block, upright bool) []ocr.Block {
	var box, turned ocr.Box
	for _, b := range blocks {
		box = box.Union(b.Box)
	}
	for _, o := range across {
		turned = turned.Union(o.Box)
	}
	beside := slices.ContainsFunc(blocks, func(b ocr.Block) bool {
		return b.Box.Y0 < turned.Y1 && b.Box.Y1 > turned.Y0 && (b.Box.X1 <= turned.X0 || b.Box.X0 >= turned.X1)
	})
	var merged []ocr.Block
	next := 0
	for _, o := range across {
		end := len(blocks)
		if upright && !beside || o.Box.Y1 <= box.Y0 {
			end = next
			for end < len(blocks) && blocks[end].Box.Y0 < o.Box.Y1 {
				end++
			}
		}
		merged = append(append(merged, blocks[next:end]...), o)
		next = end
	}
	return append(merged, blocks[next:]...)
}

// builder makes the page model of lines.
type builder struct {
	scale         matrix // displayed page → pixels
	width, height int
	characters    bool
	fonts         fontTable
}

func (b *builder) place(shown rect) ocr.Box { return whole(shown.through(b.scale), b.width, b.height) }

func (b *builder) blocks(d direction) []ocr.Block {
	lines := order(append(d.pieces(), d.recognised...))
	back := d.frame.inverse().then(b.scale)
	var blocks []ocr.Block
	for i := range lines {
		l := ocr.Line{Baseline: lines[i].baseline(back, b.width, b.height)}
		for j := range lines[i].words {
			l.Words = append(l.Words, b.word(&lines[i].words[j]))
			l.Box = l.Box.Union(l.Words[j].Box)
		}
		step := newBlock
		if i > 0 {
			step = follow(lines[i-1], lines[i])
			if lines[i].recognised() != lines[i-1].recognised() {
				step = newBlock
			}
		}
		switch step {
		case newBlock:
			blocks = append(blocks, ocr.Block{Origin: lines[i].origin(), Paragraphs: []ocr.Paragraph{{}}})
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
	return blocks
}

func (b *builder) word(w *word) ocr.Word {
	word := ocr.Word{Text: string(plainText(w.text)), Box: b.place(w.shown), Confidence: 100, Font: b.fonts.number(w.set)}
	if w.recognised {
		word.Confidence = min(w.confidence, surest)
	}
	if b.characters {
		for _, c := range w.characters {
			if c.shown == (rect{}) {
				c.shown = w.shown
			}
			char := ocr.Char{Text: string(plainText(c.text)), Box: b.place(c.shown), Confidence: 100}
			if w.recognised {
				char.Confidence = c.confidence
			}
			word.Characters = append(word.Characters, char)
		}
	}
	return word
}

// recognised reports whether no word of a line is of the layer.
func (l line) recognised() bool {
	return !slices.ContainsFunc(l.words, func(w word) bool { return !w.recognised })
}

// origin returns where the words of a line come from, where it is not the layer.
func (l line) origin() ocr.Origin {
	if l.recognised() {
		return ocr.Recognised
	}
	return ""
}

// surest is the confidence of a recognised word at most: only words of a layer are certain.
const surest = 99.9

// baseline returns the line on which the letters stand, from the first word that says so to the last, over the length of the
// line; nil if none does. It is level with the text: the origins of one line differ where letters are raised.
func (l line) baseline(back matrix, width, height int) *ocr.Baseline {
	var levels []float64
	for _, w := range l.words {
		if w.set != nil {
			levels = append(levels, w.level)
		}
	}
	if len(levels) == 0 {
		return nil
	}
	level := median(levels)
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
