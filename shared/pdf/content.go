package pdf

import (
	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

const (
	maxObjects = 20_000 // objects of one page that are examined
	maxNesting = 6      // forms within forms that are entered

	// coverGrid is the number of cells a side in which the area under images is counted.
	coverGrid = 40
)

// content is what a page draws, counted.
type content struct {
	visible   int                          // text objects that leave marks, were they not covered
	invisible int                          // text objects in mode 3 or 7 (ISO 32000-1, section 9.3.6)
	texts     []references.FPDF_PAGEOBJECT // that are visible
	all       []textObject                 // also those that are not
	under     int                          // of the visible ones, those under a picture that covers the page
	paths     int
	others    int // shadings, unknown objects, and what was not examined
	images    []picture
	covered   float64 // share of the page under images
	painted   float64 // area of all images and shades as far as they are on the page, square points
	nested    bool    // some of it is in forms
}

// empty reports whether the page draws nothing.
func (c content) empty() bool {
	return c.visible+c.invisible+c.paths+c.others+len(c.images) == 0
}

// picture is an image as placed on a page.
type picture struct {
	ref    references.FPDF_PAGEOBJECT
	place  matrix // unit square → points of the displayed page
	nested bool
}

type surveyor struct {
	pdf     *Document
	view    view
	content content
	cells   [coverGrid][coverGrid]bool
	seen    int
}

// survey counts what a page draws.
func (p *Document) survey(v view) (content, error) {
	s := surveyor{pdf: p, view: v}
	count, err := p.instance.FPDFPage_CountObjects(&requests.FPDFPage_CountObjects{Page: v.page})
	if err != nil {
		return content{}, p.fail(err)
	}
	for i := 0; i < count.Count && s.seen < maxObjects; i++ {
		object, err := p.instance.FPDFPage_GetObject(&requests.FPDFPage_GetObject{Page: v.page, Index: i})
		if err != nil {
			return content{}, p.fail(err)
		}
		if err := s.object(object.PageObject, v.display, 0); err != nil {
			return content{}, p.fail(err)
		}
	}
	s.content.others += max(0, count.Count-s.seen)
	var under int
	for _, row := range s.cells {
		for _, cell := range row {
			if cell {
				under++
			}
		}
	}
	s.content.covered = float64(under) / (coverGrid * coverGrid)
	return s.content, nil
}

func (s *surveyor) object(ref references.FPDF_PAGEOBJECT, space matrix, depth int) error {
	s.seen++
	s.pdf.handles++
	kind, err := s.pdf.instance.FPDFPageObj_GetType(&requests.FPDFPageObj_GetType{PageObject: ref})
	if err != nil {
		return err
	}
	switch kind.Type {
	case enums.FPDF_PAGEOBJ_TEXT:
		return s.text(ref, space)
	case enums.FPDF_PAGEOBJ_PATH:
		s.content.paths++
	case enums.FPDF_PAGEOBJ_IMAGE:
		return s.image(ref, space, depth > 0)
	case enums.FPDF_PAGEOBJ_FORM:
		s.content.nested = true
		return s.form(ref, space, depth+1)
	default:
		s.content.others++
		return s.shade(ref, space)
	}
	return nil
}

// shade counts the area of what is painted pixel by pixel.
func (s *surveyor) shade(ref references.FPDF_PAGEOBJECT, space matrix) error {
	at, err := s.pdf.instance.FPDFPageObj_GetBounds(&requests.FPDFPageObj_GetBounds{PageObject: ref})
	if err != nil {
		return unless(trapped, err)
	}
	shown := rect{float64(at.Left), float64(at.Bottom), float64(at.Right), float64(at.Top)}.through(space)
	s.content.painted += shown.intersect(rect{0, 0, s.view.width, s.view.height}).area()
	return nil
}

func (s *surveyor) text(ref references.FPDF_PAGEOBJECT, space matrix) error {
	mode, err := s.pdf.instance.FPDFTextObj_GetTextRenderMode(&requests.FPDFTextObj_GetTextRenderMode{PageObject: ref})
	if err != nil {
		return err
	}
	s.content.all = append(s.content.all, textObject{ref, space, unseen(mode.TextRenderMode)})
	if unseen(mode.TextRenderMode) {
		s.content.invisible++
	} else {
		s.content.visible++
		s.content.texts = append(s.content.texts, ref)
	}
	return nil
}

func unseen(mode enums.FPDF_TEXT_RENDERMODE) bool {
	return mode == enums.FPDF_TEXTRENDERMODE_INVISIBLE || mode == enums.FPDF_TEXTRENDERMODE_CLIP
}

func (s *surveyor) image(ref references.FPDF_PAGEOBJECT, space matrix, nested bool) error {
	place, err := s.pdf.objectMatrix(ref)
	if err != nil {
		return err
	}
	place = place.then(space)
	page := rect{0, 0, s.view.width, s.view.height}
	shown := rect{0, 0, 1, 1}.through(place).intersect(page)
	if shown.area() == 0 {
		return nil
	}
	s.content.images = append(s.content.images, picture{ref, place, nested})
	s.content.painted += shown.area()
	s.cover(shown)
	if shown.area() < 0.9*page.area() {
		return nil
	}
	sheer, err := s.pdf.instance.FPDFPageObj_HasTransparency(&requests.FPDFPageObj_HasTransparency{PageObject: ref})
	if err != nil {
		return err
	}
	if !sheer.HasTransparency {
		s.content.under = s.content.visible
	}
	return nil
}

func (s *surveyor) cover(shown rect) {
	grid := shown.through(matrix{a: coverGrid / s.view.width, d: coverGrid / s.view.height})
	for y := int(grid.y0 + 0.5); y < coverGrid && float64(y)+0.5 <= grid.y1; y++ {
		for x := int(grid.x0 + 0.5); x < coverGrid && float64(x)+0.5 <= grid.x1; x++ {
			s.cells[y][x] = true
		}
	}
}

func (s *surveyor) form(ref references.FPDF_PAGEOBJECT, space matrix, depth int) error {
	count, err := s.pdf.instance.FPDFFormObj_CountObjects(&requests.FPDFFormObj_CountObjects{PageObject: ref})
	if err != nil {
		return err
	}
	if depth > maxNesting {
		s.content.others += count.Count
		return nil
	}
	inner, err := s.pdf.objectMatrix(ref)
	if err != nil {
		return err
	}
	inner = inner.then(space)
	for i := 0; i < count.Count && s.seen < maxObjects; i++ {
		object, err := s.pdf.instance.FPDFFormObj_GetObject(
			&requests.FPDFFormObj_GetObject{PageObject: ref, Index: uint64(i)})
		if err != nil {
			return err
		}
		if err := s.object(object.PageObject, inner, depth); err != nil {
			return err
		}
	}
	return nil
}

func (p *Document) objectMatrix(ref references.FPDF_PAGEOBJECT) (matrix, error) {
	m, err := p.instance.FPDFPageObj_GetMatrix(&requests.FPDFPageObj_GetMatrix{PageObject: ref})
	if err != nil {
		return matrix{}, err
	}
	return matrix{
		float64(m.Matrix.A), float64(m.Matrix.B), float64(m.Matrix.C),
		float64(m.Matrix.D), float64(m.Matrix.E), float64(m.Matrix.F),
	}, nil
}
