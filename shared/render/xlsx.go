package render

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

const (
	sheetSchema = officeSchemas + "spreadsheetml/2006/main"
	sheetTypes  = officeTypes + "spreadsheetml."
	sheetRows   = 1_000_000 // a little less than there can be
	cellLetters = 32_767    // in UTF-16
)

// The styles of cells, by their places in the list of styles: ordinary ones, and text that looks like a formula, which stays
// text when somebody edits it.
const (
	plainCell = iota
	quotedCell
	firstNumberCell // see numberFormats
)

// xlsx writes Office Open XML for Excel: a sheet for each table, and one for the other lines of each page, a row for each.
type xlsx struct {
	*office
	sheets []string // their names
}

func newXLSX(_ context.Context, w io.Writer, doc Document) (Writer, error) {
	o, err := newOffice(w, doc, "xl/workbook.xml")
	if err != nil {
		return nil, err
	}
	x := &xlsx{office: o}
	x.part("xl/styles.xml", sheetTypes+"styles+xml")
	x.styles()
	return x, x.flush()
}

func (x *xlsx) styles() {
	x.open("styleSheet", attr("xmlns", sheetSchema))
	formats := numberFormats()
	x.open("numFmts", intAttr("count", len(formats)))
	for i, f := range formats {
		x.leaf("numFmt", "", intAttr("numFmtId", firstFormat+i), attr("formatCode", f))
	}
	x.close()
	x.open("fonts", attr("count", "1"))
	x.open("font")
	x.leaf("sz", "", attr("val", "11"))
	x.leaf("name", "", attr("val", "Arial"))
	x.close()
	x.close()
	x.open("fills", attr("count", "2"))
	for _, pattern := range []string{"none", "gray125"} { // programs expect both
		x.open("fill")
		x.leaf("patternFill", "", attr("patternType", pattern))
		x.close()
	}
	x.close()
	x.open("borders", attr("count", "1"))
	x.leaf("border", "")
	x.close()
	x.open("cellStyleXfs", attr("count", "1"))
	x.leaf("xf", "", attr("numFmtId", "0"), attr("fontId", "0"), attr("fillId", "0"), attr("borderId", "0"))
	x.close()
	x.open("cellXfs", intAttr("count", firstNumberCell+len(formats)))
	style := func(format int, quoted string) {
		x.open("xf", intAttr("numFmtId", format), attr("fontId", "0"), attr("fillId", "0"), attr("borderId", "0"), attr("xfId", "0"),
			attr("quotePrefix", quoted), attr("applyNumberFormat", "1"), attr("applyAlignment", "1"))
		x.leaf("alignment", "", attr("vertical", "top"), attr("wrapText", "1"))
		x.close()
	}
	const text = 49 // the format of text
	style(text, "0")
	style(text, "1")
	for i := range formats {
		style(firstFormat+i, "0")
	}
	x.close()
	x.open("cellStyles", attr("count", "1"))
	x.leaf("cellStyle", "", attr("name", "Normal"), attr("xfId", "0"), attr("builtinId", "0"))
	x.close()
	x.close()
}

// Page implements Writer.
func (x *xlsx) Page(p *ocr.Page) error {
	var tables [][]ocr.Row
	lines := &grid{columns: 1}
	for _, b := range p.Blocks {
		for _, paragraph := range b.Paragraphs {
			for _, l := range paragraph.Lines {
				alone := []passage{{lines: []string{lineText(l)}}}
				lines.rows = append(lines.rows, gridRow{l.Box, []cell{{columns: 1, rows: 1, passages: alone}}})
			}
			lines.rightToLeft = lines.rightToLeft || rightToLeft(paragraph)
		}
		if len(b.Rows) > 0 {
			tables = append(tables, b.Rows)
		}
	}
	name := "Page " + strconv.Itoa(p.Number)
	if len(tables) == 0 || len(lines.rows) > 0 {
		x.sheet(name, lines, nil)
	}
	for i, rows := range tables {
		laid := layOut(rows, p.Angle, fieldColumns)
		x.sheet(fmt.Sprintf("%s table %d", name, i+1), laid, laid.numbers())
	}
	return x.flush()
}

// sheet writes the next sheet. What has more rows than one can hold goes on in others.
func (x *xlsx) sheet(name string, g *grid, numbers map[position]number) {
	if len(g.rows) > sheetRows {
		for i := 1; len(g.rows) > 0; i++ {
			some := *g
			some.rows = g.rows[:min(len(g.rows), sheetRows)]
			g.rows = g.rows[len(some.rows):]
			x.sheet(fmt.Sprintf("%s (%d)", name, i), &some, nil)
		}
		return
	}
	x.sheets = append(x.sheets, name)
	x.part("xl/"+sheetTarget(len(x.sheets)), sheetTypes+"worksheet+xml")
	x.open("worksheet", attr("xmlns", sheetSchema))
	x.open("sheetViews")
	view := []xml.Attr{attr("workbookViewId", "0")}
	if g.rightToLeft {
		view = append(view, attr("rightToLeft", "1"))
	}
	x.leaf("sheetView", "", view...)
	x.close()
	x.open("cols")
	for i, width := range g.widths() {
		x.leaf("col", "", intAttr("min", i+1), intAttr("max", i+1), intAttr("width", width), attr("customWidth", "1"))
	}
	x.close()
	x.open("sheetData")
	starts, row := make([]int, 0, len(g.rows)+1), 1
	for i, r := range g.rows {
		starts = append(starts, row)
		row = x.row(row, i, r.cells, numbers)
	}
	starts = append(starts, row)
	x.close()
	x.merge(g, starts)
	x.close()
}

