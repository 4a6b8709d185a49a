package pdf

import (
	"math"
	"unicode"

	"github.com/klippa-app/go-pdfium/requests"

	"github.com/lethe-ocr/lethe/shared/pdf/contentstream"
)

// hiddenText is what of the text of a page does not show.
type hiddenText struct {
	cells  map[cell]*spots // glyphs by their places
	spared bool            // some of it stays
	glyphs []glyph         // of the layer
}

// spot is where a glyph begins, in user space.
type spot struct {
	x, y   float64
	box    rect // of its ink, on the displayed page
	word   int  // of glyphs that follow each other and show alike
	hidden bool
	stays  bool // although it is hidden
	mode   bool // its mode of rendering hides it, or it is off the page
	shared *place
}

// place is where glyphs that show and glyphs that do not begin alike. Which of them are which can be told by what is drawn last,
// as a rule: what covers text is drawn after it, and so is what stands there instead.
type place struct {
	shown         int // glyphs that show
	drawn, passed int // glyphs in the content streams, and how many of them were gone through
	first         bool
}

// stays reports whether the next glyph of a place is one of those that show.
func (p *place) stays() bool {
	p.passed++
	if p.first {
		return p.passed <= p.shown
	}
	return p.passed > p.drawn-p.shown
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
	same     = 0.01 // how far a glyph of the same place may be off
)

func cellOf(x, y float64) cell {
	const most = 1 << 30
	whole := func(v float64) int { return int(math.Floor(max(-most, min(v/cellSide, most)))) }
	return cell{whole(x), whole(y)}
}

func (h *hiddenText) add(s spot) {
	if h.cells == nil {
		h.cells = map[cell]*spots{}
	}
	at := cellOf(s.x, s.y)
	c := h.cells[at]
	if c == nil {
		c = &spots{}
		h.cells[at] = c
	}
	switch {
	case len(c.list) < crowded:
		c.list = append(c.list, s)
	case s.hidden:
		c.hidden = true
	default:
		c.shown = true
	}
}

// words counts the words that do not show, or do so in part.
func (h *hiddenText) words() int {
	found := map[int]bool{}
	h.each(func(s *spot) {
		if s.hidden {
			found[s.word] = true
		}
	})
	return len(found)
}

func (h *hiddenText) each(use func(*spot)) {
	for _, c := range h.cells {
		for i := range c.list {
			use(&c.list[i])
		}
	}
}

// spare keeps what would change the look of the page if it went. Where glyphs share a place, it is first tried whether those that
// show are drawn first.
func (h *hiddenText) spare(d *difference) {
	h.spared = true
	var turn []*place
	h.each(func(s *spot) {
		if s.shared != nil && !s.shared.first && d.near(s.box) {
			turn = append(turn, s.shared)
		}
	})
	if len(turn) > 0 {
		for _, p := range turn {
			p.first = true
		}
		return
	}
	h.each(func(s *spot) { s.stays = s.stays || s.hidden && d.near(s.box) })
}

// share finds the places of glyphs that show and glyphs that do not.
func (h *hiddenText) share() {
	h.each(func(s *spot) {
		if !s.hidden || s.mode {
			return
		}
		h.around(s.x, s.y, same, func(other *spot) {
			if other.hidden || other == s {
				return
			}
			if other.shared == nil {
				other.shared = &place{}
				h.around(other.x, other.y, same, func(o *spot) {
					if !o.hidden {
						o.shared = other.shared
						o.shared.shown++
					}
				})
			}
			s.shared = other.shared
		})
	})
}

// count counts the glyphs of a page by the places that they share.
func (h *hiddenText) count(shows []*contentstream.Show) {
	h.each(func(s *spot) {
		if s.shared != nil {
			s.shared.drawn, s.shared.passed = 0, 0
		}
	})
	for _, s := range shows {
		if s.Invisible() {
			continue
		}
		for _, g := range s.Glyphs {
			if at := h.sharedAt(g); at != nil {
				at.drawn++
			}
		}
	}
}

func (h *hiddenText) sharedAt(g contentstream.Glyph) (at *place) {
	if g.Placed {
		h.around(g.X, g.Y, same, func(s *spot) {
			if s.shared != nil {
				at = s.shared
			}
		})
	}
	return at
}

// spareAll keeps all but what modes of rendering hide.
func (h *hiddenText) spareAll() {
	h.each(func(s *spot) { s.stays = true })
}

// clipping takes text that other things are drawn through for text that shows.
func (h *hiddenText) clipping(s *contentstream.Show) {
	for _, g := range s.Glyphs {
		h.around(g.X, g.Y, reach(g), func(there *spot) { there.hidden = false })
	}
}

