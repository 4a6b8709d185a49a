package render

import (
	"cmp"
	"context"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

const (
	byteOrderMark = "\uFEFF"
	lineEnd       = "\r\n"
)

// layoutText writes plain text that keeps the layout of pages: what stands on one level of a page is one line, columns and cells
// beside each other, in their places by spaces; an empty line stands where there is room for one. All lines of a page are of the
// same width, that of the longest, counted in code points. Text of bar codes is left out. A byte order mark stands before the
// first page alone, nothing between pages.
type layoutText struct {
	output
	started bool
}

func newLayoutText(_ context.Context, w io.Writer, _ Document) (Writer, error) {
	return &layoutText{output: output{w: w}}, nil
}

// Page implements Writer.
func (t *layoutText) Page(p *ocr.Page) error {
	if !t.started {
		t.b.WriteString(byteOrderMark)
		t.started = true
	}
	lines := layOutText(upright(p))
	width := 0
	for _, l := range lines {
		width = max(width, utf8.RuneCountInString(l))
	}
	if width > mostPadded/max(1, len(lines)) {
		width = 0
	}
	for _, l := range lines {
		t.b.WriteString(l)
		t.b.WriteString(strings.Repeat(" ", max(0, width-utf8.RuneCountInString(l))))
		t.b.WriteString(lineEnd)
	}
	return t.flush()
}

// Close implements Writer.
func (t *layoutText) Close() error { return nil }

// piece is a run of words of one line without a gap that is more than a space.
type piece struct {
	text []byte
	box  ocr.Box
}

// What makes text a line, a gap and room for an empty line, in widths of a character and heights of a line.
const (
	widestSpace = 2.5
	emptyLine   = 1.6
	// widestText bounds the width of a page in characters, whatever its boxes say.
	widestText = 1000
	// mostPadded bounds the code points of a page with the spaces that fill its lines up; beyond, they are left as they are.
	mostPadded = 4 << 20
)

// layOutText returns the lines of an upright page, the last characters of which are no spaces.
func layOutText(p ocr.Page) []string {
	pieces, width := piecesOf(&p)
	if len(pieces) == 0 {
		return nil
	}
	left := p.Width
	for _, part := range pieces {
		left = min(left, part.box.X0)
	}
	width = max(width, float64(p.Width-left)/widestText)
	var lines []string
	bottom, height := 0, 0 // of the row before
	for i, row := range rowsOf(pieces) {
		box := ocr.Box{}
		for _, part := range row {
			box = box.Union(part.box)
		}
		if height = max(1, min(box.Height(), height)); i > 0 && float64(box.Y0-bottom) > emptyLine*float64(height) {
			lines = append(lines, "")
		}
		bottom, height = box.Y1, max(1, box.Height())
		lines = append(lines, setRow(row, left, width))
	}
	return lines
}

// piecesOf divides the lines of a page where their gaps are wider than a space, and returns how wide a character is.
func piecesOf(p *ocr.Page) (pieces []piece, width float64) {
	var widths []float64
	for w := range p.Words {
		if n := utf8.RuneCountInString(w.Text); n > 0 && w.Box.Width() > 0 {
			widths = append(widths, float64(w.Box.Width())/float64(n))
		}
	}
	width = 1
	if len(widths) > 0 {
		slices.Sort(widths)
		width = max(width, widths[len(widths)/2])
	}
	for i := range p.Blocks {
		if p.Blocks[i].Kind == ocr.BarcodeBlock {
			continue
		}
		for paragraph := range p.Blocks[i].Text {
			for j := range paragraph.Lines {
				pieces = append(pieces, divided(&paragraph.Lines[j], widestSpace*width)...)
			}
		}
	}
	return pieces, width
}

// divided divides a line where a gap is wider than that.
func divided(l *ocr.Line, widest float64) []piece {
	var pieces []piece
	for i := range l.Words {
		w := &l.Words[i]
		if i > 0 {
			last := &pieces[len(pieces)-1]
			before := l.Words[i-1].Box
			if gap := max(w.Box.X0-before.X1, before.X0-w.Box.X1); float64(gap) <= widest {
				if l.SpaceBefore(i) {
					last.text = append(last.text, ' ')
				}
				last.text = append(last.text, w.Text...)
				last.box = last.box.Union(w.Box)
				continue
			}
		}
		pieces = append(pieces, piece{[]byte(w.Text), w.Box})
	}
	return pieces
}

// rowsOf sorts pieces into rows from the top, each from left to right: a piece belongs to a row if its middle lies in the row and
// that of the row's first piece in it.
func rowsOf(pieces []piece) [][]piece {
	middle := func(b ocr.Box) int { return b.Y0 + b.Height()/2 }
	slices.SortStableFunc(pieces, func(a, b piece) int { return cmp.Compare(middle(a.box), middle(b.box)) })
	var rows [][]piece
	for _, part := range pieces {
		if n := len(rows); n > 0 {
			first := rows[n-1][0].box
			m, of := middle(part.box), middle(first)
			if m >= first.Y0 && m < first.Y1 && of >= part.box.Y0 && of < part.box.Y1 {
				rows[n-1] = append(rows[n-1], part)
				continue
			}
		}
		rows = append(rows, []piece{part})
	}
	for _, row := range rows {
		slices.SortStableFunc(row, func(a, b piece) int { return cmp.Compare(a.box.X0, b.box.X0) })
	}
	return rows
}

// setRow puts the pieces of a row into their places, at least one space apart.
func setRow(row []piece, left int, width float64) string {
	var line strings.Builder
	at := 0
	for i, part := range row {
		if column := int(float64(part.box.X0-left)/width + 0.5); column > at {
			line.WriteString(strings.Repeat(" ", column-at))
			at = column
		} else if i > 0 {
			line.WriteByte(' ')
			at++
		}
		line.Write(part.text)
		at += utf8.RuneCount(part.text)
	}
	return line.String()
}
