package field

import (
	"image"
	"math"
	"slices"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// What tells a check mark, as shares of the inside of its frame.
const (
	leastMark       = 0.03 // of the area
	leastExtent     = 0.38 // of the side, of one piece of ink
	blackened       = 0.60 // of the area
	manyStrokes     = 2.3  // lengths of the side, of all strokes together, measured along their edges; a cross has 2.1 at most
	crossingStrokes = 1.9  // the same if they enclose
	manyHoles       = 2    // pieces of paper; a ring encloses one
	smallest        = 6    // pixels of a side; there is nothing to see in less
)

// ReadMark says what a region that shows a check mark holds, and how sure that is, from 0 to 100. Without correctable a mark is
// either there or not.
func ReadMark(im *image.Gray, frame ocr.Frame, correctable bool) (ocr.Mark, float64) {
	if min(im.Rect.Dx(), im.Rect.Dy()) < smallest {
		return ocr.MarkUnchecked, 0
	}
	ink := inkOf(im)
	within, area := inside(ink, frame)
	seen := look(within, area)
	there := min(seen.share/leastMark, seen.extent/leastExtent)
	if there < 1 {
		return ocr.MarkUnchecked, sureness(there)
	}
	if frame == ocr.NoFrame { // the mark's own size says more than that of the region
		own := float64(max(seen.box.Dx(), seen.box.Dy()))
		seen = look(within, own*own)
	}
	strokes := seen.strokes / manyStrokes
	if within.holes(seen.box) >= manyHoles {
		strokes = seen.strokes / crossingStrokes
	}
	struck := max(seen.share/blackened, strokes)
	switch {
	case !correctable:
		return ocr.MarkChecked, sureness(there)
	case struck >= 1:
		return ocr.MarkCorrected, min(sureness(there), sureness(struck))
	}
	return ocr.MarkChecked, min(sureness(there), sureness(struck))
}

// sureness turns how far a measure is from where it would be decided otherwise, as a ratio, into a confidence: 50 where it is
// just there, 100 far away.
func sureness(ratio float64) float64 {
	const steepness = 2.5
	return 100 - 50*math.Exp(-steepness*math.Abs(math.Log(max(ratio, 1e-3))))
}

// sight is what is seen of a mark.
type sight struct {
	share   float64 // of the area that is ink
	extent  float64 // of the longest piece of ink, of the side
	strokes float64 // length of all strokes together, in sides
	box     image.Rectangle
}

// look measures the ink inside a frame.
func look(m mask, area float64) sight {
	if area <= 0 {
		return sight{}
	}
	side := math.Sqrt(area)
	var s sight
	ink, edge := 0, 0
	for _, p := range m.pieces() {
		extent := math.Hypot(float64(p.box.Dx()), float64(p.box.Dy())) / side / math.Sqrt2
		if extent < leastExtent/3 { // a speck
			continue
		}
		s.extent = max(s.extent, extent)
		s.box = s.box.Union(p.box)
		ink += len(p.pixels)
		for _, i := range p.pixels {
			x, y := i%m.width, i/m.width
			if !m.at(x-1, y) || !m.at(x+1, y) || !m.at(x, y-1) || !m.at(x, y+1) {
				edge++
			}
		}
	}
	s.share = float64(ink) / area
	s.strokes = float64(edge) / 2 / side
	return s
}

// inside returns the ink within a frame and the area that it could fill, in pixels.
func inside(m mask, frame ocr.Frame) (mask, float64) {
	switch frame {
	case ocr.SquareFrame:
		return m.within(m.square())
	case ocr.CircleFrame:
		return m.withinCircle(m.circle())
	default:
		const edge = 0.04 // of a side: what a region cuts of its neighbours
		return m.within(image.Rect(
			int(edge*float64(m.width)), int(edge*float64(m.height)), m.width-int(edge*float64(m.width)), m.height-int(edge*float64(m.height)),
		))
	}
}

func (m mask) within(r image.Rectangle) (mask, float64) {
	in := newMask(m.width, m.height)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			in.ink[y*m.width+x] = m.ink[y*m.width+x]
		}
	}
	return in, float64(r.Dx() * r.Dy())
}

// Gaps between a frame and its inside, of its side: what a frame that is drawn obliquely covers.
const frameGap = 0.07

// square finds a square frame and returns its inside: its sides are the outermost of the longest lines.
func (m mask) square() image.Rectangle {
	left, right, down := m.lines(func(i, j int) bool { return m.at(i, j) }, m.width, m.height)
	top, bottom, across := m.lines(func(i, j int) bool { return m.at(j, i) }, m.height, m.width)
	w, h := right-left, bottom-top
	const oblong = 2
	if min(w, h) < smallest || max(w, h) > oblong*min(w, h) || down < h/2 || across < w/2 { // there is none to be seen
		return m.bounds().Inset(min(m.width, m.height) / 8)
	}
	most := min(w, h) / 6
	inset := m.thickness(image.Rect(left, top, right, bottom), most) + int(frameGap*float64(min(w, h))) + 1
	return image.Rect(left, top, right, bottom).Inset(inset)
}

