//go:build cgo

package reading

import (
	"cmp"
	"context"
	"image"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/barcode"
	"github.com/lethe-ocr/lethe/shared/ocr/field"
	"github.com/lethe-ocr/lethe/shared/picture"
)

const (
	mostMarkSide  = 500.0     // pixels of a check mark; there is no more to see in a larger picture
	mostCodePixel = 4_000_000 // of a region in which bar codes are looked for: A4 at 200 dpi
	fieldLetters  = 22.0      // pixels: the height of capitals and digits that is read first
	fieldBlurred  = 30.0      // the same for a blurred picture
	junkField     = 10.0      // words read with less are noise: there is ink where somebody was to write
	doubtedField  = 50.0      // confidence of a word that the pattern forbids, at most
)

// form is a page with fields: grey, evenly lit.
type form struct {
	page *image.Gray
	x, y int // pixels an inch
	left int // areas that may show bar codes which were not looked at
}

// fields reads what is asked for of a grey picture, and tells what was left out.
func (r *Reader) fields(ctx context.Context, grey *picture.Image, x, y int, opt ocr.Options) ([]ocr.Field, []ocr.Note, error) {
	pixels, err := grey.Pixels()
	if err != nil {
		return nil, nil, err
	}
	f := form{page: &image.Gray{Pix: pixels.Data, Stride: pixels.Width, Rect: image.Rect(0, 0, pixels.Width, pixels.Height)}, x: x, y: y}
	found := make([]ocr.Field, len(opt.Fields))
	order := make([]int, len(opt.Fields)) // by language, so that each model is loaded once
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(strings.Join(opt.Fields[a].Languages, "+"), strings.Join(opt.Fields[b].Languages, "+"))
	})
	for _, i := range order {
		if err := ctx.Err(); err != nil {
			return nil, nil, context.Cause(ctx)
		}
		if found[i], err = r.field(ctx, &f, opt.Fields[i], opt); err != nil {
			return nil, nil, err
		}
	}
	if f.left > 0 {
		return found, []ocr.Note{{Code: ocr.BarcodesUnread, Count: f.left}}, nil
	}
	return found, nil, nil
}

// field reads one field. What lies outside the page shows nothing.
func (r *Reader) field(ctx context.Context, f *form, q ocr.FieldRequest, opt ocr.Options) (ocr.Field, error) {
	found := ocr.Field{ID: q.ID, Kind: q.Kind, Box: field.Region(q, f.page.Rect.Dx(), f.page.Rect.Dy())}
	if q.Kind == ocr.CheckmarkField {
		found.Mark = ocr.MarkUnchecked
	}
	if found.Box.Empty() {
		return found, nil
	}
	cut, err := f.cut(found.Box, limitOf(q.Kind))
	if err != nil {
		return ocr.Field{}, err
	}
	switch q.Kind {
	case ocr.CheckmarkField:
		found.Mark, found.Confidence = field.ReadMark(cut.im, q.Frame, q.Correctable)
	case ocr.BarcodeField:
		seen := barcode.In(cut.im, q.Symbologies...)
		f.left += seen.Left
		for _, c := range seen.Codes {
			found.Codes = append(found.Codes, ocr.Block{Box: cut.box(c.Box), Kind: ocr.BarcodeBlock, Value: c.Value, Symbology: c.Symbology})
			found.Confidence = 100 // its check digits hold
		}
	default:
		found.Lines, found.Confidence, err = r.textField(ctx, cut, q, opt)
	}
	return found, err
}

// limitOf returns how many pixels of a region are looked at; 0 is all.
func limitOf(kind ocr.FieldKind) float64 {
	switch kind {
	case ocr.CheckmarkField:
		return mostMarkSide * mostMarkSide
	case ocr.BarcodeField:
		return mostCodePixel
	default:
		return 0
	}
}

// cutting is a region of a page with square pixels.
type cutting struct {
	im     *image.Gray
	region ocr.Box
	x, y   float64 // its pixels for one of the page
	dpi    float64
}

