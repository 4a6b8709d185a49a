package render

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/mrz"
)

// zoned is a page with a machine-readable zone.
func zoned(lines ...string) ocr.Page {
	zone := block(paragraph(line(10, 10, 600, lines[0]), line(10, 40, 600, lines[1])))
	zone.Kind, zone.MRZ = ocr.MRZBlock, mrz.Parse(lines)
	return ocr.Page{Number: 1, Width: 600, Height: 100, DPI: 200, Origin: ocr.Recognised, Blocks: []ocr.Block{zone}}
}

// capture lists the fields of a result with their values.
func capture(t *testing.T, result []byte) string {
	t.Helper()
	root := parse(t, result)
	if root.Name != "document" || root.Attrs["type"] != "mrz" || !strings.Contains(string(result), ` xmlns="http://ocrsdk.com/schema/captureData-1.0.xsd">`) {
		t.Errorf("the root is %s with %v", root.Name, root.Attrs)
	}
	var b strings.Builder
	for _, f := range root.Children {
		if f.Name != "field" || len(f.Attrs) != 1 || len(f.Children) != 1 || f.Children[0].Name != "value" {
			t.Errorf("there is %s with %v", f.Name, f.Attrs)
			continue
		}
		b.WriteString(f.Attrs["type"] + " " + f.Children[0].Text + "\n")
	}
	return b.String()
}

func TestMachineReadableZonesAreWrittenAsTheABBYYInterfaceAnswers(t *testing.T) {
	const (
		passport1 = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
		passport2 = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"
	)
	for _, c := range []struct {
		lines []string
		want  string
	}{
		{[]string{passport1, passport2}, `MrzType 2line
Line1 ` + passport1 + `
Line2 ` + passport2 + `
DocumentType P
IssuingCountry UTO
LastName ERIKSSON
GivenName ANNA MARIA
DocumentNumber L898902C3
DocumentNumberVerified true
DocumentNumberCheck 6
Nationality UTO
BirthDate 740812
BirthDateVerified true
BirthDateCheck 2
Sex F
ExpiryDate 120415
ExpiryDateVerified true
ExpiryDateCheck 9
PersonalNumber ZE184226B
PersonalNumberVerified true
PersonalNumberCheck 1
Checksum 0
ChecksumVerified true
`},
		{[]string{"IDUTOD231458907AB<<<<<<<<<<<<<", "7408122<1204158UTOCD<<<<<<<<<6", "ERIKSSON<<ANNA<<<<<<<<<<<<<<<<"}, `MrzType 3line
Line1 IDUTOD231458907AB<<<<<<<<<<<<<
Line2 7408122<1204158UTOCD<<<<<<<<<6
Line3 ERIKSSON<<ANNA<<<<<<<<<<<<<<<<
DocumentType I
DocumentSubtype D
IssuingCountry UTO
LastName ERIKSSON
GivenName ANNA
DocumentNumber D23145890
DocumentNumberVerified true
DocumentNumberCheck 7
OptionalDataLine1 AB
BirthDate 740812
BirthDateVerified true
BirthDateCheck 2
ExpiryDate 120415
ExpiryDateVerified false
ExpiryDateCheck 8
Nationality UTO
OptionalDataLine2 CD
Checksum 6
ChecksumVerified false
Sex <
`},
		{[]string{"V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L8988901C4XXX4009078F96121096ZE184226B<<<<<<"}, `MrzType 2line
Line1 V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<
Line2 L8988901C4XXX4009078F96121096ZE184226B<<<<<<
DocumentType V
IssuingCountry UTO
LastName ERIKSSON
GivenName ANNA MARIA
DocumentNumber L8988901C
DocumentNumberVerified true
DocumentNumberCheck 4
Nationality XXX
BirthDate 400907
BirthDateVerified true
BirthDateCheck 8
Sex F
ExpiryDate 961210
ExpiryDateVerified true
ExpiryDateCheck 9
PersonalNumber 6ZE184226B
`},
	} {
		page := zoned(c.lines...)
		next := zoned("P<XXXOTHER<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<", passport2) // the first counts
		next.Number++
		if diff := cmp.Diff(c.want, capture(t, render(t, MRZXML, Document{}, model()[0], after(page, 2), after(next, 3)))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// after is a page with another number.
func after(p ocr.Page, number int) ocr.Page {
	p.Number = number
	return p
}

func TestWithoutAMachineReadableZoneTheDocumentIsEmpty(t *testing.T) {
	const want = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<document type="mrz" xmlns="http://ocrsdk.com/schema/captureData-1.0.xsd"></document>` + "\n"
	if got := string(render(t, MRZXML, Document{}, model()...)); got != want {
		t.Errorf("%s", got)
	}
}

func FuzzMRZXML(f *testing.F) {
	f.Add("P<", "document_code", "\x00")
	f.Add("\xff", "composite", "<")
	f.Add("é", "document_code", "9")
	f.Fuzz(func(t *testing.T, value, name, digit string) {
		valid := false
		zone := &ocr.MRZ{Lines: []string{value, digit}, Fields: []ocr.MRZField{{Name: ocr.MRZName(name), Value: value, Digit: digit, Valid: &valid}, {Name: ocr.Sex, Value: value}}}
		p := ocr.Page{Number: 1, Blocks: []ocr.Block{{Kind: ocr.MRZBlock, MRZ: zone, Value: "x"}}}
		capture(t, render(t, MRZXML, Document{}, p))
	})
}
