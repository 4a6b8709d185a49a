package render

import (
	"bytes"
	"context"
	"io"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
)

// line lays words of ten pixels a character out from left to right, or from right to left if x is to the right of to.
func line(x, y, to int, words ...string) ocr.Line {
	var l ocr.Line
	for i, s := range words {
		width := 10 * len([]rune(s))
		box := ocr.Box{X0: x, Y0: y, X1: x + width, Y1: y + 20}
		if to < x {
			box.X0, box.X1 = x-width, x
			x -= width + 10
		} else {
			x += width + 10
		}
		l.Words = append(l.Words, ocr.Word{Text: s, Box: box, Confidence: 96.25 - float64(i)})
		l.Box = l.Box.Union(box)
	}
	return l
}

func paragraph(lines ...ocr.Line) ocr.Paragraph {
	p := ocr.Paragraph{Lines: lines}
	for _, l := range lines {
		p.Box = p.Box.Union(l.Box)
	}
	return p
}

func block(paragraphs ...ocr.Paragraph) ocr.Block {
	b := ocr.Block{Paragraphs: paragraphs}
	for _, p := range paragraphs {
		b.Box = b.Box.Union(p.Box)
	}
	return b
}

// turned stands the text of a block up as on a page that a clockwise quarter turn makes upright.
func turned(b ocr.Block, height int) ocr.Block {
	turn := func(b ocr.Box) ocr.Box { return ocr.Box{X0: b.Y0, Y0: height - b.X1, X1: b.Y1, Y1: height - b.X0} }
	b.Box = turn(b.Box)
	for i := range b.Paragraphs {
		p := &b.Paragraphs[i]
		p.Box = turn(p.Box)
		for j := range p.Lines {
			l := &p.Lines[j]
			l.Box = turn(l.Box)
			for k := range l.Words {
				l.Words[k].Box = turn(l.Words[k].Box)
			}
		}
	}
	return b
}

// model is a document with every kind of page.
func model() []ocr.Page {
	page := func(n int, origin ocr.Origin, languages ...string) ocr.Page {
		return ocr.Page{Number: n, Width: 600, Height: 800, DPI: 300, Origin: origin, Languages: languages}
	}
	latin := page(1, ocr.Recognised, "eng", "deu")
	latin.Confidence = 95.126
	latin.Blocks = []ocr.Block{
		block(
			paragraph(line(50, 50, 600, "Terms", "&", "<Conditions>")),
			paragraph(
				line(50, 100, 600, "The", "recog-"),
				line(50, 130, 600, "nition", "of", "\"quoted\"", "well-"),
				line(50, 160, 600, "Known", "words"),
			),
		),
		block(paragraph(line(50, 400, 600, "Zweite", "Spalte:", "Straße"))),
	}
	arabic := page(2, ocr.Recognised, "ara")
	arabic.Confidence = 88
	arabic.Blocks = []ocr.Block{block(paragraph(line(550, 50, 0, "السلام", "عليكم"), line(550, 80, 0, "رقم", "42")))}
	chinese := page(3, ocr.TextLayer, "chi_sim", "eng")
	chinese.Confidence = 100
	chinese.Blocks = []ocr.Block{block(paragraph(line(50, 50, 600, "中文", "文档", "。", "Lethe", "1.0", "版本")))}
	failed := page(4, ocr.Failed, "eng")
	failed.Width, failed.Height, failed.DPI = 0, 0, 0
	failed.Failure = &ocr.Failure{Code: string(fault.PageDamaged), Detail: fault.PageDamaged.Meaning()}
	sideways := page(6, ocr.Recognised, "eng")
	sideways.Width, sideways.Height, sideways.Angle, sideways.Confidence = 800, 600, 90, 91.5
	sideways.Blocks = []ocr.Block{turned(block(paragraph(line(50, 50, 600, "Turned", "page"))), 600)}
	return []ocr.Page{latin, arabic, chinese, failed, page(5, ocr.Blank, "eng"), sideways}
}

func document() Document {
	return Document{
		ID:        "01980c6e-7d4a-7cc1-9d1f-3f0f5d0a4b11",
		Languages: []string{"eng", "deu", "ara", "chi_sim"},
		Created:   time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC),
		Software:  "1.2.3",
		Pages:     len(model()),
	}
}

func sequence(pages ...ocr.Page) iter.Seq2[ocr.Page, error] {
	return func(yield func(ocr.Page, error) bool) {
		for _, p := range pages {
			if !yield(p, nil) {
				return
			}
		}
	}
}

// render writes pages and fails the test on an error.
func render(t *testing.T, f Format, doc Document, pages ...ocr.Page) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(t, &b, f, doc, sequence(pages...)); err != nil {
		t.Fatalf("write %s: %v", f, err)
	}
	return b.Bytes()
}

// tabular is a page of a table with an empty cell, after those of the model.
func tabular() ocr.Page {
	cell := func(x, y int, words ...string) ocr.Cell {
		if len(words) == 0 {
			return ocr.Cell{Box: ocr.Box{X0: x, Y0: y, X1: x + 90, Y1: y + 20}}
		}
		p := paragraph(line(x, y, x+90, words...))
		return ocr.Cell{Box: p.Box, Paragraphs: []ocr.Paragraph{p}}
	}
	rows := []ocr.Row{
		{Cells: []ocr.Cell{cell(10, 10, "Item"), cell(110, 10, "Price")}},
		{Cells: []ocr.Cell{cell(10, 40), cell(110, 40, "12", "EUR")}},
	}
	return ocr.Page{
		Number: model()[len(model())-1].Number + 1, Width: 300, Height: 100, DPI: 200, Origin: ocr.Recognised,
		Blocks: []ocr.Block{{Kind: ocr.TableBlock, Rows: rows}},
	}
}

// write writes one format.
func write(t *testing.T, w io.Writer, f Format, doc Document, pages iter.Seq2[ocr.Page, error]) error {
	t.Helper()
	doc.Original = Original{Engine: &engine{}}
	return Write(t.Context(), doc, pages, Output{f, w})
}

// engine writes a PDF that is its text.
type engine struct {
	fails  error // once the pages have begun
	unread bool  // it ends before it has asked for a page
	broken error // that came in place of a page, or that ended what it wrote
}

func (e *engine) WritePDF(
	_ context.Context, _ ocr.Source, _ ocr.PDFOptions, pages iter.Seq2[ocr.Page, error], w io.Writer,
) ([]ocr.Note, error) {
	if e.unread {
		return nil, e.fails
	}
	if _, err := io.WriteString(w, "%PDF\n"); err != nil {
		return nil, err
	}
	for page, err := range pages {
		if e.broken = err; err != nil {
			return nil, err
		}
		if e.fails != nil {
			return nil, e.fails
		}
		var text strings.Builder
		for word := range page.Words {
			text.WriteString(word.Text + "\n")
		}
		if _, e.broken = io.WriteString(w, text.String()); e.broken != nil {
			return nil, e.broken
		}
	}
	_, err := io.WriteString(w, "%%EOF\n")
	return nil, err
}
