package render

import (
	"context"
	"encoding/base64"
	"encoding/xml"
	"io"
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

const (
	instanceNamespace    = "http://www.w3.org/2001/XMLSchema-instance"
	fieldsNamespace      = "http://ocrsdk.com/schema/resultDescription-1.0.xsd"
	singleFieldNamespace = "@link" // literally: clients validate against a schema of that name
)

// fieldsXML writes the fields of a form as processFields of the ABBYY interface does: a page element for each page that was
// asked for fields, in it the fields in the order in which they were asked for. Of several bar codes in one field each has its
// value. Values of bar codes are their bytes in Base64.
type fieldsXML struct {
	*markup
	variants bool
	angle    int
}

func newFieldsXML(_ context.Context, w io.Writer, doc Document) (Writer, error) {
	f := &fieldsXML{markup: newMarkup(w), variants: doc.Options.CharVariants}
	f.standalone()
	f.open("document", attr("xmlns:xsi", instanceNamespace), attr("xsi:schemaLocation", fieldsNamespace+" "+fieldsNamespace), attr("xmlns", fieldsNamespace))
	f.newline()
	return f, f.err
}

// Page implements Writer.
func (f *fieldsXML) Page(p *ocr.Page) error {
	if len(p.Fields) == 0 {
		return f.flush()
	}
	f.angle = p.Angle
	f.open("page", intAttr("index", p.Number-1))
	f.newline()
	for i := range p.Fields {
		f.field(&p.Fields[i])
	}
	f.close()
	f.newline()
	return f.flush()
}

func (f *fieldsXML) field(d *ocr.Field) {
	if d.Kind != ocr.TextField && d.Kind != ocr.BarcodeField && d.Kind != ocr.CheckmarkField {
		return
	}
	f.open(string(d.Kind), append([]xml.Attr{attr("id", d.ID)}, sides(d.Box)...)...)
	f.newline()
	switch d.Kind {
	case ocr.TextField:
		f.leaf("value", fieldText(d))
		f.newline()
		f.lines(d.Lines)
	case ocr.BarcodeField:
		f.codes(d.Codes)
	case ocr.CheckmarkField:
		f.leaf("value", string(d.Mark))
		f.newline()
	}
	f.close()
	f.newline()
}

// lines writes lines with their characters; white space would count within a line.
func (f *fieldsXML) lines(lines []ocr.Line) {
	for i := range lines {
		f.open("line", sides(lines[i].Box)...)
		for _, c := range lineCharacters(&lines[i], f.angle) {
			attrs := sides(c.Box)
			if doubtful(c) {
				attrs = append(attrs, attr("suspicious", "true"))
			}
			f.open("char", attrs...)
			if more := others(c); f.variants && len(more) > 0 {
				f.open("charRecVariants")
				f.leaf("variant", c.Text, intAttr("charConfidence", whole(c.Confidence)))
				for _, v := range more {
					f.leaf("variant", v.Text, intAttr("charConfidence", whole(v.Confidence)))
				}
				f.close()
			}
			f.text(c.Text)
			f.close()
		}
		f.close()
		f.newline()
	}
}

// codes writes the values of bar codes, an empty one if there are none.
func (f *fieldsXML) codes(codes []ocr.Block) {
	if len(codes) == 0 {
		codes = []ocr.Block{{}}
	}
	for _, c := range codes {
		f.leaf("value", codeValue(c), attr("encoding", "Base64"))
		f.newline()
	}
}

// Close implements Writer.
func (f *fieldsXML) Close() error {
	f.close()
	f.newline()
	return f.flush()
}

// fieldXML writes one field as processTextField, processBarcodeField and processCheckmarkField of the ABBYY interface do: the
// first that the document has. Several bar codes in it are a field each, with their own places.
type fieldXML struct {
	*markup
	written bool
}

func newFieldXML(_ context.Context, w io.Writer, _ Document) (Writer, error) {
	f := &fieldXML{markup: newMarkup(w)}
	f.standalone()
	f.open("document", attr("xmlns", singleFieldNamespace), attr("version", "1.0"))
	f.newline()
	return f, f.err
}

// Page implements Writer.
func (f *fieldXML) Page(p *ocr.Page) error {
	if len(p.Fields) > 0 && !f.written {
		f.written = true
		f.field(&p.Fields[0], p.Angle)
	}
	return f.flush()
}

func (f *fieldXML) field(d *ocr.Field, angle int) {
	switch d.Kind {
	case ocr.TextField:
		f.begin(d, d.Box)
		f.leaf("value", fieldText(d), attr("encoding", "UTF-16"))
		f.newline()
		for i := range d.Lines {
			f.open("line", sides(d.Lines[i].Box)...)
			for _, c := range lineCharacters(&d.Lines[i], angle) {
				f.leaf("char", c.Text, append(sides(c.Box), intAttr("confidence", whole(c.Confidence)))...)
			}
			f.close()
			f.newline()
		}
		f.end()
	case ocr.BarcodeField:
		codes := d.Codes
		if len(codes) == 0 {
			codes = []ocr.Block{{}}
		}
		for _, c := range codes {
			box := d.Box
			if len(codes) > 1 {
				box = c.Box
			}
			f.begin(d, box)
			f.leaf("value", codeValue(c), attr("encoding", "Base64"))
			f.newline()
			f.end()
		}
	case ocr.CheckmarkField:
		f.begin(d, d.Box)
		f.leaf("value", string(d.Mark), attr("suspicious", map[bool]string{true: "true", false: "false"}[d.Confidence < suspicious]))
		f.newline()
		f.end()
	}
}

func (f *fieldXML) begin(d *ocr.Field, box ocr.Box) {
	f.open("field", append(sides(box), attr("type", string(d.Kind)))...)
	f.newline()
}

func (f *fieldXML) end() {
	f.close()
	f.newline()
}

// Close implements Writer.
func (f *fieldXML) Close() error {
	f.close()
	f.newline()
	return f.flush()
}

// fieldText returns the text of a field, with a line break between lines.
func fieldText(d *ocr.Field) string {
	lines := make([]string, 0, len(d.Lines))
	for _, l := range d.Lines {
		lines = append(lines, lineText(l))
	}
	return strings.Join(lines, "\n")
}

// codeValue returns the value of a bar code as it was read.
func codeValue(c ocr.Block) string { return base64.StdEncoding.EncodeToString([]byte(c.Value)) }

// sides are the sides of a box in full; the right and the lower one lie outside.
func sides(b ocr.Box) []xml.Attr {
	return []xml.Attr{intAttr("left", b.X0), intAttr("top", b.Y0), intAttr("right", b.X1), intAttr("bottom", b.Y1)}
}
