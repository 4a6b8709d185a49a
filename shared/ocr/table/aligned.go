package table

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// When words without lines around them are a table.
const (
	gutter       = 1.2 // letter heights of white between columns
	fewestRows   = 3
	rowsApart    = 3.0  // letter heights between rows, at most
	wellFilled   = 0.6  // of the rows have words in two columns
	columnFilled = 0.4  // of the rows have words in a column
	lined        = 0.6  // of a column's cells begin, end or centre at one place
	numeric      = 0.6  // of a column's cells are numbers, for a table of two columns
	proseWords   = 4    // in a cell
	proseWidth   = 0.75 // of its column
	upwards      = 4.0  // letter heights of a word that does not run across
	unitLetters  = 3    // of a unit or currency beside a number, at most
)

// strip is a row of words as it is seen, whatever the engine made of it.
type strip struct {
	box   rect
	items []*item // from the left
}

// strips puts words into rows by their height on the page.
func strips(items []*item) []strip {
	sorted := slices.Clone(items)
	slices.SortStableFunc(sorted, func(a, b *item) int {
		_, ay := a.box.middle()
		_, by := b.box.middle()
		return cmp.Compare(ay, by)
	})
	var rows []strip
	for _, it := range sorted {
		_, y := it.box.middle()
		if n := len(rows) - 1; n >= 0 && overlap(rows[n].box, it.box) && y < rows[n].box.y1 {
			rows[n].items = append(rows[n].items, it)
			_, middle := rows[n].box.middle()
			// One high word does not make a row of two lines.
			if half := (it.box.y1 - it.box.y0) / 2; half < rows[n].box.height() {
				rows[n].box.y0, rows[n].box.y1 = min(rows[n].box.y0, max(it.box.y0, middle-half*2)), max(rows[n].box.y1, min(it.box.y1, middle+half*2))
			}
			rows[n].box.x0, rows[n].box.x1 = min(rows[n].box.x0, it.box.x0), max(rows[n].box.x1, it.box.x1)
			continue
		}
		rows = append(rows, strip{it.box, []*item{it}})
	}
	for _, r := range rows {
		slices.SortStableFunc(r.items, func(a, b *item) int { return cmp.Compare(a.box.x0, b.box.x0) })
	}
	return rows
}

// overlap reports whether two boxes share more than half of the lower one's height.
func overlap(a, b rect) bool {
	shared := min(a.y1, b.y1) - max(a.y0, b.y0)
	return shared > min(a.height(), b.height())/2
}

// interval is a stretch from left to right.
type interval struct{ from, to float64 }

// merged adds the words of a row to the stretches that are taken, and joins what is nearer than a gutter.
func merged(taken []interval, row strip, gap float64) []interval {
	all := slices.Clone(taken)
	for _, it := range row.items {
		all = append(all, interval{it.box.x0, it.box.x1})
	}
	slices.SortFunc(all, func(a, b interval) int { return cmp.Compare(a.from, b.from) })
	out := all[:0]
	for _, i := range all {
		if n := len(out) - 1; n >= 0 && i.from-out[n].to < gap {
			out[n].to = max(out[n].to, i.to)
			continue
		}
		out = append(out, i)
	}
	return out
}

// aligned finds tables without lines among words that are in none yet.
func aligned(items []*item, w *work) []grid {
	height := middleHeight(items)
	if height <= 0 {
		return nil
	}
	// Words that run up or down a margin are higher than any line.
	rows := strips(slices.DeleteFunc(slices.Clone(items), func(i *item) bool { return i.box.height() > upwards*height }))
	gap := gutter * height
	var found []grid
	for i := 0; i < len(rows) && !w.over(); {
		g, next := longestTable(rows, i, gap, height, w)
		if next == 0 {
			i++
			continue
		}
		found = append(found, g)
		i = next
	}
	return found
}

func middleHeight(items []*item) float64 {
	heights := make([]float64, 0, len(items))
	for _, it := range items {
		heights = append(heights, it.box.height())
	}
	if len(heights) == 0 {
		return 0
	}
	slices.Sort(heights)
	return heights[len(heights)/2]
}

// longestTable returns the best table whose first row is row i, and the row behind it; 0 if there is none.
func longestTable(rows []strip, i int, gap, height float64, w *work) (grid, int) {
	taken := merged(nil, rows[i], gap)
	if len(taken) < 2 {
		return grid{}, 0
	}
	var best []interval
	end, most := 0, 0
	for j := i + 1; j < len(rows); j++ {
		if rows[j].box.y0-rows[j-1].box.y1 > rowsApart*height {
			break
		}
		if !w.spend(len(taken) + 2*len(rows[j].items)) {
			return grid{}, 0
		}
		if taken = merged(taken, rows[j], gap); len(taken) < 2 {
			break
		}
		if len(merged(nil, rows[j], gap)) < 2 {
			continue // a table does not end with a row of one cell
		}
		if score := (len(taken) - 1) * (len(taken) - 1) * (j + 1 - i); j+1-i >= fewestRows && score > most && tabular(rows[i:j+1], taken, w) {
			best, end, most = slices.Clone(taken), j+1, score
		}
	}
	if end == 0 {
		return grid{}, 0
	}
	return gridOf(rows[i:end], best), end
}

