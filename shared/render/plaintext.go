package render

import (
	"context"
	"io"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// plainText writes plain text block by block in reading order: a line for each line, or for each paragraph with
// Options.JoinLines, and one for the value of each bar code. A byte order mark stands before the first page alone, nothing
// between blocks and pages.
type plainText struct {
	output
	started bool
	join    bool
}

func newPlainText(_ context.Context, w io.Writer, doc Document) (Writer, error) {
	return &plainText{output: output{w: w}, join: doc.Options.JoinLines}, nil
}

// Page implements Writer.
func (t *plainText) Page(p *ocr.Page) error {
	if !t.started {
		t.b.WriteString(byteOrderMark)
		t.started = true
	}
	for i := range p.Blocks {
		block := &p.Blocks[i]
		for paragraph := range block.Text {
			if t.join && block.Kind != ocr.MRZBlock {
				t.line(joinedWhere(paragraph, func(_, _ *ocr.Line) bool { return false })[0])
				continue
			}
			for _, l := range paragraph.Lines {
				t.line(lineText(l))
			}
		}
		if block.Kind == ocr.BarcodeBlock && len(block.Paragraphs) == 0 {
			t.line(tidy(block.Value))
		}
	}
	return t.flush()
}

func (t *plainText) line(text string) {
	t.b.WriteString(text)
	t.b.WriteString(lineEnd)
}

// Close implements Writer.
func (t *plainText) Close() error { return nil }
