package render

import (
	"context"
	"io"
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// text writes plain text: lines as recognised, in logical order, a blank line between paragraphs and a form feed between
// pages. There is none after the last page, so that a document of n pages splits into n. Where tables were looked for, which
// only other formats of the task ask for, since it costs a page with a text layer as much as a third of its time, a row is a line with
// tabs between its cells.
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
		for _, paragraph := range block.Paragraphs {
			t.part(&first)
			for _, line := range paragraph.Lines {
				t.line(lineText(line))
			}
		}
		if len(block.Rows) == 0 {
			continue
		}
		t.part(&first)
		laid := layOut(block.Rows, p.Angle, fieldColumns)
		for _, row := range laid.rows {
			fields := make([]string, laid.columns)
			for _, c := range row.cells {
				fields[c.column] = c.text(" ")
			}
			t.line(strings.TrimRight(strings.Join(fields, "\t"), "\t"))
		}
	}
	return t.flush()
}

// part begins what stands apart from what came before on its page.
func (t *text) part(first *bool) {
	if !*first {
		t.b.WriteByte('\n')
	}
	*first = false
}

func (t *text) line(text string) {
	t.b.WriteString(text)
	t.b.WriteByte('\n')
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
