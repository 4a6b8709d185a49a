package pdf

import (
	"encoding/binary"
	"encoding/xml"
	"math"
	"strings"
	"time"
	"unicode"
)

// sRGB returns a profile of the colour space that colours of the device are in (IEC 61966-2-1, as ICC.1:2004-10 says it): three
// primaries and one curve, as numbers. It is made here, so that nobody else's profile is passed on.
func sRGB() []byte {
	be := binary.BigEndian
	fixed := func(values ...float64) []byte {
		var b []byte
		for _, v := range values {
			b = be.AppendUint32(b, uint32(int32(math.Round(v*65536)))) // #nosec G115 -- s15Fixed16Number
		}
		return b
	}
	kind := func(signature string, data []byte) []byte {
		return append([]byte(signature+"\x00\x00\x00\x00"), data...)
	}
	text := func(s string) []byte { // one record of multiLocalizedUnicodeType
		utf16 := utf16Bytes(s)
		var b []byte
		for _, v := range []int{1, 12, 'e'<<24 | 'n'<<16 | 'U'<<8 | 'S', len(utf16), 28} {
			b = be.AppendUint32(b, uint32(v)) // #nosec G115 -- small
		}
		return kind("mluc", append(b, utf16...))
	}
	curve := kind("para", append([]byte{0, 3, 0, 0}, fixed(2.4, 1/1.055, 0.055/1.055, 1/12.92, 0.04045)...))
	xyz := func(x, y, z float64) []byte { return kind("XYZ ", fixed(x, y, z)) }
	tags := []struct {
		name string
		data []byte
	}{
		{"desc", text("sRGB")},
		{"cprt", text("No copyright, use freely")},
		{"wtpt", xyz(0.9642, 1, 0.8249)},
		{"chad", kind("sf32", fixed(1.04788, 0.02292, -0.05022, 0.02959, 0.99048, -0.01707, -0.00925, 0.01508, 0.75168))},
		{"rXYZ", xyz(0.43607, 0.22249, 0.01392)},
		{"gXYZ", xyz(0.38515, 0.71687, 0.09708)},
		{"bXYZ", xyz(0.14307, 0.06061, 0.71410)},
		{"rTRC", curve}, {"gTRC", nil}, {"bTRC", nil}, // one curve for all
	}
	const head = 128
	directory := be.AppendUint32(nil, uint32(len(tags))) // #nosec G115 -- ten
	var data []byte
	at, size := 0, 0
	for _, t := range tags {
		if t.data != nil {
			data = append(data, make([]byte, -len(data)&3)...)
			at, size = head+4+12*len(tags)+len(data), len(t.data)
			data = append(data, t.data...)
		}
		directory = append(directory, t.name...)
		directory = be.AppendUint32(be.AppendUint32(directory, uint32(at)), uint32(size)) // #nosec G115 -- below a KiB
	}
	header := make([]byte, head)
	be.PutUint32(header, uint32(head+len(directory)+len(data))) // #nosec G115 -- below a KiB
	copy(header[8:], "\x04\x20\x00\x00mntrRGB XYZ ")
	copy(header[24:], []byte{0x07, 0xe8, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0}) // the day that it is said to be of
	copy(header[36:], "acsp")
	copy(header[68:], fixed(0.9642, 1, 0.8249))
	return append(append(header, directory...), data...)
}

// description is what a document says of itself.
type description struct {
	title, author, subject, keywords, creator string
	created                                   string // dates as XMP has them
}

// describe reads the information dictionary of a document.
func describe(info dictionary) description {
	text := func(key string) string {
		value, _ := info.get(key)
		t, _ := decodeText(value)
		return strings.Map(func(r rune) rune {
			if unicode.IsControl(r) || r == unicode.ReplacementChar {
				return ' '
			}
			return r
		}, t)
	}
	return description{
		title: text("/Title"), author: text("/Author"), subject: text("/Subject"), keywords: text("/Keywords"), creator: text("/Creator"),
		created: xmpDate(text("/CreationDate")),
	}
}

// xmpDate turns a date of PDF into one of XMP; empty for what is none.
func xmpDate(s string) string {
	s = strings.ReplaceAll(strings.TrimPrefix(s, "D:"), "'", "")
	for _, layout := range []string{"20060102150405-0700", "20060102150405Z0700", "20060102150405Z", "20060102150405", "20060102"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Format("2006-01-02T15:04:05-07:00")
		}
	}
	return ""
}

// metadata returns the XMP of a PDF/A-2 of level B (ISO 19005-2, section 6.6).
func metadata(d description) []byte {
	var b strings.Builder
	escaped := func(s string) string {
		var e strings.Builder
		_ = xml.EscapeText(&e, []byte(s)) // to memory
		return e.String()
	}
	b.WriteString("<?xpacket begin=\"\uFEFF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n" +
		`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
		`<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:dc="http://purl.org/dc/elements/1.1/"` +
		` xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/">` +
		`<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance><pdf:Producer>Lethe</pdf:Producer>`)
	for _, e := range []struct{ before, text, after string }{
		{`<dc:title><rdf:Alt><rdf:li xml:lang="x-default">`, d.title, `</rdf:li></rdf:Alt></dc:title>`},
		{`<dc:creator><rdf:Seq><rdf:li>`, d.author, `</rdf:li></rdf:Seq></dc:creator>`},
		{`<dc:description><rdf:Alt><rdf:li xml:lang="x-default">`, d.subject, `</rdf:li></rdf:Alt></dc:description>`},
		{`<pdf:Keywords>`, d.keywords, `</pdf:Keywords>`},
		{`<xmp:CreatorTool>`, d.creator, `</xmp:CreatorTool>`},
		{`<xmp:CreateDate>`, d.created, `</xmp:CreateDate>`},
	} {
		if e.text != "" {
			b.WriteString(e.before + escaped(e.text) + e.after)
		}
	}
	b.WriteString("</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>")
	return []byte(b.String())
}
