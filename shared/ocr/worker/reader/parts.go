//go:build linux

package reader

import (
	"context"
	"io"
	"iter"
	"math"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
	"github.com/lethe-ocr/lethe/shared/pdf"
)

// writeParts writes one PDF of several files: each page is a picture with its text. What an image file holds is kept byte for
// byte, as in a PDF of that file alone; pages of PDFs are drawn, so that no objects of one hostile document meet those of
// another. One file is open at a time.
func (e *Engine) writeParts(
	ctx context.Context, src ocr.Source, opt ocr.PDFOptions, pages iter.Seq2[ocr.Page, error], w io.Writer,
) ([]ocr.Note, error) {
	e.release()
	runtime, err := e.pdf(ctx)
	if err != nil {
		return nil, err
	}
	writer, err := e.partsWriter(ctx, runtime, src, opt, w)
	if err != nil {
		return nil, err
	}
	defer writer.Close()
	p := &partsWriter{e: e, parts: src.Parts, all: !opt.Partial(), each: func(doc opened, page ocr.Page, _ int) error {
		return doc.writePage(writer, page, opt.Kind)
	}}
	for page, err := range pages {
		if err != nil {
			return nil, err
		}
		if err := p.page(ctx, page); err != nil {
			return nil, err
		}
	}
	if err := p.rest(ctx); err != nil {
		return nil, err
	}
	if err := writer.Finish(); err != nil {
		return nil, err
	}
	return writer.Notes(), nil
}

// partsWriter begins the PDF. If a file opens with its password only, the PDF does so too, with the first such password.
func (e *Engine) partsWriter(ctx context.Context, runtime *pdf.Runtime, src ocr.Source, opt ocr.PDFOptions, w io.Writer) (*pdf.Writer, error) {
	for _, part := range src.Parts {
		if !part.Locked || opt.RemovePassword {
			continue
		}
		doc, err := e.openSource(ctx, ocr.Source{File: part.File, Fill: part.Fill, Password: part.Password})
		if err != nil {
			return nil, err
		}
		defer doc.close()
		if locked, ok := doc.(*pdfDocument); ok {
			return runtime.NewLockedWriter(locked.pdf, opt, w)
		}
	}
	return runtime.NewWriter(nil, opt, w)
}

// partsWriter writes the pages of several files.
type partsWriter struct {
	e     *Engine
	parts []ocr.Part
	all   bool // pages that nobody sends are written without text
	// each writes a page of a file, whose number there the page has, under its number in the document.
	each func(doc opened, page ocr.Page, number int) error

	written int // number of the last page that was written, in the document
	part    int // that is open, or the next to be opened
	before  int // pages of the parts before it
}

// page writes a page, and before it those that nobody sent.
func (p *partsWriter) page(ctx context.Context, page ocr.Page) error {
	if page.Number <= p.written {
		return refusal.NoPage(page.Number, p.written)
	}
	for p.written+1 < page.Number && p.all {
		if err := p.write(ctx, ocr.Page{Number: p.written + 1, Origin: ocr.Failed}); err != nil {
			return err
		}
	}
	return p.write(ctx, page)
}

// rest writes the pages after the last that was sent.
func (p *partsWriter) rest(ctx context.Context) error {
	total := 0
	for _, part := range p.parts {
		total += part.Pages
	}
	for p.all && p.written < total {
		if err := p.write(ctx, ocr.Page{Number: p.written + 1, Origin: ocr.Failed}); err != nil {
			return err
		}
	}
	p.e.release()
	return nil
}

func (p *partsWriter) write(ctx context.Context, page ocr.Page) error {
	p.written = page.Number
	for p.part < len(p.parts) && page.Number > p.before+p.parts[p.part].Pages {
		p.e.release()
		p.before += p.parts[p.part].Pages
		p.part++
	}
	if p.part == len(p.parts) {
		return refusal.NoPage(page.Number, p.before)
	}
	if p.e.open == nil {
		part := p.parts[p.part]
		doc, err := p.e.openSource(ctx, ocr.Source{File: part.File, Fill: part.Fill, Password: part.Password})
		if err != nil {
			return err
		}
		p.e.open = doc
	}
	page.Number -= p.before
	if pages := p.e.open.pages(); page.Number > pages {
		return refusal.NoPage(page.Number, pages)
	}
	return p.each(p.e.open, page, p.written)
}

// writePage draws the page and writes it with its text, if it has any. One that cannot be drawn is blank.
func (d *pdfDocument) writePage(writer *pdf.Writer, page ocr.Page, _ ocr.PDFKind) error {
	if page.Origin == ocr.Failed || page.DPI < 1 {
		width, height, err := d.pdf.Size(page.Number)
		if err != nil {
			return err
		}
		pixels := func(points float64) int { return max(1, int(math.Round(points*assumedDPI/72))) }
		page.Width, page.Height, page.DPI, page.DPIY = pixels(width), pixels(height), assumedDPI, 0
	}
	drawn, err := d.pdf.Paint(page.Number, d.limits)
	if err != nil {
		drawn = nil
	}
	return writer.Page(page, drawn)
}
