package pdf

import (
	"math"
	"slices"
)

// poppler 22.12 gives the blocks of a page whose lines run from its bottom to its top from the last to the first: it takes each
// for one beside the block before it (TextBlock::isBeforeByRule2). On a page of one column its blocks are made one: lines of one
// size, and blank ones where they are too far from each other.

// upwards joins the lines of such a page. Others stay as they are.
func upwards(lines []setLine) []setLine {
	var heights []float64
	for i, l := range lines {
		edge, _ := l.nearest()
		if edge.y >= 0 || i > 0 && l.level < lines[i-1].level+lines[i-1].height/2 && !l.continues(lines[i-1]) {
			return lines
		}
		heights = append(heights, l.height)
	}
	if len(lines) < 2 {
		return lines
	}
	height := median(slices.Clone(heights))
	var joined []setLine
	for i, l := range lines {
		l.height = min(l.height, height) // letters of a heading are found in their lower part
		if i > 0 {
			joined = append(joined, blanks(joined[len(joined)-1], l)...)
		}
		joined = append(joined, l)
	}
	return joined
}

// continues reports whether a line is the rest of the one before it.
func (s setLine) continues(before setLine) bool {
	return math.Abs(s.level-before.level) < 0.1*s.height && s.words[0].from >= before.words[len(before.words)-1].to
}

// blanks are lines of spaces between two others, near enough to each other and as wide as both.
func blanks(above, below setLine) []setLine {
	const (
		near = 1.4 // times the size; poppler takes 1.5 for the next block
		most = 50
	)
	from := min(above.words[0].from, below.words[0].from)
	to := max(above.words[len(above.words)-1].to, below.words[len(below.words)-1].to)
	n := min(int(math.Ceil((below.level-above.level)/(near*below.size()))), most)
	var lines []setLine
	for i := 1; i < n; i++ {
		l := below
		l.level = above.level + (below.level-above.level)*float64(i)/float64(n)
		l.words = []setWord{{text: []rune("  "), from: from, to: to, blank: true}}
		lines = append(lines, l)
	}
	return lines
}
