//go:build cgo

package reading

import (
	"image"
	"slices"
)

// index finds rectangles near a place without looking at all of them.
type index map[image.Point][]int

const cell = 64 // pixels: a few letters

func newIndex(n int, box func(int) image.Rectangle) index {
	x := index{}
	for i := range n {
		x.cells(box(i), func(at image.Point) { x[at] = append(x[at], i) })
	}
	return x
}

func (index) cells(r image.Rectangle, yield func(image.Point)) {
	for y := r.Min.Y / cell; y <= (r.Max.Y-1)/cell; y++ {
		for x := r.Min.X / cell; x <= (r.Max.X-1)/cell; x++ {
			yield(image.Pt(x, y))
		}
	}
}

// ofWords indexes words by where they stand.
func ofWords(words []Word) index {
	return newIndex(len(words), func(i int) image.Rectangle { return words[i].Box })
}

// near returns those that may overlap a rectangle, in order, each once.
func (x index) near(r image.Rectangle) []int {
	var found []int
	x.cells(r, func(at image.Point) { found = append(found, x[at]...) })
	slices.Sort(found)
	return slices.Compact(found)
}

// letterSized returns the middles of the pieces of ink that are about as large as letters of a height.
func letterSized(ink []image.Rectangle, letter float64) []image.Point {
	const (
		smallest, largest = 0.5, 2.0 // heights
		widest            = 4.0      // letters that touch
	)
	var middles []image.Point
	for _, r := range ink {
		if h := float64(r.Dy()); h >= smallest*letter && h <= largest*letter && float64(r.Dx()) <= widest*letter {
			middles = append(middles, image.Pt((r.Min.X+r.Max.X)/2, (r.Min.Y+r.Max.Y)/2))
		}
	}
	return middles
}

// uncovered returns the share of letters that lie in no word. Pages of a few letters have none.
func uncovered(letters []image.Point, words []Word) float64 {
	if len(letters) < enoughLetters {
		return 0
	}
	at, outside := ofWords(words), 0
	for _, p := range letters {
		dot := image.Rectangle{p, p.Add(image.Pt(1, 1))}
		if !slices.ContainsFunc(at.near(dot), func(i int) bool { return p.In(words[i].Box) }) {
			outside++
		}
	}
	return float64(outside) / float64(len(letters))
}

// middle returns the rectangle in the middle of a page's letters that three fifths of them lie in, across and down.
func middle(letters []image.Point) image.Rectangle {
	side := func(of func(image.Point) int) (int, int) {
		var all []int
		for _, p := range letters {
			all = append(all, of(p))
		}
		slices.Sort(all)
		return all[len(all)/5], all[len(all)-1-len(all)/5]
	}
	left, right := side(func(p image.Point) int { return p.X })
	top, bottom := side(func(p image.Point) int { return p.Y })
	return image.Rect(left, top, right+1, bottom+1)
}

// certain returns where the words of the lines are that were read with good confidence.
func certain(words []Word) []image.Rectangle {
	const margin = 2 // pixels
	var places []image.Rectangle
	for line := range runs(words) {
		if rate(line, 0).mean < goodConfidence {
			continue
		}
		for _, w := range line {
			places = append(places, w.Box.Inset(-margin))
		}
	}
	return places
}

// runs yields the words of each line.
func runs(words []Word) func(yield func([]Word) bool) {
	return func(yield func([]Word) bool) {
		for from := 0; from < len(words); {
			to := from + 1
			for to < len(words) && words[to].follows(words[from]) {
				to++
			}
			if !yield(words[from:to]) {
				return
			}
			from = to
		}
	}
}
