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

// forms is a PDF with a page for each of the contents. They share their resources: a font, a scan, and forms from A on.
func forms(contents []string, forms ...string) []byte {
	objects := []string{
		"<</Type/Catalog/Pages 2 0 R>>", "", "",
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
		pdftest.Stream("/Type/XObject/Subtype/Image/Width 85/Height 110/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/DCTDecode", photo(85, 110)),
	}
	resources := "<</Font<</F1 4 0 R>>/XObject<</I1 5 0 R"
	for i, f := range forms {
		objects = append(objects, f)
		resources += fmt.Sprintf("/%c %d 0 R", 'A'+i, len(objects))
	}
	objects[2] = resources + ">>>>"
	var kids strings.Builder
	for _, c := range contents {
		objects = append(objects, pdftest.Stream("", []byte(c)),
			fmt.Sprintf("<</Type/Page/Parent 2 0 R/Resources 3 0 R/Contents %d 0 R"+letter+">>", len(objects)+1))
		fmt.Fprintf(&kids, "%d 0 R ", len(objects))
	}
	objects[1] = fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", len(contents), kids.String())
	return pdftest.Build(objects...)
}

func formOf(entries, content string) string {
	return pdftest.Stream("/Type/XObject/Subtype/Form/BBox[0 0 612 792]"+entries, []byte(content))
}

// recognisedPages copies a PDF as if all of its pages had been recognised and hold no words.
func recognisedPages(t *testing.T, data []byte) ([]byte, []ocr.Note) {
	t.Helper()
	source := open(t, data)
	var out bytes.Buffer
	w, err := shared.NewWriter(source, ocr.PDFOptions{}, &out)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for n := range source.Pages() {
		if err := w.Page(ocr.Page{Number: n + 1, Origin: ocr.Recognised, Width: 1700, Height: 2200, DPI: 200}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	check(t, out.Bytes())
	sameLooks(t, data, out.Bytes())
	return out.Bytes(), w.Notes()
}

const (
	own    = "/Resources<</Font<</F1 4 0 R>>>>"
	hidden = "BT 3 Tr /F1 12 Tf 72 500 Td (Stale words) Tj ET"
	plain  = "BT /F1 12 Tf 72 500 Td (Stale words) Tj ET"
	bates  = " 1 0 0 rg BT 0 Tr /F1 12 Tf 400 20 Td (Bates 0042) Tj ET"
)

func TestOldTextInFormsIsTakenOut(t *testing.T) {
	for name, data := range map[string][]byte{
		"in a form":                    forms([]string{scanOnly + "/A Do" + bates}, formOf(own, hidden)),
		"with the resources of a page": forms([]string{scanOnly + "/A Do" + bates}, formOf("", hidden)),
		"under the scan":               forms([]string{"q /A Do Q " + scanOnly + bates}, formOf(own, plain)),
		"the mode of the page":         forms([]string{scanOnly + "q 3 Tr /A Do Q" + bates}, formOf(own, plain)),
		"moved and turned":             forms([]string{scanOnly + "q 0 1 -1 0 600 50 cm /A Do Q" + bates}, formOf(own+"/Matrix[.5 0 0 .5 9 9]", hidden)),
		"with more in the form":        forms([]string{"/A Do"}, formOf("/Resources<</Font<</F1 4 0 R>>/XObject<</I1 5 0 R>>>>", scanOnly+hidden+bates)),
		"in forms of forms":            forms([]string{scanOnly + "/C Do" + bates}, formOf(own, hidden), formOf("/Resources<</XObject<</In 6 0 R>>>>", "q /In Do Q"), formOf("/Resources<</XObject<</In 7 0 R>>>>", "/In Do")),
		"of pages that share forms":    forms([]string{scanOnly + "/A Do" + bates, scanOnly + "/B Do" + bates}, formOf(own, hidden), formOf(own, hidden)),
		"twice on a page":              forms([]string{scanOnly + "/A Do q 1 0 0 1 5 -99 cm /A Do Q" + bates}, formOf(own, hidden)),
		"of a group":                   forms([]string{scanOnly + "/A Do" + bates}, formOf(own+"/Group<</S/Transparency>>", hidden)),
	} {
		t.Run(name, func(t *testing.T) {
			out, notes := recognisedPages(t, data)
			if holds(t, out, "Stale") || len(notes) > 0 {
				t.Errorf("the old text is still there; notes: %v", notes)
			}
			if !strings.Contains(allText(t, open(t, out), 1), "Bates 0042") {
				t.Error("visible text is gone")
			}
		})
	}
}

func TestFormsOfOtherPagesDoNotStay(t *testing.T) {
	data := forms([]string{scanOnly + "/A Do", prose(), "/B Do"}, formOf(own, hidden), formOf(own, "BT /F1 12 Tf 72 500 Td (Visible) Tj ET"))
	source := open(t, data)
	var out bytes.Buffer
	w, err := shared.NewWriter(source, ocr.PDFOptions{}, &out)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for n, origin := range []ocr.Origin{ocr.Recognised, ocr.TextLayer, ocr.TextLayer} {
		if err := w.Page(ocr.Page{Number: n + 1, Origin: origin, Width: 1700, Height: 2200, DPI: 200}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	check(t, out.Bytes())
	sameLooks(t, data, out.Bytes())
	if holds(t, out.Bytes(), "Stale") || !holds(t, out.Bytes(), "Visible") || len(w.Notes()) > 0 {
		t.Errorf("old text of a form that a page names is still there, or visible text is not; notes: %v", w.Notes())
	}
}

func TestFormsThatStayUndrawnAreTold(t *testing.T) {
	data := forms([]string{scanOnly + "/A Do", prose() + "/B Do"}, formOf(own, hidden), formOf("/Filter/JBIG2Decode", "not to be read"))
	out, notes := recognisedPages(t, data)
	if !holds(t, out, "Stale") || !slices.ContainsFunc(notes, func(n ocr.Note) bool { return n.Code == ocr.HiddenTextKept && n.Page == 1 }) {
		t.Errorf("the form of a page that cannot be read is gone, or not told: %v", notes)
	}
}

func TestFormsStayWhereTheyShow(t *testing.T) {
	data := forms([]string{
		scanOnly + "q 3 Tr /A Do Q", // hidden
		"/A Do",                     // shown
		"/A Do q 3 Tr 1 0 0 1 0 -99 cm /A Do Q /B Do q 3 Tr /B Do Q", // both
	}, formOf(own, plain), formOf("/Resources<</XObject<</A 6 0 R>>>>", "q 1 0 0 1 0 99 cm /A Do Q"))
	out, notes := recognisedPages(t, data)
	if len(notes) > 0 {
		t.Errorf("notes: %v", notes)
	}
	for page, want := range []int{0, 1, 2} {
		if got := strings.Count(allText(t, open(t, out), page+1), "Stale words"); got != want {
			t.Errorf("page %d says it %d times, not %d", page+1, got, want)
		}
	}
}
