package layer

import (
	"bytes"
	"image"
)

// edge is the difference of grey between neighbours from which they are an edge, of 255.
const edge = 28

// part is a connected component of edges.
type part struct {
	box                  image.Rectangle
	pixels               int
	longest              int // run of pixels in a row
	crossed, crossedDown int // strokes that its pixel rows, and columns, cross, added up
}

// run is a run of edge pixels in a row.
type run struct {
	y, from, to int // to is outside
	part        int
}

// tracer collects components row by row.
type tracer struct {
	parts  []part
	parent []int
	runs   []run
}

// trace finds the connected components of the edges of a picture.
func trace(p Picture) *tracer {
	t := &tracer{}
	var above, current []run
	for y := range p.Height {
		above, current = current, above[:0]
		row, below := p.row(y), p.row(min(y+1, p.Height-1))
		if len(row) < 2 || bytes.Equal(row[1:], row[:len(row)-1]) && bytes.Equal(row, below) {
			continue
		}
		current = edges(y, row, below, current)
		t.join(above, current, y)
		t.runs = append(t.runs, current...)
	}
	for i := range t.parts {
		if root := t.root(i); root != i {
			t.parts[root].merge(t.parts[i])
		}
	}
	return t
}

// components returns the components that satisfy a condition.
func (t *tracer) components(is func(part) bool) []part {
	var found []part
	for i := range t.parts {
		if t.root(i) == i && is(t.parts[i]) {
			found = append(found, t.parts[i])
		}
	}
	return found
}

// edges appends the runs of row y in which it differs from its neighbours at the right and below.
func edges(y int, row, below []byte, runs []run) []run {
	from := -1
	for x := range row {
		next := row[min(x+1, len(row)-1)]
		here := row[x]
		is := max(here, next)-min(here, next) >= edge || max(here, below[x])-min(here, below[x]) >= edge
		switch {
		case is && from < 0:
			from = x
		case !is && from >= 0:
			runs = append(runs, run{y: y, from: from, to: x})
			from = -1
		}
	}
	if from >= 0 {
		runs = append(runs, run{y: y, from: from, to: len(row)})
	}
	return runs
}

// join gives the runs of row y to the components that they touch in the row above, corners included.
func (t *tracer) join(above, current []run, y int) {
	k := 0
	for i := range current {
		c := &current[i]
		c.part = -1
		for k < len(above) && above[k].to < c.from {
			k++
		}
		covered := 0 // of this run, by runs above
		for j := k; j < len(above) && above[j].from <= c.to; j++ {
			root := t.root(above[j].part)
			covered += max(0, min(above[j].to, c.to)-max(above[j].from, c.from))
			if c.part < 0 {
				c.part = root
			} else if c.part != root {
				t.parent[root] = c.part
			}
		}
		if c.part < 0 {
			c.part = len(t.parts)
			t.parts, t.parent = append(t.parts, part{}), append(t.parent, c.part)
		}
		p := &t.parts[c.part]
		p.box = p.box.Union(image.Rect(c.from, y, c.to, y+1))
		p.pixels += c.to - c.from
		p.longest = max(p.longest, c.to-c.from)
		p.crossed++
		p.crossedDown += c.to - c.from - covered
	}
}

func (t *tracer) root(i int) int {
	for t.parent[i] != i {
		t.parent[i] = t.parent[t.parent[i]]
		i = t.parent[i]
	}
	return i
}

func (p *part) merge(o part) {
	p.box = p.box.Union(o.box)
	p.pixels += o.pixels
	p.longest = max(p.longest, o.longest)
	p.crossed += o.crossed
	p.crossedDown += o.crossedDown
}
