//go:build linux

package worker

import (
	"unicode"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

const maxWordBytes = 4096

// pageCheck holds the content of a page against its size. How much there can be of it is bounded by the message.
type pageCheck struct {
	width, height int // pixels
	fonts         int
	asked         ocr.Features
}

const (
	maxSpan   = 100_000 // rows or columns of a table
	maxPoints = 100_000 // of a font's size
)

func (c *pageCheck) block(b *ocr.Block) bool {
	if !c.feature(b) {
		return false
	}
	switch b.Origin {
	case "", ocr.Recognised, ocr.TextLayer:
	default:
		return false
	}
	if !c.inside(b.Box) || len(b.Paragraphs) > 0 && b.Kind != ocr.TextBlock && b.Kind != ocr.MRZBlock || len(b.Rows) > 0 && b.Kind != ocr.TableBlock {
		return false
	}
	for _, r := range b.Rows {
		if !c.inside(r.Box) {
			return false
		}
		for _, cell := range r.Cells {
			if !c.inside(cell.Box) || cell.Rows < 0 || cell.Rows > maxSpan || cell.Columns < 0 || cell.Columns > maxSpan {
				return false
			}
		}
	}
	for p := range b.Text {
		if !c.paragraph(p) {
			return false
		}
	}
	return true
}

func (c *pageCheck) paragraph(p *ocr.Paragraph) bool {
	if !c.inside(p.Box) {
		return false
	}
	for _, l := range p.Lines {
		if !c.inside(l.Box) || l.Baseline != nil && !c.near(*l.Baseline) {
			return false
		}
		for _, w := range l.Words {
			if !c.word(w) {
				return false
			}
		}
	}
	return true
}

func (c *pageCheck) word(w ocr.Word) bool {
	for _, char := range w.Characters {
		if !c.inside(char.Box) || !percent(char.Confidence) || !readable(char.Text) {
			return false
		}
		for _, v := range char.Variants {
			if !percent(v.Confidence) || !readable(v.Text) {
				return false
			}
		}
	}
	return w.Font >= 0 && w.Font <= c.fonts && c.inside(w.Box) && percent(w.Confidence) && readable(w.Text)
}

// inside reports whether the box lies in the page. Empty boxes are allowed: a text layer has words without extent.
func (c *pageCheck) inside(b ocr.Box) bool {
	return b.X0 >= 0 && b.X0 <= b.X1 && b.X1 <= c.width && b.Y0 >= 0 && b.Y0 <= b.Y1 && b.Y1 <= c.height
}

// near reports whether a baseline is no further from the page than the page is large.
func (c *pageCheck) near(b ocr.Baseline) bool {
	within := func(v, size int) bool { return v >= -size && v <= 2*size }
	return within(b.X0, c.width) && within(b.X1, c.width) && within(b.Y0, c.height) && within(b.Y1, c.height)
}

// decision reports whether an entry of the account of a page can be true.
func (c *pageCheck) decision(d ocr.Decision) bool {
	return c.inside(d.Box) && d.Why.Sentence() != "" && (d.From == "" || d.From == ocr.TextLayer || d.From == ocr.Recognised)
}

func font(f ocr.Font) bool {
	return f.Size >= 0 && f.Size <= maxPoints && f.Style <= 2*ocr.SmallCaps-1 && (f.Family == "" || readable(f.Family))
}

func percent(f float64) bool { return f >= 0 && f <= 100 }

// readable reports whether every writer can pass the text on: valid UTF-8, not empty, no control characters.
func readable(s string) bool {
	if s == "" || len(s) > maxWordBytes || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return false
		}
	}
	return true
}
