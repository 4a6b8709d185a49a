package pdf

import (
	"github.com/klippa-app/go-pdfium/requests"
)

// hiddenGlyph is a glyph that the page does not show.
type hiddenGlyph struct {
	char rune
	x, y float64 // of its origin, in user space
}

// hiddenGlyphs returns the glyphs of a loaded page that do not show, in the order of the text layer: those of invisible text,
// and those without which the page looks the same. words is how many words they make.
func (p *Document) hiddenGlyphs(v view) (glyphs []hiddenGlyph, words int, err error) {
	drawn, err := p.survey(v)
	if err != nil {
		return nil, 0, err
	}
	all, err := p.glyphs(v, drawn.invisible > 0)
	if err != nil || len(all) == 0 {
		return nil, 0, err
	}
	if _, err := p.check(v, drawn.texts, all); err != nil {
		return nil, 0, err
	}
	if !contains(all, func(g glyph) bool { return g.hidden }) {
		return nil, 0, nil
	}
	text, err := p.instance.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: v.page})
	if err != nil {
		return nil, 0, p.fail(err)
	}
	for _, g := range all {
		if !g.hidden {
			continue
		}
		at, err := p.instance.FPDFText_GetCharOrigin(&requests.FPDFText_GetCharOrigin{TextPage: text.TextPage, Index: g.index})
		if err != nil {
			if trapped(err) {
				return nil, 0, p.fail(err)
			}
			continue
		}
		glyphs = append(glyphs, hiddenGlyph{g.char, at.X, at.Y})
	}
	if _, err := p.instance.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: text.TextPage}); err != nil {
		return nil, 0, p.fail(err)
	}
	_, hidden := parted(all)
	return glyphs, len(hidden), nil
}
