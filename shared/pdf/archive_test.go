package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/font/gofont/goregular"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/pdf/fontprogram"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// archiveFile is a PDF/A of one page, of which tests change a part.
type archiveFile struct {
	head, trailer          string
	catalog, page, content string
	resources, font, flags string
	program, xmp, profile  []byte
	objects                []string // from 11 on
	change                 func(string) string
}

func conformingFile(t *testing.T) archiveFile {
	t.Helper()
	program, err := fontprogram.TrueType(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	var widths strings.Builder
	for char := 'A'; char <= 'Z'; char++ {
		width, _ := program.Width(program.Maps[fontprogram.MicrosoftUnicode][int(char)])
		fmt.Fprintf(&widths, "%.0f ", width)
	}
	return archiveFile{
		head: archiveHead, trailer: "/ID[<00><00>]", catalog: "/Metadata 8 0 R/OutputIntents[<</S/GTS_PDFA1/OutputConditionIdentifier(s)/DestOutputProfile 9 0 R>>]",
		content: "BT/F 12 Tf 20 100 Td(ABC)Tj ET", resources: "/Font<</F 5 0 R>>",
		font:  "/Subtype/TrueType/BaseFont/Go/Encoding/WinAnsiEncoding/FontDescriptor 6 0 R/FirstChar 65/LastChar 90/Widths[" + widths.String() + "]",
		flags: "32", program: goregular.TTF, xmp: metadata(description{}), profile: sRGB(),
	}
}

func (f archiveFile) bytes(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	out := newEmitter(&b)
	out.next = 100
	out.printf("%s", f.head)
	out.object(1, 0, "<</Type/Catalog/Pages 2 0 R"+f.catalog+">>")
	out.object(2, 0, "<</Type/Pages/Kids[3 0 R]/Count 1>>")
	out.object(3, 0, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<<"+f.resources+">>"+f.page+">>")
	out.stream(4, "", func(w io.Writer) error { _, err := io.WriteString(w, f.content); return err })
	out.object(5, 0, "<</Type/Font"+f.font+">>")
	out.object(6, 0, "<</Type/FontDescriptor/FontName/Go/FontBBox[0 0 1000 1000]/Ascent 900/Descent -200/ItalicAngle 0/CapHeight 700/StemV 80/FontFile2 7 0 R/Flags "+f.flags+">>")
	out.packed(7, fmt.Sprintf("/Length1 %d", len(f.program)), f.program)
	out.stream(8, "/Type/Metadata/Subtype/XML", func(w io.Writer) error { _, err := w.Write(f.xmp); return err })
	out.packed(9, "/N 3", f.profile)
	for i, o := range f.objects {
		out.object(11+i, 0, o)
	}
	if err := out.finish("/Root 1 0 R" + f.trailer); err != nil {
		t.Fatal(err)
	}
	if f.change != nil {
		return []byte(f.change(b.String()))
	}
	return b.Bytes()
}

// brokenFiles break one clause each. A page that is drawn for it cannot stay as it is; else what breaks it is left out or made
// anew.
func brokenFiles() map[string]struct {
	clause Clause
	drawn  bool
	change func(*archiveFile)
} {
	type broken = struct {
		clause Clause
		drawn  bool
		change func(*archiveFile)
	}
	content := func(c Clause, s string) broken {
		return broken{c, true, func(f *archiveFile) { f.content += " " + s }}
	}
	uses := func(c Clause, resources, s string, objects ...string) broken {
		return broken{c, true, func(f *archiveFile) { f.resources += resources; f.content += " " + s; f.objects = objects }}
	}
	picture := func(c Clause, drawn bool, entries string) broken {
		b := uses(c, "/XObject<</X 11 0 R>>", "/X Do", pdftest.Stream("/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray"+entries, []byte{0}))
		b.drawn = drawn
		return b
	}
	fixed := func(c Clause, change func(*archiveFile)) broken { return broken{c, false, change} }
	catalog := func(c Clause, entries string, objects ...string) broken {
		return fixed(c, func(f *archiveFile) { f.catalog += entries; f.objects = objects })
	}
	annotation := func(c Clause, drawn bool, entries string) broken {
		return broken{c, drawn, func(f *archiveFile) {
			f.page, f.objects = "/Annots[11 0 R]", []string{"<</Type/Annot/Rect[9 9 20 20]" + entries + ">>"}
		}}
	}
	composite := func(c Clause, encoding, show string) broken {
		return broken{c, true, func(f *archiveFile) {
			f.font = "/Subtype/Type0/BaseFont/Go/Encoding" + encoding + "/DescendantFonts[<</Type/Font/Subtype/CIDFontType2/BaseFont/Go" +
				"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor 6 0 R/CIDToGIDMap/Identity>>]"
			f.content = "BT/F 12 Tf 20 100 Td" + show + "Tj ET"
		}}
	}
	without := func(old, now string) func(*archiveFile) {
		return func(f *archiveFile) { f.change = func(s string) string { return strings.Replace(s, old, now, 1) } }
	}
	return map[string]broken{
		"no binary comment":        fixed(ClauseHeader, func(f *archiveFile) { f.head = "%PDF-1.7\n%abcd\n" }),
		"no identifier":            fixed(ClauseTrailer, func(f *archiveFile) { f.trailer = "" }),
		"no table":                 fixed(ClauseTable, without("xref\n0 1", "xReF\n0 1")),
		"an object without an end": fixed(ClauseObjects, without("endobj\n2 0 obj", "endobk\n2 0 obj")),
		"half a byte":              content(ClauseStrings, "BT/F 9 Tf<4>Tj ET"),
		"a stream elsewhere":       picture(ClauseStreams, true, "/F(elsewhere)"),
		"LZW":                      picture(ClauseFilters, true, "/Filter/LZWDecode"),
		"LZW inside":               content(ClauseInline, "BI/W 1/H 1/BPC 8/CS/G/F/LZW ID \x80 EI"),
		"states in states":         content(ClauseLimits, strings.Repeat("q ", 29)+strings.Repeat("Q ", 29)),
		"a number too large":       content(ClauseLimits, "3000000000 w"),
		"an unknown operator":      content(ClauseContent, "BX foo EX"),
		"a name without resource":  content(ClauseContent, "/Nobody Do"),
		"no intent":                fixed(ClauseIntent, func(f *archiveFile) { f.catalog = "/Metadata 8 0 R" }),
		"a profile of four":        uses(ClauseProfiles, "/ColorSpace<</C[/ICCBased 11 0 R]>>", "/C cs", pdftest.Stream("/N 4", sRGB())),
		"inks":                     content(ClauseDevice, "0 0 0 1 k"),
		"an unknown ink": uses(ClauseSpots, "/ColorSpace<</C[/DeviceN[/Gold]/DeviceRGB 11 0 R]>>", "/C cs",
			"<</FunctionType 2/Domain[0 1]/C0[0 0 0]/C1[1 1 0]/N 1>>"),
		"a transfer function":      uses(ClauseState, "/ExtGState<</G<</TR/Identity>>>>", "/G gs"),
		"an unknown intent":        content(ClauseRendering, "/Vivid ri"),
		"an interpolated picture":  picture(ClausePictures, false, "/Interpolate true"),
		"JPEG 2000 that is none":   picture(ClauseJPX, true, "/Filter/JPXDecode"),
		"a form from elsewhere":    uses(ClauseForms, "/XObject<</X 11 0 R>>", "/X Do", pdftest.Stream("/Subtype/Form/BBox[0 0 9 9]/Ref<</F(x)/Page 0>>", nil)),
		"PostScript":               uses(ClauseForms, "/XObject<</X 11 0 R>>", "/X Do", pdftest.Stream("/Subtype/PS", nil)),
		"an unknown mode to blend": uses(ClauseTransparency, "/ExtGState<</G<</BM/Glow>>>>", "/G gs"),
		"blending in inks": {ClauseTransparency, true, func(f *archiveFile) {
			f.page = "/Group<</S/Transparency/CS/DeviceCMYK>>"
		}},
		"a font without widths": {ClauseFontKinds, true, func(f *archiveFile) {
			f.font, _, _ = strings.Cut(f.font, "/FirstChar")
		}},
		"codes of a file elsewhere": composite(ClauseCIDs, "/UniJIS-UTF16-H", "<0024>"),
		"a font that is not there":  {ClauseEmbedded, true, func(f *archiveFile) { f.font = "/Subtype/Type1/BaseFont/Helvetica" }},
		"a font that is damaged":    {ClauseEmbedded, true, func(f *archiveFile) { f.program = f.program[:200] }},
		"other widths": {ClauseWidths, true, func(f *archiveFile) {
			f.font = strings.Replace(f.font, "/Widths[", "/Widths[999 ", 1)
		}},
		"symbols in Latin": {ClauseEncodings, true, func(f *archiveFile) { f.flags = "4" }},
		"a missing glyph":  composite(ClauseNotdef, "/Identity-H", "<0000>"),

		"a link that does not print": annotation(ClauseAnnotations, false, "/Subtype/Link"),
		"a remark without looks":     annotation(ClauseAnnotations, true, "/Subtype/Text/F 4"),
		"a script behind a link":     annotation(ClauseActions, false, "/Subtype/Link/F 4/A<</S/JavaScript/JS(x)>>"),
		"a link that hides":          annotation(ClauseActions, false, "/Subtype/Link/F 4/A<</S/Hide/T(x)>>"),
		"a script at the beginning":  catalog(ClauseActions, "/OpenAction<</S/JavaScript/JS(x)>>"),
		"a form to be drawn":         catalog(ClauseFields, "/AcroForm<</Fields[]/NeedAppearances true>>"),
		"a field to be drawn": {ClauseFields, true, func(f *archiveFile) {
			f.catalog += "/AcroForm<</Fields[11 0 R]/NeedAppearances true/DA(/F 9 Tf)>>"
			f.page = "/Annots[11 0 R]"
			f.objects = []string{"<</Type/Annot/Subtype/Widget/FT/Tx/T(x)/V(A)/F 4/Rect[9 9 20 20]/AP<</N 12 0 R>>>>", pdftest.Stream("/Subtype/Form/BBox[0 0 9 9]", nil)}
		}},
		"no metadata":           fixed(ClauseMetadata, func(f *archiveFile) { f.catalog = strings.Replace(f.catalog, "/Metadata 8 0 R", "", 1) }),
		"metadata of no PDF/A":  fixed(ClauseIdentity, func(f *archiveFile) { f.xmp = bytes.Replace(f.xmp, []byte("part>2<"), []byte("part>9<"), 1) }),
		"an attached file":      catalog(ClauseFiles, "/Names<</EmbeddedFiles<</Names[(x)11 0 R]>>>>", "<</Type/Filespec/F(x)/EF<</F 12 0 R>>>>", pdftest.Stream("", nil)),
		"layers without a name": catalog(ClauseLayers, "/OCProperties<</OCGs[11 0 R]/D<<>>>>", "<</Type/OCG/Name(x)>>"),
		"variants of a page":    fixed(ClauseVariants, func(f *archiveFile) { f.page = "/PresSteps<<>>" }),
		"what a reader must do": catalog(ClauseRequirements, "/Requirements[<</S/EnableJavaScripts>>]"),
	}
}

func TestEachBrokenClauseIsFoundAndDoesNotStay(t *testing.T) {
	sound := conformingFile(t)
	if broken := checkArchive(sound.bytes(t)); len(broken) > 0 {
		t.Fatalf("the file that the others are made of breaks %v", broken)
	}
	tried := map[Clause]bool{}
	for name, c := range brokenFiles() {
		tried[c.clause] = true
		t.Run(name, func(t *testing.T) {
			file := conformingFile(t)
			c.change(&file)
			data := file.bytes(t)
			if broken := checkArchive(data); !slices.Contains(broken, c.clause) {
				t.Errorf("breaks %v, want %s", broken, c.clause)
			}
			out, notes := copied(t, data, ocr.PDFOptions{Kind: ocr.Archive})
			if broken := checkArchive(out); len(broken) > 0 {
				t.Errorf("the PDF/A breaks %v", broken)
			}
			drawn := slices.ContainsFunc(notes, func(n ocr.Note) bool { return n.Code == ocr.PageDrawn && n.Page == 1 })
			if drawn != c.drawn {
				t.Errorf("the page is drawn: %t", drawn)
			}
		})
	}
	for _, c := range []Clause{
		ClauseHeader, ClauseTrailer, ClauseTable, ClauseStrings, ClauseStreams, ClauseFilters, ClauseObjects, ClauseInline, ClauseLimits, ClauseContent,
		ClauseIntent, ClauseProfiles, ClauseDevice, ClauseSpots, ClauseState, ClauseRendering, ClausePictures, ClauseJPX, ClauseForms,
		ClauseTransparency, ClauseFontKinds, ClauseCIDs, ClauseEmbedded, ClauseWidths, ClauseEncodings, ClauseNotdef, ClauseAnnotations,
		ClauseFields, ClauseActions, ClauseMetadata, ClauseIdentity, ClauseFiles, ClauseLayers, ClauseVariants, ClauseRequirements,
	} {
		if !tried[c] {
			t.Errorf("no file breaks %s", c)
		}
	}
}

// finishArchive ends a PDF/A, which must be sound and break no clause.
func finishArchive(t *testing.T, w *Writer, out *bytes.Buffer) {
	t.Helper()
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	check(t, out.Bytes())
	if broken := checkArchive(out.Bytes()); len(broken) > 0 {
		t.Errorf("breaks %v", broken)
	}
}

func TestPageThatBecomesAPictureKeepsItsTextAndLooks(t *testing.T) {
	data := onePage(letter, prose()) // in a font that is not there
	var out bytes.Buffer
	w, err := shared.NewWriter(open(t, data), ocr.PDFOptions{Kind: ocr.Archive}, &out)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	page, ok, err := open(t, data).Text(1, false)
	if err != nil || !ok {
		t.Fatal(err)
	}
	if err := w.Page(page, nil); err != nil {
		t.Fatal(err)
	}
	finishArchive(t, w, &out)
	if was, is := extracted(t, data), extracted(t, out.Bytes()); similarity(was, is) < 0.98 {
		t.Errorf("text was %.200s, is %.200s", was, is)
	}
	var shown [2][]byte
	for i, file := range [][]byte{data, out.Bytes()} {
		p := open(t, file)
		if err := p.look(1, func(v view) error {
			raster, err := p.render(v, surveyDPI)
			shown[i] = raster.Gray
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	ink, sum := 0, 0 // and differences: programs set pictures to their own pixels, which blurs edges
	for i, was := range shown[0] {
		ink += 255 - int(was)
		sum += max(int(was)-int(shown[1][i]), int(shown[1][i])-int(was))
	}
	if sum > ink/2 {
		t.Errorf("pixels differ by %d, ink is %d", sum, ink)
	}
}

func TestPicturesBecomeAPDFA(t *testing.T) {
	var out bytes.Buffer
	w, err := shared.NewWriter(nil, ocr.PDFOptions{Kind: ocr.Archive}, &out)
	if err != nil {
		t.Fatal(err)
	}
	page := recognised(850, 1100, 100, 0, append(english(), "𝔘nicode", "слово"))
	for _, pic := range []*Picture{{JPEG: photo(850, 1100)}, {Pixels: []byte{1, 2}, Stride: 2, Width: 2, Height: 1}} {
		if err := w.Page(page, pic); err != nil {
			t.Fatal(err)
		}
	}
	finishArchive(t, w, &out)
}

func TestPDFAOfWhatNeedsAPasswordIsRefusedOrHasNone(t *testing.T) {
	source := locked(t)
	for _, remove := range []bool{false, true} {
		var out bytes.Buffer
		w, err := shared.NewWriter(source, ocr.PDFOptions{Kind: ocr.Archive, RemovePassword: remove}, &out)
		if err != nil {
			t.Fatal(err)
		}
		err = w.Finish()
		if remove && (err != nil || len(checkArchive(out.Bytes())) > 0) || !remove && !errors.Is(err, fault.DocumentPasswordStays) {
			t.Errorf("password removed: %t: %v, breaks %v", remove, err, checkArchive(out.Bytes()))
		}
	}
}
