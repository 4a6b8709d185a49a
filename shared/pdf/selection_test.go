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

// threePages is a document of which the second page has text, a picture, a form field, a link, a bookmark and a destination of
// its own. Pages inherit their size and share their resources.
func threePages() []byte {
	picture := pdftest.Stream("/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray", []byte("picture of one"))
	return pdftest.Build(
		"<</Type/Catalog/Pages 2 0 R/Outlines 11 0 R/AcroForm<</Fields[14 0 R 15 0 R]>>/PageLabels<</Nums[0<</P(Annex)>>]>>"+
			"/Dests<</Diagnosis[7 0 R/Fit]>>/OpenAction[7 0 R/Fit]>>",
		"<</Type/Pages/Count 3/Kids[3 0 R 4 0 R]/Resources 5 0 R/MediaBox[0 0 300 400]>>",
		"<</Type/Pages/Parent 2 0 R/Count 2/Kids[6 0 R 7 0 R]>>",
		"<</Type/Pages/Parent 2 0 R/Count 1/Kids[8 0 R]/Rotate 90>>",
		"<</Font<</F 9 0 R>>/XObject<</P20 18 0 R/P2 19 0 R>>>>",
		"<</Type/Page/Parent 3 0 R/Contents 10 0 R/Annots[16 0 R]>>",
		"<</Type/Page/Parent 3 0 R/Contents 12 0 R/Annots[13 0 R 17 0 R]>>",
		"<</Type/Page/Parent 4 0 R/Contents 20 0 R>>",
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
		pdftest.Stream("", []byte("BT/F 12 Tf 30 300 Td(alpha)Tj ET q 9 0 0 9 9 9 cm/P20 Do Q")),
		"<</Type/Outlines/First 21 0 R/Last 21 0 R/Count 1>>",
		pdftest.Stream("", []byte("BT/F 12 Tf 30 300 Td(beta)Tj ET q 9 0 0 9 9 9 cm/P2 Do Q")),
		"<</Type/Annot/Subtype/Widget/Parent 14 0 R/Rect[9 9 90 30]>>",
		"<</FT/Tx/T(patient)/V(Miller)/Kids[13 0 R]>>",
		"<</FT/Tx/T(ward)/V(north)/Type/Annot/Subtype/Widget/Rect[9 9 90 30]>>",
		"<</Type/Annot/Subtype/Link/Rect[9 9 90 30]/Dest[7 0 R/Fit]>>",
		"<</Type/Annot/Subtype/Text/Rect[9 9 90 30]/Contents(remark)>>",
		picture,
		strings.Replace(picture, "of one", "of two", 1),
		pdftest.Stream("", []byte("BT/F 12 Tf 30 300 Td(gamma)Tj ET")),
		"<</Title(Chapter beta)/Parent 11 0 R/Dest[7 0 R/Fit]>>",
	)
}

// copiedPages copies the document with text on the pages that are read.
func copiedPages(t *testing.T, data []byte, opt ocr.PDFOptions) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := shared.NewWriter(open(t, data), opt, &out)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, n := range opt.Pages.Of(3) {
		page := recognised(300, 400, 72, 0, []string{fmt.Sprintf("read%d", n)})
		page.Number = n
		if err := w.Page(page, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	check(t, out.Bytes())
	return out.Bytes()
}

// Nothing of a page that was not asked for is in the bytes, not even what the document says of it elsewhere.
func TestPDFOfSomePagesHoldsNothingOfTheOthers(t *testing.T) {
	t.Parallel()
	original := threePages()
	some := copiedPages(t, original, ocr.PDFOptions{Pages: "1,3"})
	if pages := open(t, some).Pages(); pages != 2 {
		t.Errorf("%d pages", pages)
	}
	held := unpacked(t, some)
	for _, left := range []string{"beta", "Miller", "patient", "remark", "Diagnosis", "Annex", "picture of two"} {
		if !bytes.Contains(original, []byte(left)) {
			t.Fatalf("the original has no %q", left)
		}
		if strings.Contains(held, left) {
			t.Errorf("%q of the page that is left out is there", left)
		}
	}
	for _, there := range []string{"north", "picture of one"} {
		if !strings.Contains(held, there) {
			t.Errorf("%q is not there", there)
		}
	}
	if words := told(t, some); !slices.Contains(words, "read1") || !slices.Contains(words, "read3") {
		t.Errorf("the text is %q", words)
	}
	for n, looks := range map[int]int{1: 1, 2: 3} { // as they were in the original, turned and sized alike
		got, want := text(t, some, n), text(t, original, looks)
		if !strings.Contains(got, want) {
			t.Errorf("page %d reads %q, want %q", n, got, want)
		}
	}

	all := copiedPages(t, original, ocr.PDFOptions{Pages: "1,3", KeepPages: true})
	if pages := open(t, all).Pages(); pages != 3 || !strings.Contains(unpacked(t, all), "(beta)Tj") || !bytes.Contains(all, []byte("Chapter beta")) {
		t.Errorf("%d pages where all were to be kept", pages)
	}
	if words := told(t, all); !slices.Contains(words, "read3") || slices.Contains(words, "read2") {
		t.Errorf("the text is %q", words)
	}
}

// text reads a page by another program.
func text(t *testing.T, data []byte, page int) string {
	t.Helper()
	n := fmt.Sprint(page)
	return strings.TrimSpace(string(independent(t, data, "-f", n, "-l", n)))
}
