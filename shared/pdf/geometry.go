package pdf

import (
	"math"

	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

// matrix is a transformation as PDF writes it: x' = a·x + c·y + e, y' = b·x + d·y + f (ISO 32000-1, section 8.3.3).
type matrix struct{ a, b, c, d, e, f float64 }

func (m matrix) apply(x, y float64) (float64, float64) {
	return m.a*x + m.c*y + m.e, m.b*x + m.d*y + m.f
}

// then returns the transformation that applies m first and n to its result.
func (m matrix) then(n matrix) matrix {
	e, f := n.apply(m.e, m.f)
	return matrix{
		n.a*m.a + n.c*m.b, n.b*m.a + n.d*m.b,
		n.a*m.c + n.c*m.d, n.b*m.c + n.d*m.d, e, f,
	}
}

// inverse is defined for the matrices of this package, which all stretch both axes by more than nothing.
func (m matrix) inverse() matrix {
	det := m.a*m.d - m.b*m.c
	return matrix{
		m.d / det, -m.b / det, -m.c / det, m.a / det,
		(m.c*m.f - m.d*m.e) / det, (m.b*m.e - m.a*m.f) / det,
	}
}

// rect is a rectangle with x0 ≤ x1 and y0 ≤ y1, wherever its origin is.
type rect struct{ x0, y0, x1, y1 float64 }

func (r rect) width() float64  { return r.x1 - r.x0 }
func (r rect) height() float64 { return r.y1 - r.y0 }

// through returns the smallest rectangle around r transformed.
func (r rect) through(m matrix) rect {
	ax, ay := m.apply(r.x0, r.y0)
	bx, by := m.apply(r.x1, r.y1)
	cx, cy := m.apply(r.x0, r.y1)
	dx, dy := m.apply(r.x1, r.y0)
	return rect{
		min(ax, bx, cx, dx), min(ay, by, cy, dy),
		max(ax, bx, cx, dx), max(ay, by, cy, dy),
	}
}

func (r rect) union(o rect) rect {
	return rect{min(r.x0, o.x0), min(r.y0, o.y0), max(r.x1, o.x1), max(r.y1, o.y1)}
}

// with is union, to which a zero rectangle adds nothing.
func (r rect) with(o rect) rect {
	switch {
	case r == rect{}:
		return o
	case o == rect{}:
		return r
	}
	return r.union(o)
}

func (r rect) intersect(o rect) rect {
	i := rect{max(r.x0, o.x0), max(r.y0, o.y0), min(r.x1, o.x1), min(r.y1, o.y1)}
	if !(i.x0 < i.x1 && i.y0 < i.y1) { // true for NaN as well
		return rect{}
	}
	return i
}

func (r rect) area() float64 { return r.width() * r.height() }

// view is a loaded page: its handle, its size in points as displayed, and how its user space is turned into that.
type view struct {
	ref           references.FPDF_PAGE
	page          requests.Page
	width, height float64
	turn          int              // /Rotate, clockwise in degrees
	display       matrix           // user space → points from the top left corner of the displayed page, y downwards
	apart         bool             // it has annotations that may show and are not part of it
	paper         bool             // it is drawn as it prints where that is not what a screen shows
	lying         map[fontKey]bool // fonts that show something else on it than they say
}

// look loads page n and calls use with it.
func (p *Document) look(n int, use func(view) error) error {
	if _, _, err := p.Size(n); err != nil {
		return err
	}
	loaded, err := p.instance.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: p.document, Index: n - 1})
	if err != nil {
		return p.fail(err)
	}
	defer func() {
		if !p.broken {
			if _, err := p.instance.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: loaded.Page}); err != nil {
				p.broken = true
			}
		}
	}()
	v := view{ref: loaded.Page, page: requests.Page{ByReference: &loaded.Page}}
	if err := p.measure(&v); err != nil {
		return err
	}
	if v.apart, err = p.print(v, n); err != nil {
		return err
	}
	return use(v)
}

func (p *Document) measure(v *view) error {
	size, err := p.instance.GetPageSize(&requests.GetPageSize{Page: v.page})
	if err != nil {
		return p.fail(err)
	}
	box, err := p.instance.FPDF_GetPageBoundingBox(&requests.FPDF_GetPageBoundingBox{Page: v.page})
	if err != nil {
		return p.fail(err)
	}
	rotation, err := p.instance.FPDFPage_GetRotation(&requests.FPDFPage_GetRotation{Page: v.page})
	if err != nil {
		return p.fail(err)
	}
	if err := checkSize(size.Width, size.Height); err != nil {
		return err
	}
	v.width, v.height = size.Width, size.Height
	l, b := float64(box.Rect.Left), float64(box.Rect.Bottom)
	r, t := float64(box.Rect.Right), float64(box.Rect.Top)
	wide, high := v.width/(r-l), v.height/(t-b)
	v.turn = 90 * (int(rotation.PageRotation) & 3)
	if v.turn%180 != 0 {
		wide, high = v.width/(t-b), v.height/(r-l)
	}
	if !(wide > 0 && high > 0) || math.IsInf(wide, 0) || math.IsInf(high, 0) {
		return checkSize(0, 0)
	}
	switch v.turn {
	case 0:
		v.display = matrix{wide, 0, 0, -high, -l * wide, t * high}
	case 90:
		v.display = matrix{0, high, wide, 0, -b * wide, -l * high}
	case 180:
		v.display = matrix{-wide, 0, 0, high, r * wide, -b * high}
	case 270:
		v.display = matrix{0, -high, -wide, 0, t * wide, r * high}
	}
	return nil
}

// scale returns the transformation from points of the displayed page to pixels.
func (v view) scale(dpi int) matrix {
	return matrix{a: float64(dpi) / 72, d: float64(dpi) / 72}
}

// pixels returns the size of the page at a resolution, rounded up as PDFium does when it renders.
func (v view) pixels(dpi int) (width, height int) {
	return int(math.Ceil(v.width * float64(dpi) / 72)), int(math.Ceil(v.height * float64(dpi) / 72))
}
