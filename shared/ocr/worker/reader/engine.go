//go:build linux

package reader

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"iter"
	"strings"
	"sync"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/derivative"
	"github.com/lethe-ocr/lethe/shared/ocr/language"
	"github.com/lethe-ocr/lethe/shared/ocr/reading"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
	"github.com/lethe-ocr/lethe/shared/pdf"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// Config says where the engine finds its data, and what documents may ask of it.
type Config struct {
	Tessdata string // folder of the language data; empty: where packages put it
	Cache    string // folder of the compilation cache that Warm fills; empty: none
	Engine   string // what recognises text: tesseract, which is the default, or gosseract
	Limits   ocr.Limits
}

// Recogniser reads pictures of pages. The engine calls it for one page at a time.
type Recogniser interface {
	// Languages lists the installed languages as Tesseract's codes, sorted.
	Languages() []string
	// Load makes it ready for each of the languages by itself, and fails if one cannot be used.
	Load(ctx context.Context, languages []string) error
	// Read recognises a picture that has so many pixels an inch in each direction, and fills everything of the page but its
	// number, in pixels of the picture as given.
	Read(ctx context.Context, im *picture.Image, x, y int, opt ocr.Options) (ocr.Page, error)
	Close() error
}

var _ Recogniser = (*reading.Reader)(nil)

// Engine reads documents in this process. It works on one call at a time and keeps the last document open.
type Engine struct {
	cfg        Config
	recogniser Recogniser

	mu      sync.Mutex
	runtime *pdf.Runtime // nil until the first PDF comes; guarded by mu
	id      string       // of the open document; guarded by mu
	open    opened       // nil if none is open; guarded by mu
	drawn   sheet        // a page of it that waits to be read; guarded by mu
}

// sheet is a page that is ready to be read. The zero value is none.
type sheet struct {
	number int
	asked  ocr.Features                       // with which it was drawn
	page   *ocr.Page                          // its text layer, where that can be trusted
	image  *picture.Image                     // its pixels otherwise
	dpi    int                                // that it is drawn with; 0 for what the image states
	merge  func(recognised ocr.Page) ocr.Page // makes the page of what was recognised; nil if that is the page

	scattered bool // it shows pieces of text rather than a page
	part      bool // the image lacks what the text layer explains
}

func (s *sheet) close() {
	if s.image != nil {
		s.image.Close()
	}
	*s = sheet{}
}

var _ worker.Engine = (*Engine)(nil)

// opened is a document of one kind.
type opened interface {
	// mediaType and pages are known from opening it; for the rest of info all of it may have to be read.
	mediaType() string
	pages() int
	info() (ocr.Info, error)
	// draw makes page n ready to be read.
	draw(ctx context.Context, n int, opt ocr.Options) (sheet, error)
	// drawing draws all of page n. The caller closes the picture.
	drawing(n int) (*picture.Image, error)
	// preview draws page n, with at most side square pixels on its longer side.
	preview(n, side int) (image.Image, error)
	// survey finds what a derivative takes over from page n.
	survey(n int) (derivative.Page, error)
	// writePage writes a page to a PDF of that kind whose pages are pictures.
	writePage(writer *pdf.Writer, page ocr.Page, kind ocr.PDFKind) error
	// write writes the searchable PDF, and returns what is to be told of it.
	write(ctx context.Context, opt ocr.PDFOptions, pages iter.Seq2[ocr.Page, error], w io.Writer) ([]ocr.Note, error)
	close()
}

// New returns an engine that reads with a recogniser. It opens nothing before the first document comes.
func New(cfg Config, recogniser Recogniser) (*Engine, error) {
	if cfg.Limits.Bytes <= 0 || cfg.Limits.Pages <= 0 || cfg.Limits.Pixels <= 0 {
		return nil, errors.New("document limits must be positive")
	}
	return &Engine{cfg: cfg, recogniser: recogniser}, nil
}

// Close releases everything.
func (e *Engine) Close() error {
	e.Release()
	e.mu.Lock()
	defer e.mu.Unlock()
	err := e.recogniser.Close()
	if e.runtime != nil {
		err = errors.Join(err, e.runtime.Close())
	}
	return err
}

