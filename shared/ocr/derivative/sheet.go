package derivative

import (
	"math"
	"math/rand/v2"
)

// Sheet is a page of synthetic ink: lines of solid blocks the size of letters, and a dark rectangle where lines cannot
// hold as much ink as there is.
type Sheet struct {
	width, height int
	bands         []band
	picture       band
}

// band is rows from top to below bottom that are all alike.
type band struct {
	top, bottom int
	runs        []run
}

// run is pixels from left to before right.
type run struct{ left, right int }

// What lines look like, in parts of their height or of the page.
const (
	letterFill = 0.7  // the dark share of a line
	lineWidth  = 0.84 // of the page
)

// Draw returns the sheet of page n, counted from 0. It depends on the size in pixels, the three steps and n alone.
func Draw(width, height int, ink Ink, n int) *Sheet {
	s := &Sheet{width: width, height: height}
	if ink.Density == 0 {
		return s
	}
	w, h := float64(width), float64(height)
	wanted := math.Ldexp(w*h, ink.Density-8)
	if ink.Lines > 0 {
		high := max(1, height>>(3+ink.Height))
		count := min(1<<(ink.Lines-1), max(1, height/(2*high)))
		share := wanted / float64(count)
		length := min(lineWidth*w, share/(letterFill*float64(high)))
		for i := range count {
			middle := (2*i + 1) * height / (2 * count)
			top := max(0, middle-high/2)
			b := band{top: top, bottom: min(height, top+high)}
			random := rand.New(rand.NewPCG(uint64(n), uint64(i))) // #nosec G404 G115 -- that anybody can draw it again is the point; not negative
			b.runs = letters(random, (w-lineWidth*w)/2, length, float64(high))
			s.bands = append(s.bands, b)
		}
		wanted -= float64(count) * length * letterFill * float64(high)
	}
	// Half a step is below the resolution of the statistics.
	if rest := wanted / (w * h); rest > 1.0/512 && (ink.Lines == 0 || rest > math.Ldexp(1, ink.Density-9)) {
		side := math.Sqrt(rest)
		left, top := int(w*(1-side)/2), int(h*(1-side)/2)
		s.picture = band{top: top, bottom: top + max(1, int(h*side)), runs: []run{{left, left + max(1, int(w*side))}}}
	}
	return s
}

// letters fills a line with words of two to nine blocks.
func letters(random *rand.Rand, left, length, high float64) []run {
	var runs []run
	x, end := left, left+length
	for x < end {
		for range 2 + random.IntN(8) {
			wide := high * (0.4 + 0.5*random.Float64())
			if x >= end {
				break
			}
			runs = append(runs, run{int(x), max(int(x)+1, int(min(x+wide, end)))})
			x += wide + max(1, 0.15*high)
		}
		x += 0.4 * high
	}
	return runs
}

// Row fills dst, which is as long as the sheet is wide, with row y: 255 is paper, 0 is ink.
func (s *Sheet) Row(y int, dst []byte) {
	for i := range dst {
		dst[i] = 255
	}
	for _, b := range s.bands {
		b.paint(y, dst)
	}
	s.picture.paint(y, dst)
}

func (b band) paint(y int, dst []byte) {
	if y < b.top || y >= b.bottom {
		return
	}
	for _, r := range b.runs {
		clear(dst[min(r.left, len(dst)):min(r.right, len(dst))])
	}
}

// Grey returns all rows, one after the other.
func (s *Sheet) Grey() []byte {
	pixels := make([]byte, s.width*s.height)
	for y := range s.height {
		s.Row(y, pixels[y*s.width:][:s.width])
	}
	return pixels
}

// Bilevel returns all rows as PDF stores pictures of 1 bit: the leftmost in the highest bit, 1 is white, rows of whole
// bytes.
func (s *Sheet) Bilevel() (pixels []byte, stride int) {
	stride = (s.width + 7) / 8
	row := make([]byte, s.width)
	for y := range s.height {
		s.Row(y, row)
		pixels = appendBits(pixels, row)
	}
	return pixels, stride
}

// appendBits appends a row of pixels as bits, ones for paper and zeros for ink. The row ends with a whole byte.
func appendBits(dst, row []byte) []byte {
	var b byte
	for i, v := range row {
		b = b<<1 | v>>7
		if i%8 == 7 {
			dst, b = append(dst, b), 0
		}
	}
	if rest := len(row) % 8; rest > 0 {
		dst = append(dst, b<<(8-rest))
	}
	return dst
}
