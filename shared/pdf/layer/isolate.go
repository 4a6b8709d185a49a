package layer

import "image"

// Isolate paints everything of a drawing of the same page, at any size, white but what was found, without the lines and frames
// that cross it. It returns the box around what is left.
func (f Found) Isolate(p Picture) (left image.Rectangle) {
	if f.size.X == 0 || f.size.Y == 0 { // nothing was searched
		f.size = image.Pt(1, 1)
	}
	scale := func(r image.Rectangle) image.Rectangle {
		return image.Rect(
			r.Min.X*p.Width/f.size.X, r.Min.Y*p.Height/f.size.Y,
			(r.Max.X*p.Width+f.size.X-1)/f.size.X, (r.Max.Y*p.Height+f.size.Y-1)/f.size.Y,
		).Intersect(image.Rect(0, 0, p.Width, p.Height))
	}
	regions := make([]image.Rectangle, len(f.Regions))
	for i, r := range f.Regions {
		regions[i] = scale(r.Box)
		left = left.Union(regions[i])
	}
	kept := make([]bool, p.Width)
	for y := range p.Height {
		clear(kept)
		for _, r := range regions {
			if y >= r.Min.Y && y < r.Max.Y {
				for x := r.Min.X; x < r.Max.X; x++ {
					kept[x] = true
				}
			}
		}
		for x, keep := range kept {
			if !keep {
				p.row(y)[x] = 0xff
			}
		}
	}
	for _, l := range f.lines {
		// An edge lies between a pixel and the next.
		r := scale(image.Rect(int(l.from), int(l.y), int(l.to)+1, int(l.y)+2))
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				p.row(y)[x] = 0xff
			}
		}
	}
	return left
}

// Overlay draws what is dark in a picture over another of the same size.
func Overlay(p, over Picture) {
	if p.Width != over.Width || p.Height != over.Height {
		return
	}
	for y := range p.Height {
		row := p.row(y)
		for x, grey := range over.row(y) {
			row[x] = min(row[x], grey)
		}
	}
}
