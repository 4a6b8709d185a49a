package render

import (
	"encoding/xml"
	"io"
	"strconv"
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// markup writes XML token by token. The encoder escapes, and refuses what is not well-formed; the first error sticks and
// is returned by flush.
type markup struct {
	enc  *xml.Encoder
	path []xml.Name // of the open elements
	err  error
}

func newMarkup(w io.Writer) *markup { return &markup{enc: xml.NewEncoder(w)} }

// attr is an attribute of a plain name or one with its prefix written out.
func attr(name, value string) xml.Attr {
	return xml.Attr{Name: xml.Name{Local: name}, Value: value}
}

func intAttr(name string, value int) xml.Attr { return attr(name, strconv.Itoa(value)) }

func (m *markup) token(t xml.Token) {
	if m.err == nil {
		m.err = m.enc.EncodeToken(t)
	}
}

// declaration starts the document. XML 1.0 in UTF-8 is all that is written here.
func (m *markup) declaration() {
	m.token(xml.ProcInst{Target: "xml", Inst: []byte(`version="1.0" encoding="UTF-8"`)})
	m.newline()
}

// standalone starts a document that says that nothing outside of it is needed.
func (m *markup) standalone() {
	m.token(xml.ProcInst{Target: "xml", Inst: []byte(`version="1.0" encoding="UTF-8" standalone="yes"`)})
	m.newline()
}

// open opens an element.
func (m *markup) open(name string, attrs ...xml.Attr) {
	n := xml.Name{Local: name}
	m.path = append(m.path, n)
	m.token(xml.StartElement{Name: n, Attr: attrs})
}

// close closes the element opened last.
func (m *markup) close() {
	last := len(m.path) - 1
	m.token(xml.EndElement{Name: m.path[last]})
	m.path = m.path[:last]
}

// leaf writes an element that holds nothing but text.
func (m *markup) leaf(name, text string, attrs ...xml.Attr) {
	m.open(name, attrs...)
	if text != "" {
		m.text(text)
	}
	m.close()
}

func (m *markup) text(s string) { m.token(xml.CharData(s)) }

// newline breaks the line for people who read the file. It stands only where white space means nothing.
func (m *markup) newline() { m.text("\n") }

func (m *markup) flush() error {
	if m.err == nil {
		m.err = m.enc.Flush()
	}
	return m.err
}

// noteCodes lists what is noted of a page, with counts, as markup has it.
func noteCodes(notes []ocr.Note) string {
	codes := make([]string, 0, len(notes))
	for _, n := range notes {
		code := string(n.Code)
		if n.Count > 0 {
			code += "=" + strconv.Itoa(n.Count)
		}
		codes = append(codes, code)
	}
	return strings.Join(codes, " ")
}
