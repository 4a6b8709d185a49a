package render

import (
	"archive/zip"
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// everything is a document of the structured page, the model, and what is hostile.
func everything() []ocr.Page {
	pages := []ocr.Page{structured()}
	for _, p := range append(model(), tabular(), hostile()) {
		p.Number = len(pages) + 1
		pages = append(pages, p)
	}
	return pages
}

func TestStructureOfAPageMatchesItsGoldenFiles(t *testing.T) {
	for _, f := range withoutPlaces {
		golden(t, "structured."+string(f), shown(t, f, render(t, f, Document{}, structured())))
	}
}

func TestFormatsAgreeOnHostileAndStructuredPages(t *testing.T) {
	for _, f := range withoutPlaces {
		got, err := parseTexts(f, render(t, f, Document{}, everything()...))
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		want := wantTexts(f, everything())
		if f == XLSX { // tables are sheets of their own, and numbers are shown as the country of the reader has them
			const zone = "P<UTO"
			before, rest, _ := strings.Cut(want[1], "Item")
			rows, after, _ := strings.Cut(rest, zone)
			want[1] = before + zone + after + "Item" + strings.NewReplacer("1.234,50", "1,234.50", "12,00", "12.00").Replace(rows)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-model +parsed):\n%s", f, diff)
		}
	}
}

// Everything that a package names is there and has a type, everything that is there is named, and equal documents are equal
// bytes.
func TestPackagesAreWhole(t *testing.T) {
	for _, f := range packages {
		data := render(t, f, Document{}, everything()...)
		if !bytes.Equal(data, render(t, f, Document{}, everything()...)) {
			t.Errorf("%s: two renderings differ", f)
		}
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range z.File {
			if !part.Modified.Equal(packageTime) {
				t.Errorf("%s: %s is of %s", f, part.Name, part.Modified)
			}
		}
		names, parts, err := unpack(data)
		if err != nil {
			t.Fatal(err)
		}
		if names[0] != "_rels/.rels" { // by which programs tell what an archive is
			t.Errorf("%s begins with %s", f, names[0])
		}
		needed := map[string]bool{"[Content_Types].xml": true}
		for name, content := range parts {
			root, err := parseXML(content)
			if err != nil {
				t.Errorf("%s: %s: %v", f, name, err)
				continue
			}
			if !strings.HasSuffix(name, ".rels") {
				continue
			}
			needed[name] = true
			for _, r := range root.find(named("Relationship")) {
				needed[path.Join(path.Dir(path.Dir(name)), r.Attrs["Target"])] = true
			}
		}
		types := parse(t, parts["[Content_Types].xml"])
		for _, o := range types.find(named("Override")) {
			if _, ok := parts[strings.TrimPrefix(o.Attrs["PartName"], "/")]; !ok {
				t.Errorf("%s: a type is that of %s, which is missing", f, o.Attrs["PartName"])
			}
		}
		if got, want := len(types.find(named("Override"))), len(parts)-1-strings.Count(strings.Join(names, " "), ".rels"); got != want {
			t.Errorf("%s: %d of %d parts have a type", f, got, want)
		}
		for _, name := range names {
			if !needed[name] {
				t.Errorf("%s: nothing needs %s", f, name)
			}
			delete(needed, name)
		}
		for name := range needed {
			t.Errorf("%s: %s is missing", f, name)
		}
	}
}

// Properties of a file travel with it: they say what made it and when, and nothing that a user wrote.
func TestPropertiesOfPackagesHoldWhatResultsMaySay(t *testing.T) {
	for _, f := range packages {
		_, parts, err := unpack(render(t, f, document(), model()...))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, part := range []string{"docProps/core.xml", "docProps/app.xml"} {
			for _, e := range parse(t, parts[part]).Children {
				got[e.Name] = e.Text
			}
		}
		want := map[string]string{"created": "2026-03-01T12:30:00Z", "identifier": document().ID, "language": "en", "Application": "Lethe 1.2.3"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", f, diff)
		}
	}
}