// cut copies a region of a page, made smaller if it has more pixels than most.
func (f *form) cut(box ocr.Box, most float64) (cutting, error) {
	part := image.Rect(box.X0, box.Y0, box.X1, box.Y1)
	c := cutting{region: box, x: 1, y: 1, dpi: squareDPI(part.Dx(), part.Dy(), f.x, f.y)}
	c.im = &image.Gray{Pix: f.page.Pix[f.page.PixOffset(part.Min.X, part.Min.Y):], Stride: f.page.Stride, Rect: image.Rectangle{Max: part.Size()}}
	if f.x != f.y {
		c.x, c.y = c.dpi/float64(f.x), c.dpi/float64(f.y)
	}
	if pixels := float64(part.Dx()) * c.x * float64(part.Dy()) * c.y; most > 0 && pixels > most {
		smaller := most / pixels
		c.x, c.y, c.dpi = c.x*math.Sqrt(smaller), c.y*math.Sqrt(smaller), c.dpi*math.Sqrt(smaller)
	}
	if c.x == 1 && c.y == 1 {
		c.im = unshared(c.im)
		return c, nil
	}
	scaled, err := scaledGray(c.im, c.x, c.y, false)
	if err != nil {
		return cutting{}, err
	}
	defer scaled.Close()
	c.im, err = grayOf(scaled)
	return c, err
}

// box returns where a rectangle of the cutting is on the page.
func (c cutting) box(r image.Rectangle) ocr.Box {
	var b ocr.Box
	b.X0, b.X1 = within(float64(r.Min.X)/c.x, float64(r.Max.X)/c.x, c.region.Width())
	b.Y0, b.Y1 = within(float64(r.Min.Y)/c.y, float64(r.Max.Y)/c.y, c.region.Height())
	return ocr.Box{X0: b.X0 + c.region.X0, Y0: b.Y0 + c.region.Y0, X1: b.X1 + c.region.X0, Y1: b.Y1 + c.region.Y0}
}

// textField reads a text field, again if it doubts what it read. The confidence of a field that shows nothing is 100.
func (r *Reader) textField(ctx context.Context, cut cutting, q ocr.FieldRequest, opt ocr.Options) ([]ocr.Line, float64, error) {
	text := field.TextOf(cut.im, q.Marking, q.Places)
	if text.Image.Rect.Empty() {
		return nil, 100, nil
	}
	f := fieldReader{engine: r.engine, text: text, request: q, rules: rules{letters: q.Letters}}
	if f.rules.letters == "" {
		f.rules.letters = opt.Letters
	}
	if q.Pattern != "" {
		pattern, err := field.ParsePattern(q.Pattern)
		if err != nil {
			return nil, 0, err
		}
		f.rules.pattern = pattern
	}
	f.ask = Ask{Languages: q.Languages, Characters: true, Alternatives: opt.Alternatives || !f.rules.none(), Mode: modeOf(q, text)}
	if len(f.ask.Languages) == 0 {
		f.ask.Languages = opt.Languages
	}
	words, err := f.best(ctx)
	if err != nil {
		return nil, 0, err
	}
	for i := range words {
		words[i] = f.back(words[i])
	}
	lines, confidence := fieldLines(words, cut, opt.Alternatives)
	return lines, confidence, nil
}

func modeOf(q ocr.FieldRequest, text field.Text) Mode {
	switch {
	case q.OneLine || text.Joined:
		return SingleLine
	case q.Box == ocr.Box{} && !q.OneWordPerLine:
		return Auto
	default:
		return SingleBlock
	}
}

// fieldReader reads a text field in several ways.
type fieldReader struct {
	engine  Engine
	text    field.Text
	ask     Ask // without letters: among alternatives fewer characters are lost than by an engine that knows no others
	request ocr.FieldRequest
	rules   rules
}

// best returns the words of the best way to read a field: those that the rules allow count, and then confidence.
func (f fieldReader) best(ctx context.Context) ([]Word, error) {
	best, err := f.read(ctx, fieldLetters, false, f.ask)
	if err != nil || best.sure() {
		return best.words, err
	}
	others := []Ask{f.ask}
	if f.ask.Mode == Auto || len(best.words) == 0 && f.ask.Mode == SingleLine {
		other := f.ask
		other.Mode = SingleBlock
		others = append(others, other)
	}
	if letters := f.letters(); letters != "" {
		other := f.ask
		other.Letters = letters
		others = append(others, other)
	}
	for i, ask := range others {
		size := fieldLetters
		if i == 0 {
			size = fieldBlurred
		}
		other, err := f.read(ctx, size, i == 0, ask)
		if err != nil {
			return nil, err
		}
		if other.better(best) {
			best = other
		}
	}
	return slices.DeleteFunc(best.words, func(w Word) bool { return !f.rules.allows(w.Text) }), nil
}

// letters returns those that may occur and that the pattern names, if it names any.
func (f fieldReader) letters() string {
	if f.rules.pattern == nil || f.rules.pattern.Letters() == "" {
		return f.rules.letters
	}
	return strings.Map(func(r rune) rune {
		if !f.rules.allows(string(r)) {
			return -1
		}
		return r
	}, f.rules.pattern.Letters())
}

