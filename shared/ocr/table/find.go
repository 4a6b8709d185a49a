package table

import (
	"cmp"
	"slices"
	"unicode"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// mostWords is how many words cells of a table hold in the mean.
const mostWords = 60

// item is a word of a page, with where it stands in the order of reading.
type item struct {
	word  ocr.Word
	box   rect // as it is read
	line  *ocr.Line
	order int
	drawn bool // no word, but a piece of a drawn line
	prose bool // it is of running text
	table int  // that takes it, counted from 1; 0 for none
	cell  int
}

// Find puts words that stand in tables into blocks with rows and cells. The lines are those of a picture of the page, in
// pixels of the page. It reports whether it looked at everything: a page may have more lines or cells, or take more work, than
// there is room for.
func Find(page *ocr.Page, rules Rules) (complete bool) {
	return find(page, rules, &work{mostWork})
}

func find(page *ocr.Page, rules Rules, w *work) (complete bool) {
	f := frame{width: float64(page.Width), height: float64(page.Height), angle: page.Angle}
	f.slope = f.skew(f.rules(rules), page)
	up := f.rules(rules)
	items := collect(page, f)
	if len(items) == 0 || page.DPI < 1 {
		return true
	}
	for i := range items {
		items[i].drawn = page.Origin == ocr.Recognised && up.hold(items[i].word.Text, items[i].box, float64(page.DPI))
	}
	ruled, complete := grids(up, float64(page.DPI), w)
	complete = complete && !rules.Left
	var tables []grid
	for _, g := range ruled {
		if claim(g, items, len(tables)+1, w) {
			tables = append(tables, g)
		}
	}
	markProse(items)
	var free []*item
	for i := range items {
		if items[i].table == 0 && !items[i].drawn && !items[i].prose {
			free = append(free, &items[i])
		}
	}
	for _, g := range aligned(free, w) {
		if claim(g, items, len(tables)+1, w) {
			tables = append(tables, g)
		}
	}
	if len(tables) > 0 {
		page.Blocks = rebuilt(page.Blocks, items, tables, f)
	}
	return complete && !w.over()
}

// collect lists the words of blocks of text.
func collect(page *ocr.Page, f frame) []item {
	var items []item
	for b := range page.Blocks {
		if page.Blocks[b].Kind != ocr.TextBlock {
			continue
		}
		for g := range page.Blocks[b].Paragraphs {
			for l := range page.Blocks[b].Paragraphs[g].Lines {
				line := &page.Blocks[b].Paragraphs[g].Lines[l]
				for _, w := range line.Words {
					items = append(items, item{word: w, box: f.place(w.Box), line: line, order: len(items)})
				}
			}
		}
	}
	return items
}

// claim takes the free words that stand in a grid, if it is a table: words in two columns and in two rows at least.
func claim(g grid, items []item, table int, w *work) bool {
	if !w.spend(len(items)) {
		return false
	}
	bounds := g.bounds()
	type taken struct{ item, cell int }
	var all []taken
	columns, rows := make(map[int]bool), make(map[int]bool)
	var strokes []int
	for i := range items {
		x, y := items[i].box.middle()
		if items[i].drawn && items[i].table == 0 && bounds.overlaps(items[i].box) {
			strokes = append(strokes, i)
			continue
		}
		if items[i].table != 0 || items[i].prose || x < bounds.x0 || x > bounds.x1 || y < bounds.y0 || y > bounds.y1 {
			continue
		}
		c := slices.IndexFunc(g.cells, func(c cell) bool {
			r := g.rect(c)
			return x >= r.x0 && x <= r.x1 && y >= r.y0 && y <= r.y1
		})
		if c < 0 {
			if !w.spend(len(g.cells)) {
				return false
			}
			continue
		}
		if !w.spend(c) {
			return false
		}
		all = append(all, taken{i, c})
		columns[g.cells[c].c0], rows[g.cells[c].r0] = true, true
	}
	if len(columns) < 2 || len(rows) < 2 {
		return false
	}
	filled := make(map[int]bool)
	for _, t := range all {
		filled[t.cell] = true
	}
	if len(all) > mostWords*len(filled) {
		return false // pages of prose in frames
	}
	for _, t := range all {
		items[t.item].table, items[t.item].cell = table, t.cell
	}
	for _, i := range strokes {
		items[i].table = table
	}
	return true
}

// rebuilt returns the blocks of a page with its tables in them, each where its first word was read.
func rebuilt(blocks []ocr.Block, items []item, tables []grid, f frame) []ocr.Block {
	var out []ocr.Block
	placed := make([]bool, len(tables))
	next := 0 // item
	for b := range blocks {
		if blocks[b].Kind != ocr.TextBlock {
			out = append(out, blocks[b])
			continue
		}
		first := next
		for g := range blocks[b].Paragraphs {
			for l := range blocks[b].Paragraphs[g].Lines {
				next += len(blocks[b].Paragraphs[g].Lines[l].Words)
			}
		}
		if !slices.ContainsFunc(items[first:next], func(i item) bool { return i.table != 0 }) {
			out = append(out, blocks[b])
			continue
		}
		rest := ocr.Block{Origin: blocks[b].Origin}
		flush := func() {
			if len(rest.Paragraphs) > 0 {
				out = append(out, rest)
			}
			rest = ocr.Block{Origin: blocks[b].Origin}
		}
		at := first
		for _, p := range blocks[b].Paragraphs {
			begins := true
			for _, line := range p.Lines {
				kept := ocr.Line{Baseline: line.Baseline}
				for range line.Words {
					it := items[at]
					at++
					if it.table == 0 {
						kept.Words, kept.Box = append(kept.Words, it.word), kept.Box.Union(it.word.Box)
						continue
					}
					if placed[it.table-1] {
						continue
					}
					placed[it.table-1] = true
					put(&rest, &kept, &begins)
					flush()
					begins = true
					out = append(out, tableBlock(items, it.table, tables[it.table-1], blocks[b].Origin, f))
				}
				put(&rest, &kept, &begins)
			}
		}
		flush()
	}
	return out
}

// put adds a line that holds words to a block.
func put(b *ocr.Block, line *ocr.Line, begins *bool) {
	if len(line.Words) == 0 {
		return
	}
	if *begins || len(b.Paragraphs) == 0 {
		b.Paragraphs = append(b.Paragraphs, ocr.Paragraph{})
	}
	*begins = false
	p := &b.Paragraphs[len(b.Paragraphs)-1]
	p.Lines = append(p.Lines, *line)
	p.Box, b.Box = p.Box.Union(line.Box), b.Box.Union(line.Box)
	*line = ocr.Line{Baseline: line.Baseline}
}

// tableBlock makes the block of a table.
func tableBlock(items []item, table int, g grid, origin ocr.Origin, f frame) ocr.Block {
	block := ocr.Block{Kind: ocr.TableBlock, Origin: origin, Box: f.box(g.bounds())}
	words := make([][]item, len(g.cells))
	for _, it := range items {
		if it.table == table && !it.drawn {
			words[it.cell] = append(words[it.cell], it)
		}
	}
	leftward := mostlyLeftward(items, table)
	for r := range len(g.ys) - 1 {
		if !slices.ContainsFunc(g.cells, func(c cell) bool { return c.r0 == r }) {
			continue
		}
		row := ocr.Row{Box: f.box(rect{g.xs[0], g.ys[r], g.xs[len(g.xs)-1], g.ys[r+1]})}
		for i, c := range g.cells {
			if c.r0 != r {
				continue
			}
			one := ocr.Cell{Box: f.box(g.rect(c)), Paragraphs: paragraphs(words[i])}
			if n := begun(g.cells, c.c0, c.c1, func(c cell) int { return c.c0 }); n > 1 {
				one.Columns = n
			}
			if n := begun(g.cells, c.r0, c.r1, func(c cell) int { return c.r0 }); n > 1 {
				one.Rows = n
			}
			row.Cells = append(row.Cells, one)
		}
		if leftward {
			slices.Reverse(row.Cells)
		}
		block.Rows = append(block.Rows, row)
	}
	return block
}

// begun counts the rows or columns from one up to another in which cells begin: the others are no more than the thickness of a line.
func begun(cells []cell, from, to int, at func(cell) int) int {
	starts := make(map[int]bool)
	for _, c := range cells {
		if at(c) >= from && at(c) < to {
			starts[at(c)] = true
		}
	}
	return len(starts)
}

// paragraphs makes the text of a cell: one paragraph, with the lines that its words were read in.
func paragraphs(words []item) []ocr.Paragraph {
	if len(words) == 0 {
		return nil
	}
	var lines []ocr.Line
	var boxes []rect
	for i, it := range words {
		if i == 0 || it.line != words[i-1].line {
			lines, boxes = append(lines, ocr.Line{Baseline: it.line.Baseline}), append(boxes, it.box)
		}
		n := len(lines) - 1
		lines[n].Words = append(lines[n].Words, it.word)
		lines[n].Box, boxes[n] = lines[n].Box.Union(it.word.Box), boxes[n].union(it.box)
	}
	order := make([]int, len(lines))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if overlap(boxes[a], boxes[b]) {
			return 0
		}
		return cmp.Compare(boxes[a].y0+boxes[a].y1, boxes[b].y0+boxes[b].y1)
	})
	p := ocr.Paragraph{}
	for _, i := range order {
		p.Lines = append(p.Lines, lines[i])
		p.Box = p.Box.Union(lines[i].Box)
	}
	return []ocr.Paragraph{p}
}

// mostlyLeftward reports whether most letters of a table belong to scripts that run from right to left.
func mostlyLeftward(items []item, table int) bool {
	leftward, letters := 0, 0
	for _, it := range items {
		if it.table != table {
			continue
		}
		for _, r := range it.word.Text {
			if unicode.IsLetter(r) {
				letters++
			}
			if unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana) {
				leftward++
			}
		}
	}
	return 2*leftward > letters
}
