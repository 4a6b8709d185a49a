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

const (
	altoNamespace = "http://www.loc.gov/standards/alto/ns-v4#"
	altoSchema    = "http://www.loc.gov/standards/alto/v4/alto-4-4.xsd"
	altoVersion   = "4.4"
)

// alto writes ALTO 4.4 (loc.gov/standards/alto): a ComposedBlock for each block, a TextBlock for each paragraph.
type alto struct{ *markup }

func newALTO(_ context.Context, w io.Writer, doc Document) (Writer, error) {
	a := &alto{newMarkup(w)}
	a.declaration()
	a.open("alto",
		attr("xmlns", altoNamespace),
		attr("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
		attr("xsi:schemaLocation", altoNamespace+" "+altoSchema),
		attr("SCHEMAVERSION", altoVersion))
	a.newline()
	a.open("Description")
	a.newline()
	a.leaf("MeasurementUnit", "pixel")
	a.newline()
	if doc.ID != "" {
		a.open("sourceImageInformation")
		a.leaf("documentIdentifier", doc.ID)
		a.close()
		a.newline()
	}
	a.open("Processing", attr("ID", "processing"))
	a.leaf("processingCategory", "contentGeneration")
	if !doc.Created.IsZero() {
		a.leaf("processingDateTime", doc.Created.UTC().Format(time.RFC3339))
	}
	a.open("processingSoftware")
	a.leaf("softwareName", softwareName)
	if doc.Software != "" {
		a.leaf("softwareVersion", doc.Software)
	}
	a.close()
	a.close()
	a.newline()
	a.close() // Description
	a.newline()
	a.open("Layout")
	a.newline()
	return a, a.err
}

// Page implements Writer.
func (a *alto) Page(p *ocr.Page) error {
	id := newIdentifiers(p.Number)
	attrs := []xml.Attr{
		attr("ID", "page_"+strconv.Itoa(p.Number)),
		attr("PAGECLASS", string(p.Origin)),
		intAttr("PHYSICAL_IMG_NR", p.Number),
		intAttr("WIDTH", p.Width),
		intAttr("HEIGHT", p.Height),
		attr("PROCESSINGREFS", "processing"),
	}
	var details []string
	if p.Failure != nil {
		details = append(details, p.Failure.Code)
	}
	if p.HiddenWords > 0 {
		details = append(details, fmt.Sprintf("hidden_words=%d", p.HiddenWords))
	}
	if len(p.Notes) > 0 {
		details = append(details, noteCodes(p.Notes))
	}
	if len(details) > 0 {
		attrs = append(attrs, attr("QUALITY_DETAIL", strings.Join(details, " ")))
	}
	if len(p.Blocks) > 0 {
		attrs = append(attrs, attr("PC", fraction(p.Confidence)))
	}
	attrs = append(attrs, rotation(p.Angle)...)
	if tags := languageTags(p.Languages); len(tags) > 0 {
		attrs = append(attrs, attr("LANG", tags[0]))
		if len(tags) > 1 {
			attrs = append(attrs, attr("OTHERLANGS", strings.Join(tags[1:], " ")))
		}
	}
	a.open("Page", attrs...)
	a.newline()
	a.open("PrintSpace", area(ocr.Box{X1: p.Width, Y1: p.Height})...)
	a.newline()
	for _, block := range p.Blocks {
		a.open("ComposedBlock", append(area(block.Box), attr("ID", id.next("block")))...)
		a.newline()
		for paragraph := range block.Text {
			a.paragraph(*paragraph, p.Angle, id)
		}
		a.close()
		a.newline()
	}
	a.close() // PrintSpace
	a.newline()
	a.close() // Page
	a.newline()
	return a.flush()
}

func (a *alto) paragraph(paragraph ocr.Paragraph, angle int, id identifiers) {
	attrs := append(area(paragraph.Box), attr("ID", id.next("par")))
	// Readers of ALTO before 4.4 look for the rotation here.
	attrs = append(attrs, rotation(angle)...)
	if rightToLeft(paragraph) {
		attrs = append(attrs, attr("BASEDIRECTION", "rtl"))
	}
	a.open("TextBlock", attrs...)
	a.newline()
	var broken string // the whole word of which the line before holds the first part
	for i, line := range paragraph.Lines {
		a.open("TextLine", append(area(line.Box), attr("ID", id.next("line")))...)
		a.newline()
		last := len(line.Words) - 1
		for j, word := range line.Words {
			if j > 0 && line.SpaceBefore(j) {
				a.leaf("SP", "", gap(line.Words[j-1].Box, word.Box)...)
				a.newline()
			}
			switch {
			case j == 0 && broken != "":
				a.word(word, id, substitution("HypPart2", broken)...)
				broken = ""
			case j == last && i+1 < len(paragraph.Lines):
				part, hyphen, whole := hyphenated(word.Text, paragraph.Lines[i+1].Words[0].Text)
				if broken = whole; whole == "" {
					a.word(word, id)
					break
				}
				word.Text = part
				a.word(word, id, substitution("HypPart1", whole)...)
				a.leaf("HYP", "", attr("CONTENT", hyphen))
				a.newline()
			default:
				a.word(word, id)
			}
		}
		a.close()
		a.newline()
	}
	a.close()
	a.newline()
}

func (a *alto) word(word ocr.Word, id identifiers, more ...xml.Attr) {
	attrs := append(area(word.Box), attr("ID", id.next("word")), attr("CONTENT", word.Text), attr("WC", fraction(word.Confidence)))
	a.leaf("String", "", append(attrs, more...)...)
	a.newline()
}

// Close implements Writer.
func (a *alto) Close() error {
	a.close() // Layout
	a.newline()
	a.close() // alto
	a.newline()
	return a.flush()
}

func area(b ocr.Box) []xml.Attr {
	return []xml.Attr{
		intAttr("HPOS", b.X0), intAttr("VPOS", b.Y0), intAttr("WIDTH", b.Width()), intAttr("HEIGHT", b.Height()),
	}
}

// rotation is in degrees counter-clockwise, as the text stands on the page; a clockwise turn by as much makes it upright.
func rotation(angle int) []xml.Attr {
	if angle == 0 {
		return nil
	}
	return []xml.Attr{intAttr("ROTATION", angle)}
}

// gap is the place of the space between two words, beside or above each other in either direction. Words that overlap
// leave none.
func gap(a, b ocr.Box) []xml.Attr {
	across := ocr.Box{X0: min(a.X1, b.X1), Y0: min(a.Y0, b.Y0), X1: max(a.X0, b.X0), Y1: max(a.Y1, b.Y1)}
	down := ocr.Box{X0: min(a.X0, b.X0), Y0: min(a.Y1, b.Y1), X1: max(a.X1, b.X1), Y1: max(a.Y0, b.Y0)}
	switch {
	case !across.Empty():
		return area(across)
	case !down.Empty():
		return area(down)
	}
	return nil
}

func substitution(kind, whole string) []xml.Attr {
	return []xml.Attr{attr("SUBS_TYPE", kind), attr("SUBS_CONTENT", whole)}
}

// fraction turns a confidence from 0 to 100 into one from 0 to 1.
func fraction(percent float64) string { return strconv.FormatFloat(percent/100, 'f', 4, 64) }