// row writes a row and returns the number of the next one. A text that is too long for a cell goes on in rows below.
func (x *xlsx) row(n, index int, cells []cell, numbers map[position]number) int {
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = c.text("\n")
	}
	for again := true; again; n++ {
		again = false
		x.open("row", intAttr("r", n))
		for i, c := range cells {
			name := cellName(c.column, n)
			value, isNumber := numbers[position{index, c.column}]
			switch {
			case texts[i] == "":
			case isNumber:
				texts[i] = ""
				x.open("c", attr("r", name), intAttr("s", firstNumberCell+value.format))
				x.leaf("v", value.value)
				x.close()
			default:
				var now string
				now, texts[i] = cut(texts[i])
				again = again || texts[i] != ""
				x.string(name, now)
			}
		}
		x.close()
	}
	return n
}

// string writes a cell of text. It is none of the kinds that a spreadsheet calculates.
func (x *xlsx) string(at, text string) {
	style := plainCell
	if formula.MatchString(text) {
		style = quotedCell
	}
	x.open("c", attr("r", at), intAttr("s", style), attr("t", "inlineStr"))
	x.open("is")
	x.leaf("t", withoutCodes(text), attr("xml:space", "preserve"))
	x.close()
	x.close()
}

// merge joins the cells that one cell spans, unless rows between them were divided.
func (x *xlsx) merge(g *grid, starts []int) {
	var merged []string
	for i, r := range g.rows {
		for _, c := range r.cells {
			below := starts[min(i+c.rows, len(g.rows))]
			if c.continued || c.columns*c.rows == 1 || below-starts[i] != c.rows {
				continue
			}
			merged = append(merged, cellName(c.column, starts[i])+":"+cellName(c.column+c.columns-1, below-1))
		}
	}
	if len(merged) == 0 {
		return
	}
	x.open("mergeCells", intAttr("count", len(merged)))
	for _, area := range merged {
		x.leaf("mergeCell", "", attr("ref", area))
	}
	x.close()
}

// Close implements Writer.
func (x *xlsx) Close() error {
	x.part("xl/workbook.xml", sheetTypes+"sheet.main+xml")
	x.open("workbook", attr("xmlns", sheetSchema), attr("xmlns:r", officeRelations))
	x.open("sheets")
	relations := []relation{{officeRelations + "/styles", "styles.xml"}}
	for i, name := range x.sheets {
		x.leaf("sheet", "", attr("name", name), intAttr("sheetId", i+1), attr("r:id", relationID(len(relations))))
		relations = append(relations, relation{officeRelations + "/worksheet", sheetTarget(i + 1)})
	}
	x.close()
	x.close()
	x.relations("xl/_rels/workbook.xml.rels", relations...)
	return x.end()
}

// sheetTarget is the part of the n-th sheet as the workbook names it.
func sheetTarget(n int) string { return "worksheets/sheet" + strconv.Itoa(n) + ".xml" }

// cellName is the name of the cell in a column, counted from 0, and a row, counted from 1.
func cellName(column, row int) string {
	name := ""
	for column++; column > 0; column = (column - 1) / 26 {
		name = string(rune('A'+(column-1)%26)) + name
	}
	return name + strconv.Itoa(row)
}

// escapeCode matches what spreadsheets take for the code of a character.
var escapeCode = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

// withoutCodes writes the first character of each code as its own. Codes may share a character with the next one.
func withoutCodes(text string) string {
	var b strings.Builder
	for {
		at := escapeCode.FindStringIndex(text)
		if at == nil {
			return b.String() + text
		}
		b.WriteString(text[:at[0]] + "_x005F_")
		text = text[at[0]+len("_"):]
	}
}

// cut divides what is too long for a cell.
func cut(text string) (now, rest string) {
	if len(text) <= cellLetters {
		return text, ""
	}
	letters := 0
	for i, r := range text {
		if letters += utf16.RuneLen(r); letters > cellLetters {
			return text[:i], text[i:]
		}
	}
	return text, ""
}

// widths returns a width for each column, in letters.
func (g *grid) widths() []int {
	const least, most = 8, 100
	widths := make([]int, g.columns)
	for _, r := range g.rows {
		for _, c := range r.cells {
			if c.columns > 1 {
				continue
			}
			for _, p := range c.passages {
				for _, l := range p.lines {
					widths[c.column] = max(widths[c.column], utf8.RuneCountInString(l)+2)
				}
			}
		}
	}
	for i, w := range widths {
		widths[i] = min(max(w, least), most)
	}
	return widths
}
