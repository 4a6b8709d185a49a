package render

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
)

// Original is the document itself. Its bytes are read by the engine, in a process of its own.
type Original struct {
	Engine  Engine
	Source  ocr.Source
	Options ocr.PDFOptions
	Noted   func([]ocr.Note) // is given what is to be told of each PDF that was written, one after the other; may be nil
}

// Engine makes results of a document's own bytes. Every ocr.Engine is one.
type Engine interface {
	// WritePDF writes a PDF that keeps the appearance of the original, or what else the kind of the options says. pages yields every page once, in order. It
	// returns what is to be told of the result.
	WritePDF(ctx context.Context, src ocr.Source, opt ocr.PDFOptions, pages iter.Seq2[ocr.Page, error], w io.Writer) ([]ocr.Note, error)
}

// pdf has the engine write a PDF. The engine asks for pages as it needs them: Page waits until it does.
type pdf struct {
	pages chan ocr.Page
	ended chan struct{} // closed when the engine is done
	notes []ocr.Note    // of the engine; set before ended is closed
	err   error         // likewise
	noted func([]ocr.Note)
}

// newPDF returns what makes the Writer of a kind of PDF.
func newPDF(kind ocr.PDFKind) func(context.Context, io.Writer, Document) (Writer, error) {
	return func(ctx context.Context, w io.Writer, doc Document) (Writer, error) {
		original := doc.Original
		if original.Engine == nil {
			return nil, fault.New(fault.InternalError, "The original is not at hand.")
		}
		original.Options.Kind = kind
		p := &pdf{pages: make(chan ocr.Page), ended: make(chan struct{}), noted: original.Noted}
		go func() {
			defer close(p.ended)
			p.notes, p.err = original.Engine.WritePDF(ctx, original.Source, original.Options, p.sequence(ctx), w)
		}()
		return p, nil
	}
}

// Kinds lists the kinds of those among formats that the engine writes from the original.
func Kinds(formats []Format) []ocr.PDFKind {
	var kinds []ocr.PDFKind
	for _, f := range formats {
		if kind, ok := f.kind(); ok {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// kind returns what the engine writes for a format; false for those that follow from the pages alone.
func (f Format) kind() (ocr.PDFKind, bool) {
	switch f {
	case PDF:
		return ocr.Searchable, true
	case PDFA:
		return ocr.Archive, true
	case PDFImages:
		return ocr.PicturesOnly, true
	case Preview:
		return ocr.Previews, true
	case PDFText:
		return ocr.TextAndPictures, true
	default:
		return "", false
	}
}

// sequence yields the pages as they come. It breaks off with an error once the result is discarded.
func (p *pdf) sequence(ctx context.Context) iter.Seq2[ocr.Page, error] {
	return func(yield func(ocr.Page, error) bool) {
		for {
			select {
			case page, more := <-p.pages:
				switch {
				case more && yield(page, nil):
					continue
				case !more && ctx.Err() != nil:
					yield(ocr.Page{}, context.Cause(ctx))
				}
			case <-ctx.Done():
				yield(ocr.Page{}, context.Cause(ctx))
			}
			return
		}
	}
}

// errUnread means that the engine ended without having asked for all pages.
var errUnread = errors.New("the engine did not take all pages")

// Page implements Writer.
func (p *pdf) Page(page *ocr.Page) error {
	select {
	case p.pages <- *page:
		return nil
	case <-p.ended:
		if p.err == nil {
			return fault.Wrap(errUnread, fault.InternalError, "")
		}
		return p.err
	}
}

// Close implements Writer.
func (p *pdf) Close() error {
	close(p.pages)
	<-p.ended
	if p.err == nil && p.noted != nil {
		p.noted(p.notes)
	}
	return p.err
}
