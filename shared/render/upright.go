package render

import "github.com/lethe-ocr/lethe/shared/ocr"

// upright returns a copy of a cleaned page as it is once its text stands upright: turned clockwise by its angle.
func upright(p *ocr.Page) ocr.Page {
	turned := *p
	width, height := p.Width, p.Height
	point := func(x, y int) (int, int) { return x, y }
	switch p.Angle {
	case 90:
		point = func(x, y int) (int, int) { return height - y, x }
	case 180:
		point = func(x, y int) (int, int) { return width - x, height - y }
	case 270:
		point = func(x, y int) (int, int) { return y, width - x }
	default:
		return turned
	}
	if p.Angle != 180 {
		turned.Width, turned.Height = height, width
		if p.DPIY != 0 {
			turned.DPI, turned.DPIY = p.DPIY, p.DPI
		}
	}
	turned.Angle = 0
	f := frame{
		place: func(b ocr.Box) ocr.Box {
			x0, y0 := point(b.X0, b.Y0)
			x1, y1 := point(b.X1, b.Y1)
			return ocr.Box{X0: min(x0, x1), Y0: min(y0, y1), X1: max(x0, x1), Y1: max(y0, y1)}
		},
		level: func(b *ocr.Baseline) *ocr.Baseline {
			var on ocr.Baseline
			on.X0, on.Y0 = point(b.X0, b.Y0)
			on.X1, on.Y1 = point(b.X1, b.Y1)
			return &on
		},
		fonts: len(p.Fonts),
	}
	turned.Blocks, turned.Fields = keep(p.Blocks, f.block), keep(p.Fields, f.field)
	return turned
}
