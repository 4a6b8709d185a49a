package table

import (
	"math"
	"slices"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// frame maps between a page as displayed and as it is read: upright, and with lines of text straight.
type frame struct {
	width, height float64 // of the page as displayed
	angle         int     // clockwise turn that makes it upright
	slope         float64 // of lines, once it is upright
}

// upright maps a point of the page.
func (f frame) upright(x, y float64) (float64, float64) {
	switch f.angle {
	case 90:
		x, y = f.height-y, x
	case 180:
		x, y = f.width-x, f.height-y
	case 270:
		x, y = y, f.width-x
	}
	return x + f.slope*y, y - f.slope*x
}

// back maps a point as it is read to the page.
func (f frame) back(x, y float64) (float64, float64) {
	det := 1 + f.slope*f.slope
	x, y = (x-f.slope*y)/det, (y+f.slope*x)/det
	switch f.angle {
	case 90:
		return y, f.height - x
	case 180:
		return f.width - x, f.height - y
	case 270:
		return f.width - y, x
	}
	return x, y
}

// rect is a box as it is read.
type rect struct{ x0, y0, x1, y1 float64 }

func (r rect) width() float64  { return r.x1 - r.x0 }
func (r rect) height() float64 { return r.y1 - r.y0 }
func (r rect) middle() (x, y float64) {
	return (r.x0 + r.x1) / 2, (r.y0 + r.y1) / 2
}

func (r rect) overlaps(o rect) bool {
	return r.x0 <= o.x1 && o.x0 <= r.x1 && r.y0 <= o.y1 && o.y0 <= r.y1
}

func (r rect) union(o rect) rect {
	return rect{min(r.x0, o.x0), min(r.y0, o.y0), max(r.x1, o.x1), max(r.y1, o.y1)}
}

// place maps a box of the page. A slope moves its middle and leaves its size.
func (f frame) place(b ocr.Box) rect {
	level := f
	level.slope = 0
	ax, ay := level.upright(float64(b.X0), float64(b.Y0))
	bx, by := level.upright(float64(b.X1), float64(b.Y1))
	r := rect{min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)}
	x, y := r.middle()
	dx, dy := f.slope*y, -f.slope*x
	return rect{r.x0 + dx, r.y0 + dy, r.x1 + dx, r.y1 + dy}
}

// box maps a box as it is read to the page.
func (f frame) box(r rect) ocr.Box {
	ax, ay := f.back(r.x0, r.y0)
	bx, by := f.back(r.x1, r.y1)
	within := func(v, size float64) int { return int(math.Round(max(0, min(v, size)))) }
	return ocr.Box{
		X0: within(min(ax, bx), f.width), Y0: within(min(ay, by), f.height), X1: within(max(ax, bx), f.width), Y1: within(max(ay, by), f.height),
	}
}

// rules returns the drawn lines of a page as they are read.
func (f frame) rules(rules Rules) Rules {
	var up Rules
	for _, r := range slices.Concat(rules.Across, rules.Down) {
		var t Rule
		t.X0, t.Y0 = f.upright(r.X0, r.Y0)
		t.X1, t.Y1 = f.upright(r.X1, r.Y1)
		if math.Abs(t.X1-t.X0) >= math.Abs(t.Y1-t.Y0) {
			if t.X0 > t.X1 {
				t = Rule{t.X1, t.Y1, t.X0, t.Y0}
			}
			up.Across = append(up.Across, t)
			continue
		}
		if t.Y0 > t.Y1 {
			t = Rule{t.X1, t.Y1, t.X0, t.Y0}
		}
		up.Down = append(up.Down, t)
	}
	return up
}

// sloped is something that runs nearly across or down.
type sloped struct{ slope, length float64 }

// skew returns how lines slope on a page that is upright: the drawn ones if there are at least as many as go once across it, and
// else those of text too. Rows of a table slip by one where a page is wide and nothing but its text shows that it is askew.
func (f frame) skew(up Rules, page *ocr.Page) float64 {
	var all []sloped
	total := 0.0
	add := func(along, rise float64) {
		if along > 0 && math.Abs(rise) <= steepest*along {
			all = append(all, sloped{rise / along, along})
			total += along
		}
	}
	for _, l := range up.Across {
		add(l.X1-l.X0, l.Y1-l.Y0)
	}
	for _, l := range up.Down {
		add(l.Y1-l.Y0, l.X0-l.X1)
	}
	across := f.width
	if f.angle%180 != 0 {
		across = f.height
	}
	if total < across {
		for b := range page.Blocks {
			for p := range page.Blocks[b].Text {
				for _, l := range p.Lines {
					if l.Baseline == nil {
						continue
					}
					x0, y0 := f.upright(float64(l.Baseline.X0), float64(l.Baseline.Y0))
					x1, y1 := f.upright(float64(l.Baseline.X1), float64(l.Baseline.Y1))
					add(math.Abs(x1-x0), math.Copysign(1, x1-x0)*(y1-y0))
				}
			}
		}
	}
	return middleSlope(all, total)
}

// middleSlope returns the middle of slopes, weighed by lengths, which together are total.
func middleSlope(all []sloped, total float64) float64 {
	slices.SortFunc(all, func(a, b sloped) int {
		switch {
		case a.slope < b.slope:
			return -1
		case a.slope > b.slope:
			return 1
		}
		return 0
	})
	half := total / 2
	for _, s := range all {
		if half -= s.length; half <= 0 {
			return s.slope
		}
	}
	return 0
}
