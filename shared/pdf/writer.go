package pdf

import (
	"io"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// Writer writes a PDF. It belongs to one goroutine.
type Writer struct {
	Limits ocr.Limits // of pages that are drawn; the default ones if it is zero

	out   *emitter
	font  font
	faces *faces // of visible text; nil until there is some

	source   *Document // the original; nil for image documents
	options  ocr.PDFOptions
	silence  int // object number of what annotations play instead of their sounds; 0 if there are none
	notes    []ocr.Note
	contents map[int][]byte // text by page number, for the original's pages
	stale    []int          // pages of the original with text to be taken out
	claims   map[fontKey]claim
	hidden   map[int]int // words of their text layer that do not show, by page
	mentions mentions    // of those words beside the pages

	// Of a PDF/A:
	whole        map[int]newStream // text of pages that may become pictures
	restless     bool              // forms have fields whose looks are to be made
	profile, xmp int               // object numbers
	describes    description

	tree  int   // object number of the tree of pages of an image document
	pages []int // object numbers of its pages
}

// NewWriter starts a PDF that goes to w. With a src the result is a copy of it, with the objects that it leads to but for what the
// options leave out, pages among it, and invisible text beneath; or, where a signature is to be kept, its bytes with the text as a
// later revision. With pictures only, each page is a picture, the one that it consists of where it does. What is made of a document
// that opens with its password only is encrypted with that password, unless the options remove it, and nothing else is. Nothing
// is written before Finish. The writer uses src, so both belong to the same goroutine. Without a src,
// each page is a Picture and is written as it comes.
func (r *Runtime) NewWriter(src *Document, opt ocr.PDFOptions, w io.Writer) (*Writer, error) {
	out := &Writer{out: newEmitter(w), source: src, options: opt}
	if src != nil {
		out.mentions = mentions{words: map[string]int{}, shown: map[string]bool{}, left: map[string]bool{}}
		out.contents, out.hidden, out.claims = map[int][]byte{}, map[int]int{}, map[fontKey]claim{}
		out.whole = map[int]newStream{}
		return out, nil
	}
	out.beginPictures()
	return out, nil
}

// NewLockedWriter is NewWriter without a src, of a PDF that opens with the password of another one only, and allows what that
// allows. There is no such PDF/A.
func (r *Runtime) NewLockedWriter(of *Document, opt ocr.PDFOptions, w io.Writer) (*Writer, error) {
	out := &Writer{out: newEmitter(w), options: opt}
	if err := out.protect(of); err != nil {
		return nil, err
	}
	out.beginPictures()
	return out, nil
}

// beginPictures begins a PDF of pictures. The comment marks the file as binary for programs that look at its first bytes
// (ISO 32000-1, section 7.5.2).
func (w *Writer) beginPictures() {
	switch {
	case w.archives():
		w.out.printf("%s", archiveHead)
	case w.out.encryption != nil:
		w.out.printf("%s", encryptedHead)
	default:
		w.out.printf("%%PDF-1.6\n%%\xE2\xE3\xCF\xD3\n")
	}
	w.tree, w.font.number = w.out.reserve(), w.out.reserve()
}

// textless reports whether the PDF has pictures only.
func (w *Writer) textless() bool { return w.options.Kind == ocr.PicturesOnly }

func (w *Writer) limits() ocr.Limits {
	if w.Limits == (ocr.Limits{}) {
		return ocr.DefaultLimits()
	}
	return w.Limits
}

// Notes returns what is to be told of the PDF, once it is complete.
func (w *Writer) Notes() []ocr.Note { return w.notes }

// Close gives up the text that the writer holds. It may be called after Finish and more than once.
func (w *Writer) Close() { w.contents = nil }

// Page adds the next page. For the copy of a PDF, page.Number says which page the text belongs to, and pic is nil; of pages
// whose text is a layer, what was recognised beside it is added, and pages that are blank or failed stay as they are. For an
// image document pic is the page.
func (w *Writer) Page(page ocr.Page, pic *Picture) error {
	if w.source == nil {
		return w.picture(page, pic)
	}
	if w.textless() {
		return nil
	}
	if !w.options.KeepHidden {
		w.mentions.show(page)
	}
	if w.archives() {
		width, height, err := w.source.Size(page.Number)
		if err != nil {
			return err
		}
		w.keepWhole(page, width, height)
	}
	read := recognisedBlocks(page)
	if len(read.Blocks) == 0 && page.Origin != ocr.Recognised && page.HiddenWords == 0 {
		return nil
	}
	return w.source.look(page.Number, func(v view) error {
		drawn, err := w.source.survey(v)
		if err != nil {
			return err
		}
		earlier := (page.Origin == ocr.Recognised || len(read.Blocks) > 0) && drawn.invisible+drawn.under > 0
		if (earlier || page.HiddenWords > 0) && !w.options.KeepHidden {
			w.stale = append(w.stale, page.Number)
			w.hidden[page.Number] = page.HiddenWords
		}
		if page.Width < 1 || page.Height < 1 || len(read.Blocks) == 0 {
			return nil
		}
		skip, err := w.known(v, read, drawn)
		if err != nil {
			return err
		}
		place := matrix{a: v.width / float64(page.Width), d: v.height / float64(page.Height)}.then(v.display.inverse())
		w.contents[page.Number] = w.font.invisible(read, place, fontResource, skip)
		return nil
	})
}

// fontResource is a name that no other program gives to a font.
const fontResource = "LetheText"
