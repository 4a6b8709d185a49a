package pdf

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// planted is what must not be in a copy, wherever it stands in the original.
const planted = "PLANTED"

// acting is a PDF of one page with a picture, an annotation that is object 7, and further objects from 8. The catalog and the
// page have further entries.
func acting(catalog, page, annotation string, more ...string) []byte {
	objects := append([]string{
		"<</Type/Catalog/Pages 2 0 R" + catalog + ">>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 5 0 R/AA 5 0 R/EF 5 0 R/JS 5 0 R>>/XObject<</JavaScript 6 0 R>>>>" +
			"/MediaBox[0 0 300 200]/Annots[7 0 R]" + page + ">>",
		pdftest.Stream("", []byte("q 100 0 0 100 10 10 cm /JavaScript Do Q BT /AA 12 Tf 20 150 Td (Plain text) Tj /EF 12 Tf ( more) Tj ET")),
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
		pdftest.Stream("/Type/XObject/Subtype/Image/Width 20/Height 20/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/DCTDecode", photo(20, 20)),
		annotation,
	}, more...)
	return pdftest.Build(objects...)
}

const (
	link  = "<</Type/Annot/Subtype/Link/Rect[10 10 90 40]/Border[0 0 0]/A<</S/URI/URI(https://kept.example/)>>>>"
	icon  = "/AP<</N 8 0 R>>"
	blank = "null"
)

// greySquare is the appearance of an annotation: a grey square.
func greySquare() string {
	return pdftest.Stream("/Type/XObject/Subtype/Form/BBox[0 0 80 80]", []byte("0.5 g 0 0 80 80 re f"))
}

func script() string { return pdftest.Stream("", []byte("app.alert('PLANTED')")) }

// copied writes the copy of a PDF in which nothing was recognised.
func copied(t *testing.T, data []byte, opt ocr.PDFOptions) ([]byte, []ocr.Note) {
	t.Helper()
	var out bytes.Buffer
	w, err := shared.NewWriter(open(t, data), opt, &out)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	check(t, out.Bytes())
	return out.Bytes(), w.Notes()
}

