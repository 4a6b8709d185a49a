package render

import (
	"context"
	"io"
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// text writes plain text: lines as recognised, in logical order, a blank line between paragraphs and a form feed between
// pages. There is none after the last page, so that a document of n pages splits into n.
type text struct {
	output
	pages int
}

func newText(_ context.Context, w io.Writer, _ Document) (Writer, error) {
	return &text{output: output{w: w}}, nil
}

// Page implements Writer.
func (t *text) Page(p *ocr.Page) error {
	if t.pages > 0 {
		t.b.WriteByte('\f')
	}
	t.pages++
	first := true
	for _, block := range p.Blocks {
		for paragraph := range block.Text {
			if !first {
				t.b.WriteByte('\n')
			}
			first = false
			for _, line := range paragraph.Lines {
				t.b.WriteString(lineText(line))
				t.b.WriteByte('\n')
			}
		}
	}
	return t.flush()
}

// lineText returns the words of a line with the spaces between them.
func lineText(line ocr.Line) string {
	var b strings.Builder
	for i, word := range line.Words {
		if i > 0 && line.SpaceBefore(i) {
			b.WriteByte(' ')
		}
		b.WriteString(word.Text)
	}
	return b.String()
}

// Close implements Writer.
func (t *text) Close() error { return nil }
