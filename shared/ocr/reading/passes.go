//go:build cgo

package reading

import (
	"context"
	"errors"
	"image"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// The thresholds below were chosen by kind of page on a corpus of scans, books, forms, receipts and tables, in steps so
// coarse that no single page decides.
const (
	letterHeight   = 15.0 // pixels; the engine reads this size best for its cost
	smallestScale  = 0.8  // within these two, scaling gains nothing
	largestScale   = 1.25
	mostScale      = 3.0      // beyond it there is nothing to see
	leastSide      = 6        // pixels; no letter is smaller
	mostPixels     = 40e6     // a page is never made larger than this: A3 at 450 dpi
	mostSide       = 32_700.0 // the engine counts pixels of a side in 16 bits; beyond it the process ends
	noisySpecks    = 0.6      // a page with more specks loses letters when it is scaled
	goodConfidence = 85.0     // a page read with less is read again another way
	turnConfidence = 70.0     // a page read with less may be the wrong way up
	junkWord       = 30.0     // on a page read with less than goodConfidence, such words are noise
	legiblePage    = 60.0     // a page read with less is blank unless it has a few letters
	fairConfidence = 55.0     // letters above it count for a reading, letters below against it
)

// Reader reads pages with an engine. It is for one goroutine at a time.
type Reader struct{ engine Engine }

// New returns a reader that reads with an engine, and closes it.
func New(e Engine) *Reader { return &Reader{engine: e} }

// Languages lists the installed languages as Tesseract's codes, sorted.
func (r *Reader) Languages() []string { return r.engine.Languages() }

// Close closes the engine.
func (r *Reader) Close() error { return r.engine.Close() }

// reading is one way of reading a page.
type reading struct {
	words []Word
	angle int     // the picture was turned clockwise by so many degrees
	score float64 // higher is better; comparable between readings of one page
	mean  float64 // mean confidence, weighed by letters
}

func rate(words []Word, angle int) reading {
	r := reading{words: words, angle: angle}
	var letters, sum float64
	for _, b := range words {
		n := float64(utf8.RuneCountInString(strings.TrimSpace(b.Text)))
		letters += n
		sum += n * b.Confidence
		r.score += n * (b.Confidence - fairConfidence)
	}
	if letters > 0 {
		r.mean = sum / letters
	}
	return r
}

// Read recognises a picture that has so many pixels an inch in each direction, and fills everything of the page but its
// number. Boxes are those of the picture as given, whatever size, shape or turn the engine was shown.
func (r *Reader) Read(ctx context.Context, im *picture.Image, x, y int, opt ocr.Options) (ocr.Page, error) {
	page := ocr.Page{Width: im.Width(), Height: im.Height(), DPI: x, Languages: opt.Languages, Origin: ocr.Recognised}
	if x != y {
		page.DPIY = y
	}
	if min(im.Width(), im.Height()) < leastSide {
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
	square := grey
	dpi := squareDPI(im.Width(), im.Height(), x, y)
	stretchX, stretchY := dpi/float64(x), dpi/float64(y)
	if x != y {
		if square, err = grey.Scale(stretchX, stretchY); err != nil {
			return ocr.Page{}, err
		}
		defer square.Close()
	}
	scale := fit(square.Letters(), float64(square.Width()), float64(square.Height()))
	shown := square
	if scale != 1 {
		if shown, err = square.Scale(scale, scale); err != nil {
			return ocr.Page{}, err
		}
		defer shown.Close()
	}
	_, stated := im.Resolution()
	shown.SetDPI(resolution(stated, stretchY*scale))
	best, err := r.best(ctx, shown, opt)
	if err != nil {
		return ocr.Page{}, err
	}
	page.Angle = (best.angle + sideways(best.words)) % 360
	page.Blocks, page.Confidence = assemble(best, placing{
		scale: scale, x: stretchX * scale, y: stretchY * scale, dpi: dpi, shownWidth: shown.Width(), shownHeight: shown.Height(), page: &page,
	})
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

// recognise has the engine look at a picture once.
func (r *Reader) recognise(ctx context.Context, im *picture.Image, opt ocr.Options, mode Mode) ([]Word, error) {
	found, err := r.engine.Recognise(ctx, im, Ask{Languages: opt.Languages, Mode: mode, Characters: opt.Characters})
	return found.Words, err
}

// best reads a page in as many ways as its confidence calls for.
func (r *Reader) best(ctx context.Context, shown *picture.Image, opt ocr.Options) (reading, error) {
	if opt.Scattered {
		return r.scattered(ctx, shown, opt)
	}
	words, err := r.recognise(ctx, shown, opt, Auto)
	if err != nil {
		return reading{}, err
	}
	best := rate(words, 0)
	if opt.Profile == ocr.Fast || best.mean >= goodConfidence {
		return best, nil
	}
	if best.mean < turnConfidence {
		turned, upright, err := r.turned(ctx, shown, opt)
		if err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return reading{}, err
		}
		if err == nil {
			defer upright.Close()
			if turned.score > best.score {
				best, shown = turned, upright
			}
		}
	}
	if best.mean >= goodConfidence {
		return best, nil
	}
	words, err = r.recognise(ctx, shown, opt, SingleBlock)
	if err != nil {
		return reading{}, err
	}
	if block := rate(words, best.angle); block.score > best.score {
		best = block
	}
	return best, nil
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
		words, err := r.recognise(ctx, shown, opt, mode)
		if err != nil {
			return reading{}, err
		}
		if read := rate(words, 0); read.score > best.score {
			best = read
		}
	}
	return best, nil
}

// turned reads a page the way up that the orientation model finds. The engine then gives boxes of the picture as it is, so
// the way words follow each other in a line shows the rotation; the picture is rotated by it and recognised again. The caller closes
// the picture that was read.
func (r *Reader) turned(ctx context.Context, shown *picture.Image, opt ocr.Options) (reading, *picture.Image, error) {
	words, err := r.recognise(ctx, shown, opt, Orientation)
	if err != nil {
		return reading{}, nil, err
	}
	angle := direction(words)
	upright, err := shown.Turn(angle)
	if err != nil {
		return reading{}, nil, err
	}
	if angle == 0 {
		return rate(words, 0), upright, nil
	}
	_, dpi := shown.Resolution()
	upright.SetDPI(dpi)
	if words, err = r.recognise(ctx, upright, opt, Auto); err != nil {
		upright.Close()
		return reading{}, nil, err
	}
	return rate(words, angle), upright, nil
}

// sideways returns the turn that is left to make the text upright: the engine reads lines that run up or down by itself.
// Chinese and Japanese lines that run down are upright.
func sideways(words []Word) int {
	var vertical, letters int
	for _, b := range words {
		for _, c := range b.Text {
			letters++
			if unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana) {
				vertical++
			}
		}
	}
	if 2*vertical > letters {
		return 0
	}
	return direction(words)
}

// direction returns the clockwise turn that makes lines run as their script does, from the steps between the words of each.
func direction(words []Word) int {
	var right, down, leftward, letters int
	for i, b := range words {
		for _, c := range b.Text {
			if unicode.IsLetter(c) {
				letters++
			}
			if unicode.In(c, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana) {
				leftward++
			}
		}
		if i == 0 {
			continue
		}
		a := words[i-1]
		if a.Block != b.Block || a.Paragraph != b.Paragraph || a.Line != b.Line {
			continue
		}
		right += b.Box.Min.X + b.Box.Max.X - a.Box.Min.X - a.Box.Max.X
		down += b.Box.Min.Y + b.Box.Max.Y - a.Box.Min.Y - a.Box.Max.Y
	}
	if 2*leftward > letters {
		right, down = -right, -down
	}
	switch {
	case max(right, -right) >= max(down, -down) && right >= 0:
		return 0
	case max(right, -right) >= max(down, -down):
		return 180
	case down > 0:
		return 270
	default:
		return 90
	}
}
