package table

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// When lines below each other are running text.
const (
	proseLines = 4    // at least
	proseApart = 1.0  // heights of a line of white between them, at most
	proseEdge  = 2.0  // heights of a line between where they begin, at most
	proseMean  = 3    // words of a line, at least
	proseFull  = 0.75 // of them have no room for the next word
	proseOn    = 0.35 // of them go on in the next
	proseShare = 0.6  // of the lines of a column, for all of them to be
)

// span is where the words of one line are among the items of a page: from one to before another.
type span struct {
	from, to int
	box      rect
}

// markProse marks the words of running text. Columns of it that stand side by side have rows and white between them as tables
// have, but their lines go on: they end where the next word had no room, and begin in the middle of a sentence. Scripts
// without small letters do not show it. Where a column is running text, so are its headings and short paragraphs.
func markProse(items []item) {
	lines := spans(items)
	for from := 0; from < len(lines); {
		to := from + 1
		for to < len(lines) && below(items, lines[to-1], lines[to], rowsApart) {
			to++
		}
		prose := sequences(items, lines[from:to])
		if float64(prose) >= proseShare*float64(to-from) && prose >= proseLines {
			for _, l := range lines[from:to] {
				l.mark(items)
			}
		}
		from = to
	}
}

// sequences marks the running text of a column, and returns the number of its lines.
func sequences(items []item, lines []span) int {
	prose := 0
	for from := 0; from < len(lines); {
		to := from + 1
		for to < len(lines) && below(items, lines[to-1], lines[to], proseApart) {
			to++
		}
		if running(items, lines[from:to]) {
			prose += to - from
			for _, l := range lines[from:to] {
				l.mark(items)
			}
		}
		from = to
	}
	return prose
}

// mark marks a line as running text.
func (s span) mark(items []item) {
	for i := s.from; i < s.to; i++ {
		items[i].prose = true
	}
}

// spans returns the lines of items, in the order in which they were read.
func spans(items []item) []span {
	var lines []span
	for i, it := range items {
		if n := len(lines) - 1; n >= 0 && items[lines[n].from].line == it.line {
			lines[n].to, lines[n].box = i+1, lines[n].box.union(it.box)
			continue
		}
		lines = append(lines, span{i, i + 1, it.box})
	}
	return lines
}

// below reports whether a line stands below another of its column, with so many heights of white between them at most, and both
// are of one piece.
func below(items []item, line, next span, apart float64) bool {
	height := min(line.box.height(), next.box.height())
	return next.box.y0-line.box.y1 <= apart*height && next.box.y1 > line.box.y1 && math.Abs(next.box.x0-line.box.x0) <= proseEdge*height &&
		whole(items[line.from:line.to], gutter*height) && whole(items[next.from:next.to], gutter*height)
}

// whole reports whether there is no white as wide as a gap between the words of a line.
func whole(words []item, gap float64) bool {
	for i := range len(words) - 1 {
		if words[i+1].box.x0-words[i].box.x1 >= gap {
			return false
		}
	}
	return true
}

// running reports whether lines below each other are running text.
func running(items []item, lines []span) bool {
	if len(lines) < proseLines || lines[len(lines)-1].to-lines[0].from < proseMean*len(lines) {
		return false
	}
	right := lines[0].box.x1
	for _, l := range lines {
		right = max(right, l.box.x1)
	}
	full, on := 0, 0
	for i := range len(lines) - 1 {
		last, first := items[lines[i].to-1], items[lines[i+1].from]
		if lines[i].box.x1+first.box.width() > right {
			full++
		}
		if goesOn(last.word.Text, first.word.Text) {
			on++
		}
	}
	pairs := float64(len(lines) - 1)
	return float64(full) >= proseFull*pairs && float64(on) >= proseOn*pairs
}

// goesOn reports whether a word at the end of a line and the first of the next belong to one sentence, as far as letters show.
func goesOn(last, first string) bool {
	ends, _ := utf8.DecodeLastRuneInString(last)
	begins, _ := utf8.DecodeRuneInString(strings.TrimLeft(first, "(\"'“„‘«»"))
	return unicode.IsLower(begins) || unicode.IsLetter(begins) && strings.ContainsRune(ocr.Hyphens, ends)
}
