package pdf

import (
	"errors"
	"image"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
	"github.com/lethe-ocr/lethe/shared/pdf/layer"
)

var errNoPicture = errors.New("the PDF module did not draw a picture")

// Reading is a page on its way to its text: either Page is set, or Raster is to be recognised and Merge makes the page of it.
type Reading struct {
	Page   *ocr.Page // nothing is to be recognised; words in pixels at 200 dpi
	Raster Raster    // what is to be recognised: all of the page, or what its text layer does not explain, on white

	Scattered bool // Raster shows a few pieces of text rather than a page of it

	number  int
	cut     image.Point // where the raster begins on the page, in pixels
	whole   image.Point // the size of the page in pixels
	layer   *shownLayer // nil where the text layer has no part in the page
	hidden  []hiddenWord
	why     ocr.Reason // the page is recognised as a whole
	partial bool       // the raster holds regions of the page, with whatever else looked like text
	lost    int        // pictures that cannot be decoded
}

// shownLayer is what shows of a text layer.
type shownLayer struct {
	view       view
	angle      int
	directions []direction
	characters bool
}

// Whole reports whether Raster shows all of the page.
func (r *Reading) Whole() bool { return r.layer == nil }

// Read holds the text layer of page n, counted from 1, against the page as it is drawn, and returns the page, or what is to be
// recognised of it at the resolutions of Raster. A page that cannot be drawn is its text layer, and has a note that says so.
// Words have their characters where they are asked for.
func (p *Document) Read(n int, characters bool, limits ocr.Limits) (Reading, error) {
	var r Reading
	err := p.look(n, func(v view) error {
		var err error
		r, err = p.read(v, characters, limits)
		return err
	})
	if err != nil {
		unchecked, ok, failed := p.unchecked(n, characters)
		if failed != nil || !ok {
			return Reading{}, err
		}
		r = Reading{Page: &unchecked}
	}
	if r.Page != nil && r.Page.Origin == ocr.Blank && p.draws(n) {
		return Reading{}, refusal.New(refusal.PageUndecodable)
	}
	r.number = n
	if r.Page != nil {
		r.Page.Number = n
	}
	return r, nil
}

func (p *Document) read(v view, characters bool, limits ocr.Limits) (Reading, error) {
	content, err := p.survey(v)
	if err != nil {
		return Reading{}, err
	}
	if content.empty() && !v.apart {
		page := blankPage(v)
		return Reading{Page: &page}, nil
	}
	var glyphs []glyph
	if content.visible+content.invisible > 0 {
		if glyphs, err = p.layerGlyphs(v, content); err != nil {
			return Reading{}, err
		}
		if v.lying, err = p.lyingFonts(v, glyphs); err != nil {
			return Reading{}, err
		}
		if glyphs, content, err = p.leaveOut(v, glyphs, content); err != nil {
			return Reading{}, err
		}
	}
	if content.visible == 0 || !plausible(glyphs) {
		r := Reading{why: ocr.Implausible}
		if content.visible == 0 {
			r.why = ocr.WholePage
			for i := range glyphs {
				glyphs[i].hidden = true
			}
			_, r.hidden = parted(glyphs)
			if err := p.underScan(v, r.hidden); err != nil {
				return Reading{}, err
			}
		}
		if r.Raster, err = p.raster(v, content, limits); err != nil || r.Raster.JPEG != nil {
			return r, err
		}
		lost, err := p.undrawn(v, content, r.Raster.picture(), limits)
		if err != nil {
			return Reading{}, err
		}
		if len(lost) > 0 && blankBut(r.Raster.picture(), lost) {
			return Reading{}, refusal.New(refusal.PageUndecodable)
		}
		r.lost = len(lost)
		return r, nil
	}
	return p.compare(v, content, glyphs, characters, limits)
}

// compare reads a page of which the text layer may be true.
func (p *Document) compare(v view, content content, glyphs []glyph, characters bool, limits ocr.Limits) (Reading, error) {
	if !content.drawable(v) {
		return Reading{}, refusal.New(refusal.PageUndecodable)
	}
	c, err := p.check(v, content.texts, glyphs)
	if err != nil {
		return Reading{}, err
	}
	var r Reading
	lost, err := p.undrawn(v, content, c.rest, limits)
	if err != nil {
		return Reading{}, err
	}
	r.lost = len(lost)
	r.layer, r.hidden, err = p.shown(v, glyphs, content, characters, func(glyphs []glyph) error { return p.judge(v, c, glyphs) })
	if err != nil {
		return Reading{}, err
	}
	if len(c.found.Regions)+len(c.missing.Regions) == 0 {
		if page := r.layer.page(nil); len(page.Blocks) > 0 {
			r.explain(&page, ocr.Shown, nil)
			r.Page = &page
			return r, nil
		}
	}
	if content.covered >= wholePicture {
		onScan(r.hidden, c.rest, c.drawn)
	}
	err = p.without(content.texts, func() error {
		r.Raster, err = p.raster(v, content, limits)
		return err
	})
	if err != nil {
		return Reading{}, err
	}
	regions := len(c.found.Regions) + len(c.missing.Regions)
	if r.partial = regions > 0 && content.covered < wholePicture && r.Raster.JPEG == nil; r.partial {
		r.Scattered = regions < manyRegions
		box := c.found.Isolate(r.Raster.picture())
		if len(c.missing.Regions) > 0 {
			page, err := p.raster(v, content, limits)
			if err != nil {
				return Reading{}, err
			}
			box = box.Union(c.missing.Isolate(page.picture()))
			layer.Overlay(r.Raster.picture(), page.picture())
		}
		r.crop(box)
	}
	return r, nil
}