// thickness returns how thick the lines of a frame are, in pixels: the median of what is seen from its sides inwards at several places.
func (m mask) thickness(frame image.Rectangle, most int) int {
	counts := make([]int, most+1)
	n := 0
	see := func(x, y, dx, dy int) {
		run := 0
		for skipped := 0; run < most && (m.at(x, y) || run == 0 && skipped < 2); x, y = x+dx, y+dy {
			if m.at(x, y) {
				run++
			} else {
				skipped++
			}
		}
		counts[run]++
		n++
	}
	for i := 1; i < 10; i++ {
		x, y := frame.Min.X+frame.Dx()*i/10, frame.Min.Y+frame.Dy()*i/10
		see(frame.Min.X, y, 1, 0)
		see(frame.Max.X-1, y, -1, 0)
		see(x, frame.Min.Y, 0, 1)
		see(x, frame.Max.Y-1, 0, -1)
	}
	for run, below := 0, 0; run <= most; run++ {
		if below += counts[run]; 2*below >= n {
			return run
		}
	}
	return most
}

// lines returns the first and the last place of lines that are nearly as long as the longest, and how long that is. Ink is asked for
// by the place of a line and a place on it; lines may be a pixel off at each step.
func (m mask) lines(ink func(i, j int) bool, places, length int) (first, last, longest int) {
	runs := make([]int, places)
	for i := range places {
		run, gap := 0, 0
		for j := range length {
			if ink(i-1, j) || ink(i, j) || ink(i+1, j) {
				run++
				gap = 0
			} else if gap++; gap > 2 {
				run = 0
			}
			runs[i] = max(runs[i], run)
		}
		longest = max(longest, runs[i])
	}
	const nearly = 0.7
	first, last = -1, -1
	for i, run := range runs {
		if float64(run) >= nearly*float64(longest) {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	return first + 1, last, longest // a line is seen one pixel early
}

// circle finds a round frame and returns its middle and the radius of its inside: a circle through the outermost ink in most
// directions.
func (m mask) circle() (x, y, radius float64) {
	x, y = float64(m.width)/2, float64(m.height)/2
	const directions = 72
	for range 6 {
		var at [directions][2]float64
		var far [directions]float64
		for d := range directions {
			sin, cos := math.Sincos(2 * math.Pi * float64(d) / directions)
			for r := math.Hypot(float64(m.width), float64(m.height)); r > 1; r-- {
				if m.at(int(x+r*cos), int(y+r*sin)) {
					at[d], far[d] = [2]float64{x + r*cos, y + r*sin}, r
					break
				}
			}
		}
		radius = median(far[:])
		moveX, moveY, n := 0.0, 0.0, 0.0
		for d := range directions {
			if far[d] > 0.75*radius && far[d] < 1.3*radius { // else a mark that leaves the frame, or a gap in it
				sin, cos := math.Sincos(2 * math.Pi * float64(d) / directions)
				moveX += (far[d] - radius) * cos
				moveY += (far[d] - radius) * sin
				n++
			}
		}
		if n == 0 {
			break
		}
		x, y = x+2*moveX/n, y+2*moveY/n
	}
	if radius < smallest/2 {
		return float64(m.width) / 2, float64(m.height) / 2, 0.4 * float64(min(m.width, m.height))
	}
	most := radius / 3
	var thick [directions]float64
	for d := range directions {
		sin, cos := math.Sincos(2 * math.Pi * float64(d) / directions)
		for r := radius + 1; r > radius-most; r-- {
			if m.at(int(x+r*cos), int(y+r*sin)) {
				thick[d]++
			} else if thick[d] > 0 {
				break
			}
		}
	}
	return x, y, radius - median(thick[:]) - 2*frameGap*radius - 1
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func (m mask) withinCircle(x, y, radius float64) (mask, float64) {
	in := newMask(m.width, m.height)
	for i := range m.ink {
		dx, dy := float64(i%m.width)+0.5-x, float64(i/m.width)+0.5-y
		in.ink[i] = m.ink[i] && dx*dx+dy*dy < radius*radius
	}
	return in, math.Pi * radius * radius
}

// holes counts the pieces of paper that ink encloses in a part of a mask.
func (m mask) holes(part image.Rectangle) int {
	part = part.Inset(-1)
	paper := newMask(part.Dx(), part.Dy())
	for i := range paper.ink {
		paper.ink[i] = !m.at(part.Min.X+i%part.Dx(), part.Min.Y+i/part.Dx())
	}
	const least = 4
	n := 0
	for _, p := range paper.pieces() {
		if len(p.pixels) >= least && p.pixels[0] != 0 {
			n++
		}
	}
	return n
}
