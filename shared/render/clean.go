package render

import (
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// clean returns a copy of the page that every format can hold: text without characters that are illegal in XML or would
// forge a line, a column or a page; boxes inside the page; confidences from 0 to 100 in hundredths. Words without text,
// and what contains nothing else, are left out.
func clean(p ocr.Page) ocr.Page {
	p.Width, p.Height, p.DPI, p.DPIY = max(p.Width, 0), max(p.Height, 0), max(p.DPI, 0), max(p.DPIY, 0)
	p.Confidence = percent(p.Confidence)
	p.Fonts = slices.Clone(p.Fonts)
	for i, f := range p.Fonts {
		p.Fonts[i].Family = tidy(f.Family)
	}
	f := frame{place: within(p.Width, p.Height), fonts: len(p.Fonts)}
	p.Blocks, p.Fields = keep(p.Blocks, f.block), keep(p.Fields, f.field)
	if len(p.Fields) == 0 {
		p.Fields = nil // left out of JSON
	}
	return p
}

// within moves boxes inside a page of that size.
func within(width, height int) func(ocr.Box) ocr.Box {
	return func(b ocr.Box) ocr.Box {
		x, y := min(max(b.X0, 0), width), min(max(b.Y0, 0), height)
		return ocr.Box{X0: x, Y0: y, X1: min(max(b.X1, x), width), Y1: min(max(b.Y1, y), height)}
	}
}

// keep returns cleaned copies of the items that still hold something. It never returns nil, which JSON would show.
func keep[T any](items []T, clean func(T) (T, bool)) []T {
	kept := make([]T, 0, len(items))
	for _, item := range items {
		if c, ok := clean(item); ok {
			kept = append(kept, c)
		}
	}
	return kept
}

// frame is where things may be on a page, and what they may refer to.
type frame struct {
	place func(ocr.Box) ocr.Box             // where what has a box comes to lie
	level func(*ocr.Baseline) *ocr.Baseline // likewise; nil to leave baselines as they are
	fonts int
}

func (f frame) block(b ocr.Block) (ocr.Block, bool) {
	b.Box, b.Paragraphs = f.place(b.Box), keep(b.Paragraphs, f.paragraph)
	if b.Rows = keep(b.Rows, f.row); len(b.Rows) == 0 {
		b.Rows = nil // left out of JSON
	}
	return b, len(b.Paragraphs) > 0 || len(b.Rows) > 0 || b.Value != "" ||
		b.Kind == ocr.PictureBlock || b.Kind == ocr.SeparatorBlock
}

// field keeps a field in which nothing was found: the answer has one for each that was asked for.
func (f frame) field(d ocr.Field) (ocr.Field, bool) {
	d.ID, d.Box, d.Confidence = tidy(d.ID), f.place(d.Box), percent(d.Confidence)
	if d.Lines = keep(d.Lines, f.line); len(d.Lines) == 0 {
		d.Lines = nil // left out of JSON
	}
	if d.Codes = keep(d.Codes, f.block); len(d.Codes) == 0 {
		d.Codes = nil // likewise
	}
	return d, true
}

func (f frame) row(r ocr.Row) (ocr.Row, bool) {
	r.Box, r.Cells = f.place(r.Box), keep(r.Cells, f.cell)
	return r, len(r.Cells) > 0
}

// cell keeps empty cells: they determine the position of those after them.
func (f frame) cell(c ocr.Cell) (ocr.Cell, bool) {
	c.Box, c.Paragraphs = f.place(c.Box), keep(c.Paragraphs, f.paragraph)
	return c, true
}

func (f frame) paragraph(p ocr.Paragraph) (ocr.Paragraph, bool) {
	p.Box, p.Lines = f.place(p.Box), keep(p.Lines, f.line)
	return p, len(p.Lines) > 0
}

func (f frame) line(l ocr.Line) (ocr.Line, bool) {
	l.Box, l.Words = f.place(l.Box), keep(l.Words, f.word)
	if f.level != nil && l.Baseline != nil {
		l.Baseline = f.level(l.Baseline)
	}
	return l, len(l.Words) > 0
}

func (f frame) word(w ocr.Word) (ocr.Word, bool) {
	w.Text, w.Box, w.Confidence = tidy(w.Text), f.place(w.Box), percent(w.Confidence)
	if w.Font < 0 || w.Font > f.fonts {
		w.Font = 0
	}
	if w.Characters = keep(w.Characters, f.character); len(w.Characters) == 0 {
		w.Characters = nil // left out of JSON
	}
	return w, w.Text != ""
}

func (f frame) character(c ocr.Char) (ocr.Char, bool) {
	c.Text, c.Box, c.Confidence = tidy(c.Text), f.place(c.Box), percent(c.Confidence)
	if c.Variants = keep(c.Variants, variant); len(c.Variants) == 0 {
		c.Variants = nil // left out of JSON
	}
	return c, c.Text != ""
}

func variant(v ocr.Variant) (ocr.Variant, bool) {
	v.Text, v.Confidence = tidy(v.Text), percent(v.Confidence)
	return v, v.Text != ""
}

// percent bounds a confidence and rounds it to hundredths, so that the number reads the same in every format. What is
// not a number counts as no confidence.
func percent(c float64) float64 {
	if math.IsNaN(c) {
		return 0
	}
	return math.Round(min(max(c, 0), 100)*100) / 100
}

// tidy makes the text of a word safe for every format. Invalid UTF-8 becomes U+FFFD, each run of white space (line
// breaks, tabs and form feeds included) one space, and no space is left at the ends. Controls, noncharacters and the
// byte order mark, which would turn up as the first character of a text file, are dropped.
func tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Noncharacter_Code_Point, r), r == '\uFEFF':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Join(strings.Fields(s), " ")
}