// fieldReading is what was read of a text field.
type fieldReading struct {
	words   []Word
	score   float64 // as in reading
	mean    float64
	allowed bool // all hold to the rules
}

func (r fieldReading) sure() bool { return len(r.words) > 0 && r.allowed && r.mean >= goodConfidence }

func (r fieldReading) better(than fieldReading) bool {
	switch {
	case len(r.words) == 0 || len(than.words) == 0:
		return len(r.words) > 0
	case r.allowed != than.allowed:
		return r.allowed
	}
	return r.score > than.score
}

// read has the engine look at the field once, with letters of a height in pixels.
func (f fieldReader) read(ctx context.Context, letter float64, blurred bool, ask Ask) (fieldReading, error) {
	im, scale, err := f.scaled(letter, blurred)
	if err != nil {
		return fieldReading{}, err
	}
	defer im.Close()
	found, err := f.engine.Recognise(ctx, im, ask)
	if err != nil {
		return fieldReading{}, err
	}
	words := slices.DeleteFunc(found.Words, func(w Word) bool { return strings.TrimSpace(w.Text) == "" || w.Confidence < junkField })
	for i := range words {
		words[i] = words[i].scaled(1 / scale)
	}
	if f.request.OneWordPerLine {
		words = oneWordPerLine(words)
	}
	allowed := true
	if !f.rules.none() {
		words, allowed = conform(words, f.rules)
	}
	rated := rate(words, 0)
	return fieldReading{words, rated.score, rated.mean, allowed}, nil
}

// scaled returns the picture of a field with letters of a height in pixels, and how many times as large it is.
func (f fieldReader) scaled(letter float64, blurred bool) (*picture.Image, float64, error) {
	scale := min(letter/float64(max(f.text.Letter, 1)), mostScale)
	if scale > smallestScale && scale < largestScale && !blurred {
		scale = 1
	}
	size := f.text.Image.Rect.Size()
	if pixels := float64(size.X) * float64(size.Y); scale > 1 {
		scale = max(1, min(scale, math.Sqrt(mostPixels/pixels)))
	}
	scale = min(scale, mostSide/float64(max(size.X, size.Y)))
	im, err := scaledGray(f.text.Image, scale, scale, blurred)
	return im, scale, err
}

// oneWordPerLine joins the words of each line.
func oneWordPerLine(words []Word) []Word {
	var joined []Word
	for _, w := range words {
		if n := len(joined); n > 0 && sameLine(joined[n-1], w) {
			last := &joined[n-1]
			a, b := float64(utf8.RuneCountInString(last.Text)), float64(utf8.RuneCountInString(w.Text))
			last.Confidence = (a*last.Confidence + b*w.Confidence) / (a + b)
			last.Text += w.Text
			last.Box = last.Box.Union(w.Box)
			last.Characters = append(slices.Clone(last.Characters), w.Characters...)
			continue
		}
		joined = append(joined, w)
	}
	return joined
}

func sameLine(a, b Word) bool {
	return a.Block == b.Block && a.Paragraph == b.Paragraph && a.Line == b.Line
}

// back returns the word where it is in the region.
func (f fieldReader) back(w Word) Word {
	w.Box = f.text.Back(w.Box)
	w.Characters = slices.Clone(w.Characters)
	for i := range w.Characters {
		w.Characters[i].Box = f.text.Back(w.Characters[i].Box)
	}
	return w
}

// fieldLines makes lines of words, and returns their mean confidence.
func fieldLines(words []Word, cut cutting, variants bool) ([]ocr.Line, float64) {
	var lines []ocr.Line
	var last Word // that is in lines
	for _, w := range words {
		text, characters := logical(w)
		if text == "" {
			continue
		}
		placed := ocr.Word{Text: text, Box: cut.box(w.Box), Confidence: w.Confidence}
		for _, c := range characters {
			if c.Text == "" {
				continue
			}
			char := ocr.Char{Text: c.Text, Box: cut.box(c.Box), Confidence: c.Confidence}
			for _, a := range c.Alternatives {
				if variants {
					char.Variants = append(char.Variants, ocr.Variant(a))
				}
			}
			placed.Characters = append(placed.Characters, char)
		}
		if len(lines) == 0 || !sameLine(last, w) {
			lines = append(lines, ocr.Line{})
		}
		last = w
		line := &lines[len(lines)-1]
		line.Words = append(line.Words, placed)
		line.Box = line.Box.Union(placed.Box)
	}
	return lines, rate(words, 0).mean
}
