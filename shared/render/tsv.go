package render

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// tsv writes the twelve columns of Tesseract's tsv output: a row for each page, block, paragraph, line and word, the
// numbers counted from 1 within the row above. There is no quoting; clean leaves no tab or line break in a word.
type tsv struct{ output }

// place counts down the levels; a zero is a level that the row is above.
type place struct{ page, block, paragraph, line, word int }

func newTSV(_ context.Context, w io.Writer, _ Document) (Writer, error) {
	t := &tsv{output{w: w}}
	t.b.WriteString("level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n")
	return t, nil
}

// Page implements Writer.
func (t *tsv) Page(p *ocr.Page) error {
	at := place{page: p.Number}
	t.row(1, at, ocr.Box{X1: p.Width, Y1: p.Height}, "-1", "")
	for b, block := range p.Blocks {
		at = place{page: p.Number, block: b + 1}
		t.row(2, at, block.Box, "-1", "")
		for paragraph := range block.Text {
			at.paragraph, at.line, at.word = at.paragraph+1, 0, 0
			t.row(3, at, paragraph.Box, "-1", "")
			for l, line := range paragraph.Lines {
				at.line, at.word = l+1, 0
				t.row(4, at, line.Box, "-1", "")
				for w, word := range line.Words {
					at.word = w + 1
					t.row(5, at, word.Box, decimal(word.Confidence), word.Text)
				}
			}
		}
	}
	return t.flush()
}

func (t *tsv) row(level int, at place, box ocr.Box, confidence, text string) {
	fmt.Fprintf(&t.b, "%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\n", level, at.page, at.block, at.paragraph, at.line,
		at.word, box.X0, box.Y0, box.Width(), box.Height(), confidence, text)
}

// Close implements Writer.
func (t *tsv) Close() error { return nil }

// decimal is the shortest notation of f without an exponent.
func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
