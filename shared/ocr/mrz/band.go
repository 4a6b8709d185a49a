package mrz

import (
	"cmp"
	"image"
	"math"
	"slices"
)

// Row is a row of characters at equal distances, as the lines of a zone are printed: in OCR-B at ten to the inch (part 3,
// section 4.2).
type Row struct {
	Cells  int     // characters that have room in it
	Height float64 // of its capitals, in pixels
	Pitch  float64 // pixels from a character to the next, along the row

	X0, Y0, X1, Y1 float64 // the middles of its first and of its last character
}

// What a row of a zone looks like, in heights of its letters where nothing else is said.
const (
	smallestPiece, tallestPiece = 6, 150 // pixels

	widestPiece    = 4.0  // characters that touch
	reachAlong     = 4.0  // from a character to the next
	reachAcross    = 0.35 // a character may stand higher or lower than the one before
	lowestPiece    = 0.45 // of the height of the one before
	fewestPieces   = 12   // of a row
	regularShare   = 0.75 // of the distances are multiples of the pitch
	regularity     = 0.22 // of a pitch: how far a distance may be off
	leastPitch     = 0.55
	mostPitch      = 1.6
	mostRows       = 3
	edgeTolerance  = 2.5 // pitches by which the rows of a zone begin and end apart
	pitchTolerance = 0.08
	nearestRow     = 1.1 // pitches to the next, from middle to middle
	farthestRow    = 5.0

	mostSteps = 50_000_000 // bounds the search: a dense page takes a fifth
)

// Bands finds by the ink of a page where zones may stand: two or three rows below each other that have room for as many characters
// as a format has. ink is the extent of each connected piece. Each row goes from left to right; a zone that is upside down
// is found as well. The lowest band of a page comes first.
func Bands(ink []image.Rectangle) [][]Row {
	rows := rowsOf(ink)
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(a.Y0+a.Y1, b.Y0+b.Y1) })
	var bands [][]Row
	used := make([]bool, len(rows))
	for i := len(rows) - 1; i >= 0; i-- {
		if used[i] || !sized(rows[i].Cells) {
			continue
		}
		band, members := []Row{rows[i]}, []int{i}
		for _, step := range []int{-1, 1} {
			for j, last := i+step, rows[i]; j >= 0 && j < len(rows) && len(band) < mostRows; j += step {
				if used[j] || !alike(last, rows[j]) {
					continue
				}
				last = rows[j]
				band, members = append(band, rows[j]), append(members, j)
			}
		}
		if len(band) < 2 {
			continue
		}
		for _, j := range members {
			used[j] = true
		}
		slices.SortFunc(band, func(a, b Row) int { return cmp.Compare(a.Y0+a.Y1, b.Y0+b.Y1) })
		for k := range band {
			band[k] = band[k].sized(rows[i])
		}
		bands = append(bands, band)
	}
	return bands
}

// sized returns a row of a band with as many characters as another one has, where its own pieces of ink say otherwise.
func (r Row) sized(like Row) Row {
	if r.Cells == like.Cells {
		return r
	}
	slope := (r.Y1 - r.Y0) / (r.X1 - r.X0)
	r.Y0, r.Y1 = r.Y0+slope*(like.X0-r.X0), r.Y1+slope*(like.X1-r.X1)
	r.Cells, r.Pitch, r.X0, r.X1 = like.Cells, like.Pitch, like.X0, like.X1
	return r
}

// sized reports whether a row has about as many characters as the lines of a format.
func sized(cells int) bool {
	return slices.ContainsFunc(layouts(), func(l layout) bool { return max(cells-l.length, l.length-cells) <= 1 })
}

// alike reports whether two rows can follow each other in a zone.
func alike(a, b Row) bool {
	pitch := (a.Pitch + b.Pitch) / 2
	apart := math.Abs(a.Y0+a.Y1-b.Y0-b.Y1) / 2 / pitch
	return math.Abs(a.Pitch-b.Pitch) <= pitchTolerance*pitch && math.Abs(a.X0-b.X0) <= edgeTolerance*pitch &&
		math.Abs(a.X1-b.X1) <= edgeTolerance*pitch && apart >= nearestRow && apart <= farthestRow
}

