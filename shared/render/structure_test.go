package render

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// sized gives the words of a paragraph the font of that place.
func sized(font int, p ocr.Paragraph) ocr.Paragraph {
	for i := range p.Lines {
		for j := range p.Lines[i].Words {
			p.Lines[i].Words[j].Font = font
		}
	}
	return p
}

// structured is a page of what word processors and spreadsheets distinguish.
func structured() ocr.Page {
	const body, title, section, smaller = 1, 2, 3, 4
	cell := func(columns, rows int, words ...string) ocr.Cell {
		c := ocr.Cell{Columns: columns, Rows: rows}
		if len(words) > 0 {
			c.Paragraphs = []ocr.Paragraph{sized(body, paragraph(line(10, 500, 600, words...)))}
		}
		return c
	}
	row := func(cells ...ocr.Cell) ocr.Row { return ocr.Row{Cells: cells} }
	filler := sized(body, paragraph(
		line(50, 200, 600, "Ordinary", "text", "stands", "in", "long", "lines", "that", "end", "with", "the", "col-"),
		line(50, 230, 600, "umn,", "and", "in", "words", "that", "do", "not", "fit", "on", "them", "any", "more."),
	))
	return ocr.Page{
		Number: 1, Width: 600, Height: 800, DPI: 72, Origin: ocr.Recognised, Languages: []string{"eng"}, Confidence: 90,
		Fonts: []ocr.Font{{Size: 10}, {Size: 20}, {Size: 15}, {Size: 12.5}},
		Blocks: []ocr.Block{
			block(sized(title, paragraph(line(50, 50, 600, "#", "Title", "of", "all")))),
			block(sized(section, paragraph(line(50, 100, 600, "1.", "Section"))), filler),
			block(sized(smaller, paragraph(line(50, 300, 600, "Below", "it"))), sized(body, paragraph(
				line(50, 330, 600, "Dr", "A.", "Person"), line(50, 360, 600, "1", "Street"), line(50, 390, 600, "12345", "Town", "of", "the", "long", "name"),
			))),
			{Kind: ocr.TableBlock, Rows: []ocr.Row{
				row(cell(2, 1, "Item", "*of*"), cell(1, 2, "Amount")),
				row(cell(1, 2, "=1+1"), cell(1, 1, "x|y")),
				row(cell(1, 1), cell(1, 1, "1.234,50")),
				row(cell(1, 1, "-5"), cell(1, 1, "007"), cell(1, 1, "12,00")),
			}},
			{Kind: ocr.MRZBlock, Paragraphs: []ocr.Paragraph{paragraph(
				line(50, 700, 600, "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<"), line(50, 730, 600, "L898902C36UTO7408122F1204159ZE184"),
			)}},
		},
	}
}

