package pdf

import (
	"math"

	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"

	"github.com/lethe-ocr/lethe/shared/pdf/layer"
)

// actualText is the key of marked content for text that replaces what is drawn (ISO 32000-2, section 14.9.4).
const actualText = "ActualText"

// textObject is a text object of a page.
type textObject struct {
	ref    references.FPDF_PAGEOBJECT
	space  matrix // of its bounds → displayed page
	unseen bool   // by its mode of rendering
}

// layerGlyphs reads the text layer of a page as glyphs does. Where text replaces what is drawn, PDFium has it evenly in the place of
// the first text object that it replaces, whatever becomes of the others. It is believed where that is about the place of all that
// it replaces, and all of it shows; otherwise it would say what is hidden, and what is drawn counts instead.
func (p *Document) layerGlyphs(v view, content content) ([]glyph, error) {
	glyphs, err := p.glyphs(v, content.invisible > 0)
	if err != nil || content.visible == 0 || !even(glyphs) || !content.drawable(v) {
		return glyphs, err
	}
	unbelieved, err := p.disbelieve(v, content)
	if err != nil || !unbelieved {
		return glyphs, err
	}
	return p.glyphs(v, content.invisible > 0)
}

// even reports whether two glyphs that follow each other have boxes of one size that touch, as those of replacement text.
func even(glyphs []glyph) bool {
	const same = 0.001
	alike := func(a, b float64) bool { return math.Abs(a-b) < same }
	for i := 1; i < len(glyphs); i++ {
		a, b := glyphs[i-1].box, glyphs[i].box
		if !(a.area() > 0) || !alike(a.width(), b.width()) || !alike(a.height(), b.height()) {
			continue
		}
		if alike(a.y0, b.y0) && (alike(a.x1, b.x0) || alike(b.x1, a.x0)) || alike(a.x0, b.x0) && (alike(a.y1, b.y0) || alike(b.y1, a.y0)) {
			return true
		}
	}
	return false
}

// disbelieve takes replacement text that is not believed from the loaded page.
func (p *Document) disbelieve(v view, content content) (some bool, err error) {
	shown, err := p.drawInColour(v, content.texts)
	if err != nil {
		return false, err
	}
	type group struct {
		marks []replacement
		lies  bool
	}
	var groups []group
	said := ""
	for _, t := range content.all {
		r, err := p.replacement(t.ref)
		if err != nil {
			return false, p.fail(err)
		}
		if r.text == "" {
			said = ""
			continue
		}
		if r.text != said {
			groups, said = append(groups, group{}), r.text
		}
		g := &groups[len(groups)-1]
		g.marks = append(g.marks, r)
		if g.lies {
			continue
		}
		if g.lies, err = p.hides(t, shown, len(g.marks) > 1); err != nil {
			return false, p.fail(err)
		}
	}
	for _, g := range groups {
		for _, r := range g.marks {
			if !g.lies {
				break
			}
			some = true
			_, err := p.instance.FPDFPageObjMark_RemoveParam(
				&requests.FPDFPageObjMark_RemoveParam{PageObject: r.object, PageObjectMark: r.mark, Key: actualText})
			if err != nil && trapped(err) { // marks of one property list lose it together
				return false, p.fail(err)
			}
		}
	}
	return some, nil
}

// replacement is the text that replaces a text object, and the mark that says so.
type replacement struct {
	object references.FPDF_PAGEOBJECT
	mark   references.FPDF_PAGEOBJECTMARK
	text   string
}

func (p *Document) replacement(object references.FPDF_PAGEOBJECT) (replacement, error) {
	marks, err := p.instance.FPDFPageObj_CountMarks(&requests.FPDFPageObj_CountMarks{PageObject: object})
	if err != nil {
		return replacement{}, unless(trapped, err)
	}
	for i := range marks.Count {
		p.handles++
		mark, err := p.instance.FPDFPageObj_GetMark(&requests.FPDFPageObj_GetMark{PageObject: object, Index: uint64(i)})
		if err != nil {
			return replacement{}, unless(trapped, err)
		}
		text, err := p.instance.FPDFPageObjMark_GetParamStringValue(
			&requests.FPDFPageObjMark_GetParamStringValue{PageObjectMark: mark.Mark, Key: actualText})
		switch {
		case err == nil && text.Value != "":
			return replacement{object, mark.Mark, text.Value}, nil
		case err != nil && trapped(err):
			return replacement{}, err
		}
	}
	return replacement{}, nil
}

// hides reports whether a text object, or a part of it of the size of letters, does not show or, if it is a further one under
// its replacement text, stands elsewhere.
func (p *Document) hides(t textObject, shown comparison, further bool) (bool, error) {
	if t.unseen {
		return true, nil
	}
	bounds, err := p.instance.FPDFPageObj_GetBounds(&requests.FPDFPageObj_GetBounds{PageObject: t.ref})
	if err != nil {
		return false, unless(trapped, err)
	}
	box := rect{float64(bounds.Left), float64(bounds.Bottom), float64(bounds.Right), float64(bounds.Top)}.through(t.space)
	letters := 0.9 * min(box.width(), box.height())
	if further && max(box.width(), box.height()) > 2*letters {
		return true, nil
	}
	return layer.Gap(shown.difference, shown.box(box)) > letters*shown.scale.a, nil
}
