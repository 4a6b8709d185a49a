package render

import (
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// grid is a table whose rows are all of the same width: every column of a row belongs to exactly one of its cells.
type grid struct {
	columns     int
	rows        []gridRow
	rightToLeft bool // its first column stands on the right
}

// gridRow is a row of a grid.
type gridRow struct {
	box   ocr.Box
	cells []cell
}

// cell is a cell of a table.
type cell struct {
	column, columns, rows int  // where it begins, and how many of each it spans
	continued             bool // it is the rest of a cell that began in a row above, and holds nothing
	passages              []passage
}

// text returns what the cell reads, with a separator between its lines.
func (c cell) text(between string) string {
	var lines []string
	for _, p := range c.passages {
		lines = append(lines, p.lines...)
	}
	return strings.Join(lines, between)
}

// maxFields bounds the fields of a table, so that spans which a damaged page claims cannot make much of little.
const maxFields = 1_000_000

// layOut finds the place of each cell. What stands beyond the last of most columns is added to the cell before it. A table that
// would have too many fields has one column of all its cells.
func layOut(rows []ocr.Row, angle, most int) *grid {
	g := &grid{rows: make([]gridRow, len(rows))}
	var above spans
	var last position // of the cell that was placed last, in the list of its row
	for i, r := range rows {
		g.rows[i].box = r.Box
		line := &g.rows[i].cells
		column := 0
		for _, c := range r.Cells {
			*line, column = above.pass(*line, column, false)
			made := cell{column: column, rows: min(max(c.Rows, 1), len(rows)-i), passages: passages(c.Paragraphs, textColumn{box: c.Box, angle: angle})}
			if column >= most {
				before := &g.rows[last.row].cells[last.column]
				before.passages = append(before.passages, made.passages...)
				continue
			}
			above, made.columns = above.span(column, min(max(c.Columns, 1), most-column), made.rows)
			last = position{i, len(*line)}
			*line, column = append(*line, made), column+made.columns
			if len(above)*len(rows) > maxFields {
				return column1(rows, angle)
			}
		}
		*line, _ = above.pass(*line, column, true)
	}
	g.columns = len(above)
	g.fill()
	return g
}

// column1 puts all cells into one column.
func column1(rows []ocr.Row, angle int) *grid {
	g := &grid{columns: 1}
	for _, r := range rows {
		for _, c := range r.Cells {
			g.rows = append(g.rows, gridRow{c.Box, []cell{{columns: 1, rows: 1, passages: passages(c.Paragraphs, textColumn{box: c.Box, angle: angle})}}})
		}
	}
	g.fill()
	return g
}

// fill adds the fields that rows lack at their ends, and finds the direction of the table.
func (g *grid) fill() {
	balance := 0
	for i, r := range g.rows {
		end := 0
		for _, c := range r.cells {
			end = c.column + c.columns
			balance += direction(c.passages)
		}
		for ; end < g.columns; end++ {
			g.rows[i].cells = append(g.rows[i].cells, cell{column: end, columns: 1, rows: 1})
		}
	}
	g.rightToLeft = balance > 0
}

// direction is positive if most of the passages run from right to left, negative if most do not.
func direction(passages []passage) int {
	balance := 0
	for _, p := range passages {
		if p.rightToLeft {
			balance++
		} else {
			balance--
		}
	}
	return balance
}

// spans says of each column so far, for how many rows more the cell above reaches down, and how many columns it has from here.
type spans []struct{ rows, columns int }

// pass adds the rests of cells from above that stand at the column, and to the end the empty fields among them too. It returns
// the first free column.
func (s spans) pass(line []cell, column int, toEnd bool) ([]cell, int) {
	for column < len(s) {
		from := &s[column]
		switch {
		case from.rows > 0:
			line = append(line, cell{column: column, columns: from.columns, rows: 1, continued: true})
			from.rows--
			column += from.columns
		case toEnd:
			line = append(line, cell{column: column, columns: 1, rows: 1})
			column++
		default:
			return line, column
		}
	}
	return line, column
}

// span places a cell of so many columns at a free one. It ends where a cell from above stands.
func (s spans) span(column, columns, rows int) (spans, int) {
	for i := 1; i < columns && column+i < len(s); i++ {
		if s[column+i].rows > 0 {
			columns = i
		}
	}
	for len(s) < column+columns {
		s = append(s, struct{ rows, columns int }{})
	}
	for i := range columns {
		s[column+i] = struct{ rows, columns int }{}
	}
	s[column] = struct{ rows, columns int }{rows - 1, columns}
	return s, columns
}
