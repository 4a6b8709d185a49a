package tesseract

import (
	"image"
	"strings"
	"unicode"

	"github.com/otiai10/gosseract/v2"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// placing maps boxes of the picture that the engine saw to the page as given.
type placing struct {
	scale       float64
	shownWidth  int // of the picture before it was turned
	shownHeight int
	page        ocr.Page
}

// place returns a box of the page, never empty and never outside.
func (p placing) place(r image.Rectangle, angle int) ocr.Box {
	b := ocr.Box{X0: r.Min.X, Y0: r.Min.Y, X1: r.Max.X, Y1: r.Max.Y}
	switch angle {
	case 90:
		b = ocr.Box{X0: r.Min.Y, Y0: p.shownHeight - r.Max.X, X1: r.Max.Y, Y1: p.shownHeight - r.Min.X}
	case 180:
		b = ocr.Box{X0: p.shownWidth - r.Max.X, Y0: p.shownHeight - r.Max.Y, X1: p.shownWidth - r.Min.X, Y1: p.shownHeight - r.Min.Y}
	case 270:
		b = ocr.Box{X0: p.shownWidth - r.Max.Y, Y0: r.Min.X, X1: p.shownWidth - r.Min.Y, Y1: r.Max.X}
	}
	b.X0, b.X1 = within(b.X0, b.X1, p.scale, p.page.Width)
	b.Y0, b.Y1 = within(b.Y0, b.Y1, p.scale, p.page.Height)
	return b
}

// within scales an interval back and keeps at least one pixel of it on the page.
func within(from, to int, scale float64, size int) (int, int) {
	a := min(max(int(float64(from)/scale+0.5), 0), size-1)
	b := min(max(int(float64(to)/scale+0.5), a+1), size)
	return a, b
}

// assemble builds blocks, paragraphs and lines from the numbers that the engine gives each word. It returns the mean
// confidence of what it kept.
func assemble(r reading, p placing) ([]ocr.Block, float64) {
	var blocks []ocr.Block
	var last gosseract.BoundingBox
	var letters, sum float64
	for _, b := range r.boxes {
		text := strings.TrimSpace(b.Word)
		if text == "" || (r.mean < goodConfidence && b.Confidence < junkWord) {
			continue
		}
		word := ocr.Word{Text: text, Box: p.place(b.Box, r.angle), Confidence: b.Confidence}
		if blocks == nil || b.BlockNum != last.BlockNum {
			blocks = append(blocks, ocr.Block{})
			last = gosseract.BoundingBox{BlockNum: b.BlockNum}
		}
		block := &blocks[len(blocks)-1]
		if b.ParNum != last.ParNum || len(block.Paragraphs) == 0 {
			block.Paragraphs = append(block.Paragraphs, ocr.Paragraph{})
			last.LineNum = 0
		}
		par := &block.Paragraphs[len(block.Paragraphs)-1]
		if b.LineNum != last.LineNum || len(par.Lines) == 0 {
			par.Lines = append(par.Lines, ocr.Line{})
		}
		line := &par.Lines[len(par.Lines)-1]
		line.Words = append(line.Words, word)
		line.Box = line.Box.Union(word.Box)
		par.Box = par.Box.Union(word.Box)
		block.Box = block.Box.Union(word.Box)
		last = b
		n := float64(len([]rune(text)))
		letters += n
		sum += n * b.Confidence
	}
	if letters == 0 || !legible(blocks, sum/letters) {
		return nil, 0
	}
	return blocks, sum / letters
}

// legible tells text from what specks and folds of an empty page look like: a few letters that the engine doubts.
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
