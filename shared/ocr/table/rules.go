package table

import (
	"math"
	"slices"
	"strings"
)

// Grey is a picture of a page in 8-bit grey.
type Grey struct {
	Width, Height int // pixels
	Data          []byte
	DPI           int // pixels an inch; what counts as a line depends on it
}

// Rule is a drawn line that runs nearly across or nearly down, from its left or upper end, in pixels.
type Rule struct{ X0, Y0, X1, Y1 float64 }

// Rules are the lines of a page.
type Rules struct {
	Across, Down []Rule
	Left         bool // there are more lines than are looked at: of one direction none is given
}

// How long and how thick a line is, as parts of an inch.
const (
	shortestRun  = 1.0 / 8  // without a step: what is left of a line that runs askew
	shortestLine = 1.0 / 5  // anything shorter is a part of a letter
	thickest     = 1.0 / 20 // more is a bar or an area
	jump         = 1.0 / 40 // between pieces of one line
)

const (
	contrast = 28      // levels by which a line is darker than what is beside it
	speckled = 2       // pixels of a line that may be missing at one place
	mostRuns = 400_000 // a picture with more is a pattern, and no page with tables
)

// FindRules finds the lines of a picture.
func FindRules(g Grey) Rules {
	if g.DPI < 1 || g.Width < 1 || g.Height < 1 || len(g.Data) < g.Width*g.Height {
		return Rules{}
	}
	across, all := lines(g)
	turned := transposed(g)
	down, allDown := lines(turned)
	for i, r := range down {
		down[i] = Rule{r.Y0, r.X0, r.Y1, r.X1}
	}
	return Rules{across, down, !all || !allDown}
}

// transposed swaps rows and columns, in squares that fit into a cache.
func transposed(g Grey) Grey {
	const side = 32
	t := Grey{Width: g.Height, Height: g.Width, Data: make([]byte, g.Width*g.Height), DPI: g.DPI}
	for y0 := 0; y0 < g.Height; y0 += side {
		for x0 := 0; x0 < g.Width; x0 += side {
			for y := y0; y < min(y0+side, g.Height); y++ {
				for x := x0; x < min(x0+side, g.Width); x++ {
					t.Data[x*t.Width+y] = g.Data[y*g.Width+x]
				}
			}
		}
	}
	return t
}

// run is a piece of one row of pixels that is darker than what lies above and below.
type run struct{ y, x0, x1, up int } // up: index of a run that it continues, or its own

// lines finds lines that run across. If there are too many it finds none and says so.
func lines(g Grey) (found []Rule, complete bool) {
	inch := float64(g.DPI)
	reach := max(3, int(thickest*inch))
	shortest, gap := max(12, int(shortestRun*inch)), max(2, int(jump*inch))
	var runs []run
	first := []int{0} // of each row
	for y := range g.Height {
		above, below := g.row(y-reach), g.row(y+reach)
		runs = darker(runs, y, g.row(y), above, below, shortest)
		if len(runs) > mostRuns {
			return nil, false
		}
		first = append(first, len(runs))
	}
	for y := range g.Height {
		for i := first[y]; i < first[y+1]; i++ {
			for _, before := range []int{y - 1, y - 2} {
				if before >= 0 {
					join(runs, i, first[before], first[before+1], gap)
				}
			}
		}
	}
	return straighten(together(runs), inch)
}

// row returns a row of pixels, the nearest one for one outside.
func (g Grey) row(y int) []byte {
	y = min(max(y, 0), g.Height-1)
	return g.Data[y*g.Width : (y+1)*g.Width]
}

// darker adds the runs of a row.
func darker(runs []run, y int, row, above, below []byte, shortest int) []run {
	start, last := -1, -1
	end := func() {
		if start >= 0 && last+1-start >= shortest {
			runs = append(runs, run{y, start, last + 1, len(runs)})
		}
		start = -1
	}
	for x, v := range row {
		if int(v)+contrast <= int(min(above[x], below[x])) {
			if start < 0 {
				start = x
			}
			last = x
			continue
		}
		if start >= 0 && x-last > speckled {
			end()
		}
	}
	end()
	return runs
}

// join connects run i with those of an earlier row that it touches, or nearly touches.
func join(runs []run, i, from, to, gap int) {
	r := runs[i]
	at := from + searchRun(runs[from:to], r.x0-gap)
	for ; at < to && runs[at].x0 <= r.x1+gap; at++ {
		a, b := root(runs, at), root(runs, i)
		runs[max(a, b)].up = min(a, b)
	}
}

