package pdf

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/requests"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// Writer writes a searchable PDF. It belongs to one goroutine.
type Writer struct {
	out  *emitter
	font font

	source   *Document // the original; nil for image documents
	options  ocr.PDFOptions
	notes    []ocr.Note
	contents map[int][]byte // text by page number, for the original's pages
	stale    []int          // pages of the original with invisible text to be removed
	tree     int            // object number of the tree of pages of an image document
	pages    []int          // object numbers of its pages
}

// NewWriter starts a PDF that goes to w. With a src the result is a copy of it without encryption, with the same objects
// and invisible text beneath; nothing is written before Finish. The writer uses src, so both belong to the same goroutine.
// Without a src, each page is a Picture and is written as it comes.
func (r *Runtime) NewWriter(src *Document, opt ocr.PDFOptions, w io.Writer) (*Writer, error) {
	out := &Writer{out: newEmitter(w), source: src, options: opt}
	if src != nil {
		out.contents = map[int][]byte{}
		return out, nil
	}
	// The comment marks the file as binary for programs that look at its first bytes (ISO 32000-1, section 7.5.2).
	out.out.printf("%%PDF-1.6\n%%\xE2\xE3\xCF\xD3\n")
	out.tree, out.font.number = out.out.reserve(), out.out.reserve()
	return out, nil
}

// Notes returns what is to be told of the PDF, once it is complete.
func (w *Writer) Notes() []ocr.Note { return w.notes }

// Close gives up the text that the writer holds. It may be called after Finish and more than once.
func (w *Writer) Close() { w.contents = nil }

// Page adds the next page. For the copy of a PDF, page.Number says which page the text belongs to, and pic is nil; pages
// whose text is a layer, or that are blank or failed, stay as they are. For an image document pic is the page.
func (w *Writer) Page(page ocr.Page, pic *Picture) error {
	if w.source == nil {
		return w.picture(page, pic)
	}
	if page.Origin != ocr.Recognised || page.Width < 1 || page.Height < 1 || len(page.Blocks) == 0 {
		return nil
	}
	return w.source.look(page.Number, func(v view) error {
		skip, stale, err := w.source.known(v, page)
		if err != nil {
			return err
		}
		if stale {
			w.stale = append(w.stale, page.Number)
		}
		place := matrix{a: v.width / float64(page.Width), d: v.height / float64(page.Height)}.then(v.display.inverse())
		w.contents[page.Number] = w.font.invisible(page, place, fontResource, skip)
		return nil
	})
}

// fontResource is a name that no other program gives to a font.
const fontResource = "LetheText"

// known finds text that the page holds already although recognition has read it again: stale says that there is invisible
// text of an earlier recognition, which can be removed; skip reports which words are there as visible text.
func (p *Document) known(v view, page ocr.Page) (skip func(ocr.Box) bool, stale bool, err error) {
	none := func(ocr.Box) bool { return false }
	drawn, err := p.survey(v)
	if err != nil {
		return nil, false, err
	}
	if drawn.visible == 0 {
		// PDFium drops resources that the rest of the page does not name, so there must be no form that may use them.
		return none, drawn.invisible > 0 && drawn.others == 0 && !drawn.nested, nil
	}
	glyphs, err := p.glyphs(v, drawn.invisible > 0)
	if err != nil {
		return nil, false, err
	}
	if t := count(glyphs); t.letters == 0 || t.broken*20 > t.letters || t.signs > t.letters {
		return none, false, nil // nobody finds such text
	}
	pixels := matrix{a: float64(page.Width) / v.width, d: float64(page.Height) / v.height}
	var there []ocr.Box
	for _, shown := range wordBoxes(glyphs) {
		there = append(there, whole(shown.through(pixels), page.Width, page.Height))
	}
	return func(b ocr.Box) bool {
		x, y := (b.X0+b.X1)/2, (b.Y0+b.Y1)/2
		return slices.ContainsFunc(there, func(t ocr.Box) bool { return t.X0 <= x && x < t.X1 && t.Y0 <= y && y < t.Y1 })
	}, false, nil
}