// column is what the cells of one column hold.
type column struct {
	left, right, middle []float64
	words               []float64 // number in each cell
	width               []float64
	numbers             int
}

// tabular reports whether rows are clearly those of a table with the columns.
func tabular(rows []strip, columns []interval, w *work) bool {
	all := make([]column, len(columns))
	full := 0
	for _, r := range rows {
		if !w.spend((len(r.items) + 1) * len(columns)) {
			return false
		}
		filled := 0
		for c, stretch := range columns {
			if all[c].add(r, stretch) {
				filled++
			}
		}
		if filled >= 2 {
			full++
		}
	}
	n := float64(len(rows))
	if float64(full) < wellFilled*n {
		return false
	}
	prose, ragged, numbers := 0, 0, 0
	for c, col := range all {
		if float64(len(col.left)) < columnFilled*n || len(col.left) < 2 {
			return false
		}
		width := columns[c].to - columns[c].from
		if middle(col.words) >= proseWords && middle(col.width) >= proseWidth*width {
			prose++
		}
		if !col.lined(width) {
			ragged++
		}
		if float64(col.numbers) >= numeric*float64(len(col.left)) {
			numbers++
		}
	}
	switch {
	case prose > 1, ragged > 1, prose == 1 && numbers == 0:
		return false
	case len(columns) == 2:
		return numbers == 1 && prose == 0 && ragged == 0 && len(rows) > fewestRows && float64(min(len(all[0].left), len(all[1].left))) >= numeric*n
	}
	return true
}

// add takes the words of a row that stand in a stretch.
func (c *column) add(r strip, stretch interval) bool {
	from, to, n := math.Inf(1), math.Inf(-1), 0
	numbers, units, words := 0, 0, 0
	for _, it := range r.items {
		if x, _ := it.box.middle(); x < stretch.from || x > stretch.to {
			continue
		}
		from, to = min(from, it.box.x0), max(to, it.box.x1)
		if number(it.word.Text) {
			numbers++
		} else if utf8.RuneCountInString(it.word.Text) <= unitLetters {
			units++
		}
		n++
		words += wordsIn(it.word.Text)
	}
	if n == 0 {
		return false
	}
	c.left, c.right, c.middle = append(c.left, from), append(c.right, to), append(c.middle, (from+to)/2)
	c.words, c.width = append(c.words, float64(words)), append(c.width, to-from)
	if numbers > 0 && units <= 1 && numbers+units == n {
		c.numbers++
	}
	return true
}

// wordsIn counts the words of what spaces part from the rest: several in a script that has none between words.
func wordsIn(text string) int {
	words := 0.0
	for _, r := range text {
		if n := ocr.LettersOfWord(r); n > 0 {
			words += 1 / float64(n)
		}
	}
	return max(1, int(words))
}

// lined reports whether the cells begin, end or centre at one place.
func (c *column) lined(width float64) bool {
	off := max(4, width/20)
	for _, edges := range [][]float64{c.left, c.right, c.middle} {
		at, n := middle(edges), 0
		for _, e := range edges {
			if math.Abs(e-at) <= off {
				n++
			}
		}
		if float64(n) >= lined*float64(len(edges)) {
			return true
		}
	}
	return false
}

// number reports whether a word is a number, an amount or a date, with a currency or a sign.
func number(text string) bool {
	figures, others := 0, 0
	for _, r := range text {
		switch {
		case unicode.IsDigit(r):
			figures++
		case unicode.IsLetter(r):
			others++
		}
	}
	return figures > 0 && figures >= others || strings.ContainsAny(text, "€$£¥%") || text == "-" || text == "–"
}

func middle(values []float64) float64 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}

// gridOf makes a grid of rows and columns, with bounds in the middle of the white between them.
func gridOf(rows []strip, columns []interval) grid {
	g := grid{xs: []float64{columns[0].from}, ys: []float64{rows[0].box.y0}}
	for c := 1; c < len(columns); c++ {
		g.xs = append(g.xs, (columns[c-1].to+columns[c].from)/2)
	}
	g.xs = append(g.xs, columns[len(columns)-1].to)
	for r := 1; r < len(rows); r++ {
		g.ys = append(g.ys, max(g.ys[r-1], (rows[r-1].box.y1+rows[r].box.y0)/2))
	}
	last := rows[len(rows)-1].box.y1
	for _, it := range rows[0].items {
		g.ys[0] = min(g.ys[0], it.box.y0)
	}
	for _, it := range rows[len(rows)-1].items {
		last = max(last, it.box.y1)
	}
	g.ys = append(g.ys, max(last, g.ys[len(g.ys)-1]))
	for y := range len(g.ys) - 1 {
		for x := range len(g.xs) - 1 {
			g.cells = append(g.cells, cell{y, x, y + 1, x + 1})
		}
	}
	return g
}