// unpacked is a PDF with its streams decompressed, by another program. It copies what nothing refers to as well.
func unpacked(t *testing.T, data []byte) string {
	t.Helper()
	tool, err := exec.LookPath("qpdf")
	if err != nil {
		t.Skip("qpdf is not installed")
	}
	file := filepath.Join(t.TempDir(), "packed.pdf")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	plain, err := exec.CommandContext(t.Context(), tool, "--qdf", "--preserve-unreferenced", "--object-streams=disable", file, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

func drawn(t *testing.T, data []byte) []byte {
	t.Helper()
	raster, err := open(t, data).Raster(1, ocr.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return raster.Gray
}

func activeDocuments() map[string][]byte {
	file := pdftest.Stream("/Subtype/text#2Fplain", []byte("PLANTED file"))
	spec := "<</Type/Filespec/F(PLANTED.exe)/UF(PLANTED.exe)/EF<</F 8 0 R>>>>"
	return map[string][]byte{
		"script at opening":          acting("/OpenAction 8 0 R", "", blank, "<</S/JavaScript/JS 9 0 R>>", script()),
		"script at opening, inline":  acting("/OpenAction<</S/JavaScript/JS(PLANTED)>>", "", blank),
		"scripts by name":            acting("/Names<</JavaScript<</Names[(a)8 0 R]>>/Dests<</Names[(here)[3 0 R/Fit]]>>>>", "", blank, "<</S/JavaScript/JS 9 0 R>>", script()),
		"names apart":                acting("/Names 8 0 R", "", blank, "<</JavaScript 9 0 R>>", "<</Names[(a)10 0 R]>>", "<</S/JavaScript/JS(PLANTED)>>"),
		"name of a name in disguise": acting("/OpenAction 8 0 R", "", blank, "<</#53/Java#53cript/J#53 9 0 R>>", script()),
		"name behind a reference":    acting("/OpenAction 8 0 R", "", blank, "<</S 9 0 R/JS(PLANTED)>>", "/JavaScript"),
		"script of the document":     acting("/AA<</WC<</S/JavaScript/JS(PLANTED)>>>>", "", blank),
		"script of the page":         acting("", "/AA<</O 8 0 R>>", blank, "<</S/JavaScript/JS 9 0 R>>", script()),
		"scripts of a field": acting("/AcroForm<</Fields[7 0 R]>>", "",
			"<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/Rect[10 10 90 40]/AA<</K 8 0 R/F<</S/JavaScript/JS(PLANTED)>>>>/A<</S/JavaScript/JS(PLANTED)>>>>",
			"<</S/JavaScript/JS 9 0 R>>", script()),
		"script after a link": acting("", "",
			"<</Type/Annot/Subtype/Link/Rect[10 10 90 40]/A<</S/URI/URI(https://kept.example/)/Next[<</S/JavaScript/JS(PLANTED)>>8 0 R]>>>>",
			"<</S/JavaScript/JS 9 0 R>>", script()),
		"script in a bookmark": acting("/Outlines 8 0 R", "", blank, "<</First 9 0 R/Last 9 0 R/Count 1>>",
			"<</Title(kept)/Parent 8 0 R/A<</S/JavaScript/JS(PLANTED)>>>>"),
		"script as an address": acting("", "", "<</Type/Annot/Subtype/Link/Rect[10 10 90 40]/A<</S/URI/URI(java\\163cript:PLANTED)>>>>"),
		"file as an address":   acting("", "", "<</Type/Annot/Subtype/Link/Rect[10 10 90 40]/A<</S/URI/URI<66696c653a2f2f2f504c414e544544>>>>>"),
		"launch":               acting("", "", "<</Type/Annot/Subtype/Link/Rect[10 10 90 40]/A<</S/Launch/F(PLANTED.exe)/Win<</F(PLANTED)/P(PLANTED)>>>>>>"),
		"submit":               acting("", "", "<</Type/Annot/Subtype/Link/Rect[10 10 90 40]/A<</S/SubmitForm/F<</FS/URL/F(https://PLANTED/)>>>>>>"),
		"import":               acting("", "", "<</Type/Annot/Subtype/Link/Rect[10 10 90 40]/A<</S/ImportData/F(PLANTED.fdf)>>>>"),
		"other document":       acting("", "", "<</Type/Annot/Subtype/Link/Rect[10 10 90 40]/A<</S/GoToR/F(PLANTED.pdf)/D[0/Fit]>>>>"),
		"rendition": acting("", "", "<</Type/Annot/Subtype/Screen/Rect[10 10 90 90]"+icon+"/A<</S/Rendition/OP 0/R 9 0 R/AN 7 0 R/JS(PLANTED)>>>>",
			greySquare(), "<</Type/Rendition/S/MR/C<</Type/MediaClip/S/MCD/D<</Type/Filespec/F(PLANTED)/EF<</F 10 0 R>>>>>>>>", file),
		"files by name":        acting("/Names<</EmbeddedFiles<</Names[(PLANTED)9 0 R]>>>>/Collection<</D(PLANTED)>>", "", blank, file, spec),
		"files that belong":    acting("/AF[9 0 R]", "/AF 10 0 R", blank, file, spec, "[9 0 R]"),
		"file at an icon":      acting("", "", "<</Type/Annot/Subtype/FileAttachment/Rect[10 10 90 90]/FS 10 0 R/Contents(kept)"+icon+">>", greySquare(), file, "<</Type/Filespec/F(PLANTED.exe)/EF<</F 9 0 R>>>>"),
		"rich media":           acting("", "", "<</Type/Annot/Subtype/RichMedia/Rect[10 10 90 90]"+icon+"/RichMediaContent<</Assets<</Names[(PLANTED)<</Type/Filespec/F(PLANTED)/EF<</F 9 0 R>>>>]>>>>>>", greySquare(), file),
		"three dimensions":     acting("", "", "<</Type/Annot/Subtype/3D/Rect[10 10 90 90]"+icon+"/3DD 9 0 R>>", greySquare(), pdftest.Stream("/Type/3D/Subtype/U3D/OnInstantiate 10 0 R", []byte("PLANTED")), script()),
		"sound":                acting("", "", "<</Type/Annot/Subtype/Sound/Rect[10 10 90 90]"+icon+"/Sound 9 0 R>>", greySquare(), pdftest.Stream("/Type/Sound/R 8000", []byte("PLANTED"))),
		"sound without a look": acting("", "", "<</Type/Annot/Subtype/Sound/Name/Speaker/Contents(kept)/Rect[10 10 90 90]/Sound 8 0 R>>", pdftest.Stream("/Type/Sound/R 8000", []byte("PLANTED"))),
		"film":                 acting("", "", "<</Type/Annot/Subtype/Movie/Rect[10 10 90 90]"+icon+"/Movie<</F<</Type/Filespec/F(PLANTED)/EF<</F 9 0 R>>>>>>>>", greySquare(), file),
		"film without a look":  acting("", "", "<</Type/Annot/Subtype/Movie/Rect[10 10 90 90]/Movie<</F(PLANTED)>>>>"),
		"form of XML":          acting("/AcroForm<</Fields[]/XFA[(template)8 0 R(datasets)9 0 R]>>/NeedsRendering true", "", blank, script(), script()),
	}
}

func TestCopyOfAPDFDoesNothingByItself(t *testing.T) {
	for name, data := range activeDocuments() {
		t.Run(name, func(t *testing.T) {
			if !bytes.Contains(data, []byte(planted)) && !strings.Contains(unpacked(t, data), planted) && !strings.Contains(name, "address") {
				t.Fatal("nothing is planted")
			}
			before := drawn(t, data)
			out, notes := copied(t, data, ocr.PDFOptions{})
			plain := unpacked(t, out)
			for _, gone := range []string{planted, "/JavaScript <<", "/OpenAction", "/XFA", "/EmbeddedFile", "/Collection", "/Launch", "/RichMedia", "/OnInstantiate"} {
				if strings.Contains(plain, gone) {
					t.Errorf("%s is left", gone)
				}
			}
			if !bytes.Equal(before, drawn(t, out)) {
				t.Error("the copy looks different")
			}
			if len(notes) != 1 || notes[0].Code != ocr.ActiveContentRemoved {
				t.Errorf("notes: %v", notes)
			}
			for _, kept := range []string{"(https://kept.example/)", "(kept)", "(here)"} {
				if bytes.Contains(data, []byte(kept)) && !strings.Contains(plain, kept) {
					t.Errorf("%s is gone", kept)
				}
			}
		})
	}
}

func TestCopyOfAPDFKeepsWhatActsIfAsked(t *testing.T) {
	for name, data := range activeDocuments() {
		out, notes := copied(t, data, ocr.PDFOptions{KeepActive: true})
		if !strings.Contains(strings.ToLower(unpacked(t, out)), strings.ToLower(planted)) && !strings.Contains(name, "address") || len(notes) > 0 {
			t.Errorf("%s: it is gone, or told: %v", name, notes)
		}
	}
}

func TestWhatDoesNothingByItselfStays(t *testing.T) {
	for name, data := range map[string][]byte{
		"address":              acting("", "", link),
		"letter":               acting("", "", strings.Replace(link, "https://kept.example/", "mailto:kept@example.com", 1)),
		"page of the document": acting("/OpenAction[3 0 R/Fit]", "", "<</Type/Annot/Subtype/Link/Rect[10 10 90 40]/Dest[3 0 R/XYZ 0 0 1]>>"),
		"page by an action":    acting("/OpenAction 8 0 R", "", "<</Type/Annot/Subtype/Link/Rect[10 10 90 40]/A<</S/GoTo/D[3 0 R/Fit]>>>>", "<</S/GoTo/D[3 0 R/Fit]>>"),
		"next page":            acting("", "", "<</Type/Annot/Subtype/Link/Rect[10 10 90 40]/A<</S/Named/N/NextPage>>>>"),
		"structure":            acting("/StructTreeRoot 8 0 R", "", link, "<</Type/StructTreeRoot/K[9 0 R]>>", "<</S/Sound/P 8 0 R/K 0>>"),
		"field":                acting("/AcroForm<</Fields[7 0 R]>>", "", "<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/V(kept)/Rect[10 10 90 40]>>"),
	} {
		t.Run(name, func(t *testing.T) {
			out, notes := copied(t, data, ocr.PDFOptions{})
			kept, _ := copied(t, data, ocr.PDFOptions{KeepActive: true})
			if len(notes) > 0 || !bytes.Equal(out, kept) {
				t.Errorf("something is left out: %v", notes)
			}
		})
	}
}

func TestResourceNamedLikeAnActionStays(t *testing.T) {
	data := pdftest.Pages(1, "/ExtGState<</S 5 0 R>>/Shading<</S 6 0 R>>", "/S gs /S sh", "<</ca 0.5>>",
		"<</ShadingType 2/ColorSpace/DeviceGray/Coords[0 0 595 0]/Function<</FunctionType 2/Domain[0 1]/N 1>>>>")
	out := overlaid(t, data, recognised(1653, 2339, 200, 0, english()))
	before, err := open(t, data).Raster(1, ocr.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	after, err := open(t, out).Raster(1, ocr.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before.Gray, after.Gray) {
		t.Error("the copy looks different")
	}
}
