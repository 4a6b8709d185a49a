package pdf

import (
	"maps"
	"math"
	"slices"
	"unicode"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/structs"

	"github.com/lethe-ocr/lethe/shared/pdf/layer"
)

const (
	// maxSheets is the number of sheets on which texts that cross are drawn apart, each once: more are rarely on each other.
	maxSheets = 6

	// maxCrossed is the number of glyphs that cross others up to which they are looked at one by one.
	maxCrossed = 5_000
)

// covered are glyphs that do not show although there is a difference at their place, by what they are and where.
type covered map[rune][]rect

// findCovered finds glyphs that stand on others and are not those that show. Where texts cross, the difference without all text
// is that of any of them, so that the page is drawn again without each: without as many of them at once as do not cross.
func (p *Document) findCovered(v view, c checked, glyphs []glyph) (covered, error) {
	x := crossing(glyphs)
	if len(x.found) == 0 || len(x.found) > maxCrossed {
		return nil, nil
	}
	text, err := p.instance.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: v.page})
	if err != nil {
		return nil, p.fail(err)
	}
	there := covered{}
	hide := func(i int) { there[glyphs[i].char] = append(there[glyphs[i].char], glyphs[i].box) }
	objects := map[objectPlace]*crossedObject{}
	of := map[int]*crossedObject{} // glyph → its object
	for _, i := range x.found {
		grey, ok, err := p.fill(text.TextPage, glyphs[i].index)
		if err != nil {
			return nil, p.fail(err)
		}
		if ok && math.Abs(grey-layer.Ground(c.rest, c.drawn.box(glyphs[i].box))) < layer.Faint {
			hide(i) // it has the colour of the page
			continue
		}
		object, place, ok, err := p.objectOf(text.TextPage, glyphs[i].index)
		if err != nil {
			return nil, p.fail(err)
		}
		if !ok {
			continue
		}
		if objects[place] == nil {
			objects[place] = &crossedObject{object: object, first: i}
		}
		of[i] = objects[place]
		of[i].glyphs = append(of[i].glyphs, i)
	}
	if _, err := p.instance.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: text.TextPage}); err != nil {
		return nil, p.fail(err)
	}
	sheets := x.sheets(slices.SortedFunc(maps.Values(objects), func(a, b *crossedObject) int { return a.first - b.first }), of)
	if len(sheets) < 2 {
		return there, nil
	}
	with, err := p.coloured(v, coarse(v))
	if err != nil {
		return nil, err
	}
	for _, sheet := range sheets {
		var texts []references.FPDF_PAGEOBJECT
		var on []int
		for _, o := range sheet {
			texts, on = append(texts, o.object), append(on, o.glyphs...)
		}
		slices.Sort(on)
		var without layer.Picture
		if err := p.without(texts, func() (err error) {
			without, err = p.coloured(v, coarse(v))
			return err
		}); err != nil {
			return nil, err
		}
		judged := make([]layer.Glyph, 0, len(on))
		for _, i := range on {
			judged = append(judged, c.drawn.judge(glyphs[i], x.words[i]))
		}
		seen := layer.Seen(layer.Difference(with, without, 3), judged)
		for from := 0; from < len(on); {
			to := from + 1
			for to < len(on) && x.words[on[to]] == x.words[on[from]] {
				to++
			}
			for _, i := range x.unseen(on[from:to], seen[from:to], of) {
				hide(i)
			}
			from = to
		}
	}
	return there, nil
}

// mark marks glyphs that do not show.
func (c covered) mark(glyphs []glyph) {
	const same = 0.05 // points that a box may be off
	for i := range glyphs {
		g := &glyphs[i]
		for _, at := range c[g.char] {
			if math.Abs(at.x0-g.box.x0) < same && math.Abs(at.y0-g.box.y0) < same &&
				math.Abs(at.x1-g.box.x1) < same && math.Abs(at.y1-g.box.y1) < same {
				g.hidden = true
			}
		}
	}
}

// crossedObject is a text object with glyphs that cross others.
type crossedObject struct {
	object references.FPDF_PAGEOBJECT
	first  int // of its glyphs
	glyphs []int
	sheet  int // from 1; 0 for none
}

// objectPlace tells text objects of a page apart: those of the same place are copies of each other.
type objectPlace struct {
	bounds [4]float32
	matrix structs.FPDF_FS_MATRIX
}

