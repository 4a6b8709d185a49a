package table

import (
	"cmp"
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

// steepest is the slope of what counts as a line: three and a half degrees.
const steepest = 0.06

const (
	contrast = 28             // levels by which a line is darker than what is beside it
	palest   = 255 - contrast // what is paler is no line, whatever is beside it
	speckled = 2              // pixels of a line that may be missing at one place
	mostRuns = 400_000        // a picture with more is a pattern, and no page with tables
)

// FindRules finds the lines of a picture.
func FindRules(g Grey) Rules {
	if g.DPI < 1 || g.Width < 1 || g.Height < 1 || len(g.Data) < g.Width*g.Height {
		return Rules{}
	}
	across, all := lines(g.darkRows(), g.Height, g.DPI)
	down, allDown := lines(g.darkColumns(), g.Width, g.DPI)
	for i, r := range down {
		down[i] = Rule{r.Y0, r.X0, r.Y1, r.X1}
	}
	return Rules{across, down, !all || !allDown}
}

// run is a piece of one row of pixels that is darker than what lies above and below; or of a column, and then y counts columns and x
// rows.
type run struct{ y, x0, x1, up int } // up: index of a run that it continues, or its own

// lines finds lines that run across, among runs that are sorted by their rows. If there are too many it finds none and says so.
func lines(runs []run, rows, dpi int) (found []Rule, complete bool) {
	if len(runs) > mostRuns {
		return nil, false
	}
	inch := float64(dpi)
	gap := max(2, int(jump*inch))
	first := make([]int, rows+1) // of each row
	for i, r := range runs {
		first[r.y+1] = i + 1
	}
	for y := range rows {
		first[y+1] = max(first[y+1], first[y])
	}
	for y := range rows {
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

// reach is how far from a pixel what is beside a line is looked for, and shortest how long a run is at least.
func (g Grey) reach() int    { return max(3, int(thickest*float64(g.DPI))) }
func (g Grey) shortest() int { return max(12, int(shortestRun*float64(g.DPI))) }

// window is a number of pixels of which one is dark wherever they lie in a run.
const window = speckled + 1

// darkRows returns the runs of all rows, or more than mostRuns of them. It looks at no more of a row than a run cannot avoid, at
// windows less than its length apart, and around those.
func (g Grey) darkRows() []run {
	var runs []run
	for y := range g.Height {
		row, above, below := g.row(y), g.row(y-g.reach()), g.row(y+g.reach())
		dark := func(x int) bool { return row[x] <= palest && int(row[x])+contrast <= int(min(above[x], below[x])) }
		for x := 0; x < len(row); {
			at := x
			for at < min(x+window, len(row)) && !dark(at) {
				at++
			}
			if at == min(x+window, len(row)) {
				x += g.shortest() - speckled
				continue
			}
			from, to := around(at, len(row), dark)
			if to-from >= g.shortest() {
				runs = append(runs, run{y, from, to, len(runs)})
			}
			x = to + window
		}
		if len(runs) > mostRuns {
			return runs
		}
	}
	return runs
}

// darkColumns is darkRows for columns. It goes through rows nevertheless, as they lie in memory.
func (g Grey) darkColumns() []run {
	var runs []run
	reach := g.reach()
	seen := make([]int, g.Width) // of each column, from above
	for from := 0; from < g.Height; from += g.shortest() - speckled {
		for y := from; y < min(from+window, g.Height); y++ {
			row := g.row(y)
			for x, v := range row {
				if v > palest || y < seen[x] || int(v)+contrast > int(min(row[max(x-reach, 0)], row[min(x+reach, g.Width-1)])) {
					continue
				}
				top, end := around(y, g.Height, func(y int) bool {
					row := g.row(y)
					return int(row[x])+contrast <= int(min(row[max(x-reach, 0)], row[min(x+reach, g.Width-1)]))
				})
				if seen[x] = end + window; end-top >= g.shortest() {
					runs = append(runs, run{y: x, x0: top, x1: end})
				}
			}
			if len(runs) > mostRuns {
				return runs
			}
		}
	}
	slices.SortFunc(runs, func(a, b run) int { return cmp.Or(cmp.Compare(a.y, b.y), cmp.Compare(a.x0, b.x0)) })
	for i := range runs {
		runs[i].up = i
	}
	return runs
}

// around returns the run of dark pixels around one, among so many.
func around(at, of int, dark func(int) bool) (from, to int) {
	from, last := at, at
	for i := at - 1; i >= 0 && from-i <= window; i-- {
		if dark(i) {
			from = i
		}
	}
	for i := at + 1; i < of && i-last <= window; i++ {
		if dark(i) {
			last = i
		}
	}
	return from, last + 1
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
