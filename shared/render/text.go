package render

import (
	"bytes"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// text writes plain text: lines as recognised, in logical order, a blank line between paragraphs and a form feed between
// pages. There is none after the last page, so that a document of n pages splits into n.
type text struct {
	b     *bytes.Buffer
	pages int
}

func (t *text) begin(Document) error { return nil }

func (t *text) page(p ocr.Page) error {
	if t.pages > 0 {
		t.b.WriteByte('\f')
	}
	t.pages++
	first := true
	for _, block := range p.Blocks {
		for _, paragraph := range block.Paragraphs {
			if !first {
				t.b.WriteByte('\n')
			}
			first = false
			for _, line := range paragraph.Lines {
				t.line(line)
			}
		}
	}
	return nil
}

func (t *text) line(line ocr.Line) {
	for i, word := range line.Words {
		if i > 0 && spaced(line.Words[i-1].Text, word.Text) {
			t.b.WriteByte(' ')
		}
		t.b.WriteString(word.Text)
	}
	t.b.WriteByte('\n')
}

func (t *text) end() error { return nil }
