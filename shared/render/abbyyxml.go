package render

import (
	"context"
	"encoding/xml"
	"io"
	"strings"
	"unicode"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

const abbyyNamespace = "http://www.abbyy.com/FineReader_xml/FineReader10-schema-v1.xml"

// abbyyXML writes the XML of FineReader 10 (its schema, version 1): a charParams element for each character and a block for each
// block. The format has no place for the number of a page, for notes and for what a check mark shows.
//
// By itself (ABBYYXML) it has all that is known of characters: confidences, where words begin, and what else they may be. For the
// ABBYY interface it has what Options say and nothing else by default: a character has its place, and is marked where it is
// doubtful. With Options.Formatting each line has as many formatting elements as it has changes of font, and paragraphs refer to
// styles, which stand before the pages: they say what is a heading, and the font of words stands with the words.
type abbyyXML struct {
	*markup
	show      Options
	words     bool // say where words begin, and confidences
	corrected bool // turn pages upright
	page      *ocr.Page
	body      float64 // size of the body of the page in points, where formatting is shown
}

// newABBYYXML makes the writer of ABBYYXML.
func newABBYYXML(_ context.Context, w io.Writer, doc Document) (Writer, error) {
	return (&abbyyXML{markup: newMarkup(w), show: Options{CharVariants: true}, words: true}).begin(doc)
}

// newABBYYOriginal makes the writer of ABBYYOriginal.
func newABBYYOriginal(_ context.Context, w io.Writer, doc Document) (Writer, error) {
	return (&abbyyXML{markup: newMarkup(w), show: doc.Options}).begin(doc)
}

// newABBYYCorrected makes the writer of ABBYYCorrected.
func newABBYYCorrected(_ context.Context, w io.Writer, doc Document) (Writer, error) {
	return (&abbyyXML{markup: newMarkup(w), show: doc.Options, corrected: true}).begin(doc)
}

// begin starts the document.
func (a *abbyyXML) begin(doc Document) (Writer, error) {
	a.standalone()
	attrs := []xml.Attr{
		attr("xmlns", abbyyNamespace),
		attr("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
		attr("xsi:schemaLocation", abbyyNamespace+" "+abbyyNamespace),
		attr("version", "1.0"),
		attr("producer", strings.TrimSpace(softwareName+" "+doc.Software)),
	}
	if doc.Pages > 0 {
		attrs = append(attrs, intAttr("pagesCount", doc.Pages))
	}
	if len(doc.Languages) > 0 {
		attrs = append(attrs, attr("mainLanguage", abbyyLanguage(doc.Languages[0])))
	}
	a.open("document", append(attrs, attr("languages", ""))...)
	a.newline()
	if a.show.Formatting {
		a.styles()
	}
	return a, a.err
}

// Page implements Writer.
func (a *abbyyXML) Page(p *ocr.Page) error {
	if a.corrected {
		turned := upright(p)
		p = &turned
	}
	if a.page = p; a.show.Formatting {
		a.body = bodySize(p)
	}
	attrs := []xml.Attr{intAttr("width", p.Width), intAttr("height", p.Height), intAttr("resolution", p.DPI)}
	if !a.corrected {
		attrs = append(attrs, attr("originalCoords", "1"))
	}
	// The format says how the text stands, the model which turn makes it upright.
	if turned := map[int]string{90: "RotatedCounterclockwise", 180: "RotatedUpsidedown", 270: "RotatedClockwise"}[p.Angle]; turned != "" {
		attrs = append(attrs, attr("rotation", turned))
	}
	lang := ""
	if len(p.Languages) > 0 {
		lang = abbyyLanguage(p.Languages[0])
	}
	a.open("page", attrs...)
	a.newline()
	for i := range p.Blocks {
		a.block(&p.Blocks[i], lang)
	}
	a.close()
	a.newline()
	return a.flush()
}

func (a *abbyyXML) block(b *ocr.Block, lang string) {
	kind := map[ocr.BlockKind]string{
		ocr.TableBlock: "Table", ocr.PictureBlock: "Picture", ocr.SeparatorBlock: "Separator", ocr.BarcodeBlock: "Barcode",
	}[b.Kind]
	if kind == "" {
		kind = "Text"
	}
	a.open("block", append([]xml.Attr{attr("blockType", kind), attr("blockName", "")}, corners(b.Box)...)...)
	a.newline()
	a.open("region")
	a.leaf("rect", "", corners(b.Box)...)
	a.close()
	a.newline()
	a.paragraphs(b.Paragraphs, lang)
	for _, r := range b.Rows {
		a.row(r, lang)
	}
	switch b.Kind {
	case ocr.BarcodeBlock:
		if len(b.Paragraphs) == 0 && b.Value != "" {
			line := ocr.Line{Box: b.Box, Words: []ocr.Word{{Text: tidy(b.Value), Box: b.Box, Confidence: 100}}}
			a.paragraphs([]ocr.Paragraph{{Box: b.Box, Lines: []ocr.Line{line}}}, lang)
		}
		a.leaf("barcodeInfo", "", attr("type", abbyySymbology(b.Symbology)))
		a.newline()
	case ocr.SeparatorBlock:
		a.separator(b.Box)
	default:
	}
	a.close()
	a.newline()
}

// separator is a rule along the longer side of its box.
func (a *abbyyXML) separator(b ocr.Box) {
	x0, y0, x1, y1, thickness := b.X0, (b.Y0+b.Y1)/2, b.X1, (b.Y0+b.Y1)/2, b.Height()
	if b.Height() > b.Width() {
		x0, y0, x1, y1, thickness = (b.X0+b.X1)/2, b.Y0, (b.X0+b.X1)/2, b.Y1, b.Width()
	}
	a.open("separator", intAttr("thickness", thickness), attr("type", "Black"))
	a.leaf("start", "", intAttr("x", x0), intAttr("y", y0))
	a.leaf("end", "", intAttr("x", x1), intAttr("y", y1))
	a.close()
	a.newline()
}

func (a *abbyyXML) row(r ocr.Row, lang string) {
	a.open("row")
	a.newline()
	for _, c := range r.Cells {
		var attrs []xml.Attr
		if c.Columns > 1 {
			attrs = append(attrs, intAttr("colSpan", c.Columns))
		}
		if c.Rows > 1 {
			attrs = append(attrs, intAttr("rowSpan", c.Rows))
		}
		a.open("cell", append(attrs, intAttr("width", c.Box.Width()), intAttr("height", c.Box.Height()))...)
		a.newline()
		a.paragraphs(c.Paragraphs, lang)
		a.close()
		a.newline()
	}
	a.close()
	a.newline()
}

// paragraphs writes paragraphs as one text.
func (a *abbyyXML) paragraphs(all []ocr.Paragraph, lang string) {
	if len(all) == 0 {
		return
	}
	a.open("text")
	a.newline()
	for _, p := range all {
		a.open("par", a.style(&p)...)
		a.newline()
		for i := range p.Lines {
			a.line(&p.Lines[i], lang)
		}
		a.close()
		a.newline()
	}
	a.close()
	a.newline()
}

// Close implements Writer.
func (a *abbyyXML) Close() error {
	a.close()
	a.newline()
	return a.flush()
}

// corners are the sides of a box; the right and the lower one lie outside.
func corners(b ocr.Box) []xml.Attr {
	return []xml.Attr{intAttr("l", b.X0), intAttr("t", b.Y0), intAttr("r", b.X1), intAttr("b", b.Y1)}
}

// abbyyLanguage is what the format calls a language, of those that it names otherwise than in English; Tesseract's code stands
// for one that is not listed.
func abbyyLanguage(code string) string {
	names := map[string]string{
		"eng": "EnglishUnitedStates", "deu": "GermanStandard", "fra": "FrenchStandard", "spa": "Spanish", "ita": "ItalianStandard",
		"por": "PortugueseStandard", "nld": "DutchStandard", "pol": "Polish", "rus": "Russian", "ara": "Arabic", "heb": "Hebrew",
		"chi_sim": "ChinesePRC", "chi_tra": "ChineseTaiwan", "jpn": "Japanese", "kor": "Korean", "tha": "Thai", "lat": "Latin",
	}
	if name, ok := names[code]; ok {
		return name
	}
	return code
}

// abbyySymbology is what the format calls a kind of bar code: its letters and digits in capitals.
func abbyySymbology(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToUpper(r)
		}
		return -1
	}, name)
}
