package field

import (
	"image"
	"image/color"
	"slices"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// marks reports whether a marking has boxes or other lines of its own for each character, or else for the whole text.
func marks(marking ocr.Marking, each bool) bool {
	switch marking {
	case ocr.BoxSeries, ocr.Comb, ocr.FramedComb, ocr.Partitioned, ocr.GreyBoxes:
		return true
	case ocr.Underline, ocr.TextFrame:
		return !each
	default:
		return false
	}
}

// printed is what is printed in a text field.
type printed struct {
	mask                   // ink, of which what is printed is taken away
	letter int             // height of letters, pixels
	lines  []bool          // pixels of lines
	down   []int           // places of lines that divide characters, from the left
	extent image.Rectangle // of all lines
}

// find finds the lines of a marking.
func (p *printed) find(marking ocr.Marking, places int) {
	p.lines = make([]bool, len(p.ink))
	if !marks(marking, false) || marking == ocr.GreyBoxes {
		return
	}
	length, thick := max(int(lineLength*float64(p.letter)), 8), max(int(lineThickness*float64(p.letter)), 3)
	if marking != ocr.Underline {
		p.boxes(thick)
	}
	across := p.runs(length, thick, false)
	if marking != ocr.Underline {
		tall := length
		if h := across.Dy(); h > p.letter { // lines between two others reach from one to the other
			tall = max(h*3/4, p.letter)
		}
		p.runs(tall, thick, true)
	}
	if marking == ocr.Comb || marking == ocr.FramedComb {
		p.teeth(across, thick, places)
	}
}

// boxes marks the sides of boxes.
func (p *printed) boxes(thick int) {
	for _, piece := range p.pieces() {
		if !p.framed(piece) {
			continue
		}
		b := piece.box
		inner := b.Inset(min(p.thickness(b, thick)+1, thick))
		for _, i := range piece.pixels {
			if at := image.Pt(i%p.width, i/p.width); !at.In(inner) {
				p.lines[i] = true
			}
		}
		p.down = append(p.down, b.Min.X, b.Max.X-1)
		p.extent = p.extent.Union(b)
	}
	slices.Sort(p.down)
}

// runs marks straight lines of some length that are no thicker than thick, and returns where they are.
func (p *printed) runs(length, thick int, down bool) image.Rectangle {
	places, along := p.height, p.width
	if down {
		places, along = along, places
	}
	at := func(i, j int) bool {
		if down {
			return p.at(i, j)
		}
		return p.at(j, i)
	}
	var extent image.Rectangle
	columns := make([]bool, places)
	for i := range places {
		start := 0
		for j := 0; j <= along; j++ {
			if j < along && at(i, j) {
				continue
			}
			if j-start >= length {
				thin := 0
				for k := start; k < j; k++ {
					before, after := i, i
					for before > 0 && i-before <= thick && at(before-1, k) {
						before--
					}
					for after < places-1 && after-i <= thick && at(after+1, k) {
						after++
					}
					if after-before < thick {
						thin++
					}
				}
				if 2*thin >= j-start {
					for k := start; k < j; k++ {
						x, y := k, i
						if down {
							x, y = i, k
						}
						p.lines[y*p.width+x] = true
						extent = extent.Union(image.Rect(x, y, x+1, y+1))
					}
					columns[i] = true
				}
			}
			start = j + 1
		}
	}
	if down {
		p.down = append(p.down, middles(columns)...)
		slices.Sort(p.down)
	}
	p.extent = p.extent.Union(extent)
	return extent
}

// middles returns the middle of each run of places.
func middles(places []bool) []int {
	var all []int
	for i := 0; i < len(places); i++ {
		if !places[i] {
			continue
		}
		from := i
		for i < len(places) && places[i] {
			i++
		}
		all = append(all, (from+i-1)/2)
	}
	return all
}

// teeth marks short lines that stand on the lowest line at equal distances.
func (p *printed) teeth(base image.Rectangle, thick, places int) {
	if base.Empty() {
		return
	}
	heights := make([]int, p.width)
	tooth := make([]bool, p.width)
	for x := range p.width {
		y := p.height - 1
		for y > 0 && !p.lines[y*p.width+x] {
			y--
		}
		for y > 0 && p.lines[y*p.width+x] {
			y--
		}
		for top := y; top >= 0 && p.at(x, top); top-- {
			heights[x]++
		}
		tooth[x] = heights[x] > thick && heights[x] < p.height*9/10
	}
	var found []int
	for i, wide := 0, 0; i < len(tooth); i++ {
		if !tooth[i] {
			continue
		}
		for wide = 0; i+wide < len(tooth) && tooth[i+wide]; wide++ {
		}
		if wide <= thick {
			found = append(found, i+wide/2)
		}
		i += wide
	}
	for _, x := range regular(found, base, places) {
		p.down = append(p.down, x)
		for i := max(x-thick/2-1, 0); i <= min(x+thick/2+1, p.width-1); i++ {
			y := p.height - 1
			for y > 0 && !p.lines[y*p.width+i] {
				y--
			}
			for ; y >= 0 && heights[x] > 0 && (p.lines[y*p.width+i] || p.at(i, y)) && y > base.Max.Y-base.Dy()-heights[x]-thick; y-- {
				p.lines[y*p.width+i] = true
			}
		}
	}
	slices.Sort(p.down)
	p.down = slices.Compact(p.down)
}

// regular returns those of some places that stand where teeth are to be expected, or at least three at equal distances.
func regular(found []int, base image.Rectangle, places int) []int {
	near := func(a, b, step float64) bool { return a-b < step*0.15 && b-a < step*0.15 }
	var kept []int
	if places > 1 {
		step := float64(base.Dx()) / float64(places)
		for _, x := range found {
			k := int((float64(x-base.Min.X) + step/2) / step)
			if near(float64(x), float64(base.Min.X)+float64(k)*step, step) {
				kept = append(kept, x)
			}
		}
		return kept
	}
	const enough = 3
	if len(found) < enough {
		return nil
	}
	var steps []int
	for i := 1; i < len(found); i++ {
		steps = append(steps, found[i]-found[i-1])
	}
	step := float64(slices.Sorted(slices.Values(steps))[len(steps)/2])
	for _, x := range found {
		if slices.ContainsFunc(found, func(o int) bool { return near(float64(max(x-o, o-x)), step, step) }) {
			kept = append(kept, x)
		}
	}
	return kept
}

// erase paints the lines over with paper, where no stroke crosses them.
func (p *printed) erase(im *image.Gray, paper uint8) {
	const edge = 1 // with the grey pixels beside it
	gone := make([]bool, len(p.lines))
	for i, line := range p.lines {
		if !line {
			continue
		}
		x, y := i%p.width, i/p.width
		if p.crossed(x, y) {
			continue
		}
		for ny := max(y-edge, 0); ny <= min(y+edge, p.height-1); ny++ {
			for nx := max(x-edge, 0); nx <= min(x+edge, p.width-1); nx++ {
				gone[ny*p.width+nx] = true
			}
		}
	}
	for i, g := range gone {
		if g {
			im.Pix[i/p.width*im.Stride+i%p.width] = paper
			p.ink[i] = false
		}
	}
}

// crossed reports whether a stroke goes on at both sides of the line that a pixel is of.
func (p *printed) crossed(x, y int) bool {
	line := func(x, y int) bool {
		return x >= 0 && y >= 0 && x < p.width && y < p.height && p.lines[y*p.width+x]
	}
	beyond := func(dx, dy int) bool {
		nx, ny := x, y
		for line(nx, ny) {
			nx, ny = nx+dx, ny+dy
		}
		const edge = 2
		return p.at(nx, ny) && p.at(nx+edge*dx, ny+edge*dy) && !line(nx+edge*dx, ny+edge*dy)
	}
	return beyond(0, -1) && beyond(0, 1) || beyond(-1, 0) && beyond(1, 0)
}

// cells returns the edges of the places for characters, from the left.
func (p *printed) cells(places int) []int {
	left, right := 0, p.width
	if p.extent.Dx() > p.width/2 {
		left, right = p.extent.Min.X, p.extent.Max.X
	}
	if places > 1 {
		edges := make([]int, places+1)
		for i := range edges {
			edges[i] = left + (right-left)*i/places
		}
		return edges
	}
	edges := []int{left}
	for _, x := range append(slices.Clone(p.down), right) {
		if x-edges[len(edges)-1] > p.letter/3 {
			edges = append(edges, x)
		}
	}
	return edges
}

func copied(im *image.Gray) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, im.Rect.Dx(), im.Rect.Dy()))
	for y := range out.Rect.Dy() {
		copy(out.Pix[y*out.Stride:(y+1)*out.Stride], im.Pix[y*im.Stride:])
	}
	return out
}

