package render

import (
	"context"
	"io"
	"strconv"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

const captureNamespace = "http://ocrsdk.com/schema/captureData-1.0.xsd"

// mrzXML writes the machine-readable zone of a travel document as processMRZ of the ABBYY interface does: the first of the
// document, each of its fields as an element. The document element is empty if there is none.
type mrzXML struct {
	*markup
	written bool
}

func newMRZXML(_ context.Context, w io.Writer, _ Document) (Writer, error) {
	m := &mrzXML{markup: newMarkup(w)}
	m.declaration()
	m.open("document", attr("type", "mrz"), attr("xmlns", captureNamespace))
	return m, m.err
}

// Page implements Writer.
func (m *mrzXML) Page(p *ocr.Page) error {
	for i := range p.Blocks {
		if zone := p.Blocks[i].MRZ; zone != nil && !m.written {
			m.written = true
			m.newline()
			m.zone(zone)
		}
	}
	return m.flush()
}

func (m *mrzXML) zone(zone *ocr.MRZ) {
	m.field("MrzType", strconv.Itoa(len(zone.Lines))+"line")
	for i, l := range zone.Lines {
		m.field("Line"+strconv.Itoa(i+1), l)
	}
	sex := false
	for _, f := range zone.Fields {
		switch f.Name {
		case ocr.DocumentCode: // one letter, or one and that of the subtype
			m.field("DocumentType", f.Value[:min(1, len(f.Value))])
			m.field("DocumentSubtype", f.Value[min(1, len(f.Value)):])
		case ocr.Composite:
			m.field("Checksum", f.Digit)
			m.verified("Checksum", f.Valid)
		default:
			sex = sex || f.Name == ocr.Sex
			name := mrzFieldName(f.Name)
			if f.Name == ocr.OptionalData && len(zone.Lines) == 2 {
				name = mrzFieldName(ocr.PersonalNumber)
			}
			m.field(name, f.Value)
			if f.Valid != nil {
				m.verified(name, f.Valid)
				m.field(name+"Check", f.Digit)
			}
		}
	}
	if !sex {
		m.field("Sex", "<")
	}
}

// mrzFieldName is what the format calls a field. It knows optional data of three lines alone: those of two are a personal number
// without a check digit.
func mrzFieldName(name ocr.MRZName) string {
	return map[ocr.MRZName]string{
		ocr.Issuer: "IssuingCountry", ocr.Surname: "LastName", ocr.GivenNames: "GivenName", ocr.DocumentNumber: "DocumentNumber",
		ocr.Nationality: "Nationality", ocr.BirthDate: "BirthDate", ocr.Sex: "Sex", ocr.ExpiryDate: "ExpiryDate",
		ocr.PersonalNumber: "PersonalNumber", ocr.OptionalData: "OptionalDataLine1", ocr.OptionalData2: "OptionalDataLine2",
	}[name]
}

func (m *mrzXML) verified(name string, valid *bool) {
	m.field(name+"Verified", strconv.FormatBool(valid != nil && *valid))
}

// field writes a field that is not empty.
func (m *mrzXML) field(kind, value string) {
	if value = tidy(value); kind == "" || value == "" {
		return
	}
	m.open("field", attr("type", kind))
	m.leaf("value", value)
	m.close()
	m.newline()
}

// Close implements Writer.
func (m *mrzXML) Close() error {
	m.close()
	m.newline()
	return m.flush()
}
