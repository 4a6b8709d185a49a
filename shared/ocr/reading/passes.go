//go:build cgo

package reading

import (
	"bytes"
	"context"
	"image"
	"math"
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// The thresholds below were chosen by kind of page on a corpus of scans, books, forms, receipts and tables, in steps so
// coarse that no single page decides.
const (
	letterHeight   = 15.0 // pixels; the engine reads this size best for its cost
	blurredHeight  = 20.0 // the same for a blurred picture
	smallestScale  = 0.8  // within these two, scaling gains nothing
	largestScale   = 1.25
	mostScale      = 3.0      // beyond it there is nothing to see
	leastSide      = 6        // pixels; no letter is smaller
	mostPixels     = 40e6     // a page is never made larger than this: A3 at 450 dpi
	mostSide       = 32_700.0 // the engine counts pixels of a side in 16 bits; beyond it the process ends
	noisySpecks    = 0.6      // a page with more specks loses letters when it is scaled
	lostLetters    = 0.08     // a page with more of its letters outside every word is read again as one block
	enoughLetters  = 30       // fewer say nothing of how much of a page was read
	mostLetters    = 10_000   // a page with more is not read again as a whole: the densest have half as many
	sampleLetters  = 500      // a page with fewer is turned as a whole, others by their middle
	goodConfidence = 85.0     // a page read with less is read again another way
	clearlyBetter  = 10.0     // by so much more confidence letters the right way up stand out against the same upside down
	legiblePage    = 60.0     // a page read with less is blank unless it has a few letters, may be the wrong way up, and is read again as a whole
	fairConfidence = 40.0     // letters above it count for a reading, letters below against it
	junkWord       = 30.0     // words read with less are noise
	addedWord      = 50.0     // a word that only a later reading found is taken with at least that
)

// Reader reads pages with an engine. It is for one goroutine at a time.
type Reader struct{ engine Engine }

// New returns a reader that reads with an engine, and closes it.
func New(e Engine) *Reader { return &Reader{engine: e} }

// Languages lists the installed languages as Tesseract's codes, sorted.
func (r *Reader) Languages() []string { return r.engine.Languages() }

// Load has the engine read an empty picture in each of the languages by itself, so that it loads its language data.
func (r *Reader) Load(ctx context.Context, languages []string) error {
	const side = 64
	blank, err := picture.NewGray(bytes.Repeat([]byte{0xff}, side*side), side, side, side, 300)
	if err != nil {
		return err
	}
	defer blank.Close()
	for _, l := range languages {
		if _, err := r.engine.Recognise(ctx, blank, Ask{Languages: []string{l}, Mode: SingleLine}); err != nil {
			return err
		}
	}
	return nil
}

// Close closes the engine.
func (r *Reader) Close() error { return r.engine.Close() }

// Read recognises a picture that has so many pixels an inch in each direction, and fills everything of the page but its
// number. Boxes are those of the picture as given, whatever size, shape or turn the engine was shown.
func (r *Reader) Read(ctx context.Context, im *picture.Image, x, y int, opt ocr.Options) (ocr.Page, error) {
	page := ocr.Page{Width: im.Width(), Height: im.Height(), DPI: x, Languages: opt.Languages, Origin: ocr.Recognised}
	if x != y {
		page.DPIY = y
	}
	if min(im.Width(), im.Height()) < leastSide && len(opt.Fields) == 0 {
		page.Origin = ocr.Blank
		return page, nil
	}
	grey, err := im.Grey()
	if err != nil {
		return ocr.Page{}, err
	}
	defer grey.Close()
	light, err := grey.Light()
	if err != nil {
		return ocr.Page{}, err
	}
	if light.Uneven() {
		shaded := grey
		defer shaded.Close()
		if grey, err = shaded.Even(light); err != nil {
			return ocr.Page{}, err
		}
		defer grey.Close()
	}
	if len(opt.Fields) > 0 {
		page.Fields, page.Notes, err = r.fields(ctx, grey, x, y, opt)
		return page, err
	}
	square := grey
	dpi := squareDPI(im.Width(), im.Height(), x, y)
	stretchX, stretchY := dpi/float64(x), dpi/float64(y)
	if x != y {
		if square, err = grey.Scale(stretchX, stretchY); err != nil {
			return ocr.Page{}, err
		}
		defer square.Close()
	}
	_, stated := im.Resolution()
	s, err := newSheet(square, stated, stretchY)
	if err != nil {
		return ocr.Page{}, err
	}
	defer s.close()
	if opt.Choose {
		page.Languages, err = r.look(ctx, s, opt.Languages)
		return page, err
	}
	place := placing{
		scale: s.scale, x: stretchX * s.scale, y: stretchY * s.scale, dpi: dpi, shownWidth: s.shown.Width(), shownHeight: s.shown.Height(), page: &page,
	}
	best, steps, err := r.best(ctx, s, opt)
	if err != nil {
		return ocr.Page{}, err
	}
	if opt.MRZ {
		var read []image.Rectangle
		if best, read, err = r.zones(ctx, s, best, opt); err != nil {
			return ocr.Page{}, err
		}
		for _, where := range read {
			steps = append(steps, taken{ocr.ZoneLines, where, best.angle})
		}
	}
	if alphabetic(best.words) {
		upright, err := s.gray(best.angle)
		if err != nil {
			return ocr.Page{}, err
		}
		best.words = spaced(withoutBars(best.words, upright, 1/s.scale), upright, 1/s.scale)
	}
	page.Angle = (best.angle + sideways(best.words)) % 360
	page.Blocks, page.Confidence = assemble(best, place)
	if page.Angle%180 == 0 {
		joinAmounts(page.Blocks)
	}
	for _, t := range steps {
		page.Decisions = append(page.Decisions, ocr.Decision{Box: place.box(t.where, t.angle), From: ocr.Recognised, Why: t.why})
	}
	page.Confidence *= 1 - light.Lost(lines(&page), page.Width, page.Height)
	if len(page.Blocks) == 0 {
		page.Origin, page.Angle, page.Fonts = ocr.Blank, 0, nil
	}
	return page, nil
}

// lines returns the words of a page line by line.
func lines(page *ocr.Page) [][]image.Rectangle {
	var lines [][]image.Rectangle
	for i := range page.Blocks {
		for g := range page.Blocks[i].Text {
			for _, l := range g.Lines {
				var words []image.Rectangle
				for _, w := range l.Words {
					words = append(words, image.Rect(w.Box.X0, w.Box.Y0, w.Box.X1, w.Box.Y1))
				}
				lines = append(lines, words)
			}
		}
	}
	return lines
}

// squareDPI returns the resolution at which a page with x by y pixels an inch has square pixels: the finer one, which keeps
// all there is to see, unless the page would have too many pixels.
func squareDPI(width, height, x, y int) float64 {
	finer := float64(max(x, y))
	if x != y && float64(width)*finer/float64(x)*float64(height)*finer/float64(y) > mostPixels {
		return float64(min(x, y))
	}
	return finer
}

// fit returns by how much to scale a page for its letters to have the best size and for the engine to take it.
func fit(l picture.Letters, width, height float64) float64 {
	scale := 1.0
	if l.Height > 0 && l.Specks <= noisySpecks {
		scale = letterHeight / float64(l.Height)
		if scale > smallestScale && scale < largestScale {
			scale = 1
		}
	}
	if scale > 1 {
		scale = max(1, min(scale, mostScale, math.Sqrt(mostPixels/(width*height))))
	}
	return min(scale, mostSide/max(width, height))
}

// resolution gives the engine pixels per inch, or 0 where a stated value cannot be true: it then makes its own estimate.
func resolution(dpi int, scale float64) int {
	scaled := int(float64(dpi) * scale)
	if scaled < 70 || scaled > 2400 {
		return 0
	}
	return scaled
}

// recognise has the engine look at a picture, or at a part of it, once.
func (r *Reader) recognise(ctx context.Context, im *picture.Image, opt ocr.Options, mode Mode, part image.Rectangle) ([]Word, error) {
	found, err := r.engine.Recognise(ctx, im, Ask{
		Languages: opt.Languages, Mode: mode, Region: part, Letters: opt.Letters,
		Characters: opt.Characters, Alternatives: opt.Alternatives,
	})
	return slices.DeleteFunc(found.Words, func(w Word) bool { return strings.TrimSpace(w.Text) == "" }), err // blocks of pictures
}

// scattered reads pieces of text. The engine's analysis of a page leaves out pieces that stand alone, and that of scattered text
// those that stand too near to others.
func (r *Reader) scattered(ctx context.Context, shown *picture.Image, opt ocr.Options) (reading, error) {
	modes := []Mode{Sparse, SingleBlock, Auto}
	if opt.Profile == ocr.Fast {
		modes = modes[:1]
	}
	var best reading
	for _, mode := range modes {
		words, err := r.recognise(ctx, shown, opt, mode, image.Rectangle{})
		if err != nil {
			return reading{}, err
		}
		if read := rate(words, 0); read.score > best.score {
			best = read
		}
	}
	return best, nil
}