// outline writes what structure finds as text: the level of a passage and its lines, and tables row by row.
func outline(p ocr.Page) string {
	var b strings.Builder
	p = clean(p)
	for _, part := range structure(&p, wordColumns) {
		if part.table == nil {
			b.WriteString(strings.Repeat("#", part.passage.heading) + strings.Join(part.passage.lines, "/") + "\n")
			continue
		}
		for _, r := range part.table.rows {
			b.WriteByte('|')
			for _, c := range r.cells {
				text := c.text("/")
				if c.continued {
					text = "^"
				}
				b.WriteString(text + strings.Repeat("|", c.columns))
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func TestStructureFindsHeadingsJoinsLinesAndLaysOutTables(t *testing.T) {
	want := `## Title of all
##1. Section
Ordinary text stands in long lines that end with the column, and in words that do not fit on them any more.
###Below it
Dr A. Person/1 Street/12345 Town of the long name
|Item *of*||Amount|
|=1+1|x|y|^|
|^||1.234,50|
|-5|007|12,00|
P<UTOERIKSSON<<ANNA<MARIA<<<<<<</L898902C36UTO7408122F1204159ZE184
`
	if diff := cmp.Diff(want, outline(structured())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatIsNoHeading(t *testing.T) {
	large := func(lines ...ocr.Line) ocr.Page {
		p := structured()
		p.Blocks = append(p.Blocks[1:2:2], block(sized(2, paragraph(lines...))))
		return p
	}
	l := line(50, 600, 600, "large")
	for name, p := range map[string]ocr.Page{
		"many lines":     large(l, l, l, l),
		"many letters":   large(line(50, 600, 600, strings.Repeat("x", headingLetters+1))),
		"no size":        {Number: 1, Blocks: []ocr.Block{block(paragraph(l))}},
		"nothing beside": {Number: 1, Fonts: []ocr.Font{{Size: 30}}, Blocks: []ocr.Block{block(sized(1, paragraph(l)))}},
	} {
		if got := outline(p); strings.Contains(got, "#large") || strings.Contains(got, "#x") {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := outline(large(l)); !strings.Contains(got, "#large\n") {
		t.Errorf("a short line of large letters is none either: %s", got)
	}
}

func TestLinesAreJoinedAsTheirScriptAndTheirEndsHaveIt(t *testing.T) {
	tests := []struct {
		name       string
		end, start string
		want       string
	}{
		{"words", "long", "lines", "long lines"},
		{"broken word", "recog-", "nition", "recognition"},
		{"soft hyphen", "co\u00AD", "operate", "cooperate"},
		{"compound", "Baden-", "Baden", "Baden-Baden"},
		{"range", "2019-", "2020", "2019-2020"},
		{"dash", "one -", "two", "one - two"},
		{"Chinese", "中文", "文档", "中文文档"},
		{"Korean", "한국어", "문서", "한국어 문서"},
		{"Thai", "ภาษา", "ไทย", "ภาษาไทย"},
		{"Arabic", "السلام", "عليكم", "السلام عليكم"},
	}
	for _, test := range tests {
		p := paragraph(line(0, 0, 600, test.end), line(0, 30, 600, test.start))
		if got := strings.Join(joined(&p, textColumn{}), "/"); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	letter := block(paragraph(line(0, 0, 600, "Dear", "Sir,")), paragraph(line(0, 30, 600, "with", "kind", "regards"), line(0, 60, 600, "the", "surveyor")),
		paragraph(line(0, 90, 600, "a", "line", "as", "long", "as", "the", "column", "is", "wide")))
	if got := joined(&letter.Paragraphs[1], textColumn{box: letter.Box}); len(got) != 2 {
		t.Errorf("lines that are shorter than their column end as %q", got)
	}
	sideways := turned(block(paragraph(line(0, 0, 600, "a", "long", "line", "that", "fills", "it"), line(0, 30, 600, "short"), line(0, 60, 600, "more"))), 600)
	if got := joined(&sideways.Paragraphs[0], textColumn{box: sideways.Box, angle: 90}); len(got) != 2 {
		t.Errorf("lines of a page that is turned end as %q", got)
	}
}

// Whatever tables claim, each column of each row belongs to one cell, and no word is lost.
func FuzzGrid(f *testing.F) {
	f.Add([]byte{2, 1, 1, 1, 0, 1, 3, 1, 1, 0, 1, 1}, uint8(3))
	f.Add([]byte{1, 9, 9, 1, 0, 2, 2, 0, 200, 200, 0, 1, 1, 1, 1}, uint8(60))
	f.Fuzz(func(t *testing.T, spans []byte, most uint8) {
		var rows []ocr.Row
		words := 0
		row := ocr.Row{}
		for i := 0; i+1 < len(spans); i += 2 {
			if spans[i] == 0 {
				rows, row = append(rows, row), ocr.Row{}
				continue
			}
			words++
			row.Cells = append(row.Cells, ocr.Cell{
				Columns: int(spans[i]) - 2, Rows: int(spans[i+1]) - 2, Paragraphs: []ocr.Paragraph{paragraph(line(0, 0, 9, "w"))},
			})
		}
		g := layOut(append(rows, row), 0, max(int(most), 1))
		found := 0
		open := make([]int, g.columns) // rows that the cell above a column reaches down
		for i, r := range g.rows {
			next := 0
			for _, c := range r.cells {
				if c.column != next || c.columns < 1 || c.rows < 1 || i+c.rows > len(g.rows) || c.continued && len(c.passages) > 0 {
					t.Fatalf("row %d: the cell %+v at column %d", i, c, next)
				}
				next += c.columns
				for column := c.column; column < next; column++ {
					if c.continued != (open[column] > 0) {
						t.Fatalf("row %d, column %d: continued %t below a cell of %d more rows", i, column, c.continued, open[column])
					}
					if open[column]--; !c.continued {
						open[column] = c.rows - 1
					}
				}
				found += len(c.passages)
			}
			if next != g.columns {
				t.Fatalf("row %d has %d columns of %d", i, next, g.columns)
			}
		}
		if found != words || g.columns > max(int(most), 1) {
			t.Errorf("%d words of %d, in %d columns", found, words, g.columns)
		}
	})
}

func TestTableThatClaimsTooMuchIsOneColumn(t *testing.T) {
	wide := ocr.Row{Cells: []ocr.Cell{{Columns: 10_000, Paragraphs: []ocr.Paragraph{paragraph(line(0, 0, 9, "w"))}}}}
	rows := make([]ocr.Row, 1000)
	for i := range rows {
		rows[i] = wide
	}
	if g := layOut(rows, 0, fieldColumns); g.columns != 1 || len(g.rows) != len(rows) {
		t.Errorf("%d columns, %d rows", g.columns, len(g.rows))
	}
}

// An address is a block of its own whose lines are as long as each other, and much shorter than its column.
func TestLinesOfAShortBlockAreHeldAgainstTheRoomBesideIt(t *testing.T) {
	body := func(x0, y int) ocr.Block {
		return block(paragraph(line(x0, y, 900, "what", "fills", "its", "column", "in", "long", "lines"), line(x0, y+30, 900, "of", "words", "that", "go", "on", "and", "on")))
	}
	address := func(x int) ocr.Block {
		return block(paragraph(line(x, 50, 900, "Mara", "Lindqvist"), line(x, 80, 900, "Hafengasse", "3"), line(x, 110, 900, "89073", "Ulm")))
	}
	for name, c := range map[string]struct {
		blocks []ocr.Block
		want   string
	}{
		"an address over a letter":     {[]ocr.Block{address(50), body(50, 300)}, "Mara Lindqvist/Hafengasse 3/89073 Ulm"},
		"with a date far beside it":    {[]ocr.Block{address(50), block(paragraph(line(450, 50, 900, "3", "March"))), body(50, 300)}, "Mara Lindqvist/Hafengasse 3/89073 Ulm"},
		"in a column as narrow":        {[]ocr.Block{address(50), body(190, 40)}, "Mara Lindqvist Hafengasse 3 89073 Ulm"},
		"with nothing else on it":      {[]ocr.Block{address(50)}, "Mara Lindqvist Hafengasse 3 89073 Ulm"},
		"the middle of a sentence":     {[]ocr.Block{block(paragraph(line(50, 50, 900, "There", "it"), line(50, 80, 900, "was", "lost"))), body(50, 300)}, "There it was lost"},
		"lines that fill their column": {[]ocr.Block{block(paragraph(line(50, 50, 900, "There", "the"), line(50, 80, 900, "Danube", "is"), line(50, 110, 900, "wide"))), body(50, 300)}, "There the Danube is wide"},
		"around a picture":             {[]ocr.Block{block(paragraph(line(50, 50, 900, "it", "was", "seen", "by", "all", "who"), line(50, 80, 900, "went", "there"), line(50, 110, 900, "and", "it", "was", "thought", "to", "be", "old")))}, "it was seen by all who went there/and it was thought to be old"},
		"no capital letters":           {[]ocr.Block{block(paragraph(line(50, 50, 900, "東京都", "千代田区"), line(50, 80, 900, "丸の内"))), body(50, 300)}, "東京都千代田区丸の内"},
		"too many blocks to compare":   {slices.Concat([]ocr.Block{address(50), body(50, 300)}, slices.Repeat([]ocr.Block{{Kind: ocr.PictureBlock}}, mostBeside-1)), "Mara Lindqvist Hafengasse 3 89073 Ulm"},
		"as many as are compared":      {slices.Concat([]ocr.Block{address(50), body(50, 300)}, slices.Repeat([]ocr.Block{{Kind: ocr.PictureBlock}}, mostBeside-2)), "Mara Lindqvist/Hafengasse 3/89073 Ulm"},
		"items of a list":              {[]ocr.Block{block(paragraph(line(50, 50, 900, "•", "one", "which", "is", "long"), line(50, 80, 900, "•", "Two", "of", "them"))), body(50, 300)}, "• one which is long/• Two of them"},
	} {
		p := ocr.Page{Number: 1, Width: 600, Height: 800, DPI: 72, Blocks: c.blocks}
		if got, _, _ := strings.Cut(outline(p), "\n"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		for i := range p.Blocks {
			p.Blocks[i] = turned(p.Blocks[i], p.Width)
		}
		p.Width, p.Height, p.Angle = p.Height, p.Width, 90
		if got, _, _ := strings.Cut(outline(p), "\n"); got != c.want {
			t.Errorf("%s, turned: %q, want %q", name, got, c.want)
		}
	}
}
