package render

import (
	"context"
	"encoding/csv"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// fieldColumns bounds the columns of tables where the format does not: as many as a sheet of a spreadsheet has.
const fieldColumns = 16_384

// records writes CSV as RFC 4180 describes it: a record for each row of a table, and one for each line outside of tables, in
// reading order. Both begin with their page, the number of the table on it (empty for a line), the number of the row or line,
// and their place in pixels. A row has a field for each of its columns after that, a line one.
type records struct {
	output
	csv *csv.Writer
}

func newCSV(_ context.Context, w io.Writer, _ Document) (Writer, error) {
	r := &records{output: output{w: w}}
	r.csv = csv.NewWriter(&r.b)
	r.csv.UseCRLF = true
	return r, r.csv.Write([]string{"page", "table", "row", "left", "top", "width", "height", "text"})
}

// Page implements Writer.
func (r *records) Page(p *ocr.Page) error {
	lines, tables := 0, 0
	for i := range p.Blocks {
		b := &p.Blocks[i]
		for _, paragraph := range b.Paragraphs {
			for _, l := range paragraph.Lines {
				lines++
				if err := r.record(p.Number, "", lines, l.Box, harmless(lineText(l))); err != nil {
					return err
				}
			}
		}
		if len(b.Rows) == 0 {
			continue
		}
		tables++
		laid := layOut(b.Rows, p.Angle, fieldColumns)
		for i, row := range laid.rows {
			fields := make([]string, laid.columns)
			for _, c := range row.cells {
				fields[c.column] = harmless(c.text("\n"))
			}
			if err := r.record(p.Number, strconv.Itoa(tables), i+1, row.box, fields...); err != nil {
				return err
			}
		}
	}
	r.csv.Flush()
	return r.flush()
}

func (r *records) record(page int, table string, row int, box ocr.Box, fields ...string) error {
	return r.csv.Write(append([]string{
		strconv.Itoa(page), table, strconv.Itoa(row),
		strconv.Itoa(box.X0), strconv.Itoa(box.Y0), strconv.Itoa(box.Width()), strconv.Itoa(box.Height()),
	}, fields...))
}

// Close implements Writer.
func (r *records) Close() error {
	r.csv.Flush()
	return r.flush()
}

var (
	// formula matches what a spreadsheet would take for one: full-width signs count in some.
	formula = regexp.MustCompile(`^[=+\-@＝＋－＠]`)
	// quoted matches the places where a field may begin, with what would be a formula there, or looks as if it had been made
	// harmless already. Where the decimal separator is a comma, spreadsheets part fields at semicolons, and then neither the
	// quotation marks around a field nor those around its line breaks count.
	quoted = regexp.MustCompile(`(^|[;\n]) *'*[=+\-@＝＋－＠]`)
	// signed matches numbers with a sign, which are no formulas.
	signed = regexp.MustCompile(`^[+-]?[0-9.,]+$`)
)

// harmless puts an apostrophe before what a spreadsheet would calculate. It shows the rest as text.
func harmless(s string) string {
	if signed.MatchString(s) {
		return s
	}
	return quoted.ReplaceAllStringFunc(s, func(begin string) string {
		at := strings.IndexFunc(begin, func(r rune) bool { return !strings.ContainsRune("; \n", r) })
		return begin[:at] + "'" + begin[at:]
	})
}
