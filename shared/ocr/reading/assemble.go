//go:build cgo

package reading

import (
	"image"
	"math"
	"slices"
	"unicode"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// placing maps what the engine says of the picture that it saw to the page as given.
type placing struct {
	scale       float64 // of a picture with square pixels
	x, y        float64 // of the page's pixels
	dpi         float64 // of square pixels
	shownWidth  int     // of the picture before it was turned
	shownHeight int
	page        *ocr.Page // takes the fonts
}

// back turns a point of the turned picture into one of the page, which it may lie outside.
func (p placing) back(at image.Point, angle int) (x, y float64) {
	switch angle {
	case 90:
		at = image.Pt(at.Y, p.shownHeight-at.X)
	case 180:
		at = image.Pt(p.shownWidth-at.X, p.shownHeight-at.Y)
	case 270:
		at = image.Pt(p.shownWidth-at.Y, at.X)
	}
	return float64(at.X) / p.x, float64(at.Y) / p.y
}

// box returns a box of the page, never empty and never outside.
func (p placing) box(r image.Rectangle, angle int) ocr.Box {
	ax, ay := p.back(r.Min, angle)
	bx, by := p.back(r.Max, angle)
	var b ocr.Box
	b.X0, b.X1 = within(min(ax, bx), max(ax, bx), p.page.Width)
	b.Y0, b.Y1 = within(min(ay, by), max(ay, by), p.page.Height)
	return b
}

// within rounds an interval and keeps at least one pixel of it on the page.
func within(from, to float64, size int) (int, int) {
	a := min(max(int(from+0.5), 0), size-1)
	b := min(max(int(to+0.5), a+1), size)
	return a, b
}

func (p placing) baseline(line [2]image.Point, angle int) *ocr.Baseline {
	if line[0] == line[1] {
		return nil
	}
	at := func(point image.Point) (int, int) { // the engine fits a curve, which may leave the page
		x, y := p.back(point, angle)
		return int(math.Round(max(0, min(x, float64(p.page.Width))))), int(math.Round(max(0, min(y, float64(p.page.Height)))))
	}
	var b ocr.Baseline
	b.X0, b.Y0 = at(line[0])
	b.X1, b.Y1 = at(line[1])
	return &b
}

func (p placing) word(w Word, text string, angle int) ocr.Word {
	placed := ocr.Word{Text: text, Box: p.box(w.Box, angle), Confidence: w.Confidence, Font: p.font(w.Height)}
	for i, c := range w.Characters {
		if c.Text == "" {
			continue
		}
		box := p.box(c.Box, angle)
		if !c.Box.Overlaps(w.Box) {
			box = p.part(placed.Box, i, len(w.Characters))
		}
		char := ocr.Char{Text: c.Text, Box: box, Confidence: c.Confidence}
		for _, a := range c.Alternatives {
			char.Variants = append(char.Variants, ocr.Variant(a))
		}
		placed.Characters = append(placed.Characters, char)
	}
	return placed
}

// part returns the i-th of n equal parts of a word in reading direction: of lines that run up or down the engine knows where
// words are, and not where their characters are.
func (p placing) part(b ocr.Box, i, n int) ocr.Box {
	cut := func(from, to, i int) (int, int) {
		return from + (to-from)*i/n, max(from+(to-from)*(i+1)/n, from+(to-from)*i/n+1)
	}
	switch {
	case p.page.Angle == 90:
		b.Y0, b.Y1 = cut(b.Y0, b.Y1, n-1-i)
	case p.page.Angle == 270 || b.Height() > b.Width():
		b.Y0, b.Y1 = cut(b.Y0, b.Y1, i)
	case p.page.Angle == 180:
		b.X0, b.X1 = cut(b.X0, b.X1, n-1-i)
	default:
		b.X0, b.X1 = cut(b.X0, b.X1, i)
	}
	return b
}

// font returns the place of the font of a height, in pixels of the picture, among those of the page. The engine's models
// know no other property of fonts.
func (p placing) font(height float64) int {
	const (
		inch, step = 72, 0.5 // points; letters of one font are measured differently by less than this
		mostPoints = 10_000  // a page that states few pixels an inch can have any
	)
	size := math.Round(height/p.scale*inch/p.dpi/step) * step
	if !(size > 0 && size <= mostPoints) {
		return 0
	}
	font := ocr.Font{Size: size}
	if i := slices.Index(p.page.Fonts, font); i >= 0 {
		return i + 1
	}
	p.page.Fonts = append(p.page.Fonts, font)
	return len(p.page.Fonts)
}

// assemble builds blocks, paragraphs and lines from the numbers that the engine gives each word. It returns the mean
// confidence of what it kept, and fills the fonts of the page.
func assemble(r reading, p placing) ([]ocr.Block, float64) {
	var blocks []ocr.Block
	var last Word
	var letters, sum float64
	for _, w := range r.words {
		text, characters := logical(w)
		w.Characters = characters
		if text == "" || w.Confidence < junkWord {
			continue
		}
		if blocks == nil || w.Block != last.Block {
			blocks = append(blocks, ocr.Block{})
			last = Word{Block: w.Block}
		}
		block := &blocks[len(blocks)-1]
		if w.Paragraph != last.Paragraph || len(block.Paragraphs) == 0 {
			block.Paragraphs = append(block.Paragraphs, ocr.Paragraph{})
			last.Line = 0
		}
		par := &block.Paragraphs[len(block.Paragraphs)-1]
		if w.Line != last.Line || len(par.Lines) == 0 {
			par.Lines = append(par.Lines, ocr.Line{Baseline: p.baseline(w.Baseline, r.angle)})
		}
		line := &par.Lines[len(par.Lines)-1]
		placed := p.word(w, text, r.angle)
		line.Words = append(line.Words, placed)
		line.Box = line.Box.Union(placed.Box)
		par.Box = par.Box.Union(placed.Box)
		block.Box = block.Box.Union(placed.Box)
		last = w
		n := float64(len([]rune(text)))
		letters += n
		sum += n * w.Confidence
	}
	if letters == 0 || !legible(blocks, sum/letters) {
		return nil, 0
	}
	return blocks, sum / letters
}

// legible distinguishes text from what the engine makes of specks and folds on an empty page: a few letters that the engine doubts.
func legible(blocks []ocr.Block, mean float64) bool {
	const few = 4
	if mean >= legiblePage {
		return true
	}
	letters := 0
	page := ocr.Page{Blocks: blocks}
	for w := range page.Words {
		for _, c := range w.Text {
			if unicode.IsLetter(c) || unicode.IsDigit(c) {
				letters++
			}
		}
	}
	return letters >= few
}