func (r Raster) picture() layer.Picture {
	return layer.Picture{Pix: r.Gray, Stride: r.Stride, Width: r.Width, Height: r.Height}
}

// underScan marks words of an invisible layer at whose place something is drawn.
func (p *Document) underScan(v view, words []hiddenWord) error {
	if len(words) == 0 {
		return nil
	}
	dpi := coarse(v)
	picture, err := p.gray(v, dpi)
	if err != nil {
		return err
	}
	onScan(words, picture, comparison{scale: v.scale(dpi)})
	return nil
}

// crop leaves no more of the raster than a box and some white around it: what is to be recognised costs by its size.
func (r *Reading) crop(box image.Rectangle) {
	const around = 40 // pixels
	full := r.Raster
	box = box.Inset(-around).Intersect(image.Rect(0, 0, full.Width, full.Height))
	r.whole, r.cut = image.Pt(full.Width, full.Height), box.Min
	r.Raster.Gray, r.Raster.Stride = make([]byte, box.Dx()*box.Dy()), box.Dx()
	r.Raster.Width, r.Raster.Height = box.Dx(), box.Dy()
	for y := range box.Dy() {
		from := (box.Min.Y+y)*full.Stride + box.Min.X
		copy(r.Raster.Gray[y*r.Raster.Stride:], full.Gray[from:from+box.Dx()])
	}
}

const (
	// wholePicture is the share of a page under pictures from which it is recognised as a whole.
	wholePicture = 0.9

	// manyRegions is the number of regions from which they are read as a page of text is.
	manyRegions = 60
)

// unchecked returns page n from its text layer alone.
func (p *Document) unchecked(n int, characters bool) (page ocr.Page, ok bool, err error) {
	err = p.look(n, func(v view) error {
		content, err := p.survey(v)
		if err != nil || content.visible == 0 {
			return err
		}
		glyphs, err := p.glyphs(v, content.invisible > 0)
		if err != nil || !plausible(glyphs) {
			return err
		}
		judge := func(glyphs []glyph) error {
			for i := range glyphs {
				glyphs[i].hidden = glyphs[i].unmarked
			}
			return nil
		}
		if err := judge(glyphs); err != nil {
			return err
		}
		l, hidden, err := p.shown(v, glyphs, content, characters, judge)
		if err != nil {
			return err
		}
		page = l.page(nil)
		ok = len(page.Blocks) > 0
		(&Reading{hidden: hidden}).explain(&page, ocr.Unchecked, nil)
		page.Notes = []ocr.Note{{Code: ocr.LayerUnchecked}}
		return nil
	})
	return page, ok, err
}

// shown returns what shows of a text layer, and the words that do not, of glyphs that are judged already.
func (p *Document) shown(
	v view, glyphs []glyph, content content, characters bool, judge func([]glyph) error,
) (*shownLayer, []hiddenWord, error) {
	shown, hidden := parted(glyphs)
	l := &shownLayer{view: v, characters: characters, angle: mainAngle(shown)}
	var err error
	l.directions, err = directions(shown, l.angle, func(angle int) ([]glyph, error) {
		turned, err := p.turnedGlyphs(v, angle, content.invisible > 0, judge)
		shown, _ := parted(turned)
		return shown, err
	})
	return l, hidden, err
}

func blankPage(v view) ocr.Page {
	page := ocr.Page{DPI: textDPI, Origin: ocr.Blank}
	page.Width, page.Height = v.pixels(textDPI)
	return page
}

// Text returns page n, counted from 1, from its text layer, with words in pixels at 200 dpi. ok is false if some of the page
// is to be recognised. A page that draws nothing at all is a page of Origin Blank. Words have their characters where they are
// asked for.
func (p *Document) Text(n int, characters bool) (page ocr.Page, ok bool, err error) {
	r, err := p.Read(n, characters, ocr.DefaultLimits())
	if err != nil || r.Page == nil {
		return ocr.Page{}, false, err
	}
	return *r.Page, true, nil
}