// Languages lists the installed languages as Tesseract's codes, sorted, without osd.
func (e *Engine) Languages() []string { return e.recogniser.Languages() }

// Load makes the engine ready for each of the languages by itself. It fails if one cannot be used.
func (e *Engine) Load(ctx context.Context, languages []string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.recogniser.Load(ctx, languages)
}

// Release closes the document that is kept open between calls.
func (e *Engine) Release() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.release()
}

func (e *Engine) release() {
	e.drawn.close()
	if e.open != nil {
		e.open.close()
		picture.ReturnMemory()
	}
	e.open, e.id = nil, ""
}

// Inspect finds type, page count and readability of a document.
func (e *Engine) Inspect(ctx context.Context, src ocr.Source) (ocr.Info, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	doc, err := e.document(ctx, src)
	if err != nil {
		return ocr.Info{}, err
	}
	return doc.info()
}

// Open opens a document within the limits, if it is not open already.
func (e *Engine) Open(ctx context.Context, src ocr.Source) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, err := e.document(ctx, src)
	return err
}

// Draw makes page n, counted from 1, ready for Recognise with the same options.
func (e *Engine) Draw(ctx context.Context, src ocr.Source, n int, opt ocr.Options) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.draw(ctx, src, n, opt)
}

// draw draws page n unless it is drawn already. A page that was only looked at may have been drawn for less than it is read for.
func (e *Engine) draw(ctx context.Context, src ocr.Source, n int, opt ocr.Options) error {
	doc, err := e.page(ctx, src, n) // another document takes the sheet along
	if err != nil || e.drawn.number == n && e.drawn.asked == opt.Features {
		return err
	}
	e.drawn.close()
	e.drawn, err = doc.draw(ctx, n, opt)
	e.drawn.number, e.drawn.asked = n, opt.Features
	if err != nil {
		e.drawn = sheet{}
	}
	return err
}

// Recognise reads page n, counted from 1. It draws the page if that was not asked for before.
func (e *Engine) Recognise(ctx context.Context, src ocr.Source, n int, opt ocr.Options) (ocr.Page, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.draw(ctx, src, n, opt); err != nil {
		return ocr.Page{}, err
	}
	if !opt.Choose { // the page that was looked at is the next to be read
		defer e.drawn.close()
	} else if e.drawn.page != nil {
		return lookedAt(e.drawn.page, opt.Languages), nil
	}
	if len(opt.Fields) > 0 && !opt.Choose {
		return e.fields(ctx, e.open, n, opt)
	}
	page, err := e.read(ctx, n, opt)
	if err != nil {
		return ocr.Page{}, err
	}
	if !opt.Choose {
		if err := e.features(&page, e.open, opt); err != nil {
			return ocr.Page{}, err
		}
	}
	return explained(page, opt), nil
}

// read reads the page that is drawn.
func (e *Engine) read(ctx context.Context, n int, opt ocr.Options) (ocr.Page, error) {
	if e.drawn.page != nil {
		return *e.drawn.page, nil
	}
	x, y := resolution(e.drawn.image, e.drawn.dpi)
	opt.Scattered = e.drawn.scattered
	page, err := e.recogniser.Read(ctx, e.drawn.image, x, y, opt)
	if err == nil && e.drawn.merge != nil && !opt.Choose {
		page = e.drawn.merge(page)
	}
	page.Number = n
	return page, err
}

// resolution returns the pixels an inch of a picture that is drawn with dpi, or 0 for what it states: a JPEG may state another.
func resolution(im *picture.Image, dpi int) (x, y int) {
	if x, y = dpi, dpi; dpi < 1 {
		x, y = im.Resolution()
	}
	if x < 1 || y < 1 {
		return assumedDPI, assumedDPI
	}
	return x, y
}

