package pdf

import (
	"math"
	"unicode"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"

	"github.com/lethe-ocr/lethe/shared/pdf/layer"
)

// markCrossed marks glyphs that stand on others and have the colour of the page: the difference at their place is that of the
// others.
func (p *Document) markCrossed(v view, c checked, glyphs []glyph) error {
	crossed := crossing(glyphs)
	if len(crossed) == 0 {
		return nil
	}
	text, err := p.instance.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: v.page})
	if err != nil {
		return p.fail(err)
	}
	for _, i := range crossed {
		g := &glyphs[i]
		grey, ok, err := p.fill(text.TextPage, g.index)
		if err != nil {
			return p.fail(err)
		}
		if ok && math.Abs(grey-layer.Ground(c.rest, c.drawn.box(g.box))) < layer.Faint {
			g.hidden = true
		}
	}
	if _, err := p.instance.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: text.TextPage}); err != nil {
		return p.fail(err)
	}
	return nil
}

// crossing returns the glyphs that show, of words that have one of which a good part lies under or over a glyph of another word.
func crossing(glyphs []glyph) []int {
	const part = 0.3 // of the smaller box
	places, words := grid{make(map[[2]int][]int)}, make([]int, len(glyphs))
	word := 0
	for i, g := range glyphs {
		if unicode.IsSpace(g.char) || g.set != nil {
			word++
		}
		words[i] = word
		if !unicode.IsSpace(g.char) && g.box.area() > 0 {
			places.add(g.box, i)
		}
	}
	crossed := map[int]bool{}
	for i, g := range glyphs {
		if unicode.IsSpace(g.char) || g.hidden || !(g.box.area() > 0) {
			continue
		}
		cellsOf(g.box, func(cell [2]int) {
			for _, j := range places.cells[cell] {
				o := glyphs[j]
				if words[j] != words[i] && o.char != g.char && g.box.intersect(o.box).area() > part*min(g.box.area(), o.box.area()) {
					crossed[words[i]] = true
				}
			}
		})
	}
	var found []int
	for i, g := range glyphs {
		if crossed[words[i]] && !g.hidden && !unicode.IsSpace(g.char) {
			found = append(found, i)
		}
	}
	return found
}

// fill returns the grey of the glyph at an index of the text layer, if it is filled with one: 255 is white, and what is
// transparent is as white.
func (p *Document) fill(text references.FPDF_TEXTPAGE, index int) (grey float64, ok bool, err error) {
	fill, err := p.instance.FPDFText_GetFillColor(&requests.FPDFText_GetFillColor{TextPage: text, Index: index})
	if err != nil {
		return 0, false, unless(trapped, err)
	}
	p.handles++
	object, err := p.instance.FPDFText_GetTextObject(&requests.FPDFText_GetTextObject{TextPage: text, Index: index})
	if err != nil {
		return 0, false, unless(trapped, err)
	}
	mode, err := p.instance.FPDFTextObj_GetTextRenderMode(&requests.FPDFTextObj_GetTextRenderMode{PageObject: object.TextObject})
	if err != nil || mode.TextRenderMode != enums.FPDF_TEXTRENDERMODE_FILL {
		return 0, false, err
	}
	const neutral = 12 // between the colours of a grey
	if max(fill.R, fill.G, fill.B)-min(fill.R, fill.G, fill.B) > neutral {
		return 0, false, nil
	}
	alpha := float64(fill.A) / 255
	return float64(fill.R)*alpha + 255*(1-alpha), true, nil
}
