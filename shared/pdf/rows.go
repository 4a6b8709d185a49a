package pdf

import (
	"cmp"
	"math"
	"slices"
)

// level reports whether two pieces stand on one line, be it that one is raised or lowered and smaller.
func level(a, b line) bool {
	if math.Abs(a.level-b.level) <= 0.3*min(a.em, b.em) {
		return true
	}
	if max(a.em, b.em) > 2*min(a.em, b.em) {
		return false
	}
	top, bottom := a.band()
	otherTop, otherBottom := b.band()
	return min(bottom, otherBottom)-max(top, otherTop) >= 0.6*min(a.em, b.em)
}

// rows joins pieces, sorted from the top, that stand side by side.
func rows(pieces []line) []line {
	var lines []line
	for i := 0; i < len(pieces); {
		largest, j := pieces[i], i+1
		for j < len(pieces) && level(largest, pieces[j]) {
			if pieces[j].em > largest.em {
				largest = pieces[j]
			}
			j++
		}
		lines = beside(pieces[i:j], lines)
		i = j
	}
	return lines
}

// beside appends lines of pieces that stand on one level: one, if none covers another.
func beside(row []line, lines []line) []line {
	const layers = 4
	slices.SortStableFunc(row, func(a, b line) int { return cmp.Compare(a.box.x0, b.box.x0) })
	for layer := 0; len(row) > 0; layer++ {
		free := row[:1:1]
		var covered []line
		for _, l := range row[1:] {
			if last := free[len(free)-1]; layer < layers && l.box.x0 < last.box.x1-0.5*min(l.em, last.em) {
				covered = append(covered, l)
			} else {
				free = append(free, l)
			}
		}
		lines = append(lines, merge(free))
		row = covered
	}
	return lines
}

// merge makes one line of pieces that are sorted from left to right.
func merge(pieces []line) line {
	if len(pieces) == 1 && !slices.ContainsFunc(pieces[0].words, func(w word) bool { return w.leftward }) {
		return pieces[0]
	}
	var l line
	var words []word
	for _, p := range pieces {
		words = append(words, p.words...)
	}
	mixed := slices.ContainsFunc(words, func(w word) bool { return w.leftward })
	if mixed {
		slices.SortStableFunc(words, func(a, b word) int { return cmp.Compare(a.box.x0, b.box.x0) })
	}
	for _, w := range words {
		if n := len(l.words); n > 0 && joins(l.words[n-1], w) {
			l.words[n-1].join(w)
			l.box = l.box.union(w.box)
			continue
		}
		l = l.with(w)
	}
	if mixed {
		for i := range l.words {
			if l.words[i].leftward && !l.words[i].recognised {
				l.words[i].arrange()
			}
		}
		logical(l.words)
	}
	return l
}