// lookedAt is a page of which nothing is known but the languages of its text.
func lookedAt(page *ocr.Page, allowed []string) ocr.Page {
	var text strings.Builder
	for w := range page.Words {
		text.WriteString(w.Text + " ")
	}
	return ocr.Page{
		Number: page.Number, Width: page.Width, Height: page.Height, DPI: page.DPI, DPIY: page.DPIY, Angle: page.Angle, Origin: page.Origin,
		Languages: language.Guess(text.String(), allowed),
	}
}

// explained is a page with the account of how its text came about where that was asked for.
func explained(page ocr.Page, opt ocr.Options) ocr.Page {
	if !opt.Explain {
		page.Decisions = nil
	}
	return page
}

// WritePDF writes a searchable PDF: of a PDF a copy with invisible text, of images one page for each.
func (e *Engine) WritePDF(
	ctx context.Context, src ocr.Source, opt ocr.PDFOptions, pages iter.Seq2[ocr.Page, error], w io.Writer,
) ([]ocr.Note, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if opt.Kind == ocr.Previews {
		return nil, e.writePreviews(ctx, src, pages, w)
	}
	if len(src.Parts) > 0 {
		return e.writeParts(ctx, src, opt, pages, w)
	}
	doc, err := e.document(ctx, src)
	if err != nil {
		return nil, err
	}
	return doc.write(ctx, opt, pages, w)
}

// page returns the open document if it has a page n.
func (e *Engine) page(ctx context.Context, src ocr.Source, n int) (opened, error) {
	doc, err := e.document(ctx, src)
	if err != nil {
		return nil, err
	}
	if pages := doc.pages(); n < 1 || n > pages {
		return nil, refusal.NoPage(n, pages)
	}
	return doc, nil
}

// document returns the open document, or opens it within the limits.
func (e *Engine) document(ctx context.Context, src ocr.Source) (opened, error) {
	if e.open != nil && src.ID != "" && e.id == src.ID {
		return e.open, nil
	}
	e.release()
	doc, err := e.openSource(ctx, src)
	if err != nil {
		return nil, err
	}
	if pages := doc.pages(); pages > e.cfg.Limits.Pages {
		doc.close()
		return nil, refusal.TooManyPages(pages, e.cfg.Limits.Pages)
	}
	e.open, e.id = doc, src.ID
	return doc, nil
}

func (e *Engine) openSource(ctx context.Context, src ocr.Source) (opened, error) {
	stat, err := src.File.Stat()
	if err != nil {
		return nil, fmt.Errorf("look at document: %w", err)
	}
	size := stat.Size()
	switch {
	case !stat.Mode().IsRegular():
		return nil, errors.New("the document is not a regular file")
	case size == 0:
		return nil, refusal.New(refusal.Empty)
	case size > e.cfg.Limits.Bytes:
		return nil, refusal.TooLarge(size, e.cfg.Limits.Bytes)
	}
	head := make([]byte, min(size, ocr.HeadBytes))
	content := src.Content(ctx, size)
	if _, err := content.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, refusal.New(refusal.Unreadable)
	}
	mediaType, err := ocr.MediaType(head)
	if err != nil {
		return nil, err
	}
	if mediaType != ocr.PDF {
		return openImages(ctx, src, size, mediaType, e.cfg.Limits, e.pdf)
	}
	runtime, err := e.pdf(ctx)
	if err != nil {
		return nil, err
	}
	return openPDF(runtime, content, src.Password, e.cfg.Limits, e.recogniser)
}

// pdf starts PDFium when it is needed for the first time. A cache that is missing, or made by another version, cannot be
// filled from here, where no file can be written; then it is compiled for this process alone.
func (e *Engine) pdf(ctx context.Context) (*pdf.Runtime, error) {
	if e.runtime != nil {
		return e.runtime, nil
	}
	runtime, err := pdf.NewRuntime(ctx, e.cfg.Cache, pdfMemory)
	if err != nil && e.cfg.Cache != "" {
		runtime, err = pdf.NewRuntime(ctx, "", pdfMemory)
	}
	if err != nil {
		return nil, fmt.Errorf("start the PDF module: %w", err)
	}
	e.runtime = runtime
	return runtime, nil
}
