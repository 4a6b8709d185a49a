package pdf

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// rewritten copies a PDF. Its pages are as they were read; those that are to be recognised have no words.
func rewritten(t *testing.T, data []byte, opt ocr.PDFOptions) ([]byte, []ocr.Note) {
	t.Helper()
	source := open(t, data)
	var out bytes.Buffer
	w, err := shared.NewWriter(source, opt, &out)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for n := range source.Pages() {
		reading, err := source.Read(n+1, false, ocr.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		page := ocr.Page{Number: n + 1, Origin: ocr.Recognised, Width: 100, Height: 100, DPI: 72}
		if reading.Page != nil {
			page = *reading.Page
		} else {
			page = reading.Merge(page)
		}
		if err := w.Page(page, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	check(t, out.Bytes())
	return out.Bytes(), w.Notes()
}

// sameLooks fails unless each page of two PDFs looks the same.
func sameLooks(t *testing.T, before, after []byte) {
	t.Helper()
	a, b := open(t, before), open(t, after)
	for n := range a.Pages() {
		was, _, err := a.colours(n + 1)
		if err != nil {
			t.Fatal(err)
		}
		is, _, err := b.colours(n + 1)
		if err != nil {
			t.Fatal(err)
		}
		if was.Rect != is.Rect || !bytes.Equal(was.Pix, is.Pix) {
			t.Errorf("page %d looks different", n+1)
		}
	}
}

// holds reports whether a word stands anywhere in a PDF: in an object, or in what a stream holds.
func holds(t *testing.T, data []byte, word string) bool {
	t.Helper()
	found := false
	err := open(t, data).save(func(in io.Reader) error {
		objects := resident{objects: map[int]kept{}, decoded: map[int][]byte{}}
		_, _, err := scanSaved(in, func(p part) error {
			k := kept{raw: p.raw, is: p.stream != nil}
			if k.is {
				k.data, _ = io.ReadAll(p.stream) // a part of it is found to be too short
			}
			objects.objects[p.number] = k
			all := []byte(p.raw)
			if decoded, ok := objects.stream(p.number); ok {
				all = append(all, decoded...)
			}
			found = found || bytes.Contains(all, []byte(word)) || bytes.Contains(all, fmt.Appendf(nil, "%X", word))
			return nil
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestTextThatDoesNotShowIsTakenOut(t *testing.T) {
	for name, c := range concealed {
		t.Run(name, func(t *testing.T) {
			data := concealing(c.entries, c.content)
			out, notes := rewritten(t, data, ocr.PDFOptions{})
			sameLooks(t, data, out)
			if !holds(t, out, "brown fox number 19 jumps") {
				t.Error("text that shows is gone")
			}
			there := holds(t, out, "Account") || holds(t, out, "4471")
			// What is nearly invisible changes a pixel when it goes, so it stays.
			if told := len(notes) == 1 && notes[0] == (ocr.Note{Code: ocr.HiddenTextKept, Page: 1, Count: 2}); there != told ||
				there != (name == "nearly white" || name == "microscopic") {
				t.Errorf("the secret is there: %v; notes: %v", there, notes)
			}

			out, notes = rewritten(t, data, ocr.PDFOptions{KeepHidden: true})
			if !holds(t, out, "Account") || len(notes) > 0 {
				t.Errorf("hidden text that is to be kept is gone, or there are notes: %v", notes)
			}
		})
	}
}

func TestReplacementTextOfHiddenTextIsTakenOut(t *testing.T) {
	for name, content := range map[string]string{
		"in the content":      "/Span<</ActualText(Account 4471)/MCID 0>>BDC 1 g " + secret + " EMC",
		"among the resources": "/Span /Said BDC 1 g " + secret + " EMC",
		"described":           "/Span<</Alt(Account 4471)>>BDC 1 g " + secret + " EMC",
		"with what shows":     "/Span /Said BDC BT /F1 12 Tf 72 130 Td (Visible) Tj ET 1 g " + secret + " EMC",
		"of a form":           "/Span /Said BDC 1 g /X1 Do EMC",
	} {
		t.Run(name, func(t *testing.T) {
			data := bytes.Replace(concealing(letter, content), []byte("/Properties<<"), []byte("/Properties<</Said<</ActualText(Said 4471)/Alt(Said 4471)/MCID 1>>"), 1)
			out, notes := rewritten(t, data, ocr.PDFOptions{})
			sameLooks(t, data, out)
			if strings.Contains(content, "/Said") && holds(t, out, "Said 4471") || holds(t, out, "Account") {
				t.Error("the text is still there")
			}
			if len(notes) > 0 {
				t.Errorf("notes: %v", notes)
			}
		})
	}
}

func TestHiddenWordsGoFromWhatIsSaidBesideThePages(t *testing.T) {
	for name, c := range map[string]struct {
		catalog, page, object string // 10 0 R is the object
		stays                 bool
	}{
		"structure":            {"/StructTreeRoot<</Type/StructTreeRoot/K 10 0 R>>", "", "<</Type/StructElem/S/P/K 0/Alt(It is 4471)>>", false},
		"replacement":          {"/StructTreeRoot<</Type/StructTreeRoot/K 10 0 R>>", "", "<</S/P/K 0/ActualText<FEFF0034003400370031>>>", false},
		"outlines":             {"/Outlines<</First 10 0 R/Last 10 0 R/Count 1>>", "", "<</Title(About 4471)>>", false},
		"metadata":             {"/Metadata 10 0 R", "", pdftest.Stream("/Type/Metadata/Subtype/XML", []byte("<x>is 4471</x>")), false},
		"data of a program":    {"", "/PieceInfo<</App<</Private 10 0 R>>>>", pdftest.Stream("", []byte("4471")), false},
		"a thumbnail":          {"", "/Thumb 10 0 R", pdftest.Stream("/Width 2/Height 2/ColorSpace/DeviceGray/BitsPerComponent 8", []byte("4471")), false},
		"unused properties":    {"", "", "null", false},
		"a comment":            {"", "/Annots[10 0 R]", "<</Type/Annot/Subtype/Text/Rect[9 9 9 9]/Contents(It is 4471)>>", true},
		"the value of a field": {"/AcroForm<</Fields[10 0 R]>>", "", "<</FT/Tx/T(f)/V(4471)>>", true},
	} {
		t.Run(name, func(t *testing.T) {
			data := bytes.Replace(concealing(letter+c.page, "1 g "+secret), []byte("/Pages 2 0 R"), []byte("/Pages 2 0 R"+c.catalog), 1)
			data = bytes.Replace(data, []byte("/Properties<<"), []byte("/Properties<</Unused<</ActualText(4471)>>"), 1)
			objects := bytes.LastIndex(data, []byte("xref\n0"))
			data = append(data[:objects:objects], "10 0 obj\n"+c.object+"\nendobj\ntrailer\n<</Root 1 0 R/Size 11>>\n"...)
			out, notes := rewritten(t, data, ocr.PDFOptions{})
			if there := holds(t, out, "4471") || holds(t, out, "0034003400370031"); there != c.stays || there != (len(notes) == 1) {
				t.Errorf("it is there: %v; notes: %v", there, notes)
			}
		})
	}
}
