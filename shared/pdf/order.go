package pdf

import (
	"cmp"
	"math"
	"slices"
	"unicode"
	"unicode/utf8"
)

// order puts pieces of text into lines, in the order in which they are read: from the top, column by column where there are
// columns of running text, else row by row, so that values stand beside their labels.
func order(pieces []line) []line {
	if standing(pieces) {
		return pieces
	}
	slices.SortStableFunc(pieces, func(a, b line) int {
		if c := cmp.Compare(a.level, b.level); c != 0 {
			return c
		}
		return cmp.Compare(a.box.x0, b.box.x0)
	})
	top := margin(pieces, false)
	bottom := len(pieces) - margin(pieces[top:], true)
	lines := columns(pieces[top:bottom], 0, rows(pieces[:top]))
	return append(lines, rows(pieces[bottom:])...)
}

// margin returns the number of pieces in the running head, or foot, of a page: the first or last row or two, clear of the rest.
// They may stand over a column without being part of it. pieces are sorted from the top.
func margin(pieces []line, foot bool) int {
	const free, wide = 1.2, 2.5 // ems free below one row, and below two
	at := func(i int) line {
		if foot {
			i = len(pieces) - 1 - i
		}
		return pieces[i]
	}
	count := 0
	for i, row := 0, 1; row <= 2 && i < len(pieces); row++ {
		largest, j := at(i), i+1
		for j < len(pieces) && level(largest, at(j)) {
			j++
		}
		if j == len(pieces) {
			break
		}
		next := at(j)
		above, below := largest, next
		if foot {
			above, below = next, largest
		}
		_, end := above.band()
		begin, _ := below.band()
		room := (begin - end) / max(above.em, below.em)
		if room > wide || row == 1 && room > free {
			count = j
		}
		if largest.recognised() {
			row-- // such as a logo over the running head
		}
		i = j
	}
	return count
}

// standing reports whether most of the text is written in lines from the top to the bottom. PDFium's order is all there is.
func standing(pieces []line) bool {
	upright, standing := 0, 0
	for _, l := range pieces {
		for i := range l.words {
			w := &l.words[i]
			if n := len(w.characters); n > 2 && w.box.height() > 2.5*w.box.width() {
				standing += n
			} else {
				upright += n
			}
		}
	}
	return standing > upright
}

const (
	maxSplits = 12 // of columns within columns
	maxGutter = 6  // places that are tried as the edge of a column
	fewPieces = 20_000
)

// columns appends the lines of pieces, which are sorted from the top, to lines.
func columns(pieces []line, depth int, lines []line) []line {
	if len(pieces) < 4 || depth == maxSplits {
		return append(lines, rows(pieces)...)
	}
	var best []zone
	most := 0
	for _, x := range edges(pieces) {
		zones, n := divide(pieces, x)
		if n > most {
			best, most = zones, n
		}
	}
	if most == 0 {
		return append(lines, rows(pieces)...)
	}
	var between []line // pieces that stand in no columns so far
	for _, z := range best {
		if !z.columns {
			between = append(between, z.pieces()...)
			continue
		}
		lines = columns(between, depth+1, lines)
		between = nil
		lines = columns(z.left, depth+1, lines)
		lines = columns(z.right, depth+1, lines)
	}
	return columns(between, depth+1, lines)
}

// edges returns places where a column may begin: where most pieces begin, and behind where most end.
func edges(pieces []line) []float64 {
	const bin = 2 // points
	type edge struct {
		x float64
		n int
	}
	begins, ends := make(map[int]*edge), make(map[int]*edge)
	count := func(bins map[int]*edge, x float64, first bool) {
		if !(math.Abs(x) < 1e9) {
			return
		}
		key := int(math.Floor(x / bin))
		e := bins[key]
		if e == nil {
			e = &edge{x: x}
			bins[key] = e
		}
		e.n++
		if first {
			e.x = min(e.x, x)
		} else {
			e.x = max(e.x, x)
		}
	}
	left, right := math.Inf(1), math.Inf(-1)
	for _, l := range pieces {
		count(begins, l.box.x0, true)
		count(ends, l.box.x1, false)
		left, right = min(left, l.box.x0), max(right, l.box.x1)
	}
	most := maxGutter
	if len(pieces) > fewPieces {
		most = 2
	}
	var places []float64
	for _, bins := range []map[int]*edge{begins, ends} {
		var found []edge
		for _, e := range bins {
			if e.n > 1 && e.x > left+bin && e.x < right-bin {
				found = append(found, *e)
			}
		}
		slices.SortFunc(found, func(a, b edge) int {
			if a.n != b.n {
				return b.n - a.n
			}
			return cmp.Compare(a.x, b.x)
		})
		for _, e := range found[:min(most, len(found))] {
			places = append(places, e.x)
		}
	}
	return places
}

// zone is what stands left and right of a gutter between two pieces that cross it, or such pieces.
type zone struct {
	left, right, across []line
	columns             bool
}

// pieces returns what is in a zone, sorted from the top.
func (z zone) pieces() []line {
	if len(z.across) > 0 {
		return z.across
	}
	all := slices.Concat(z.left, z.right)
	slices.SortStableFunc(all, func(a, b line) int { return cmp.Compare(a.level, b.level) })
	return all
}