func grey(level uint8) color.Gray { return color.Gray{Y: level} }

// paperOf returns the grey of paper.
func paperOf(im *image.Gray) uint8 {
	var counts [256]int
	for _, v := range im.Pix {
		counts[v]++
	}
	paper, _, _ := levels(counts, len(im.Pix))
	return uint8(paper)
}

// evenGround makes paper of boxes and of what is around them: ink is darker than the darkest level that much of the region has.
func evenGround(im *image.Gray) {
	const much, spread = 0.15, 10
	var counts [256]int
	for _, v := range im.Pix {
		counts[v]++
	}
	few := len(im.Pix)/200 + 1
	darkest, n := 0, counts[0]
	for darkest < 255 && n < few {
		darkest++
		n += counts[darkest]
	}
	ground := 0
	for ; ground < 255; ground++ {
		near := 0
		for v := max(ground-spread, 0); v <= min(ground+spread, 255); v++ {
			near += counts[v]
		}
		if float64(near) >= much*float64(len(im.Pix)) {
			break
		}
	}
	for i, v := range im.Pix {
		level := 255
		if ground-darkest >= leastContrast { // else there is no ink
			level = min(max(255*(int(v)-darkest)/(ground-darkest), 0), 255)
		}
		im.Pix[i] = uint8(level)
	}
}