// objectOf returns the text object of the glyph at an index of the text layer. ok is false if it has none.
func (p *Document) objectOf(
	text references.FPDF_TEXTPAGE, index int,
) (object references.FPDF_PAGEOBJECT, place objectPlace, ok bool, err error) {
	p.handles++
	found, err := p.instance.FPDFText_GetTextObject(&requests.FPDFText_GetTextObject{TextPage: text, Index: index})
	if err != nil {
		return "", place, false, unless(trapped, err)
	}
	bounds, err := p.instance.FPDFPageObj_GetBounds(&requests.FPDFPageObj_GetBounds{PageObject: found.TextObject})
	if err != nil {
		return "", place, false, unless(trapped, err)
	}
	matrix, err := p.instance.FPDFPageObj_GetMatrix(&requests.FPDFPageObj_GetMatrix{PageObject: found.TextObject})
	if err != nil {
		return "", place, false, unless(trapped, err)
	}
	place = objectPlace{[4]float32{bounds.Left, bounds.Bottom, bounds.Right, bounds.Top}, matrix.Matrix}
	return found.TextObject, place, true, nil
}

// crossings are the glyphs that show, of words that have one of which a good part lies under or over a glyph of another word.
type crossings struct {
	found  []int
	words  []int         // of each glyph of the layer
	across map[int][]int // glyphs that a glyph crosses
	copies map[int][]int // glyphs that are a glyph once more
}

// sheets distributes objects on sheets so that those of one sheet do not cross each other, as far as there are sheets.
func (x crossings) sheets(objects []*crossedObject, of map[int]*crossedObject) [][]*crossedObject {
	var sheets [][]*crossedObject
	for _, o := range objects {
		var taken [maxSheets + 1]bool
		for _, i := range o.glyphs {
			for _, j := range x.across[i] {
				if of[j] != nil {
					taken[of[j].sheet] = true
				}
			}
		}
		for sheet := 1; sheet <= maxSheets && o.sheet == 0; sheet++ {
			if !taken[sheet] {
				o.sheet = sheet
			}
		}
		switch {
		case o.sheet > len(sheets):
			sheets = append(sheets, []*crossedObject{o})
		case o.sheet > 0:
			sheets[o.sheet-1] = append(sheets[o.sheet-1], o)
		}
	}
	return sheets
}

// unseen returns the glyphs of a word that do not show. A letter under the stem of another does not take its word apart.
func (x crossings) unseen(word []int, seen []bool, of map[int]*crossedObject) (hidden []int) {
	copied := make([]bool, len(word))
	shown, missing := 0, 0
	for k, i := range word {
		copied[k] = x.copied(i, of)
		switch {
		case seen[k]:
			shown++
		case !copied[k]:
			missing++
		}
	}
	beside := func(k int) bool { return k < 0 || k >= len(word) || seen[k] }
	for k, i := range word {
		stays := seen[k] || copied[k] && shown >= missing || shown > missing && beside(k-1) && beside(k+1)
		if !stays {
			hidden = append(hidden, i)
		}
	}
	return hidden
}

// copied reports whether a glyph is also drawn by an object of another sheet: without it the page looks the same, and the glyph
// may show nevertheless.
func (x crossings) copied(i int, of map[int]*crossedObject) bool {
	return slices.ContainsFunc(x.copies[i], func(j int) bool { return of[j] == nil || of[j].sheet != of[i].sheet })
}

func crossing(glyphs []glyph) crossings {
	const part = 0.3 // of the smaller box
	x := crossings{words: make([]int, len(glyphs)), across: map[int][]int{}, copies: map[int][]int{}}
	places, word := grid{make(map[[2]int][]int)}, 0
	for i, g := range glyphs {
		if unicode.IsSpace(g.char) || g.set != nil {
			word++
		}
		x.words[i] = word
		if !unicode.IsSpace(g.char) && !g.hidden && g.box.area() > 0 {
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
				switch {
				case x.words[j] == x.words[i] || g.box.intersect(o.box).area() <= part*min(g.box.area(), o.box.area()):
				case o.char == g.char:
					x.copies[i] = append(x.copies[i], j)
				default:
					crossed[x.words[i]] = true
					x.across[i] = append(x.across[i], j)
				}
			}
		})
	}
	for i, g := range glyphs {
		if crossed[x.words[i]] && !g.hidden && !unicode.IsSpace(g.char) {
			x.found = append(x.found, i)
		}
	}
	return x
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