// rowsOf puts pieces of ink into rows, and returns those that are regular.
func rowsOf(ink []image.Rectangle) []Row {
	var f follower
	for _, r := range ink {
		if r.Dy() >= smallestPiece && r.Dy() <= tallestPiece && float64(r.Dx()) <= widestPiece*float64(r.Dy()) {
			f.pieces = append(f.pieces, r)
		}
	}
	slices.SortFunc(f.pieces, func(a, b image.Rectangle) int { return cmp.Compare(a.Min.X, b.Min.X) })
	f.used, f.left = make([]bool, len(f.pieces)), mostSteps
	var rows []Row
	for i := range f.pieces {
		if f.used[i] {
			continue
		}
		if row, ok := regular(f.row(i)); ok {
			rows = append(rows, row)
		}
	}
	return rows
}

// follower follows rows of pieces of ink, which are sorted from left to right.
type follower struct {
	pieces []image.Rectangle
	used   []bool
	left   int // steps of the search
}

// row follows a row from its first piece to the right, and marks what it takes if that is long enough.
func (f *follower) row(first int) []image.Rectangle {
	const recent = 16 // pieces that tell where a row goes
	row, at := []image.Rectangle{f.pieces[first]}, []int{first}
	slope, tall := 0.0, float64(f.pieces[first].Dy())
	for {
		next := f.next(at[len(at)-1], slope, tall)
		if next < 0 {
			break
		}
		row, at = append(row, f.pieces[next]), append(at, next)
		tall = max(tall*0.98, min(float64(f.pieces[next].Dy()), tall*1.3))
		if n := len(row); n > fewestPieces/2 {
			way := middle(row[n-1]).Sub(middle(row[max(0, n-recent)]))
			slope = float64(way.Y) / float64(max(way.X, 1))
		}
	}
	if len(row) >= fewestPieces {
		for _, j := range at {
			f.used[j] = true
		}
	}
	return row
}

// next returns the piece that follows one in a row that has a slope and a height, or -1.
func (f *follower) next(i int, slope, tall float64) int {
	last := f.pieces[i]
	for j := i + 1; j < len(f.pieces) && f.left > 0; j++ {
		f.left--
		p := f.pieces[j]
		if float64(p.Min.X-last.Max.X) > reachAlong*tall {
			break
		}
		way, h := middle(p).Sub(middle(last)), float64(p.Dy())
		if !f.used[j] && way.X > 0 && h >= lowestPiece*tall && h*lowestPiece <= tall && math.Abs(float64(way.Y)-slope*float64(way.X)) <= 2*reachAcross*tall {
			return j
		}
	}
	return -1
}

// middle returns twice the middle of a rectangle.
func middle(r image.Rectangle) image.Point { return r.Min.Add(r.Max) }

// regular makes a row of pieces that stand at equal distances.
func regular(pieces []image.Rectangle) (Row, bool) {
	if len(pieces) < fewestPieces {
		return Row{}, false
	}
	var gaps, heights []float64
	for i, p := range pieces {
		heights = append(heights, float64(p.Dy()))
		if i > 0 {
			gaps = append(gaps, float64(middle(p).X-middle(pieces[i-1]).X)/2)
		}
	}
	slices.Sort(heights)
	row := Row{Height: heights[len(heights)*9/10]}
	sorted := slices.Sorted(slices.Values(gaps))
	pitch := sorted[len(sorted)/2]
	if pitch < leastPitch*row.Height || pitch > mostPitch*row.Height {
		return Row{}, false
	}
	at := []float64{0}
	fits := 0
	for _, g := range gaps {
		steps := math.Max(math.Round(g/pitch), 0)
		if steps > 0 && math.Abs(g/pitch-steps) <= regularity {
			fits++
			pitch = 0.95*pitch + 0.05*g/steps
		}
		at = append(at, at[len(at)-1]+steps)
	}
	if float64(fits) < regularShare*float64(len(gaps)) {
		return Row{}, false
	}
	x := make([]float64, len(pieces))
	y := make([]float64, len(pieces))
	for i, p := range pieces {
		x[i], y[i] = float64(middle(p).X)/2, float64(middle(p).Y)/2
	}
	n := at[len(at)-1]
	x0, dx := straight(at, x)
	y0, dy := straight(at, y)
	row.Cells, row.Pitch = int(n)+1, math.Hypot(dx, dy)
	row.X0, row.Y0, row.X1, row.Y1 = x0, y0, x0+n*dx, y0+n*dy
	return row, true
}

// straight fits a line to values at places.
func straight(at, values []float64) (start, step float64) {
	var a, v, aa, av float64
	n := float64(len(at))
	for i := range at {
		a, v, aa, av = a+at[i], v+values[i], aa+at[i]*at[i], av+at[i]*values[i]
	}
	step = (n*av - a*v) / math.Max(n*aa-a*a, 1e-9)
	return (v - step*a) / n, step
}
