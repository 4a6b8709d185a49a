package table

import (
	"math"
	"slices"
)

// grid is a table before its words are known: its columns and rows, and which of them each cell takes.
type grid struct {
	xs, ys []float64 // bounds of columns and rows, one more than there are
	cells  []cell    // row by row
}

// cell takes the columns from c0 and the rows from r0, up to those outside.
type cell struct{ r0, c0, r1, c1 int }

func (g grid) bounds() rect {
	return rect{g.xs[0], g.ys[0], g.xs[len(g.xs)-1], g.ys[len(g.ys)-1]}
}

func (g grid) rect(c cell) rect { return rect{g.xs[c.c0], g.ys[c.r0], g.xs[c.c1], g.ys[c.r1]} }

const (
	mostCells = 20_000 // of a grid; more is graph paper
	touching  = 1.0 / 20
)

// grids finds what lines part into cells. Smaller ones come first. It reports whether it made cells of all of them.
func grids(rules Rules, inch float64, w *work) (found []grid, complete bool) {
	near := touching * inch
	sets := connected(rules, near)
	complete = true
	for _, s := range sets {
		g, ok, all := ruled(s, near, w)
		if ok {
			found = append(found, g)
		}
		complete = complete && all
	}
	slices.SortStableFunc(found, func(a, b grid) int {
		return int(a.bounds().width()*a.bounds().height() - b.bounds().width()*b.bounds().height())
	})
	return found, complete
}

// connected parts lines into sets that cross or touch each other.
func connected(rules Rules, near float64) []Rules {
	group := make([]int, len(rules.Across)+len(rules.Down))
	for i := range group {
		group[i] = i
	}
	find := func(i int) int {
		for group[i] != i {
			group[i] = group[group[i]]
			i = group[i]
		}
		return i
	}
	for i, a := range rules.Across {
		for k, d := range rules.Down {
			x, y := (d.X0+d.X1)/2, (a.Y0+a.Y1)/2
			if x >= a.X0-near && x <= a.X1+near && y >= d.Y0-near && y <= d.Y1+near {
				a, b := find(i), find(len(rules.Across)+k)
				group[max(a, b)] = min(a, b)
			}
		}
	}
	sets := make(map[int]*Rules)
	var order []int
	set := func(i int) *Rules {
		k := find(i)
		if sets[k] == nil {
			sets[k] = &Rules{}
			order = append(order, k)
		}
		return sets[k]
	}
	for i, a := range rules.Across {
		s := set(i)
		s.Across = append(s.Across, a)
	}
	for k, d := range rules.Down {
		s := set(len(rules.Across) + k)
		s.Down = append(s.Down, d)
	}
	all := make([]Rules, 0, len(order))
	for _, k := range order {
		all = append(all, *sets[k])
	}
	return all
}

// ruled makes the grid of lines that touch each other. Where all lines across begin or end beyond the outermost line down, the
// table is open at that side, and its last column ends with them; rows likewise. It is not complete if there are too many cells.
func ruled(r Rules, near float64, w *work) (g grid, ok, complete bool) {
	if len(r.Across) == 0 || len(r.Down) == 0 || len(r.Across)+len(r.Down) < 3 {
		return grid{}, false, true
	}
	var xs, ys, left, right, top, bottom []float64
	for _, a := range r.Across {
		ys = append(ys, (a.Y0+a.Y1)/2)
		left, right = append(left, a.X0), append(right, a.X1)
	}
	for _, d := range r.Down {
		xs = append(xs, (d.X0+d.X1)/2)
		top, bottom = append(top, d.Y0), append(bottom, d.Y1)
	}
	g = grid{xs: open(clustered(xs, near), left, right, near), ys: open(clustered(ys, near), top, bottom, near)}
	rows, columns := len(g.ys)-1, len(g.xs)-1
	if rows < 1 || columns < 1 || rows*columns < 2 {
		return grid{}, false, true
	}
	if rows > mostCells/columns {
		return grid{}, false, false
	}
	g.cells = cells(g, r, near, w)
	return g, len(g.cells) > 1, !w.over()
}

