//go:build cgo

package reading

import (
	"image"
	"slices"
)

// merge joins two readings of one picture word by word: where both found words, those that score higher; and where only one
// did, its words, unless it doubts those of the second. Lines and blocks are those of the first, as far as it has any there.
func merge(first, second []Word) []Word {
	better := map[int][]Word{} // by the place of the first word that they replace
	replaced := make([]bool, len(first))
	var added []Word
	for _, g := range match(first, second) {
		theirs := pick(second, g.second)
		switch {
		case len(g.second) == 0:
		case len(g.first) == 0:
			if theirs[0].Confidence >= addedWord {
				added = append(added, theirs...)
			}
		case rate(theirs, 0).score > rate(pick(first, g.first), 0).score:
			for _, i := range g.first {
				replaced[i] = true
			}
			better[g.first[0]] = theirs
		}
	}
	var merged []Word
	for i, w := range first {
		for _, b := range better[i] {
			merged = append(merged, b.inLineOf(w))
		}
		if !replaced[i] {
			merged = append(merged, w)
		}
	}
	return insert(merged, added)
}

func pick(words []Word, places []int) []Word {
	picked := make([]Word, len(places))
	for i, p := range places {
		picked[i] = words[p]
	}
	return picked
}

// group is words of two readings that stand for the same place. One of both may be empty.
type group struct{ first, second []int }

// match finds which words of two readings stand in one place, also by way of third ones.
func match(first, second []Word) []*group {
	parent := make([]int, len(first)+len(second)) // a forest of sets: each leads to the smallest of its set
	for i := range parent {
		parent[i] = i
	}
	root := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	at := ofWords(first)
	for j, w := range second {
		for _, i := range at.near(w.Box) {
			if coincide(first[i].Box, w.Box) {
				a, b := root(i), root(len(first)+j)
				parent[max(a, b)] = min(a, b)
			}
		}
	}
	var groups []*group
	of := map[int]*group{}
	for i := range parent {
		g := of[root(i)]
		if g == nil {
			g = &group{}
			of[root(i)] = g
			groups = append(groups, g)
		}
		if i < len(first) {
			g.first = append(g.first, i)
		} else {
			g.second = append(g.second, i-len(first))
		}
	}
	return groups
}

// coincide reports whether two words stand in one place: half of the smaller one lies in the other, across and down.
func coincide(a, b image.Rectangle) bool {
	c := a.Intersect(b)
	return !c.Empty() && 2*c.Dx() >= min(a.Dx(), b.Dx()) && 2*c.Dy() >= min(a.Dy(), b.Dy())
}

// follows reports whether two words are of one line.
func (w Word) follows(v Word) bool {
	return w.Block == v.Block && w.Paragraph == v.Paragraph && w.Line == v.Line
}

// inLineOf returns the word as one of the line of another.
func (w Word) inLineOf(v Word) Word {
	w.Block, w.Paragraph, w.Line, w.Baseline = v.Block, v.Paragraph, v.Line, v.Baseline
	return w
}

// insert puts words that a reading lacks into it: into lines that they continue, or into blocks of their own.
func insert(words, added []Word) []Word {
	var apart []Word
	for _, w := range added {
		if i, of, ok := inLine(words, w); ok {
			words = slices.Insert(words, i, w.inLineOf(of))
		} else {
			apart = append(apart, w)
		}
	}
	last := 0
	for _, w := range words {
		last = max(last, w.Block)
	}
	for _, block := range columns(apart, last) {
		words = slices.Insert(words, before(words, block), block...)
	}
	return words
}

// inLine returns where among words one comes that stands beside a word, and that word.
func inLine(words []Word, w Word) (int, Word, bool) {
	i := slices.IndexFunc(words, func(of Word) bool { return beside(of.Box, w.Box) })
	if i < 0 {
		return 0, Word{}, false
	}
	of := words[i]
	for i < len(words) && words[i].follows(of) && words[i].Box.Min.X <= w.Box.Min.X {
		i++
	}
	return i, of, true
}

// beside reports whether two words are of one height and so near to each other that they belong to one line. Wider gaps part
// columns.
func beside(a, b image.Rectangle) bool {
	const gap = 2 // heights
	low := min(a.Dy(), b.Dy())
	return 2*(min(a.Max.Y, b.Max.Y)-max(a.Min.Y, b.Min.Y)) >= low && max(a.Min.X, b.Min.X)-min(a.Max.X, b.Max.X) <= gap*low
}

// columns makes blocks of words that stand in no line of a reading: pieces of lines that stand under each other. Their numbers
// come after the last of the reading.
func columns(words []Word, last int) [][]Word {
	const leading = 2 // heights: more part blocks
	type column struct {
		words []Word
		box   image.Rectangle // of its last line
		lines int
	}
	var all []*column
	for i, w := range words {
		if i > 0 && w.follows(words[i-1]) {
			if c := all[len(all)-1]; beside(c.words[len(c.words)-1].Box, w.Box) {
				c.words, c.box = append(c.words, w.inLineOf(c.words[len(c.words)-1])), c.box.Union(w.Box)
				continue
			}
		}
		c := &column{}
		all = append(all, c)
		w.Block, w.Paragraph, w.Line = last+len(all), 1, 1
		c.words, c.box, c.lines = []Word{w}, w.Box, 1
	}
	var blocks []*column
	for _, c := range all {
		over := slices.IndexFunc(blocks, func(b *column) bool {
			return c.box.Min.X < b.box.Max.X && b.box.Min.X < c.box.Max.X &&
				c.box.Min.Y >= (b.box.Min.Y+b.box.Max.Y)/2 && c.box.Min.Y-b.box.Max.Y <= leading*b.box.Dy()
		})
		if over < 0 {
			blocks = append(blocks, c)
			continue
		}
		b := blocks[over]
		b.lines++
		for _, w := range c.words {
			w.Block, w.Line = b.words[0].Block, b.lines
			b.words = append(b.words, w)
		}
		b.box = c.box
	}
	found := make([][]Word, len(blocks))
	for i, b := range blocks {
		found[i] = b.words
	}
	return found
}

// before returns the place of the first block among words that a block comes before: one that is below it in the same
// columns. Without one it comes last.
func before(words, block []Word) int {
	box := extent(block)
	for from := 0; from < len(words); {
		to := from + 1
		for to < len(words) && words[to].Block == words[from].Block {
			to++
		}
		if b := extent(words[from:to]); b.Min.Y > box.Min.Y && b.Min.X < box.Max.X && box.Min.X < b.Max.X {
			return from
		}
		from = to
	}
	return len(words)
}

func extent(words []Word) image.Rectangle {
	var all image.Rectangle
	for _, w := range words {
		all = all.Union(w.Box)
	}
	return all
}
