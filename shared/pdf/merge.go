package pdf

import (
	"cmp"
	"image"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// page makes the page of what shows of a text layer, and of lines that were recognised, in their directions.
func (l *shownLayer) page(recognised []direction) ocr.Page {
	page := ocr.Page{DPI: textDPI, Origin: ocr.TextLayer, Angle: l.angle}
	page.Width, page.Height = l.view.pixels(textDPI)
	directions := slices.Clone(l.directions)
	for _, r := range recognised {
		same := slices.IndexFunc(directions, func(d direction) bool { return d.frame == r.frame })
		if same < 0 {
			directions = append(directions, r)
			continue
		}
		directions[same].recognised = r.recognised
	}
	page.Blocks, page.Fonts = arrange(directions, l.view, l.angle, l.characters)
	page.Confidence = confidence(&page)
	return page
}

// confidence returns the mean over words, weighed by their letters.
func confidence(page *ocr.Page) float64 {
	letters, sum := 0, 0.0
	for w := range page.Words {
		n := utf8.RuneCountInString(w.Text)
		letters += n
		sum += float64(n) * w.Confidence
	}
	if letters == 0 {
		return 0
	}
	return sum / float64(letters)
}

// Merge returns the page of which Raster was recognised: what was recognised, in place among what shows of the text layer.
func (r *Reading) Merge(recognised ocr.Page) ocr.Page {
	recognised.Number = r.number
	if r.layer == nil || !slices.ContainsFunc(r.layer.directions, direction.inked) {
		r.explain(&recognised, cmp.Or(r.why, ocr.WholePage), nil)
		return recognised
	}
	var dropped []ocr.Box
	if r.partial {
		dropped = dropNoise(&recognised)
	}
	page := r.layer.page(r.lines(&recognised))
	page.Number, page.Languages = r.number, recognised.Languages
	r.explain(&page, ocr.Shown, r.onPage(dropped, &page))
	return page
}

func (d direction) inked() bool {
	return slices.ContainsFunc(d.glyphs, func(g glyph) bool { return !unicode.IsSpace(g.char) })
}

// lines turns a recognised page into lines of the direction in which it is read.
func (r *Reading) lines(page *ocr.Page) []direction {
	size := r.whole
	if size == (image.Point{}) {
		size = image.Pt(page.Width, page.Height)
	}
	if size.X < 1 || size.Y < 1 {
		return nil
	}
	d := direction{frame: upright(page.Angle), shrink: 1}
	points := matrix{a: r.layer.view.width / float64(size.X), d: r.layer.view.height / float64(size.Y)}
	points.e, points.f = points.a*float64(r.cut.X), points.d*float64(r.cut.Y)
	box := func(b ocr.Box) rect {
		return rect{float64(b.X0), float64(b.Y0), float64(b.X1), float64(b.Y1)}.through(points)
	}
	place := math.MaxInt32 // behind all of the layer
	for i := range page.Blocks {
		for paragraph := range page.Blocks[i].Text {
			for _, from := range paragraph.Lines {
				var run line
				for _, w := range from.Words {
					word := word{
						text: []byte(w.Text), shown: box(w.Box), set: setOf(page, from, w, points), place: place, end: place + 1, drawn: true,
						to: math.Inf(-1), recognised: true, confidence: w.Confidence,
						leftward: strings.ContainsFunc(w.Text, leftward),
					}
					place++
					word.box = d.box(word.shown)
					for _, c := range w.Characters {
						shown := box(c.Box)
						word.characters = append(word.characters, character{
							text: []byte(c.Text), box: d.box(shown), shown: shown, confidence: c.Confidence,
						})
					}
					if word.finish(d) {
						run = run.extend(word, &d.recognised)
					}
				}
				if len(run.words) > 0 {
					d.recognised = append(d.recognised, run)
				}
			}
		}
	}
	if len(d.recognised) == 0 {
		return nil
	}
	return []direction{d}
}

// setOf returns how a recognised word is set, as far as the engine says.
func setOf(page *ocr.Page, l ocr.Line, w ocr.Word, points matrix) *setting {
	s := &setting{}
	if w.Font > 0 && w.Font <= len(page.Fonts) {
		s.font = page.Fonts[w.Font-1]
	}
	if l.Baseline == nil {
		return nil
	}
	// The point of the line's baseline that is next to where the word begins.
	b, x, y := *l.Baseline, float64(w.Box.X0), float64(w.Box.Y1)
	switch page.Angle {
	case 90:
		x, y = float64(w.Box.X1), float64(w.Box.Y1)
	case 180:
		x, y = float64(w.Box.X1), float64(w.Box.Y0)
	case 270:
		x, y = float64(w.Box.X0), float64(w.Box.Y0)
	}
	dx, dy := float64(b.X1-b.X0), float64(b.Y1-b.Y0)
	along := 0.0
	if length := dx*dx + dy*dy; length > 0 {
		along = ((x-float64(b.X0))*dx + (y-float64(b.Y0))*dy) / length
	}
	s.origin.x, s.origin.y = points.apply(float64(b.X0)+along*dx, float64(b.Y0)+along*dy)
	return s
}

// Confidence below which what was recognised in regions is taken for noise: lines are drawings or texture, words specks.
const (
	noisyLine = 50
	noisyWord = 35
	noisySign = 80 // words without a letter or a digit
)

// dropNoise leaves out of a page what the engine made of pictures and lines that are no text. It returns where that was.
func dropNoise(page *ocr.Page) (dropped []ocr.Box) {
	for b := range page.Blocks {
		for p := range page.Blocks[b].Text {
			for i := range p.Lines {
				l := &p.Lines[i]
				noisy := lineConfidence(*l) < noisyLine
				l.Words = slices.DeleteFunc(l.Words, func(w ocr.Word) bool {
					drop := noisy || noise(w)
					if drop {
						dropped = append(dropped, w.Box)
					}
					return drop
				})
			}
			p.Lines = slices.DeleteFunc(p.Lines, func(l ocr.Line) bool { return len(l.Words) == 0 })
		}
	}
	return dropped
}

// onPage returns where boxes of a recognised raster are on the page.
func (r *Reading) onPage(boxes []ocr.Box, page *ocr.Page) []ocr.Box {
	if r.whole.X < 1 || r.whole.Y < 1 {
		return nil
	}
	scale := matrix{a: float64(page.Width) / float64(r.whole.X), d: float64(page.Height) / float64(r.whole.Y)}
	placed := make([]ocr.Box, len(boxes))
	for i, b := range boxes {
		at := rect{float64(b.X0 + r.cut.X), float64(b.Y0 + r.cut.Y), float64(b.X1 + r.cut.X), float64(b.Y1 + r.cut.Y)}
		placed[i] = whole(at.through(scale), page.Width, page.Height)
	}
	return placed
}

func noise(w ocr.Word) bool {
	if strings.ContainsFunc(w.Text, func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }) {
		return w.Confidence < noisyWord
	}
	return w.Confidence < noisySign
}

