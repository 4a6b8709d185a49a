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
	y, from, to int32 // to is outside
	part        int32
}

// mostRuns bounds what is kept of a picture. A page of text has a tenth of it at 100 dpi.
const mostRuns = 1_500_000

// tracer collects components row by row.
type tracer struct {
	parts  []part
	parent []int32
	runs   []run
}

// trace finds the connected components of the edges of a picture. It returns nil if there is too much of it.
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
		if t.runs = append(t.runs, current...); len(t.runs) > mostRuns {
			return nil
		}
	}
	for i := range int32(len(t.parts)) { // #nosec G115 -- at most mostRuns
		if root := t.root(i); root != i {
			t.parts[root].merge(t.parts[i])
		}
	}
	return t
}

// components returns the components that satisfy a condition.
func (t *tracer) components(is func(part) bool) []part {
	var found []part
	for i := range int32(len(t.parts)) { // #nosec G115 -- at most mostRuns
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
			runs = append(runs, run{y: int32(y), from: int32(from), to: int32(x)}) // #nosec G115 -- within a picture
			from = -1
		}
	}
	if from >= 0 {
		runs = append(runs, run{y: int32(y), from: int32(from), to: int32(len(row))}) // #nosec G115 -- within a picture
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
		covered := int32(0) // of this run, by runs above
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
			c.part = int32(len(t.parts)) // #nosec G115 -- at most mostRuns
			t.parts, t.parent = append(t.parts, part{}), append(t.parent, c.part)
		}
		p := &t.parts[c.part]
		p.box = p.box.Union(image.Rect(int(c.from), y, int(c.to), y+1))
		p.pixels += int(c.to - c.from)
		p.longest = max(p.longest, int(c.to-c.from))
		p.crossed++
		p.crossedDown += int(c.to - c.from - covered)
	}
}

func (t *tracer) root(i int32) int32 {
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
