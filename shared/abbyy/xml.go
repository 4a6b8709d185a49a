package abbyy

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// taskDescription is the namespace of the settings of processFields.
const taskDescription = "http://ocrsdk.com/schema/taskDescription-1.0.xsd"

// MostSettings bounds the settings of processFields in bytes.
const MostSettings = 1 << 20

const (
	mostElements = 20_000
	mostDepth    = 8
)

// element is one of the settings of processFields.
type element struct {
	name       string
	attributes []xml.Attr
	children   []element
	text       []byte
}

// attribute returns the value of one without a namespace, empty if it is missing.
func (e element) attribute(name string) string {
	for _, a := range e.attributes {
		if a.Name.Space == "" && a.Name.Local == name {
			return strings.ToValidUTF8(a.Value, "\uFFFD")
		}
	}
	return ""
}

// content returns the text of an element. That of one that is written over several lines is without the white space around it.
func (e element) content() string {
	if bytes.ContainsAny(e.text, "\r\n") {
		return string(bytes.TrimSpace(e.text))
	}
	return string(e.text)
}

// parseXML reads a document whose elements are in the namespace of the settings, under any prefix, or in none. It takes no document
// type, so that there are no entities, and follows no reference. The problem says what is wrong, without anything of the document.
func parseXML(document []byte) (root element, problem string) {
	if len(document) > MostSettings {
		return element{}, fmt.Sprintf("the document has more than %d bytes", MostSettings)
	}
	text, err := unmarked(document)
	if err != nil {
		return element{}, "the document is not in the encoding that it begins with"
	}
	p := &xmlParser{decoder: xml.NewDecoder(bytes.NewReader(text))}
	p.decoder.CharsetReader = charset
	for {
		token, err := p.decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return element{}, notXML(err)
		}
		if problem := p.take(token); problem != "" {
			return element{}, problem
		}
	}
	if p.root == nil {
		return element{}, "the document has no element"
	}
	return *p.root, ""
}

// xmlParser builds a tree.
type xmlParser struct {
	decoder *xml.Decoder
	root    *element
	open    []*element
	count   int
}

// take adds a token to the tree, or says what is wrong with it.
func (p *xmlParser) take(token xml.Token) (problem string) {
	switch token := token.(type) {
	case xml.Directive:
		return "a document type is not allowed; leave it out"
	case xml.ProcInst:
		if token.Target != "xml" {
			return "a processing instruction is not allowed; leave it out"
		}
	case xml.CharData:
		if len(p.open) > 0 {
			last := p.open[len(p.open)-1]
			last.text = append(last.text, token...)
		} else if len(bytes.TrimSpace(token)) > 0 {
			return "there is text outside of the root"
		}
	case xml.StartElement:
		switch p.count++; {
		case token.Name.Space != "" && token.Name.Space != taskDescription:
			return "an element is not in the namespace " + taskDescription
		case p.count > mostElements:
			return fmt.Sprintf("the document has more than %d elements", mostElements)
		case len(p.open) == mostDepth:
			return fmt.Sprintf("elements are nested more than %d deep", mostDepth)
		case len(p.open) == 0 && p.root != nil:
			return "the document has several roots"
		}
		p.open = append(p.open, &element{name: token.Name.Local, attributes: token.Attr})
		if len(p.open) == 1 {
			p.root = p.open[0]
		}
	case xml.EndElement:
		last := p.open[len(p.open)-1]
		if p.open = p.open[:len(p.open)-1]; len(p.open) > 0 {
			parent := p.open[len(p.open)-1]
			parent.children = append(parent.children, *last)
		}
	}
	return ""
}

// notXML says where a document stops being XML.
func notXML(err error) string {
	if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
		return fmt.Sprintf("the document is not well-formed in line %d", syntax.Line)
	}
	return "the document is not well-formed, or in an encoding other than UTF-8, UTF-16, ISO-8859-1 and windows-1252"
}

// unmarked returns a document without its byte order mark, in UTF-8 if it is in UTF-16. That it is also shows without a mark, by how
// its first character is written (XML 1.0 appendix F.1): programs for .NET send text that way.
func unmarked(document []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(document, []byte("\xEF\xBB\xBF")):
		return document[3:], nil
	case bytes.HasPrefix(document, []byte("\xFF\xFE")), bytes.HasPrefix(document, []byte("\xFE\xFF")):
		return unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Bytes(document)
	case bytes.HasPrefix(document, []byte("<\x00")):
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder().Bytes(document)
	case bytes.HasPrefix(document, []byte("\x00<")):
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder().Bytes(document)
	default:
		return document, nil
	}
}

// charset reads the encodings that clients declare. A document that declares UTF-16 and can be read as far as that is in UTF-8: it
// was converted above, or somebody else did so and left the declaration.
func charset(name string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(name) {
	case "utf8", "us-ascii", "ascii", "utf-16", "unicode":
		return r, nil
	case "iso-8859-1", "latin1":
		return charmap.ISO8859_1.NewDecoder().Reader(r), nil
	case "windows-1252":
		return charmap.Windows1252.NewDecoder().Reader(r), nil
	default:
		return nil, errors.ErrUnsupported
	}
}
