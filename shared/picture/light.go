package picture

// #include "leptonica.h"
// #include "light.h"
import "C"

import (
	"image"

	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// Light is how a page is lit, measured on a small copy of it. What is darker than its surroundings and narrow is ink; what is
// dark and reaches the margin of the picture lies in shadow, or is what the page lies on.
type Light struct {
	paper  Pixels  // brightness of the paper, or of what is there in its place
	even   Pixels  // the same, without its own edges
	ink    []bool  // places of print
	shadow []bool  // nil if no place is in shadow
	share  float64 // of the ink that is in shadow
}

const (
	// surveySide bounds the longer side of the small copy, which has more than half as many pixels.
	surveySide = 800
	// inkPart is the part of that side that ink is narrower than.
	inkPart = 25
	// strokes is the part of inkPart that strokes of letters are narrower than.
	strokes = 3
	// leastPaper is how much of what is around text is paper, of 255.
	leastPaper = 100
	// leastShadow is the share of a page's ink in shadow from which it is worth evening out the light. Evenly lit pages have next
	// to none.
	leastShadow = 0.01
	// darkest is the brightness below which noise hides what is on the paper.
	darkest = 20
)

// Light measures the light of a grey picture.
func (im *Image) Light() (*Light, error) {
	small, err := im.small()
	if err != nil {
		return nil, err
	}
	defer small.Close()
	side := max(small.Width(), small.Height()) / inkPart
	if min(small.Width(), small.Height()) <= side {
		return &Light{}, nil // a strip: all of it is as narrow as ink
	}
	calm, err := newImage(C.pixBlockconv(small.pix, 1, 1)) // else the paper is as bright as its brightest noise
	if err != nil {
		return nil, err
	}
	defer calm.Close()
	closed, err := calm.fill(side)
	if err != nil {
		return nil, err
	}
	defer closed.Close()
	between, err := calm.fill(side / strokes)
	if err != nil {
		return nil, err
	}
	defer between.Close()
	blurred, err := newImage(C.pixBlockconv(closed.pix, C.l_int32(side/6+1), C.l_int32(side/6+1)))
	if err != nil {
		return nil, err
	}
	defer blurred.Close()
	var threshold C.l_int32 // that parts dark from bright in the picture as a whole
	if C.pixSplitDistributionFgBg(small.pix, 0, 1, &threshold, nil, nil, nil) != 0 {
		return nil, refusal.New(refusal.PageDamaged)
	}
	l := &Light{}
	if l.paper, err = closed.Pixels(); err != nil {
		return nil, err
	}
	if l.even, err = blurred.Pixels(); err != nil {
		return nil, err
	}
	seen, err := calm.Pixels()
	if err != nil {
		return nil, err
	}
	around, err := between.Pixels()
	if err != nil {
		return nil, err
	}
	l.findInk(seen.Data, around.Data)
	const doubt = 10 // paper that is hardly brighter than the threshold is as good as dark
	l.findShadow(int(threshold) + doubt)
	if l.measure(); l.share > 0 { // rarely
		if err := l.keepText(seen.Data, side/2); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// small returns the copy that the light is measured on.
func (im *Image) small() (*Image, error) {
	small, err := newImage(C.pixClone(im.pix))
	for err == nil && max(small.Width(), small.Height()) > surveySide && min(small.Width(), small.Height()) > 1 {
		larger := small
		small, err = newImage(C.pixScaleAreaMap2(larger.pix))
		larger.Close()
	}
	return small, err
}

// fill returns a copy without what is dark and narrower than so many pixels.
func (im *Image) fill(width int) (*Image, error) {
	return newImage(C.pixCloseGray(im.pix, C.l_int32(width|1), C.l_int32(width|1)))
}

// findInk finds the places that are darker than those around them by more than noise is.
func (l *Light) findInk(seen, around []byte) {
	const (
		leastContrast = 12
		palest        = 85 // percent of the brightness around
	)
	l.ink = make([]bool, len(seen))
	for i := range seen {
		v, p := int(seen[i]), int(around[i])
		l.ink[i] = p-v >= leastContrast && v*100 <= p*palest
	}
}

// findShadow finds the places whose paper is darker than a threshold, as far as they reach the margin of the picture: what is
// dark and lies within is printed so.
func (l *Light) findShadow(threshold int) {
	w, h := l.paper.Width, l.paper.Height
	var next []int
	visit := func(x, y int) {
		if x < 0 || y < 0 || x >= w || y >= h {
			return
		}
		if i := y*w + x; int(l.paper.Data[i]) < threshold && (l.shadow == nil || !l.shadow[i]) {
			if l.shadow == nil {
				l.shadow = make([]bool, w*h)
			}
			l.shadow[i] = true
			next = append(next, i)
		}
	}
	for x := range w {
		visit(x, 0)
		visit(x, h-1)
	}
	for y := range h {
		visit(0, y)
		visit(w-1, y)
	}
	for len(next) > 0 {
		i := next[len(next)-1]
		next = next[:len(next)-1]
		x, y := i%w, i/w
		visit(x-1, y)
		visit(x+1, y)
		visit(x, y-1)
		visit(x, y+1)
	}
}

// keepText drops the ink that has less paper of its own brightness about it than text has: the edges of printed pictures, and the
// grain of a table. Where most ink is none, as on a page of white letters, nothing is in shadow.
func (l *Light) keepText(seen []byte, reach int) error {
	before, _ := l.count()
	lit, err := l.bare(seen, false, reach)
	if err != nil {
		return err
	}
	shaded, err := l.bare(seen, true, reach)
	if err != nil {
		return err
	}
	for i := range l.ink {
		around := lit
		if l.shadow[i] {
			around = shaded
		}
		l.ink[i] = l.ink[i] && around[i] >= leastPaper
	}
	after, _ := l.count()
	if 2*after < before {
		l.shadow = nil
	}
	l.measure()
	return nil
}

// bare returns, for each place, how much of what is within reach is bare paper, in shadow or out of it: 0 to 255.
func (l *Light) bare(seen []byte, shadow bool, reach int) ([]byte, error) {
	const (
		whole  = 255
		nearly = 90 // percent of the paper's brightness
	)
	bare := make([]byte, len(seen))
	for i, v := range seen {
		if p := int(l.paper.Data[i]); l.shadow[i] == shadow && p >= darkest && int(v)*100 >= p*nearly {
			bare[i] = whole
		}
	}
	im, err := NewGray(bare, l.paper.Width, l.paper.Width, l.paper.Height, 0)
	if err != nil {
		return nil, err
	}
	defer im.Close()
	around, err := newImage(C.pixBlockconv(im.pix, C.l_int32(reach), C.l_int32(reach)))
	if err != nil {
		return nil, err
	}
	defer around.Close()
	p, err := around.Pixels()
	return p.Data, err
}

// count returns how many places have ink in the light and in shadow.
func (l *Light) count() (lit, shaded int) {
	for i, printed := range l.ink {
		switch {
		case !printed:
		case l.shadow[i]:
			shaded++
		default:
			lit++
		}
	}
	return lit, shaded
}

func (l *Light) measure() {
	l.share = 0
	if l.shadow != nil {
		lit, shaded := l.count()
		l.share = float64(shaded) / float64(max(lit+shaded, 1))
	}
}

// Uneven reports whether part of the print lies in shadow.
func (l *Light) Uneven() bool { return l.share >= leastShadow }

// Even returns a copy of the picture that was measured, divided by the brightness of its paper.
func (im *Image) Even(l *Light) (*Image, error) {
	p := l.even
	return newImage(C.lethe_even(im.pix, (*C.l_uint8)(&p.Data[0]), C.int(p.Width), C.int(p.Height), darkest))
}

// Lost estimates the share of the text, 0 to 1, that the dark has swallowed. It is given the words that were read, line by line, in
// pixels of a picture of the size that was measured.
func (l *Light) Lost(lines [][]image.Rectangle, width, height int) float64 {
	if l.shadow == nil || len(lines) == 0 {
		return 0
	}
	x, y := float64(l.paper.Width)/float64(width), float64(l.paper.Height)/float64(height)
	read := make([]bool, len(l.ink))
	var whole []image.Rectangle
	for _, words := range lines {
		var line image.Rectangle
		for _, w := range words {
			w = image.Rect(int(float64(w.Min.X)*x), int(float64(w.Min.Y)*y), int(float64(w.Max.X)*x)+1, int(float64(w.Max.Y)*y)+1)
			w = w.Intersect(image.Rect(0, 0, l.paper.Width, l.paper.Height))
			for at := w.Min.Y; at < w.Max.Y; at++ {
				for i := at*l.paper.Width + w.Min.X; i < at*l.paper.Width+w.Max.X; i++ {
					read[i] = true
				}
			}
			line = line.Union(w)
		}
		if !line.Empty() {
			whole = append(whole, line)
		}
	}
	return 1 - (1-l.unread(read))*(1-l.cutOff(whole))
}

// unread returns the share of the ink that is in shadow and in no word.
func (l *Light) unread(read []bool) float64 {
	var ink, lost int
	for i, printed := range l.ink {
		switch {
		case !printed:
		case read[i]:
			ink++
		case l.shadow[i]:
			lost++
		}
	}
	if share := float64(lost) / float64(max(ink+lost, 1)); share >= leastShadow {
		return share
	}
	return 0 // specks
}

// cutOff returns the share of the text that lies where nothing can be seen. A line that ends where the dark begins goes on there, and
// so does a page whose first or last line lies beside it, as far as the margin, which is taken to be no wider than the opposite one.
func (l *Light) cutOff(lines []image.Rectangle) float64 {
	const (
		word    = 1.5 // heights of a line: more paper than between words, and the line has ended
		leading = 3.0 // more paper than between lines, and the page has
	)
	var page image.Rectangle
	for _, line := range lines {
		page = page.Union(line)
	}
	var there, lost int
	first, last := lines[0], lines[0]
	upright := true
	for _, line := range lines {
		upright = line.Dx() >= line.Dy()
		before, after := l.beyond(line, page, upright, word)
		there += length(line, upright)
		lost += before + after
		if across := !upright; start(line, across) < start(first, across) {
			first = line
		} else if end(line, across) > end(last, across) {
			last = line
		}
	}
	above, _ := l.beyond(first, page, !upright, leading)
	_, below := l.beyond(last, page, !upright, leading)
	height := length(page, !upright)
	return 1 - share(there, lost)*share(height, above+below)
}

// share returns the part that is there.
func share(there, lost int) float64 { return float64(there) / float64(max(there+lost, 1)) }

// start, end and length measure a rectangle across the picture or down it.
func start(r image.Rectangle, across bool) int {
	if across {
		return r.Min.X
	}
	return r.Min.Y
}

func end(r image.Rectangle, across bool) int {
	if across {
		return r.Max.X
	}
	return r.Max.Y
}

func length(r image.Rectangle, across bool) int { return end(r, across) - start(r, across) }

// beyond returns how far the text of a page must reach into the dark before and after a line, across the picture or down it. gap is
// how much paper may lie between, in heights of the line.
func (l *Light) beyond(line, page image.Rectangle, across bool, gap float64) (before, after int) {
	limit := int(gap * float64(min(line.Dx(), line.Dy())))
	size, fixed, stride := l.paper.Width, (line.Min.Y+line.Max.Y)/2*l.paper.Width, 1
	if !across {
		size, fixed, stride = l.paper.Height, (line.Min.X+line.Max.X)/2, l.paper.Width
	}
	if dark := l.walk(fixed+stride*start(line, across), -stride, start(line, across)+1, limit); dark > 0 {
		before = max(0, dark-min(start(page, !across), size-end(page, across)))
	}
	if dark := l.walk(fixed+stride*(end(line, across)-1), stride, size-end(line, across)+1, limit); dark > 0 {
		after = max(0, dark-start(page, across))
	}
	return before, after
}

// walk takes steps from a place to the margin of the picture. It returns how many are in the dark, and 0 if more than limit of
// bare paper come before it or anything lit after it, as at a rule or at the fold of a book.
func (l *Light) walk(at, stride, steps, limit int) int {
	paper, dark := 0, 0
	for range steps {
		switch {
		case l.shadow[at] && l.paper.Data[at] < darkest:
			dark++
		case dark > 0:
			return 0
		case l.ink[at]:
			paper = 0
		default:
			if paper++; paper > limit {
				return 0
			}
		}
		at += stride
	}
	return dark
}
