package pdf

import (
	"cmp"
	"math"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// axis is the direction in which a line is set from left to right, on a page measured in points with y downwards.
type axis struct{ x, y float64 } // a unit vector

func (a axis) along(x, y float64) float64  { return x*a.x + y*a.y }
func (a axis) across(x, y float64) float64 { return y*a.x - x*a.y } // downwards, seen by who reads the line

// at is the point that lies so far along and across.
func (a axis) at(along, across float64) (x, y float64) {
	return along*a.x - across*a.y, along*a.y + across*a.x
}

// nearest returns the direction of the page's edges next to the axis and the angle from there to the axis.
func (a axis) nearest() (axis, float64) {
	angle := math.Atan2(a.y, a.x)
	quarters := math.Round(angle / (math.Pi / 2))
	edge := axis{1, 0}.turned(quarters * math.Pi / 2)
	return axis{math.Round(edge.x), math.Round(edge.y)}, angle - quarters*math.Pi/2
}

func (a axis) turned(angle float64) axis {
	sin, cos := math.Sincos(angle)
	return axis{a.x*cos - a.y*sin, a.x*sin + a.y*cos}
}

// extent is where a word lies along a line, and from its top to its bottom across it.
type extent struct{ from, to, top, bottom float64 }

// measure finds the extent of a word in an upright box: of all rectangles that stand on the axis the one that fills the box.
func (a axis) measure(box rect) extent {
	width, height := box.width(), box.height()
	cos, sin := math.Abs(a.x), math.Abs(a.y)
	if sin > cos {
		cos, sin, width, height = sin, cos, height, width
	}
	length, thickness := width, height
	if det := cos*cos - sin*sin; det > 0.5 {
		length, thickness = (width*cos-height*sin)/det, (height*cos-width*sin)/det
	}
	const least = 0.25 // of a box, which is never as exact as that
	length, thickness = max(length, least*width), max(thickness, least*height)
	x, y := box.x0+box.width()/2, box.y0+box.height()/2
	along, across := a.along(x, y), a.across(x, y)
	return extent{along - length/2, along + length/2, across - thickness/2, across + thickness/2}
}

// slope finds the directions of the lines of a page. The direction of a short line is known badly, so that it takes the slant of
// the long ones.
type slope struct {
	reading axis    // of most of the page
	slant   float64 // of the long lines from the edges of the page, radians
	longest float64 // length of the longest line
}

// longLine is how many times as long as high a line must be to tell its slant.
const longLine = 8

func newSlope(angle int, lines []measured) slope {
	s := slope{reading: axis{1, 0}.turned(-float64(angle) * math.Pi / 180)}
	s.reading, _ = s.reading.nearest()
	type vote struct{ angle, weight float64 }
	var votes []vote
	all := 0.0
	for _, l := range lines {
		s.longest = max(s.longest, l.length(s.reading))
		a, length, ok := l.baseline()
		if !ok {
			a, length, ok = l.fitted(s.reading)
		}
		if ok && length > longLine*l.height() {
			_, angle := a.nearest()
			votes = append(votes, vote{angle, length})
			all += length
		}
	}
	slices.SortFunc(votes, func(a, b vote) int { return cmp.Compare(a.angle, b.angle) })
	for _, v := range votes { // their weighted median
		s.slant = v.angle
		if all -= 2 * v.weight; all <= 0 {
			break
		}
	}
	return s
}

// of returns the direction of a line.
func (s slope) of(l measured) axis {
	edge, slant := s.reading, s.slant
	down, stacked := l.stacked(s.reading)
	a, length, ok := l.baseline()
	switch {
	case stacked && (!ok || math.Abs(a.along(down.x, down.y)) < 0.5):
		edge = down
	case ok:
		var own float64
		if edge, own = a.nearest(); length > longLine*l.height() {
			slant = own
		}
	}
	// A slant that nobody sees is none.
	if math.Abs(math.Sin(slant))*s.longest < 0.1*l.height() {
		slant = 0
	}
	return edge.turned(slant)
}

// measured is a line of a page with its boxes in points.
type measured struct {
	*ocr.Line
	boxes  []rect // of the words
	ends   [2]struct{ x, y float64 }
	levels bool // ends are those of the baseline
}

// height is that of a typical word, whichever way it lies.
func (l measured) height() float64 {
	sides := make([]float64, 0, len(l.boxes))
	for _, b := range l.boxes {
		sides = append(sides, min(b.width(), b.height()))
	}
	slices.Sort(sides)
	return sides[len(sides)*3/4]
}

func (l measured) length(a axis) float64 {
	from, to := math.Inf(1), math.Inf(-1)
	for _, b := range l.boxes {
		e := a.measure(b)
		from, to = min(from, e.from), max(to, e.to)
	}
	return to - from
}

// baseline returns the direction and the length of the line's baseline, if it has one.
func (l measured) baseline() (axis, float64, bool) {
	x, y := l.ends[1].x-l.ends[0].x, l.ends[1].y-l.ends[0].y
	length := math.Hypot(x, y)
	if !l.levels || !(length > 0) {
		return axis{}, 0, false
	}
	return axis{x / length, y / length}, length, true
}

// fitted returns the direction in which the words of a line without a baseline stand, from the median of the slopes between
// their lower edges.
func (l measured) fitted(reading axis) (axis, float64, bool) {
	const enough = 4 // words
	if len(l.boxes) < enough {
		return axis{}, 0, false
	}
	var slopes []float64
	half := len(l.boxes) / 2
	for i, b := range l.boxes[half:] { // each with a word far from it
		from, to := reading.measure(l.boxes[i]), reading.measure(b)
		if run := (to.from + to.to - from.from - from.to) / 2; math.Abs(run) > l.height() {
			slopes = append(slopes, (to.bottom-from.bottom)/run)
		}
	}
	const steepest = 0.3
	if len(slopes) == 0 {
		return axis{}, 0, false
	}
	slope := median(slopes)
	return reading.turned(math.Atan(slope)), l.length(reading), math.Abs(slope) < steepest
}

// stacked reports whether words or characters stand above each other, as in Chinese that is written from top to bottom, and
// returns the direction from the first to the last.
func (l measured) stacked(reading axis) (axis, bool) {
	first, last := reading.measure(l.boxes[0]), reading.measure(l.boxes[len(l.boxes)-1])
	if len(l.boxes) == 1 {
		text := l.Words[0].Text
		upright := utf8.RuneCountInString(text) > 1 && first.bottom-first.top > 1.8*(first.to-first.from)
		for _, r := range text {
			upright = upright && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo, unicode.Hangul)
		}
		return axis{-reading.y, reading.x}, upright
	}
	along, across := (last.from+last.to-first.from-first.to)/2, (last.top+last.bottom-first.top-first.bottom)/2
	down := axis{-reading.y, reading.x}
	if across < 0 {
		down = axis{reading.y, -reading.x}
	}
	return down, math.Abs(across) > 2*math.Abs(along) && math.Abs(across) > 1.5*l.height()
}