// reach is how far from its place a glyph is looked for.
func reach(g contentstream.Glyph) float64 { return max(0.01, min(0.2*g.Advance, cellSide)) }

// around calls use for the glyphs within reach of a place.
func (h *hiddenText) around(x, y, reach float64, use func(*spot)) {
	middle := cellOf(x, y)
	for dx := -1; dx <= 1; dx++ {
		for dy := -1; dy <= 1; dy++ {
			c := h.cells[cell{middle.x + dx, middle.y + dy}]
			if c == nil {
				continue
			}
			for i := range c.list {
				if s := &c.list[i]; math.Abs(s.x-x) <= reach && math.Abs(s.y-y) <= reach {
					use(s)
				}
			}
		}
	}
}

// at reports what is known of a glyph by its place: that it shows or is to stay, or that it is to go. Of several it is enough
// that one shows.
func (h *hiddenText) at(g contentstream.Glyph) (stays, goes bool) {
	if at := h.sharedAt(g); at != nil {
		stays = at.stays()
		h.around(g.X, g.Y, same, func(s *spot) { stays = stays || s.stays })
		return stays, !stays
	}
	use := func(s *spot) {
		if s.hidden && !s.stays {
			goes = true
		} else {
			stays = true
		}
	}
	// What stands at the place itself counts, and what is near only where nothing does.
	if h.around(g.X, g.Y, same, use); stays || goes {
		return stays, goes && !stays
	}
	h.around(g.X, g.Y, reach(g), use)
	if c := h.cells[cellOf(g.X, g.Y)]; c != nil {
		stays, goes = stays || c.shown, goes || c.hidden
	}
	return stays, goes && !stays
}

// mark marks the glyphs of an operator that are to be taken out: all if its mode hides them, and those that do not show. Spaces
// and what is not in the text layer go with their neighbours.
func (h *hiddenText) mark(s *contentstream.Show) {
	if s.Invisible() {
		s.Remove()
		return
	}
	const unknown, shows, hides = 0, 1, 2
	states := make([]uint8, len(s.Glyphs))
	known := false
	for i, g := range s.Glyphs {
		if !g.Placed {
			continue
		}
		switch stays, goes := h.at(g); {
		case stays:
			states[i] = shows
		case goes:
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

// follows reports whether an operator, of which the place is not known because the font before does not tell its widths, is
// taken for hidden because the one before it on the line is. It is tried once.
func (h *hiddenText) follows(before, s *contentstream.Show) bool {
	return !h.spared && before.Line == s.Line && before.Removed() && len(s.Glyphs) > 0 && !s.Glyphs[0].Placed
}

// hiddenText finds the text of a page that does not show.
func (p *Document) hiddenText(v view) (*hiddenText, error) {
	drawn, err := p.survey(v)
	if err != nil {
		return nil, err
	}
	glyphs, err := p.layerGlyphs(v, drawn)
	if err != nil {
		return nil, err
	}
	for i := range glyphs {
		glyphs[i].hidden = glyphs[i].unmarked
	}
	if drawn.visible > 0 {
		// A page that cannot be drawn is left with what modes tell.
		if _, err := p.check(v, drawn.texts, glyphs); err != nil && p.broken {
			return nil, err
		}
	}
	return p.spots(v, glyphs)
}

// spots returns where the glyphs of a page stand.
func (p *Document) spots(v view, glyphs []glyph) (*hiddenText, error) {
	text, err := p.instance.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: v.page})
	if err != nil {
		return nil, p.fail(err)
	}
	h, word := &hiddenText{glyphs: glyphs}, 1
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
				return nil, p.fail(err)
			}
			continue
		}
		h.add(spot{x: at.X, y: at.Y, box: g.box, word: word, hidden: g.hidden, mode: g.unmarked})
	}
	if _, err := p.instance.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: text.TextPage}); err != nil {
		return nil, p.fail(err)
	}
	h.share()
	return h, nil
}

// hiddenLeft returns how many words of the hidden text of a page are on page n.
func (p *Document) hiddenLeft(n int, h *hiddenText) (words int, err error) {
	err = p.look(n, func(v view) error {
		glyphs, err := p.glyphs(v, false)
		if err != nil {
			return err
		}
		now, err := p.spots(v, glyphs)
		if err != nil {
			return err
		}
		left := map[int]bool{}
		now.each(func(s *spot) {
			word, shown, there := 0, 0, 0
			h.around(s.x, s.y, same, func(was *spot) {
				if was.hidden {
					word = was.word
				} else {
					shown++
				}
			})
			now.around(s.x, s.y, same, func(*spot) { there++ })
			if word != 0 && there > shown { // others are the same again
				left[word] = true
			}
		})
		words = len(left)
		return nil
	})
	return words, err
}