func lineConfidence(l ocr.Line) float64 {
	return confidence(&ocr.Page{Blocks: []ocr.Block{{Paragraphs: []ocr.Paragraph{{Lines: []ocr.Line{l}}}}}})
}

// countable returns the hidden words that say something else than what shows at their place: an earlier reading of a scan hides
// nothing.
func countable(hidden []hiddenWord, page *ocr.Page) []hiddenWord {
	if len(hidden) == 0 {
		return nil
	}
	x, y := page.Resolution()
	points := matrix{a: 72 / float64(max(x, 1)), d: 72 / float64(max(y, 1))}
	shown := grid{make(map[[2]int][]int)}
	var words []ocr.Word
	var boxes []rect
	for w := range page.Words {
		box := rect{float64(w.Box.X0), float64(w.Box.Y0), float64(w.Box.X1), float64(w.Box.Y1)}.through(points)
		shown.add(box, len(words))
		words, boxes = append(words, w), append(boxes, box)
	}
	return slices.DeleteFunc(slices.Clone(hidden), func(h hiddenWord) bool {
		x, y := (h.box.x0+h.box.x1)/2, (h.box.y0+h.box.y1)/2
		replaced := h.drawn
		cellsOf(rect{x, y, x, y}, func(cell [2]int) {
			for _, i := range shown.cells[cell] {
				b := boxes[i]
				over := x >= b.x0 && x <= b.x1 && y >= b.y0 && y <= b.y1
				replaced = replaced || over && (words[i].Confidence < 100 || strings.Contains(words[i].Text, h.text))
			}
		})
		return replaced
	})
}

// withoutLayer returns the blocks of a page without the words of its text layer, which are in the document already.
func withoutLayer(blocks []ocr.Block) []ocr.Block {
	var read []ocr.Block
	for _, b := range blocks {
		if b.Origin == ocr.Recognised {
			read = append(read, b)
			continue
		}
		block := ocr.Block{Box: b.Box}
		for _, p := range b.Paragraphs {
			var lines []ocr.Line
			for _, l := range p.Lines {
				// Words of the layer have full confidence, and others do not.
				l.Words = slices.DeleteFunc(slices.Clone(l.Words), func(w ocr.Word) bool { return w.Confidence > surest })
				if len(l.Words) > 0 {
					lines = append(lines, l)
				}
			}
			if len(lines) > 0 {
				block.Paragraphs = append(block.Paragraphs, ocr.Paragraph{Box: p.Box, Lines: lines})
			}
		}
		if len(block.Paragraphs) > 0 {
			read = append(read, block)
		}
	}
	return read
}
