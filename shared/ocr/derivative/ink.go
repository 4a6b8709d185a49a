package derivative

import (
	"math"
	"slices"
)

// Ink is what is known of the marks on a page, in steps of two. The zero value is a blank page.
type Ink struct {
	Density int `json:"density"` // 0: blank; else the dark share of the page is about 2^(Density-8): 1/128 to 1/2
	Lines   int `json:"lines"`   // 0: none; else about 2^(Lines-1) lines: 1 to 128
	Height  int `json:"height"`  // lines are about 2^-(3+Height) of the page high: 1/8 to 1/1024; 0 if there are none
}

// The highest step of each.
const (
	mostDensity = 7
	mostLines   = 8
	mostHeight  = 7
)

func (i Ink) possible() bool {
	return i.Density >= 0 && i.Density <= mostDensity && i.Lines >= 0 && i.Lines <= mostLines && i.Height >= 0 && i.Height <= mostHeight
}

// contrast is how far ink is from paper: a quarter of the range of grey.
const contrast = 64

// Measure finds the ink of a page: what is not of the most frequent shade, which is the paper. The page is 8-bit grey, rows
// from the top, stride bytes apart; it may be scaled down, since nothing that is measured depends on it.
func Measure(grey []byte, stride, width, height int) Ink {
	if width < 1 || height < 1 || stride < width || len(grey) < stride*(height-1)+width {
		return Ink{}
	}
	row := func(y int) []byte { return grey[y*stride:][:width] }
	var shades [256]int
	for y := range height {
		for _, v := range row(y) {
			shades[v]++
		}
	}
	paper, seen := 0, shades[0]
	for 2*seen < width*height {
		paper++
		seen += shades[paper]
	}
	dark := make([]int, height)
	total := 0
	for y := range height {
		for _, v := range row(y) {
			if abs(int(v)-paper) > contrast {
				dark[y]++
			}
		}
		total += dark[y]
	}
	ink := Ink{Density: step(float64(total)/float64(width*height), -8, mostDensity)}
	if ink.Density == 0 {
		return Ink{}
	}
	runs := lines(dark, total)
	if len(runs) == 0 {
		return ink
	}
	slices.Sort(runs)
	share := float64(runs[len(runs)/2]) / float64(height)
	ink.Lines = max(1, step(float64(len(runs)), -1, mostLines))
	ink.Height = min(max(int(math.Round(-math.Log2(share)))-3, 0), mostHeight)
	return ink
}

// step returns the n between 0 and most for which value is about 2^(n+origin).
func step(value float64, origin, most int) int {
	if value <= 0 {
		return 0
	}
	return min(max(int(math.Round(math.Log2(value)))-origin, 0), most)
}

// lines returns the heights of runs of rows that are darker than half of what dark rows are on average. A run of more
// than a quarter of the page is no line.
func lines(dark []int, total int) []int {
	inked := 0
	for _, n := range dark {
		if n > 0 {
			inked++
		}
	}
	var heights []int
	run := 0
	for i := 0; i <= len(dark); i++ {
		if i < len(dark) && 2*dark[i]*inked > total {
			run++
			continue
		}
		if run > 0 && 4*run <= len(dark) {
			heights = append(heights, run)
		}
		run = 0
	}
	return heights
}
