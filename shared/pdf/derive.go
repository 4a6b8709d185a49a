package pdf

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/derivative"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// Resolutions at which the ink of a page is measured and drawn anew.
const (
	surveyDPI = 100
	sheetDPI  = 150
)

// Survey finds what a derivative takes over from page n, counted from 1: its geometry, and statistics of it rendered with
// its annotations and forms. A page that does not render is a fault.
func (p *Document) Survey(n int, limits ocr.Limits) (derivative.Page, error) {
	var page derivative.Page
	err := p.look(n, func(v view) error {
		dpi, err := fitDPI(v, surveyDPI, leastDPI, limits)
		if err != nil {
			return err
		}
		raster, err := p.render(v, dpi)
		if err != nil {
			return err
		}
		page.Ink = derivative.Measure(raster.Gray, raster.Stride, raster.Width, raster.Height)
		boxes, err := p.boxes(v, n)
		page.Boxes = &boxes
		return err
	})
	return page, err
}

// boxes finds the geometry of a page. PDFium returns the boxes that a page states itself. Those that it inherits are found on
// a copy of the page, which states all of them; where there is no copy, what is shown stands for the page.
func (p *Document) boxes(v view, n int) (derivative.Boxes, error) {
	shown, err := p.instance.FPDF_GetPageBoundingBox(&requests.FPDF_GetPageBoundingBox{Page: v.page})
	if err != nil {
		return derivative.Boxes{}, p.fail(err)
	}
	visible := rectangle(shown.Rect.Left, shown.Rect.Bottom, shown.Rect.Right, shown.Rect.Top)
	b := derivative.Boxes{Media: visible, Rotate: v.turn}
	if media, crop, ok := p.stated(v.page); ok {
		b.Media, b.Crop = media, crop
	} else if media, crop, ok := p.inherited(n); ok {
		b.Media, b.Crop = media, crop
	}
	if b.Visible() != visible { // the crop box alone is inherited, or the boxes are not what PDFium makes of them
		b.Crop = &visible
	}
	if b.Visible() != visible {
		b.Media, b.Crop = visible, nil
	}
	return b, nil
}

// stated returns the boxes of a page's own dictionary, if it has a media box.
func (p *Document) stated(page requests.Page) (media derivative.Rect, crop *derivative.Rect, ok bool) {
	m, err := p.instance.FPDFPage_GetMediaBox(&requests.FPDFPage_GetMediaBox{Page: page})
	if err != nil {
		return media, nil, false
	}
	media = rectangle(m.Left, m.Bottom, m.Right, m.Top)
	if c, err := p.instance.FPDFPage_GetCropBox(&requests.FPDFPage_GetCropBox{Page: page}); err == nil {
		r := rectangle(c.Left, c.Bottom, c.Right, c.Top)
		crop = &r
	}
	return media, crop, media.Width() > 0 && media.Height() > 0 && (crop == nil || crop.Width() > 0 && crop.Height() > 0)
}

// inherited returns the boxes of a copy of page n in a document of its own.
func (p *Document) inherited(n int) (media derivative.Rect, crop *derivative.Rect, ok bool) {
	created, err := p.instance.FPDF_CreateNewDocument(&requests.FPDF_CreateNewDocument{})
	if err != nil {
		return media, nil, false
	}
	copied := created.Document
	defer p.closeCopy(copied)
	_, err = p.instance.FPDF_ImportPagesByIndex(&requests.FPDF_ImportPagesByIndex{
		Source: p.document, Destination: copied, PageIndices: []int{n - 1},
	})
	if err != nil {
		return media, nil, false
	}
	return p.stated(requests.Page{ByIndex: &requests.PageByIndex{Document: copied}})
}

func (p *Document) closeCopy(copied references.FPDF_DOCUMENT) {
	if _, err := p.instance.FPDF_CloseDocument(&requests.FPDF_CloseDocument{Document: copied}); err != nil {
		p.broken = true // the next page starts with a fresh module
	}
}

// rectangle orders the sides, which a document may give in any order.
func rectangle(left, bottom, right, top float32) derivative.Rect {
	return derivative.Rect{
		float64(min(left, right)), float64(min(bottom, top)), float64(max(left, right)), float64(max(bottom, top)),
	}.Rounded()
}

// WriteSheets writes a PDF of pages with the given geometry, each filled with a picture of synthetic ink at up to 150 dpi
// and no more pixels than the limit. It takes nothing from any other document.
func WriteSheets(w io.Writer, pages []derivative.Page, limits ocr.Limits) error {
	buffer := bufio.NewWriterSize(w, 64<<10)
	out := &Writer{out: newEmitter(buffer)}
	out.out.printf("%%PDF-1.6\n%%\xE2\xE3\xCF\xD3\n")
	out.tree = out.out.reserve()
	for n, page := range pages {
		if page.Boxes == nil {
			return refusal.New(refusal.AreaMissing)
		}
		if err := out.sheet(n, page, limits); err != nil {
			return err
		}
	}
	if err := out.finishPages(); err != nil {
		return err
	}
	return buffer.Flush()
}

// sheet writes page n, counted from 0.
func (w *Writer) sheet(n int, page derivative.Page, limits ocr.Limits) error {
	shown := page.Boxes.Visible()
	scale := min(sheetDPI/72.0, math.Sqrt(float64(limits.Pixels)/(shown.Width()*shown.Height())))
	width, height := max(1, int(shown.Width()*scale)), max(1, int(shown.Height()*scale))
	pixels, stride := derivative.Draw(width, height, page.Ink, n).Bilevel()

	number, content, image := w.out.reserve(), w.out.reserve(), w.out.reserve()
	err := w.image(image, &Picture{Pixels: pixels, Format: Bilevel, Stride: stride, Width: width, Height: height})
	if err != nil {
		return err
	}
	w.out.packed(content, "", fmt.Appendf(nil, "q %s 0 0 %s %s %s cm/Sheet Do Q\n",
		decimal(shown.Width()), decimal(shown.Height()), decimal(shown[0]), decimal(shown[1])))
	entries := "/MediaBox" + array(page.Boxes.Media)
	if page.Boxes.Crop != nil {
		entries += "/CropBox" + array(*page.Boxes.Crop)
	}
	if page.Boxes.Rotate != 0 {
		entries += fmt.Sprintf("/Rotate %d", page.Boxes.Rotate)
	}
	w.out.object(number, 0, fmt.Sprintf("<</Type/Page/Parent %d 0 R%s/Resources<</XObject<</Sheet %d 0 R>>>>/Contents %d 0 R>>",
		w.tree, entries, image, content))
	w.pages = append(w.pages, number)
	return w.out.err
}

func array(r derivative.Rect) string {
	var sides []string
	for _, v := range r {
		sides = append(sides, decimal(v))
	}
	return "[" + strings.Join(sides, " ") + "]"
}
