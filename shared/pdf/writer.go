package pdf

import (
	"io"
	"slices"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/requests"

	"github.com/lethe-ocr/lethe/shared/ocr"
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

// NewWriter starts a PDF that goes to w. With a src the result is a copy of it without encryption, with the objects
// that it leads to but for what the options leave out, and invisible text beneath; nothing is written before Finish. The writer uses src, so both belong to the same goroutine.
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
	if drawn.visible == drawn.under {
		// PDFium drops resources that the rest of the page does not name, so there must be no form that may use them.
		return none, drawn.invisible+drawn.under > 0 && drawn.others == 0 && !drawn.nested, nil
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
