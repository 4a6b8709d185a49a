package pdf

import (
	"math"
	"unicode"

	"github.com/klippa-app/go-pdfium/requests"

	"github.com/lethe-ocr/lethe/shared/pdf/contentstream"
)

// hiddenText is what of the text of a page does not show.
type hiddenText struct {
	words int            // that do not show, or do so in part
	cells map[cell]spots // glyphs by their places; nil where modes of rendering tell all
}

// spot is where a glyph begins, in user space.
type spot struct {
	x, y   float64
	word   int
	hidden bool
}

// cell is a square of cellSide points.
type cell struct{ x, y int }

type spots struct {
	list          []spot // at most crowded
	shown, hidden bool   // there are more, which do or do not show
}

const (
	cellSide = 0.5
	crowded  = 64
)

func cellOf(x, y float64) cell {
	const most = 1 << 30
	whole := func(v float64) int { return int(math.Floor(max(-most, min(v/cellSide, most)))) }
	return cell{whole(x), whole(y)}
}

func (h *hiddenText) add(s spot) {
	if h.cells == nil {
		h.cells = map[cell]spots{}
	}
	at := cellOf(s.x, s.y)
	c := h.cells[at]
	switch {
	case len(c.list) < crowded:
		c.list = append(c.list, s)
	case s.hidden:
		c.hidden = true
	default:
		c.shown = true
	}
	h.cells[at] = c
}

// at reports whether there are glyphs within reach of a place that show, and that do not; and the word of one that does not.
func (h *hiddenText) at(x, y, reach float64) (shown, hidden bool, word int) {
	middle := cellOf(x, y)
	for dx := -1; dx <= 1; dx++ {
		for dy := -1; dy <= 1; dy++ {
			c := h.cells[cell{middle.x + dx, middle.y + dy}]
			if dx == 0 && dy == 0 {
				shown, hidden = shown || c.shown, hidden || c.hidden
			}
			for _, s := range c.list {
				switch {
				case math.Abs(s.x-x) > reach || math.Abs(s.y-y) > reach:
				case s.hidden:
					hidden, word = true, s.word
				default:
					shown = true
				}
			}
		}
	}
	return shown, hidden, word
}

// mark marks the glyphs of an operator that are to be taken out: all if its mode hides them, and those that do not show. Spaces
// and what is not in the text layer go with their neighbours.
func (h *hiddenText) mark(s *contentstream.Show) {
	if s.Invisible() {
		s.Remove()
		return
	}
	if h.cells == nil {
		return
	}
	const unknown, shows, hides = 0, 1, 2
	states := make([]uint8, len(s.Glyphs))
	known := false
	for i, g := range s.Glyphs {
		if !g.Placed {
			continue
		}
		shown, hidden, _ := h.at(g.X, g.Y, max(0.01, min(0.2*g.Advance, cellSide)))
		switch {
		case shown:
			states[i] = shows
		case hidden:
			states[i], known = hides, true
		}
	}
	if !known {
		return
	}
	for i := 0; i < len(states); {
		j := i
		for j < len(states) && states[j] == unknown {
			j++
		}
		if j > i {
			before, after := i == 0 || states[i-1] == hides, j == len(states) || states[j] == hides
			for ; i < j; i++ {
				s.Glyphs[i].Remove = before && after
			}
			continue
		}
		s.Glyphs[i].Remove = states[i] == hides
		i++
	}
}

// hiddenText finds the text of a page that does not show.
func (p *Document) hiddenText(v view) (hiddenText, error) {
	var h hiddenText
	drawn, err := p.survey(v)
	if err != nil {
		return h, err
	}
	glyphs, err := p.glyphs(v, drawn.invisible > 0)
	if err != nil {
		return h, err
	}
	for i := range glyphs {
		glyphs[i].hidden = glyphs[i].unmarked
	}
	if drawn.visible > 0 {
		// A page that cannot be drawn is left with what modes tell.
		if _, err := p.check(v, drawn.texts, glyphs); err != nil && p.broken {
			return h, err
		}
		if err := p.spots(v, glyphs, &h); err != nil {
			return h, err
		}
	}
	_, words := parted(glyphs)
	h.words = len(words)
	return h, nil
}

// spots notes where the glyphs of a page stand.
func (p *Document) spots(v view, glyphs []glyph, h *hiddenText) error {
	text, err := p.instance.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: v.page})
	if err != nil {
		return p.fail(err)
	}
	word := 0
	for i, g := range glyphs {
		if unicode.IsSpace(g.char) {
			word++
			continue
		}
		if g.set != nil || i > 0 && g.hidden != glyphs[i-1].hidden {
			word++
		}
		at, err := p.instance.FPDFText_GetCharOrigin(&requests.FPDFText_GetCharOrigin{TextPage: text.TextPage, Index: g.index})
		if err != nil {
			if trapped(err) {
				return p.fail(err)
			}
			continue
		}
		h.add(spot{at.X, at.Y, word, g.hidden})
	}
	if _, err := p.instance.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: text.TextPage}); err != nil {
		return p.fail(err)
	}
	return nil
}

// hiddenLeft returns how many words of the hidden text of a page are on page n.
func (p *Document) hiddenLeft(n int, h *hiddenText) (words int, err error) {
	err = p.look(n, func(v view) error {
		drawn, err := p.survey(v)
		if err != nil || drawn.visible+drawn.invisible == 0 {
			return err
		}
		glyphs, err := p.glyphs(v, drawn.invisible > 0)
		if err != nil {
			return err
		}
		if h.cells == nil {
			for i := range glyphs {
				glyphs[i].hidden = glyphs[i].unmarked
			}
			_, left := parted(glyphs)
			words = len(left)
			return nil
		}
		var now hiddenText
		if err := p.spots(v, glyphs, &now); err != nil {
			return err
		}
		left := map[int]bool{}
		for _, c := range now.cells {
			for _, s := range c.list {
				if shown, hidden, word := h.at(s.x, s.y, 0.01); hidden && !shown {
					left[word] = true
				}
			}
		}
		words = len(left)
		return nil
	})
	return words, err
}
