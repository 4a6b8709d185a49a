// Package render writes the results of a document, all formats in one pass over its pages. Every page passes through one
// clean-up first, so no format can disagree with another about a word, and no document can break a format. Memory is
// bounded by the largest page. A format is a row of the table in format.go and a Writer in a file of its own.
package render

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
)

// Document is what results say about a document besides its pages, and where they find the document itself. What it says
// holds nothing that a user wrote.
type Document struct {
	ID        string     // the task's id; empty if there is none
	Languages []string   // that it was read in, Tesseract's codes in order of preference
	Chosen    bool       // the languages were chosen for the document, not asked for
	Created   time.Time  // when it was recognised; left out if zero
	Software  string     // version of this program
	Pages     int        // how many pages follow; zero if unknown
	Notes     []ocr.Note // about the whole document: they stand on its first page
	Options   Options    // of all its results
	Original  Original   // for the formats that keep the appearance of the document
}

// softwareName goes into the formats that name their maker.
const softwareName = "Lethe"

// Writer writes one result.
type Writer interface {
	// Page writes the next page, which is cleaned, and leaves it as it is.
	Page(p *ocr.Page) error
	// Close ends the result. It must be called once, after an error too: the Writer has let go of everything when it returns.
	Close() error
}

// Output is where the result in one format goes.
type Output struct {
	Format Format
	W      io.Writer
}

// Write writes the document to all outputs, in one pass over its pages, and in another for each but the first that the engine
// writes from the original: it writes one at a time. Pages come in ascending order of their numbers, at least one, and the same in each pass. After an error,
// which may be one of the sequence, what was written are no valid results: discard them. An error of one output ends all of them.
func Write(ctx context.Context, doc Document, pages iter.Seq2[ocr.Page, error], outputs ...Output) error {
	for _, pass := range passes(outputs) {
		if err := writeOnce(ctx, doc, pages, pass); err != nil {
			return err
		}
	}
	return nil
}

// passes shares outputs out so that in each pass the engine writes one at most.
func passes(outputs []Output) [][]Output {
	all := [][]Output{nil}
	written := false // one is, in the first pass
	for _, o := range outputs {
		if _, ofOriginal := o.Format.kind(); ofOriginal {
			if written {
				all = append(all, []Output{o})
				continue
			}
			written = true
		}
		all[0] = append(all[0], o)
	}
	return all
}

// writeOnce writes to outputs in one pass.
func writeOnce(ctx context.Context, doc Document, pages iter.Seq2[ocr.Page, error], outputs []Output) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	writers, err := start(ctx, doc, outputs)
	if err == nil {
		err = feed(writers, doc, pages)
	}
	for _, w := range writers {
		if err != nil {
			cancel(err)
		}
		if closeErr := w.Close(); err == nil && closeErr != nil {
			err = fmt.Errorf("write %s: %w", w.format, closeErr)
		}
	}
	return err
}

// writer is the Writer of one output.
type writer struct {
	Writer
	format Format
}

// start makes the writers. With an error it returns those that were made already.
func start(ctx context.Context, doc Document, outputs []Output) ([]writer, error) {
	writers := make([]writer, 0, len(outputs))
	for _, o := range outputs {
		r, ok := o.Format.row()
		if !ok {
			return writers, fault.New(fault.FormatUnknown, "A result format is unknown.")
		}
		w, err := r.new(ctx, untilFailure{o.W, ctx}, doc)
		if err != nil {
			return writers, fmt.Errorf("write %s: %w", o.Format, err)
		}
		writers = append(writers, writer{w, o.Format})
	}
	return writers, nil
}

// untilFailure passes on what is written until the pass has failed: what closes a result must not make half of one look whole.
type untilFailure struct {
	io.Writer
	pass context.Context //nolint:containedctx // it is the pass
}

// Write implements io.Writer.
func (u untilFailure) Write(p []byte) (int, error) {
	if u.pass.Err() != nil {
		return 0, context.Cause(u.pass)
	}
	return u.Writer.Write(p)
}

// feed gives every page to every writer, the first with the notes of the document.
func feed(writers []writer, doc Document, pages iter.Seq2[ocr.Page, error]) error {
	count, last := 0, 0
	for p, err := range pages {
		if err != nil {
			return err
		}
		// Identifiers in the output derive from the number, so it must not come twice.
		if p.Number <= last {
			return fault.New(fault.InternalError, "Page %d comes after page %d.", p.Number, last)
		}
		if count, last = count+1, p.Number; count == 1 {
			p.Notes = slices.Concat(p.Notes, doc.Notes)
		}
		p = clean(p)
		for _, w := range writers {
			if err := w.Page(&p); err != nil {
				return fmt.Errorf("write %s: page %d: %w", w.format, p.Number, err)
			}
		}
	}
	if count == 0 || doc.Pages > 0 && count != doc.Pages {
		return fault.New(fault.InternalError, "The result has %d pages of %d.", count, doc.Pages)
	}
	return nil
}

// output holds back what a Writer writes until its page is complete.
type output struct {
	b bytes.Buffer
	w io.Writer
}

func (o *output) flush() error {
	_, err := o.b.WriteTo(o.w)
	return err
}