// divide cuts pieces into zones at a gutter, and counts the pieces in those that are columns.
func divide(pieces []line, x float64) (zones []zone, inColumns int) {
	const slack = 0.5 // points
	var current zone
	finish := func() {
		if len(current.left)+len(current.right) > 0 {
			if current.columns = sideBySide(current.left, current.right); current.columns {
				inColumns += len(current.left) + len(current.right)
			}
			zones = append(zones, current)
		}
		current = zone{}
	}
	for _, l := range pieces {
		switch {
		case l.box.x1 <= x+slack:
			current.left = append(current.left, l)
		case l.box.x0 >= x-slack:
			current.right = append(current.right, l)
		default:
			finish()
			zones = append(zones, zone{across: []line{l}})
		}
	}
	finish()
	return zones, inColumns
}

// side is what is known of the text on one side of a gutter.
type side struct {
	rows         int
	levels       []float64
	length       float64 // of a row in letters, the median; ideographs count twice
	wide         float64 // of a row, the median
	em           float64 // the median
	running      float64 // share of rows that go on from the row before or end as sentences do
	caseless     bool    // its script tells nothing of that
	digits       float64 // share of digits among letters
	x0, x1       float64
	first, final int // places in the text layer
}

// look takes stock of pieces that are sorted from the top.
func look(pieces []line) side {
	s := side{x0: math.Inf(1), x1: math.Inf(-1), first: math.MaxInt}
	var lengths, widths, ems []float64
	letters, digits, uncased, running := 0, 0, 0, 0
	for i := 0; i < len(pieces); {
		j := i + 1
		for j < len(pieces) && level(pieces[i], pieces[j]) {
			j++
		}
		row := pieces[i:j]
		begin, end, length := row[0], row[0], 0.0
		for _, l := range row {
			if l.box.x0 < begin.box.x0 {
				begin = l
			}
			if l.box.x1 > end.box.x1 {
				end = l
			}
			for k := range l.words {
				length++ // the space
				for _, r := range string(l.words[k].text) {
					switch {
					case unicode.IsDigit(r):
						digits++
					case unicode.IsLetter(r) && !unicode.IsUpper(r) && !unicode.IsLower(r):
						uncased++
					}
					if ideographic(r) {
						length++
					}
					letters++
					length++
				}
			}
			s.first, s.final = min(s.first, l.place), max(s.final, l.place)
		}
		first, _ := utf8.DecodeRune(begin.words[0].text)
		last, _ := utf8.DecodeLastRune(end.words[len(end.words)-1].text)
		if unicode.IsLower(first) || last == '-' || last == '.' || last == ',' || last == ';' {
			running++
		}
		s.x0, s.x1 = min(s.x0, begin.box.x0), max(s.x1, end.box.x1)
		lengths, widths, ems = append(lengths, length-1), append(widths, end.box.x1-begin.box.x0), append(ems, begin.em)
		s.levels = append(s.levels, row[0].level)
		i = j
	}
	s.rows = len(lengths)
	s.length, s.wide, s.em = median(lengths), median(widths), median(ems)
	s.running = float64(running) / float64(s.rows)
	s.digits = float64(digits) / float64(max(letters, 1))
	s.caseless = uncased*2 > letters
	return s
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// prose reports whether the rows of a side are a column of running text, up to where the next one begins.
func (s side) prose(next float64) bool {
	const letters, many = 18, 30
	fill := 0.6
	switch {
	case s.running > 0.6:
		fill = 0.3
	case s.caseless:
		fill = 0.4
	}
	return s.length >= letters && s.digits < 0.4 && s.wide >= fill*(next-s.x0) &&
		(s.caseless || s.length >= many || s.running >= 0.2)
}

// sideBySide reports whether what stands left and right of a gutter is to be read one after the other. Labels and values, and
// the cells of a table, stand row by row and are short; columns of text run on from row to row.
func sideBySide(leftPieces, rightPieces []line) bool {
	if len(leftPieces) < 2 || len(rightPieces) < 2 {
		return false
	}
	left, right := look(leftPieces), look(rightPieces)
	em := min(left.em, right.em)
	gutter, fewest := right.x0-left.x1, min(left.rows, right.rows)
	if fewest < 2 || gutter < 0.5*em || fewest == 2 && gutter < 1.2*em {
		return false
	}
	runsLeft, runsRight := left.prose(right.x0), right.prose(right.x1)
	if runsLeft && runsRight {
		return true
	}
	if fewest < 3 {
		return false
	}
	aligned := left.aligned(right)
	const numbers = 0.4 // the share of digits in a column of figures
	switch {
	case runsLeft && left.running >= 0.4 && left.rows >= 5 && right.digits < numbers:
		return true // a column of text and short notes beside it
	case runsLeft || runsRight:
		return aligned < 0.6
	case aligned < 0.4 && gutter > 1.5*em:
		return true // such as two addresses
	default:
		// An index looks like labels and values. So many of them stand in no form, and a table has figures.
		const index = 25
		return fewest >= index && right.digits < numbers && left.final < right.first
	}
}

// aligned returns the share of the rows of the side with fewer that stand level with one of the other.
func (s side) aligned(o side) float64 {
	if s.rows > o.rows {
		s, o = o, s
	}
	n, j := 0, 0
	for _, y := range s.levels {
		for j < len(o.levels) && o.levels[j] < y-0.2*s.em {
			j++
		}
		if j < len(o.levels) && o.levels[j] <= y+0.2*s.em {
			n++
		}
	}
	return float64(n) / float64(s.rows)
}
