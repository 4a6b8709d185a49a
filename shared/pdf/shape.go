package pdf

import (
	"image"
	"image/draw"
	"math"

	"golang.org/x/image/vector"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

const (
	// shapeSide is the number of cells a side in which the shape of a glyph is described.
	shapeSide = 14

	// maxSegments bounds the outline of a glyph that is looked at: letters have fewer than a hundred.
	maxSegments = 600
)

// shape is what the outline of a glyph looks like, whatever its size: how much of each cell of its box is filled, and how
// wide the box is for its height.
type shape struct {
	cells  [shapeSide * shapeSide]uint8
	aspect float64 // natural logarithm of width by height
}

// segment is a piece of an outline: from where the last ended to a point. Curves take three.
type segment struct {
	kind enums.FPDF_SEGMENT
	x, y float64
}

// glyphShape returns the shape that a font draws for a character, and takes its segments, or maxSegments of more, from those that
// are left. ok is false if it has none, or no outlines at all, or more segments than maxSegments or than are left.
func (p *Document) glyphShape(font references.FPDF_FONT, char rune, left *int) (s shape, ok bool, err error) {
	p.handles++
	path, err := p.instance.FPDFFont_GetGlyphPath(&requests.FPDFFont_GetGlyphPath{
		Font: font, Glyph: uint32(char), FontSize: 1000, // #nosec G115 -- characters are not negative
	})
	if err != nil {
		return shape{}, false, unless(trapped, err)
	}
	count, err := p.instance.FPDFGlyphPath_CountGlyphSegments(
		&requests.FPDFGlyphPath_CountGlyphSegments{GlyphPath: path.GlyphPath})
	if err != nil || count.Count < 3 {
		return shape{}, false, err
	}
	if *left -= min(count.Count, maxSegments); *left < 0 || count.Count > maxSegments {
		return shape{}, false, nil
	}
	outline := make([]segment, count.Count)
	for i := range outline {
		p.handles++
		at, err := p.instance.FPDFGlyphPath_GetGlyphPathSegment(
			&requests.FPDFGlyphPath_GetGlyphPathSegment{GlyphPath: path.GlyphPath, Index: i})
		if err != nil {
			return shape{}, false, err
		}
		kind, err := p.instance.FPDFPathSegment_GetType(&requests.FPDFPathSegment_GetType{PathSegment: at.GlyphPathSegment})
		if err != nil {
			return shape{}, false, err
		}
		point, err := p.instance.FPDFPathSegment_GetPoint(&requests.FPDFPathSegment_GetPoint{PathSegment: at.GlyphPathSegment})
		if err != nil {
			return shape{}, false, err
		}
		outline[i] = segment{kind.Type, float64(point.X), float64(point.Y)}
	}
	s, ok = shapeOf(outline)
	return s, ok, nil
}

// shapeOf describes an outline. ok is false if it encloses nothing.
func shapeOf(outline []segment) (shape, bool) {
	box := rect{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for _, s := range outline {
		box = box.union(rect{s.x, s.y, s.x, s.y})
	}
	if !(box.width() > 0 && box.height() > 0) || math.IsInf(box.area(), 0) {
		return shape{}, false
	}
	at := func(s segment) (float32, float32) {
		return float32((s.x - box.x0) / box.width() * shapeSide), float32((box.y1 - s.y) / box.height() * shapeSide)
	}
	r := vector.NewRasterizer(shapeSide, shapeSide)
	for i := 0; i < len(outline); i++ {
		x, y := at(outline[i])
		switch outline[i].kind {
		case enums.FPDF_SEGMENT_MOVETO:
			r.ClosePath()
			r.MoveTo(x, y)
		case enums.FPDF_SEGMENT_BEZIERTO:
			if i+2 >= len(outline) {
				return shape{}, false
			}
			x1, y1 := at(outline[i+1])
			x2, y2 := at(outline[i+2])
			r.CubeTo(x, y, x1, y1, x2, y2)
			i += 2
		default:
			r.LineTo(x, y)
		}
	}
	r.ClosePath()
	filled := image.NewAlpha(image.Rect(0, 0, shapeSide, shapeSide))
	r.DrawOp = draw.Src
	r.Draw(filled, filled.Rect, image.Opaque, image.Point{})
	s := shape{aspect: math.Log(box.width() / box.height())}
	copy(s.cells[:], filled.Pix)
	return s, true
}

// distance says how different two shapes are: 0 for the same, about 0.5 for letters that have nothing in common. Where it is
// enough or more, it may be any such number.
func (s *shape) distance(o *shape, enough float64) float64 {
	apart := 0.2 * min(1, math.Abs(s.aspect-o.aspect))
	for row := 0; row < len(s.cells) && apart < enough; row += shapeSide {
		sum := 0
		for i := row; i < row+shapeSide; i++ {
			d := int(s.cells[i]) - int(o.cells[i])
			sum += max(d, -d)
		}
		apart += float64(sum) / (255 * shapeSide * shapeSide)
	}
	return apart
}
