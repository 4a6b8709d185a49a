package pdf

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// form is a page with three labels on the left and annotations. The entries are those of the form, of the tree of pages and of
// the page. Appearances are forms that show "Appearance" (7), nothing (8), a tick (9), "Nested" two forms deep (10) and a
// black picture (12); the annotations are numbered from 14.
func form(form, tree, page string, annotations ...string) []byte {
	var refs, fields strings.Builder
	for i, a := range annotations {
		fmt.Fprintf(&refs, "%d 0 R ", 14+i)
		if strings.Contains(a, "/Widget") {
			fmt.Fprintf(&fields, "%d 0 R ", 14+i)
		}
	}
	shows := func(resources, content string) string {
		return pdftest.Stream("/Type/XObject/Subtype/Form/BBox[0 0 200 20]/Resources<<"+resources+">>", []byte(content))
	}
	return pdftest.Build(append([]string{
		"<</Type/Catalog/Pages 2 0 R/AcroForm<<" + form + "/Fields[" + fields.String() + "]/DA(/F1 12 Tf 0 g)/DR<</Font<</F1 5 0 R/ZaDb 6 0 R>>>>>>>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1" + tree + ">>",
		"<</Type/Page/Parent 2 0 R/Contents[4 0 R]" + page + "/Annots[" + refs.String() + "]>>",
		// What is in force at the end of a page's content is no concern of its annotations.
		pdftest.Stream("", []byte("0 0 595 842 re W n .5 0 0 .5 0 0 cm BT /F1 24 Tf 120 1400 Td "+
			"(Surname of the applicant) Tj 0 -60 Td (Registration number) Tj 0 -60 Td (Date of the application) Tj ET 0 0 9 9 re W n")),
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
		"<</Type/Font/Subtype/Type1/BaseFont/ZapfDingbats>>",
		shows("/Font<</F1 5 0 R>>", "/Tx BMC BT /F1 12 Tf 2 5 Td (Appearance) Tj ET EMC"),
		shows("", ""),
		shows("/Font<</ZaDb 6 0 R>>", "BT /ZaDb 12 Tf 2 5 Td (4) Tj ET"),
		shows("/XObject<</X 11 0 R>>", "/X Do"),
		shows("/Font<</F1 5 0 R>>", "BT /F1 12 Tf 2 5 Td (Nested) Tj ET"),
		shows("/XObject<</X 13 0 R>>", "200 0 0 20 0 0 cm /X Do"),
		pdftest.Stream("/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray", []byte{0}),
	}, annotations...)...)
}

const (
	sheet = "/MediaBox[0 0 595 842]"
	fonts = "/Resources<</Font<</F1 5 0 R>>>>"
)

// values are three fields beside the labels, without appearances.
func values() []string {
	field := func(y int, entries string) string {
		return fmt.Sprintf("<</Type/Annot/Subtype/Widget/FT/Tx/F 4/T(f%d)/Rect[300 %d 520 %d]%s>>", y, y-4, y+14, entries)
	}
	return []string{
		field(700, "/V(Weatherby)/DA(/F1 12 Tf 0 g)"), field(670, "/V(KL 48 TRN)"), field(640, "/V<FEFF00310037002000440065007A>/DA(/F1 0 Tf 0 g)"),
	}
}

func TestValuesOfFieldsAreReadBesideTheirLabels(t *testing.T) {
	want := []string{"Surname of the applicant Weatherby", "Registration number KL 48 TRN", "Date of the application 17 Dez"}
	for name, data := range map[string][]byte{
		"appearances are to be made": form("/NeedAppearances true", "", sheet+fonts, values()...),
		"appearances are missing":    form("", "", sheet+fonts, values()...),
		"boxes are inherited":        form("", sheet+"/CropBox[20 20 575 820]", fonts, values()...),
		"resources are inherited":    form("", sheet+fonts, "", values()...),
		"the page is cropped":        form("", "", sheet+"/CropBox[40 300 560 800]/ArtBox[100 100 200 200]"+fonts, values()...),
		"the page is turned":         form("", sheet+"/Rotate 90", fonts, values()...),
		"the page stands on end":     form("", "", sheet+"/Rotate 180"+fonts, values()...),
		"origin is elsewhere":        form("", "/MediaBox[-50 -60 545 782]", fonts, values()...),
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t, data)
			width, height, err := p.Size(1)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the page stays changed as long as the document is open
				page, ok, err := p.Text(1, false)
				if err != nil || !ok {
					t.Fatalf("%v, %v", ok, err)
				}
				if got := linesOf(page); !slices.Equal(got, want) {
					t.Errorf("%q", got)
				}
				for w := range page.Words {
					if (w.Text == "Weatherby" || w.Text == "Dez") && !inked(t, data, w.Box) {
						t.Errorf("%s is not where it says", w.Text)
					}
				}
			}
			if w, h, err := p.Size(1); w != width || h != height || err != nil {
				t.Errorf("the page is %v by %v, %v; it was %v by %v", w, h, err, width, height)
			}
		})
	}
}

