//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
)

// readReport tells people how the reading goes, on standard error: a line for each thing that there is to know, and a bar if it
// is a terminal. Several goroutines may use it at once.
type readReport struct {
	w io.Writer

	mu          sync.Mutex
	bar         *verbs.Bar
	done, total int   // pages
	read        int   // documents, those with missing pages too
	partly      int   // documents with missing pages
	failed      int   // documents
	first       error // of a document that failed, or misses pages
	strangers   int   // files below folders that are no documents
}

func newReadReport(w io.Writer) *readReport {
	return &readReport{w: w, bar: verbs.NewBar(w, "pages")}
}

// line tells one thing.
func (r *readReport) line(format string, args ...any) {
	_ = r.aside(func() error {
		fmt.Fprintf(r.w, format+"\n", args...)
		return nil
	})
}

// aside writes something while no bar is drawn: they may share a terminal.
func (r *readReport) aside(write func() error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bar.Clear()
	defer r.bar.To(r.done, r.total)
	return write()
}

// pages moves the bar by pages that are done, and by pages that are to be done.
func (r *readReport) pages(done, more int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done, r.total = r.done+done, r.total+more
	r.bar.To(r.done, r.total)
}

// notes tells notes of a document, or of a page of it.
func (r *readReport) notes(d localDocument, page int, notes []ocr.Note) {
	for _, n := range notes {
		about := d.String()
		if page := max(page, n.Page); page > 0 {
			about += fmt.Sprintf(": page %d", page)
		}
		code := string(n.Code)
		if n.Count > 0 {
			code += fmt.Sprintf(", %d", n.Count)
		}
		r.line("%s: %s (%s)", about, n.Sentence(), verbs.Printable(code))
	}
}

// ended takes note of a document that was dealt with.
func (r *readReport) ended(d localDocument, err error) {
	_, partly := errors.AsType[*missingPagesError](err)
	stranger := d.below && errors.Is(err, fault.DocumentUnknownType)
	if err != nil && !partly && !stranger {
		r.line("%s: %s", d, explain(err))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case stranger:
		r.strangers++
		return
	case partly:
		r.partly++
		r.read++
	case err != nil:
		r.failed++
	default:
		r.read++
	}
	if r.first == nil {
		r.first = err
	}
}

// end takes the bar off the terminal.
func (r *readReport) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bar.End()
}

// verdict sums up what became of all documents, and returns the error that says it in one code.
func (r *readReport) verdict(found *foundDocuments, summary bool) error {
	for _, err := range found.unreadable {
		r.failed++
		fmt.Fprintln(r.w, err)
	}
	if summary {
		fmt.Fprintf(r.w, "documents: %d read, %d of them without all pages, %d failed\n", r.read, r.partly, r.failed)
		if r.strangers+found.hidden+found.links+found.special > 0 {
			fmt.Fprintf(r.w, "left out: %d of other types, %d hidden, %d links to folders or to nothing, %d neither files nor folders\n",
				r.strangers, found.hidden, found.links, found.special)
		}
	}
	total := r.read + r.failed
	switch {
	case total == 0:
		return verbs.Document(errors.New("there are no documents below the folder"))
	case r.failed > 0 && total == 1 && fault.KindOf(r.first) == fault.Document:
		return errors.Join(errSilent, verbs.Document(r.first))
	case r.failed > 0 && total == 1:
		return errors.Join(errSilent, r.first)
	case r.failed > 0:
		return verbs.Some(fmt.Errorf("%d of %d documents failed", r.failed, total))
	case r.partly > 0 && total == 1:
		return verbs.Pages(r.first)
	case r.partly > 0:
		return verbs.Pages(fmt.Errorf("%d of %d documents were read without all pages", r.partly, total))
	}
	return nil
}
