package render

import (
	"context"
	"encoding/xml"
	"io"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

const abbyyNamespace = "http://www.abbyy.com/FineReader_xml/FineReader10-schema-v1.xml"

// suspicious is the confidence under which a character is marked as doubtful.
const suspicious = 60

// abbyyXML writes the XML of FineReader 10 (its schema, version 1): a charParams element for each character, with what else it
// may be where the engine told, and a block for each block. The format has no place for the number of a page, for notes and
// for what a check mark shows.
type abbyyXML struct {
	*markup
	angle int // of the page that is written
}

func newABBYYXML(_ context.Context, w io.Writer, doc Document) (Writer, error) {
	a := &abbyyXML{markup: newMarkup(w)}
	a.token(xml.ProcInst{Target: "xml", Inst: []byte(`version="1.0" encoding="UTF-8" standalone="yes"`)})
	a.newline()
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
	return a, a.err
}

// Page implements Writer.
func (a *abbyyXML) Page(p *ocr.Page) error {
	attrs := []xml.Attr{
		intAttr("width", p.Width), intAttr("height", p.Height), intAttr("resolution", p.DPI), attr("originalCoords", "1"),
	}
	// The format says how the text stands, the model which turn makes it upright.
	if turned := map[int]string{90: "RotatedCounterclockwise", 180: "RotatedUpsidedown", 270: "RotatedClockwise"}[p.Angle]; turned != "" {
		attrs = append(attrs, attr("rotation", turned))
	}
	a.angle = p.Angle
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
		a.open("par")
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

// line has no white space between its tags: it is the text.
func (a *abbyyXML) line(l *ocr.Line, lang string) {
	baseline := l.Box.Y1
	if l.Baseline != nil {
		baseline = max(0, (l.Baseline.Y0+l.Baseline.Y1)/2)
	}
	a.open("line", append([]xml.Attr{intAttr("baseline", baseline)}, corners(l.Box)...)...)
	a.open("formatting", attr("lang", lang))
	for i := range l.Words {
		if i > 0 && l.SpaceBefore(i) {
			a.character(ocr.Char{Text: " ", Box: between(l.Words[i-1].Box, l.Words[i].Box)}, false, false)
		}
		for j, c := range a.characters(&l.Words[i]) {
			a.character(c, j == 0, true)
		}
	}
	a.close()
	a.close()
	a.newline()
}

func (a *abbyyXML) character(c ocr.Char, first, read bool) {
	attrs := corners(c.Box)
	if read && c.Confidence < suspicious {
		attrs = append(attrs, attr("suspicious", "1"))
	}
	if first {
		attrs = append(attrs, attr("wordFirst", "1"))
	}
	if read {
		attrs = append(attrs, intAttr("charConfidence", int(math.Round(c.Confidence))))
	}
	a.open("charParams", attrs...)
	// The engine names many others that it does not believe in.
	others := slices.DeleteFunc(slices.Clone(c.Variants), func(v ocr.Variant) bool { return math.Round(v.Confidence) < 1 })
	if len(others) > 0 {
		a.open("charRecVariants")
		a.leaf("charRecVariant", c.Text, intAttr("charConfidence", int(math.Round(c.Confidence))))
		for _, v := range others {
			a.leaf("charRecVariant", v.Text, intAttr("charConfidence", int(math.Round(v.Confidence))))
		}
		a.close()
	}
	a.text(c.Text)
	a.close()
}

// characters lists the characters of a word. Where the engine did not tell them they share its box in equal parts.
func (a *abbyyXML) characters(w *ocr.Word) []ocr.Char {
	var told strings.Builder
	for _, c := range w.Characters {
		told.WriteString(c.Text)
	}
	if told.String() == w.Text {
		return w.Characters
	}
	var chars []ocr.Char
	for text := w.Text; text != ""; {
		size := letter(text)
		chars = append(chars, ocr.Char{Text: text[:size], Confidence: w.Confidence})
		text = text[size:]
	}
	direction, _ := bidi.LookupString(w.Text)
	leftward := direction.Class() == bidi.R || direction.Class() == bidi.AL
	for i := range chars {
		chars[i].Box = a.share(w.Box, i, len(chars), leftward)
	}
	return chars
}

// letter is the size of the first character of a text with its marks, in bytes.
func letter(text string) int {
	_, size := utf8.DecodeRuneInString(text)
	for size < len(text) {
		r, more := utf8.DecodeRuneInString(text[size:])
		if !unicode.Is(unicode.M, r) {
			break
		}
		size += more
	}
	return size
}

// share is the i-th of n equal parts of a box, in the direction in which the text runs on the page.
func (a *abbyyXML) share(b ocr.Box, i, n int, leftward bool) ocr.Box {
	backward := leftward != (a.angle == 180 || a.angle == 90)
	if backward {
		i = n - 1 - i
	}
	if a.angle == 90 || a.angle == 270 {
		b.Y0, b.Y1 = b.Y0+b.Height()*i/n, b.Y0+b.Height()*(i+1)/n
		return b
	}
	b.X0, b.X1 = b.X0+b.Width()*i/n, b.X0+b.Width()*(i+1)/n
	return b
}

// between is the place of the space between two words, a line between them where they leave none.
func between(a, b ocr.Box) ocr.Box {
	x0, x1 := min(a.X1, b.X1), max(a.X0, b.X0)
	y0, y1 := min(a.Y1, b.Y1), max(a.Y0, b.Y0)
	if x0 <= x1 {
		return ocr.Box{X0: x0, X1: x1, Y0: min(a.Y0, b.Y0), Y1: max(a.Y1, b.Y1)}
	}
	return ocr.Box{X0: min(a.X0, b.X0), X1: max(a.X1, b.X1), Y0: min(y0, y1), Y1: max(y0, y1)}
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