func TestWhatAnnotationsPrintIsReadAndNothingElse(t *testing.T) {
	const (
		hidden, printed, noView = 1 << 1, 1 << 2, 1 << 5
	)
	annotation := func(entries string, flags int) string {
		return fmt.Sprintf("<</Type/Annot/Rect[60 500 260 520]/F %d/DA(/F1 12 Tf 0 g)%s>>", flags, entries)
	}
	box := func(state string) string {
		return "/Subtype/Widget/FT/Btn/T(b)/V/" + state + "/AS/" + state + "/AP<</N<</Yes 9 0 R/Off 8 0 R>>>>"
	}
	text := func(entries string) string { return "/Subtype/Widget/FT/Tx/T(t)/V(Value)" + entries }
	for _, c := range []struct {
		name, entries string
		flags         int
		want          string
	}{
		{"stamp", "/Subtype/Stamp/Contents(note)/AP<</N 7 0 R>>", printed, "Appearance"},
		{"stamp in forms", "/Subtype/Stamp/AP<</N 10 0 R>>", printed, "Nested"},
		{"stamp for paper alone", "/Subtype/Stamp/AP<</N 7 0 R>>", printed | noView, "Appearance"},
		{"stamp for the screen alone", "/Subtype/Stamp/AP<</N 7 0 R>>", 0, ""},
		{"hidden stamp", "/Subtype/Stamp/AP<</N 7 0 R>>", printed | hidden, ""},
		{"free text", "/Subtype/FreeText/Contents(Free words)", printed, "Free words"},
		{"free text with an appearance", "/Subtype/FreeText/Contents(Free words)/AP<</N 7 0 R>>", printed, "Appearance"},
		{"comment", "/Subtype/Text/Contents(Comment)", printed, ""},
		{"comment of a highlight", "/Subtype/Highlight/QuadPoints[60 520 260 520 60 500 260 500]/Contents(Comment)/C[1 1 0]", printed, ""},
		{"pop-up window", "/Subtype/Popup/Contents(Comment)/Open true/AP<</N 7 0 R>>", printed, ""},
		{"link", "/Subtype/Link/Contents(Comment)/A<</S/URI/URI(https://example.org)>>", printed, ""},
		{"signature", "/Subtype/Widget/FT/Sig/T(s)/AP<</N 7 0 R>>", printed, "Appearance"},
		{"ticked box", box("Yes"), printed, "✔"},
		{"empty box", box("Off"), printed, ""},
		{"value with an appearance", text("/AP<</N 7 0 R>>"), printed, "Appearance"},
		{"hidden value", text(""), printed | hidden, ""},
		{"value of several lines", text("/Ff 4096"), printed, "Value"},
		{"password", text("/Ff 8192"), printed, "*****"},
		{"choice", "/Subtype/Widget/FT/Ch/Ff 131072/T(c)/V(two)/Opt[(one)(two)]", printed, "two"},
	} {
		t.Run(c.name, func(t *testing.T) {
			page, ok, err := open(t, form("", "", sheet+fonts, annotation(c.entries, c.flags))).Text(1, false)
			if err != nil || !ok {
				t.Fatalf("%v, %v", ok, err)
			}
			if got := strings.Join(linesOf(page)[3:], "|"); got != c.want {
				t.Errorf("%q; want %q", got, c.want)
			}
		})
	}
}

func TestPicturesOfAnnotationsAreDrawn(t *testing.T) {
	box := ocr.Box{X0: 60 * 200 / 72, Y0: 322 * 200 / 72, X1: 260 * 200 / 72, Y1: 342 * 200 / 72}
	for flags, want := range map[int]bool{4: true, 0: false, 6: false} {
		stamp := fmt.Sprintf("<</Type/Annot/Subtype/Stamp/F %d/Rect[60 500 260 520]/AP<</N 12 0 R>>>>", flags)
		if got := inked(t, form("", "", sheet+fonts, stamp), box); got != want {
			t.Errorf("flags %d: %v", flags, got)
		}
	}
}

func TestCopyKeepsFieldsAsTheyAre(t *testing.T) {
	data := form("/NeedAppearances true", "", sheet+fonts, values()...)
	p := open(t, data)
	if _, ok, err := p.Text(1, false); err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	var b bytes.Buffer
	w, err := shared.NewWriter(p, ocr.PDFOptions{}, &b)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Page(recognised(1653, 2339, 200, 0, english()), nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b.Bytes(), []byte("/NeedAppearances")) || bytes.Count(b.Bytes(), []byte("/Widget")) != 3 ||
		bytes.Contains(b.Bytes(), []byte("/AP")) {
		t.Error("the copy has other fields than the document")
	}
}

func TestPagesOfCountlessAnnotationsAreDrawnOnly(t *testing.T) {
	stamps := slices.Repeat([]string{"<</Type/Annot/Subtype/Stamp/F 4/Rect[60 500 260 520]/AP<</N 7 0 R>>>>"}, maxAnnotations+1)
	p := open(t, form("", "", sheet+fonts, stamps...))
	if _, ok, err := p.Text(1, false); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
	if _, ok, err := open(t, form("", "", sheet+fonts, stamps[1:]...)).Text(1, false); !ok || err != nil {
		t.Errorf("at the limit: %v, %v", ok, err)
	}
}