// removeText removes invisible text objects from a page and writes its content anew.
func (p *Document) removeText(v view) error {
	count, err := p.instance.FPDFPage_CountObjects(&requests.FPDFPage_CountObjects{Page: v.page})
	if err != nil {
		return p.fail(err)
	}
	for i := count.Count - 1; i >= 0; i-- {
		p.handles++
		object, err := p.instance.FPDFPage_GetObject(&requests.FPDFPage_GetObject{Page: v.page, Index: i})
		if err != nil {
			return p.fail(err)
		}
		kind, err := p.instance.FPDFPageObj_GetType(&requests.FPDFPageObj_GetType{PageObject: object.PageObject})
		if err != nil {
			return p.fail(err)
		}
		if kind.Type != enums.FPDF_PAGEOBJ_TEXT {
			continue
		}
		_, err = p.instance.FPDFPage_RemoveObject(
			&requests.FPDFPage_RemoveObject{Page: v.page, PageObject: object.PageObject})
		if err != nil {
			return p.fail(err)
		}
		_, err = p.instance.FPDFPageObj_Destroy(&requests.FPDFPageObj_Destroy{PageObject: object.PageObject})
		if err != nil {
			return p.fail(err)
		}
	}
	if _, err := p.instance.FPDFPage_GenerateContent(&requests.FPDFPage_GenerateContent{Page: v.page}); err != nil {
		return p.fail(err)
	}
	return nil
}

// Finish completes the PDF.
func (w *Writer) Finish() error {
	if w.source == nil {
		return w.finishPictures()
	}
	defer w.Close()
	known, err := w.copySource()
	if err != nil {
		return err
	}
	size, err := known.size()
	if err != nil {
		return refusal.New(refusal.PDFUncopyable)
	}
	w.out.next = size
	w.font.number = w.out.reserve()
	done := map[int]bool{} // a page may be in the tree twice
	added := false
	for i, l := range known.pages(w.source.pages) {
		text := w.contents[i+1]
		if len(text) == 0 || done[l.number] {
			continue
		}
		content := w.out.reserve()
		page, ok := known.addText(l, content, w.font.number, fontResource)
		if !ok {
			continue
		}
		w.out.packed(content, "", text)
		w.out.object(l.number, known.objects[l.number].generation, page.String())
		done[l.number], added = true, true
	}
	if !added {
		return w.out.err
	}
	w.font.write(w.out)
	var entries strings.Builder
	for _, e := range known.trailer {
		if e.key != "/Size" && e.key != "/Prev" {
			fmt.Fprintf(&entries, "%s %s", e.key, e.value)
		}
	}
	return w.out.finish(fmt.Sprintf("%s/Prev %d", entries.String(), known.start))
}

// FPDF_REMOVE_SECURITY of PDFium's fpdf_save.h. The value that go-pdfium names so is an older one.
const removeSecurity requests.SaveFlags = 1 << 2

// renewed opens the original a second time, without the text of earlier recognitions.
func (w *Writer) renewed() (*Document, error) {
	p, err := w.source.runtime.Open(w.source.reader, w.source.size, w.source.password)
	if err != nil {
		return nil, err
	}
	p.pinned = true
	for _, n := range w.stale {
		if err := p.look(n, p.removeText); err != nil {
			// Words that are there twice are better than no document.
			p.Close()
			return w.source.runtime.Open(w.source.reader, w.source.size, w.source.password)
		}
	}
	return p, nil
}

// copySource writes the original as PDFium understood it and returns what is needed to add to it.
func (w *Writer) copySource() (*saved, error) {
	source, err := w.renewed()
	if err != nil {
		return nil, err
	}
	defer source.Close()
	type result struct {
		known *saved
		err   error
	}
	read, write := io.Pipe()
	results := make(chan result, 1)
	go func() {
		known, err := readSaved(io.TeeReader(read, w.out))
		_ = read.CloseWithError(errors.Join(err, io.ErrClosedPipe)) // always nil; ends PDFium's writing if reading ended early
		results <- result{known, err}
	}()
	_, err = source.instance.FPDF_SaveAsCopy(&requests.FPDF_SaveAsCopy{
		Document: source.document, Flags: removeSecurity, FileWriter: write,
	})
	_ = write.CloseWithError(err) // always nil; without an error it is the end of the file
	r := <-results
	switch {
	case w.out.err != nil:
		return nil, w.out.err // the receiver's failure, not the document's
	case err != nil:
		return nil, refusal.New(refusal.PDFUncopyable)
	case r.err != nil:
		return nil, refusal.New(refusal.PDFUncopyable)
	}
	return r.known, nil
}