// open adds bounds where lines across agree that the table goes on beyond the outermost line down.
func open(bounds, starts, ends []float64, near float64) []float64 {
	if len(bounds) == 0 || len(starts) < 2 {
		return bounds
	}
	const agree = 0.6 // of the lines
	beyond := func(ends []float64, sign float64, bound float64) (float64, bool) {
		ends = slices.Clone(ends)
		slices.Sort(ends)
		middle := ends[len(ends)/2]
		n := 0
		for _, e := range ends {
			if math.Abs(e-middle) <= near {
				n++
			}
		}
		return middle, sign*(middle-bound) > 4*near && float64(n) >= agree*float64(len(ends))
	}
	if at, ok := beyond(starts, -1, bounds[0]); ok {
		bounds = append([]float64{at}, bounds...)
	}
	if at, ok := beyond(ends, 1, bounds[len(bounds)-1]); ok {
		bounds = append(bounds, at)
	}
	return bounds
}

// clustered returns the middles of values that lie near each other.
func clustered(values []float64, near float64) []float64 {
	slices.Sort(values)
	var out []float64
	for i := 0; i < len(values); {
		k, sum := i, 0.0
		for ; k < len(values) && values[k]-values[i] <= near; k++ {
			sum += values[k]
		}
		out = append(out, sum/float64(k-i))
		i = k
	}
	return out
}

// cells returns the cells of a grid: those that no line parts are one, as a rectangle. It returns none if that takes too much work.
func cells(g grid, r Rules, near float64, w *work) []cell {
	rows, columns := len(g.ys)-1, len(g.xs)-1
	owner := make([]int, rows*columns)
	for i := range owner {
		owner[i] = i
	}
	down, across := coverage(r.Down, g.xs, g.ys, near, false), coverage(r.Across, g.ys, g.xs, near, true)
	find := func(i int) int {
		for owner[i] != i {
			owner[i] = owner[owner[i]]
			i = owner[i]
		}
		return i
	}
	join := func(a, b int) {
		a, b = find(a), find(b)
		owner[max(a, b)] = min(a, b)
	}
	for y := range rows {
		for x := range columns {
			if x+1 < columns && !down[(x+1)*rows+y] {
				join(y*columns+x, y*columns+x+1)
			}
			if y+1 < rows && !across[(y+1)*columns+x] {
				join(y*columns+x, (y+1)*columns+x)
			}
		}
	}
	if !w.spend((len(r.Down) + len(r.Across)) * (rows + columns)) {
		return nil
	}
	return rectangles(owner, find, rows, columns, w)
}

// coverage says of each bound, and of each part of it, whether a line is drawn there.
func coverage(lines []Rule, bounds, parts []float64, near float64, across bool) []bool {
	const most = 0.6 // of a part
	n := len(parts) - 1
	drawn := make([]float64, len(bounds)*n)
	for _, l := range lines {
		at, from, to := (l.X0+l.X1)/2, l.Y0, l.Y1
		if across {
			at, from, to = (l.Y0+l.Y1)/2, l.X0, l.X1
		}
		for b, bound := range bounds {
			if math.Abs(bound-at) > near {
				continue
			}
			for p := range n {
				drawn[b*n+p] += max(0, min(to, parts[p+1])-max(from, parts[p]))
			}
		}
	}
	covered := make([]bool, len(drawn))
	for i, length := range drawn {
		p := i % n
		covered[i] = length >= most*(parts[p+1]-parts[p])
	}
	return covered
}

// rectangles widens joined cells until each is a rectangle and none lies over another. It returns none if that takes too much work.
func rectangles(owner []int, find func(int) int, rows, columns int, w *work) []cell {
	for w.spend(rows * columns) {
		boxes := make(map[int]cell)
		for y := range rows {
			for x := range columns {
				k := find(y*columns + x)
				c, ok := boxes[k]
				if !ok {
					c = cell{y, x, y + 1, x + 1}
				}
				boxes[k] = cell{min(c.r0, y), min(c.c0, x), max(c.r1, y+1), max(c.c1, x+1)}
			}
		}
		changed := false
		for k, c := range boxes {
			if !w.spend((c.r1 - c.r0) * (c.c1 - c.c0)) {
				return nil
			}
			for y := c.r0; y < c.r1; y++ {
				for x := c.c0; x < c.c1; x++ {
					if o := find(y*columns + x); o != find(k) {
						a := find(k)
						owner[max(a, o)] = min(a, o)
						changed = true
					}
				}
			}
		}
		if changed {
			continue
		}
		all := make([]cell, 0, len(boxes))
		for _, c := range boxes {
			all = append(all, c)
		}
		slices.SortFunc(all, func(a, b cell) int {
			if a.r0 != b.r0 {
				return a.r0 - b.r0
			}
			return a.c0 - b.c0
		})
		return all
	}
	return nil
}
