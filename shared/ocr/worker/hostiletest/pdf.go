package hostiletest

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// sheet is a PDF of one small page. Objects from 6 on are more.
type sheet struct {
	catalog   string // entries of the catalog
	page      string // entries of the page
	box       string // the page's MediaBox; empty: a small one
	resources string // entries of its resources
	content   string // what it draws; empty: two words
	entries   string // entries of the content stream
	font      string // the font F1; empty: Helvetica
	more      []string
	trailer   string
}

const words = "BT /F1 12 Tf 20 40 Td (Harbour survey of the northern reservoir) Tj ET\n"

func (s sheet) objects() []string {
	if s.content == "" {
		s.content = words
	}
	if s.font == "" {
		s.font = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
	}
	if s.box == "" {
		s.box = "/MediaBox[0 0 240 72]"
	}
	return append([]string{
		"<</Type/Catalog/Pages 2 0 R" + s.catalog + ">>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>" + s.resources + ">>" + s.box + s.page + ">>",
		pdftest.Stream(s.entries, []byte(s.content)),
		s.font,
	}, s.more...)
}

func (s sheet) bytes() []byte { return pdftest.BuildTrailer(s.trailer, s.objects()...) }

func goodPDF() []byte { return sheet{}.bytes() }

// pdfFiles are files whose frame is damaged: header, table, trailer, length.
func pdfFiles() []Document {
	f := family{name: "PDF"}
	good := goodPDF()
	text := string(good)
	table := strings.Index(text, "xref\n")
	start := strings.LastIndex(text, "startxref\n") + len("startxref\n")
	replace := func(old, by string) []byte { return []byte(strings.Replace(text, old, by, 1)) }
	startAt := func(v string) []byte { return []byte(text[:start] + v + "\n%%EOF\n") }
	trailer := func(entries string) []byte {
		return []byte(text[:strings.Index(text, "trailer")] + "trailer\n<<" + entries + ">>\nstartxref\n" + fmt.Sprint(table) + "\n%%EOF\n")
	}
	f.cut(good, 5, 2, 4, 5, 8, 9, table, table+30, start, len(good)-6, len(good)-3)
	f.flip(lenient(), good, 24, 8, len(good))
	withFilter := sheet{entries: "/Filter/FlateDecode", content: string(deflated([]byte(words)))}.bytes()
	f.flip(lenient(), withFilter, 8, strings.Index(string(withFilter), "stream"), table)
	numbers := []string{"0", "-1", "7", "2147483648", "4294967295", strings.Repeat("9", 40), "x"}
	for i, number := range regexp.MustCompile(`\b\d+\b`).FindAllIndex(good, -1) {
		for n := range 3 {
			value := numbers[(3*i+n)%len(numbers)]
			f.add(append(costly(), fault.DocumentUnknownType, fault.DocumentTooManyPages), fmt.Sprintf("%.12s for the number at byte %d", value, number[0]), slices.Concat(good[:number[0]], []byte(value), good[number[1]:]))
		}
	}
	f.add(fine(), "one page", good)
	for _, c := range []struct {
		name string
		data []byte
		ends []fault.Code
	}{
		{"header after 1,000 bytes", append(bytes.Repeat([]byte("#"), 1000), good...), lenient()},
		{"header after 1,025 bytes", append(bytes.Repeat([]byte("#"), 1025), good...), foreign()},
		{"header alone", []byte("%PDF-1.7\n"), refused()},
		{"header and end", []byte("%PDF-1.7\n%%EOF\n"), refused()},
		{"table at the end", startAt(fmt.Sprint(len(good) - 8)), lenient()},
		{"table missing", []byte(text[:table]), lenient()},
		{"table of objects one byte off", []byte(strings.ReplaceAll(text, " 00000 n", " 00001 n")), lenient()},
		{"table in which all is free", []byte(strings.ReplaceAll(text, " n \n", " f \n")), lenient()},
		{"table that follows itself", trailer(fmt.Sprintf("/Root 1 0 R/Size 6/Prev %d", table)), lenient()},
		{"table with a stream that is itself", trailer(fmt.Sprintf("/Root 1 0 R/Size 6/XRefStm %d", table)), lenient()},
		{"trailer missing", []byte(strings.Replace(text, "trailer", "tr", 1)), lenient()},
		{"trailer without catalog", trailer("/Size 6"), lenient()},
		{"trailer whose catalog is a number", trailer("/Root 7/Size 6"), lenient()},
		{"object without end", replace("endobj", ""), lenient()},
		{"NUL bytes for spaces", []byte(strings.ReplaceAll(text, " ", "\x00")), lenient()},
		{"carriage returns only", []byte(strings.ReplaceAll(text, "\n", "\r")), lenient()},
		{"said to be linear", replace("%PDF-1.7\n", "%PDF-1.7\n9 0 obj\n<</Linearized 1/L 99999999/H[1 2 3 4]/O 3/E 5/N 4000000/T 77>>\nendobj\n"), lenient()},
		{"two documents in one", slices.Concat(good, good), lenient()},
		{"noise before the end", slices.Concat(good[:table], noise(3000), good[table:]), lenient()},
		{"2 MiB behind the end", slices.Concat(good, noise(2<<20)), lenient()},
	} {
		f.add(c.ends, c.name, c.data)
	}
	f.lazy(lenient(), "5,000 updates", func() []byte { return updates(good, table, 5_000) })
	f.lazy(lenient(), "1 MiB of comments", func() []byte {
		return []byte(strings.Replace(text, "%PDF-1.7\n", "%PDF-1.7\n"+strings.Repeat("%\n", 1<<19), 1))
	})
	return f.all
}

// updates appends tables that each lead to the one before.
func updates(good []byte, table, n int) []byte {
	b := slices.Clone(good)
	for range n {
		at := len(b)
		b = fmt.Appendf(b, "xref\n0 0\ntrailer\n<</Root 1 0 R/Size 6/Prev %d>>\nstartxref\n%d\n%%%%EOF\n", table, at)
		table = at
	}
	return b
}