// searchRun returns the first run of a row that ends behind x.
func searchRun(row []run, x int) int {
	i, _ := slices.BinarySearchFunc(row, x, func(r run, x int) int {
		if r.x1 < x {
			return -1
		}
		return 1
	})
	return i
}

func root(runs []run, i int) int {
	for runs[i].up != i {
		runs[i].up = runs[runs[i].up].up
		i = runs[i].up
	}
	return i
}

// piece is what is known of a line while it is put together.
type piece struct {
	x0, x1     int
	left       int // height of the run that begins first
	right      int // height of the run that ends last
	pixels     int
	fromY, toY int
}

func together(runs []run) []piece {
	pieces := make(map[int]*piece)
	var order []int
	for i, r := range runs {
		k := root(runs, i)
		p := pieces[k]
		if p == nil {
			p = &piece{x0: r.x0, x1: r.x1, left: r.y, right: r.y, fromY: r.y, toY: r.y}
			pieces[k] = p
			order = append(order, k)
		}
		if r.x0 < p.x0 {
			p.x0, p.left = r.x0, r.y
		}
		if r.x1 > p.x1 {
			p.x1, p.right = r.x1, r.y
		}
		p.toY = max(p.toY, r.y)
		p.pixels += r.x1 - r.x0
	}
	all := make([]piece, 0, len(order))
	for _, k := range order {
		all = append(all, *pieces[k])
	}
	return all
}

// straighten makes lines of pieces, leaves out what is too short, too thick or too steep, and joins what is broken.
func straighten(pieces []piece, inch float64) (lines []Rule, complete bool) {
	const steepest = 0.06 // three and a half degrees
	var found []Rule
	for _, p := range pieces {
		length := float64(p.x1 - p.x0)
		rise := float64(p.toY - p.fromY + 1)
		thick := float64(p.pixels) / length
		if length < shortestLine*inch || thick > thickest*inch || rise-thick > steepest*length+3 {
			continue
		}
		r := Rule{float64(p.x0), float64(p.left), float64(p.x1), float64(p.right)}
		if math.Abs(r.Y1-r.Y0) <= thick { // ends of a thick line lie anywhere in it
			middle := float64(p.fromY+p.toY) / 2
			r.Y0, r.Y1 = middle, middle
		}
		found = append(found, r)
	}
	return joined(found, inch)
}

// joined makes one line of pieces that lie on one.
func joined(found []Rule, inch float64) (lines []Rule, complete bool) {
	slices.SortFunc(found, func(a, b Rule) int { return int(a.X0 - b.X0) })
	const most = 4000 // beyond it the picture is no page of tables
	if len(found) > most {
		return nil, false
	}
	gap, off := inch/10, max(3, inch/60)
	var out []Rule
next:
	for _, r := range found {
		for i := range out {
			if l := &out[i]; r.X0-l.X1 <= gap && math.Abs(r.Y0-l.at(r.X0)) <= off {
				if r.X1 > l.X1 {
					l.X1, l.Y1 = r.X1, r.Y1
				}
				continue next
			}
		}
		out = append(out, r)
	}
	return out, true
}

// at returns the height of the line, or of its continuation, at x.
func (r Rule) at(x float64) float64 {
	if r.X1 <= r.X0 {
		return r.Y0
	}
	return r.Y0 + (x-r.X0)/(r.X1-r.X0)*(r.Y1-r.Y0)
}

// hold reports whether what was read in a place is but a piece of one of the lines, which an engine takes for a bar or a dash.
func (r Rules) hold(text string, box rect, inch float64) bool {
	near := jump * inch
	x, y := box.middle()
	switch {
	case strings.Trim(text, "|¦‖[]") == "":
		return slices.ContainsFunc(r.Down, func(l Rule) bool {
			return box.x0-near <= max(l.X0, l.X1) && min(l.X0, l.X1) <= box.x1+near && l.Y0 <= y+near && y-near <= l.Y1
		})
	case strings.Trim(text, "_-–—=") == "":
		return slices.ContainsFunc(r.Across, func(l Rule) bool {
			return box.y0-near <= max(l.Y0, l.Y1) && min(l.Y0, l.Y1) <= box.y1+near && l.X0 <= x+near && x-near <= l.X1
		})
	}
	return false
}
