package render

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// hocrCapabilities lists the markup that may occur (hOCR 1.2, "Capabilities").
const hocrCapabilities = "ocr_page ocr_carea ocr_par ocr_line ocrx_word ocrp_lang ocrp_dir ocrp_wconf"

// hocr writes hOCR 1.2 (kba.github.io/hocr-spec/1.2) in the XML syntax of HTML. Its document type names no external
// DTD, so that no reader goes looking for one.
type hocr struct{ *markup }

func newHOCR(_ context.Context, w io.Writer, doc Document) (Writer, error) {
	h := &hocr{newMarkup(w)}
	h.declaration()
	h.token(xml.Directive("DOCTYPE html"))
	h.newline()
	tags := languageTags(doc.Languages)
	attrs := []xml.Attr{attr("xmlns", "http://www.w3.org/1999/xhtml")}
	h.open("html", append(attrs, langAttrs(tags)...)...)
	h.newline()
	h.open("head")
	h.newline()
	h.leaf("title", "OCR result")
	h.newline()
	h.leaf("meta", "", attr("charset", "utf-8"))
	h.newline()
	h.meta("ocr-system", software(doc))
	h.meta("ocr-capabilities", hocrCapabilities)
	if doc.Pages > 0 {
		h.meta("ocr-number-of-pages", strconv.Itoa(doc.Pages))
	}
	if len(tags) > 0 {
		h.meta("ocr-langs", strings.Join(tags, " "))
	} else {
		h.meta("ocr-langs", "unknown")
	}
	if doc.ID != "" {
		h.meta("DC.identifier", doc.ID)
	}
	if !doc.Created.IsZero() {
		h.meta("DC.date", doc.Created.UTC().Format(time.RFC3339))
	}
	h.close() // head
	h.newline()
	h.open("body")
	h.newline()
	return h, h.err
}

func (h *hocr) meta(name, content string) {
	h.leaf("meta", "", attr("name", name), attr("content", content))
	h.newline()
}

// Page implements Writer.
func (h *hocr) Page(p *ocr.Page) error {
	title := fmt.Sprintf("bbox 0 0 %d %d; ppageno %d", p.Width, p.Height, p.Number-1) // the first page has number 0
	if p.DPI > 0 {
		x, y := p.Resolution()
		title += fmt.Sprintf("; scan_res %d %d", x, y)
	}
	attrs := append(class("ocr_page", fmt.Sprintf("page_%d", p.Number), title), langAttrs(languageTags(p.Languages))...)
	attrs = append(attrs, attr("data-origin", string(p.Origin)))
	if p.Failure != nil {
		attrs = append(attrs, attr("data-failure", p.Failure.Code))
	}
	if p.HiddenWords > 0 {
		attrs = append(attrs, intAttr("data-hidden-words", p.HiddenWords))
	}
	if len(p.Notes) > 0 {
		attrs = append(attrs, attr("data-notes", noteCodes(p.Notes)))
	}
	h.open("div", attrs...)
	h.newline()
	id := newIdentifiers(p.Number)
	for _, block := range p.Blocks {
		h.open("div", class("ocr_carea", id.next("block"), bbox(block.Box))...)
		h.newline()
		for paragraph := range block.Text {
			h.paragraph(*paragraph, p.Angle, id)
		}
		h.close()
		h.newline()
	}
	h.close()
	h.newline()
	return h.flush()
}

func (h *hocr) paragraph(paragraph ocr.Paragraph, angle int, id identifiers) {
	attrs := class("ocr_par", id.next("par"), bbox(paragraph.Box))
	if rightToLeft(paragraph) {
		attrs = append(attrs, attr("dir", "rtl"))
	}
	h.open("p", attrs...)
	h.newline()
	for _, line := range paragraph.Lines {
		title := bbox(line.Box)
		if angle != 0 {
			// Text that a clockwise turn makes upright stands turned counter-clockwise by as much.
			title += fmt.Sprintf("; textangle %d", angle)
		}
		h.open("span", class("ocr_line", id.next("line"), title)...)
		for i, word := range line.Words {
			if i > 0 && line.SpaceBefore(i) {
				h.text(" ")
			}
			title := bbox(word.Box) + "; x_wconf " + decimal(word.Confidence)
			h.leaf("span", word.Text, class("ocrx_word", id.next("word"), title)...)
		}
		h.close()
		h.newline()
	}
	h.close()
	h.newline()
}

// Close implements Writer.
func (h *hocr) Close() error {
	h.close() // body
	h.newline()
	h.close() // html
	h.newline()
	return h.flush()
}

func class(name, id, title string) []xml.Attr {
	return []xml.Attr{attr("class", name), attr("id", id), attr("title", title)}
}

func bbox(b ocr.Box) string { return fmt.Sprintf("bbox %d %d %d %d", b.X0, b.Y0, b.X1, b.Y1) }

// langAttrs names the preferred language, for readers of HTML and of XML alike.
func langAttrs(tags []string) []xml.Attr {
	if len(tags) == 0 {
		return nil
	}
	return []xml.Attr{attr("lang", tags[0]), attr("xml:lang", tags[0])}
}

// software is the program's name and version.
func software(doc Document) string { return strings.TrimSpace(softwareName + " " + doc.Software) }