// What is too long for a cell goes on below, and codes and formulas are text.
func TestCellsHoldTheirTextAsItIs(t *testing.T) {
	long := strings.Repeat("𝄞", cellLetters/2) + "end"
	words := []string{"=1+1", "+x", "@x", "-x", "＝x", "_x0041_x0042_", long}
	lines := make([]ocr.Line, 0, len(words))
	for i, w := range words {
		lines = append(lines, line(0, 30*i, 600, w))
	}
	page := ocr.Page{Number: 1, Blocks: []ocr.Block{block(paragraph(lines...))}}
	data := render(t, XLSX, Document{}, page)
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows("Page 1")
	if err != nil {
		t.Fatal(err)
	}
	got := slices.Concat(rows...)
	if diff := cmp.Diff(append(words[:6:6], long[:len(long)-2], "nd"), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, parts, err := unpack(data)
	if err != nil {
		t.Fatal(err)
	}
	sheet := parse(t, parts["xl/worksheets/sheet1.xml"])
	if n := len(sheet.find(named("f"))); n > 0 {
		t.Errorf("%d formulas", n)
	}
	for i, c := range sheet.find(named("c")) {
		want := map[bool]string{true: "1", false: "0"}[i < 5] // the style of text that looks like a formula
		if c.Attrs["t"] != "inlineStr" || c.Attrs["s"] != want {
			t.Errorf("cell %s has the kind %s and the style %s", c.Attrs["r"], c.Attrs["t"], c.Attrs["s"])
		}
	}
}

func TestRecordsAreHarmlessAndOfRFC4180(t *testing.T) {
	page := structured()
	page.Blocks[0].Paragraphs = []ocr.Paragraph{
		paragraph(line(50, 10, 600, "@SUM(1)"), line(50, 20, 600, "-12,50"), line(50, 30, 600, `say "x",y`), line(50, 40, 600, "＝1")),
		paragraph(line(50, 50, 600, "a;=1", ";", "-x;'+y", "3;5"), line(50, 60, 600, "'@x")),
	}
	page.Blocks[3].Rows[0].Cells[0].Paragraphs = []ocr.Paragraph{paragraph(line(0, 0, 600, "Item")), paragraph(line(0, 0, 600, "=of"))}
	got := string(render(t, CSV, Document{}, page))
	for _, want := range []string{
		"page,table,row,left,top,width,height,text\r\n",
		"1,,1,50,10,70,20,'@SUM(1)\r\n", "1,,2,50,20,60,20,\"-12,50\"\r\n", `1,,3,50,30,90,20,"say ""x"",y"` + "\r\n", "1,,4,50,40,20,20,'＝1\r\n",
		"1,,5,50,50,170,20,a;'=1 ; '-x;''+y 3;5\r\n", "1,,6,50,60,30,20,''@x\r\n",
		"1,1,1,0,0,0,0,\"Item\r\n'=of\",,Amount\r\n", "1,1,2,0,0,0,0,'=1+1,x|y,\r\n", "1,1,3,0,0,0,0,,,\"1.234,50\"\r\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
}

func TestMarkdownIsEscapedNoMoreThanItMustBe(t *testing.T) {
	for line, want := range map[string]string{
		"1.5 million":   "1.5 million",
		"1. First":      `1\. First`,
		"-5":            "-5",
		"- item":        `\- item`,
		"--- x":         `\--- x`,
		"===":           `\===`,
		"~~~":           `\~\~\~`,
		":--":           `\:--`,
		":- x":          ":- x",
		"=1+1":          "=1+1",
		"C# is # ##":    `C# is # \##`,
		"# x":           `\# x`,
		"> x":           `\> x`,
		"AT&T &amp; x":  `AT\&T \&amp; x`,
		"a_b *c* `d`":   "a\\_b \\*c\\* \\`d\\`",
		"![x](y) <b>":   `!\[x](y) \<b>`,
		`C:\temp ~x~ |`: `C:\\temp \~x\~ \|`,
	} {
		if got := escapeMarkdown(line); got != want {
			t.Errorf("%q is %q, want %q", line, got, want)
		}
	}
}

func FuzzCSV(f *testing.F)  { fuzz(f, CSV, sameTexts(CSV)) }
func FuzzDOCX(f *testing.F) { fuzz(f, DOCX, sameTexts(DOCX)) }
func FuzzXLSX(f *testing.F) { fuzz(f, XLSX, sameTexts(XLSX)) }
func FuzzPPTX(f *testing.F) { fuzz(f, PPTX, sameTexts(PPTX)) }
func FuzzRTF(f *testing.F)  { fuzz(f, RTF, sameTexts(RTF)) }
func FuzzMD(f *testing.F)   { fuzz(f, MD, sameTexts(MD)) }

// sameTexts requires that a reader of the result finds the text of the model, page by page.
func sameTexts(format Format) func(*testing.T, []byte, []ocr.Page) {
	return func(t *testing.T, result []byte, pages []ocr.Page) {
		t.Helper()
		got, err := parseTexts(format, result)
		if err != nil {
			t.Fatalf("%v in:\n%s", err, shown(t, format, result))
		}
		if diff := cmp.Diff(wantTexts(format, pages), got); diff != "" {
			t.Errorf("(-model +%s):\n%s", format, diff)
		}
	}
}

// A page without a size, such as one that could not be read, has that of the page before, the first one A4; slides are of one size.
func TestPagesOfWordProcessorsHaveTheirSizes(t *testing.T) {
	unread := func(n int) ocr.Page {
		return ocr.Page{Number: n, Width: 1, Height: 1, DPI: 72, Origin: ocr.Failed, Failure: &ocr.Failure{Code: "page_too_large"}}
	}
	pages := []ocr.Page{
		unread(1), {Number: 2}, {Number: 3, Width: 600, Height: 800, DPI: 72}, {Number: 4}, unread(5), {Number: 6, Width: 600, Height: 800, DPI: 72, Angle: 90},
	}
	for f, test := range map[Format]struct{ size, want string }{
		DOCX: {`w:pgSz w:w="(\d+)" w:h="(\d+)"`, "11906x16838 12000x16000 16000x12000"},
		RTF:  {`\\pgwsxn(\d+)\\pghsxn(\d+)`, "11906x16838 12000x16000 16000x12000"},
		PPTX: {`p:sldSz cx="(\d+)" cy="(\d+)"`, "7560310x10692130"}, // 635 units each
	} {
		var got []string
		for _, m := range regexp.MustCompile(test.size).FindAllSubmatch(shown(t, f, render(t, f, Document{}, pages...)), -1) {
			got = append(got, string(m[1])+"x"+string(m[2]))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s has pages of %v, want %s", f, got, test.want)
		}
	}
}

// A break before a page breaks nothing where it stands first in a section, so that an empty page there would be none.
func TestEmptyPagesArePagesOfWordProcessors(t *testing.T) {
	var pages []ocr.Page
	for i, angle := range []int{0, 0, 0, 90, 90, 0} {
		pages = append(pages, ocr.Page{Number: i + 1, Width: 600, Height: 800, DPI: 72, Angle: angle})
	}
	last := structured()
	last.Number = len(pages) + 1
	pages = append(pages, last)
	for f, test := range map[Format]struct{ section, paged string }{
		DOCX: {`<w:body>|</w:sectPr></w:pPr></w:p>`, `<w:pageBreakBefore>`},
		RTF:  {`\\sectd`, `\\pagebb`},
	} {
		text := bytes.ReplaceAll(shown(t, f, render(t, f, Document{}, pages...)), []byte(">\n<"), []byte("><"))
		if got := len(regexp.MustCompile(test.section+`|`+test.paged).FindAll(text, -1)); got != len(pages) {
			t.Errorf("%s has %d pages of %d", f, got, len(pages))
		}
		for _, section := range regexp.MustCompile(test.section).Split(string(text), -1)[1:] {
			first, _, _ := strings.Cut(strings.TrimPrefix(section, "<w:p>"), map[Format]string{DOCX: "<w:p>", RTF: `\par` + "\n"}[f])
			if strings.Contains(first, strings.TrimPrefix(test.paged, `\`)) {
				t.Errorf("%s: the first page of a section is lost: %s", f, first)
			}
		}
	}
}
