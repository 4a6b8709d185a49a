package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// signed is a scan of one page with as many signature fields as there are values.
func signed(values ...string) []byte {
	objects := []string{
		"", "<</Type/Pages/Kids[3 0 R]/Count 1>>", "",
		pdftest.Stream("", []byte("q 612 0 0 792 0 0 cm /I1 Do Q")),
		pdftest.Stream("/Type/XObject/Subtype/Image/Width 850/Height 1100/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/DCTDecode", photo(850, 1100)),
	}
	var fields strings.Builder
	for _, v := range values {
		objects = append(objects, "<</Type/Annot/Subtype/Widget/FT/Sig/T(Signature)/F 132/Rect[0 0 0 0]/P 3 0 R"+v+">>")
		fields.WriteString(" " + fmt.Sprintf("%d 0 R", len(objects)))
	}
	objects[0] = "<</Type/Catalog/Pages 2 0 R/AcroForm<</SigFlags 3/Fields[" + fields.String() + "]>>>>"
	objects[2] = "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</XObject<</I1 5 0 R>>>>" + letter + "/Annots[" + fields.String() + "]>>"
	return pdftest.Build(objects...)
}

const signature = "/V<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.detached/ByteRange[0 100 200 300]/Contents<00>>>"

func TestSignaturesAreCounted(t *testing.T) {
	for want, data := range map[int][]byte{
		0: signed(""), 1: signed(signature), 2: signed(signature, "", signature),
	} {
		if got, err := open(t, data).Signatures(); got != want || err != nil {
			t.Errorf("%d signatures, want %d", got, want)
		}
	}
	if got, err := open(t, onePage(letter, "BT /F1 12 Tf (/ByteRange) Tj ET")).Signatures(); got != 0 || err != nil {
		t.Errorf("%d signatures in a document without a form", got)
	}
}

func TestWordsAreCountedAcrossTheEdgesOfTheWindow(t *testing.T) {
	for before := 65530; before < 65540; before++ {
		data := strings.Repeat("x", before) + "/ByteRange" + strings.Repeat("x", 70000) + "/ByteRange"
		if got, err := countIn(strings.NewReader(data), []byte("/ByteRange"), 5); err != nil || got != 2 {
			t.Errorf("%d at %d, %v", got, before, err)
		}
	}
}

func TestCopyOfASignedPDFIsNotedOrRefused(t *testing.T) {
	_, notes := copied(t, signed(signature, signature), ocr.PDFOptions{})
	if diff := cmp.Diff([]ocr.Note{{Code: ocr.SignatureInvalidated, Count: 2}}, notes); diff != "" {
		t.Error(diff)
	}
	if _, notes := copied(t, signed(""), ocr.PDFOptions{Signature: ocr.RefuseSigned}); len(notes) > 0 {
		t.Errorf("a document that nobody has signed yet: %v", notes)
	}
	var out bytes.Buffer
	w, err := shared.NewWriter(open(t, signed(signature)), ocr.PDFOptions{Signature: ocr.RefuseSigned}, &out)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(); !errors.Is(err, fault.DocumentSigned) || out.Len() > 0 {
		t.Errorf("%v, %d bytes", err, out.Len())
	}
}

// streamed is the document with a cross-reference stream in place of its table.
func streamed(data []byte) []byte {
	table := bytes.LastIndex(data, []byte("xref\n0 "))
	body := data[:table]
	var rows []byte
	n := 1
	for ; ; n++ {
		at := bytes.Index(body, fmt.Appendf(nil, "\n%d 0 obj\n", n))
		if at < 0 {
			break
		}
		rows = append(rows, 1, byte(at>>24), byte((at+1)>>16), byte((at+1)>>8), byte(at+1), 0)
	}
	rows = append(rows, 1, byte(table>>24), byte(table>>16), byte(table>>8), byte(table), 0)
	return fmt.Appendf(slices.Clone(body), "%d 0 obj\n<</Type/XRef/Root 1 0 R/Size %d/W[1 4 1]/Index[1 %d]/Length %d>>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n",
		n, n+1, n, len(rows), rows, table)
}

func TestKeptSignatureHoldsForTheOriginalsBytes(t *testing.T) {
	for name, data := range map[string][]byte{"table": signed(signature), "stream": streamed(signed(signature))} {
		t.Run(name, func(t *testing.T) {
			page := recognised(1700, 2200, 200, 0, english())
			page.HiddenWords = 3
			out, notes := written(t, data, page, ocr.PDFOptions{Signature: ocr.KeepSigned})
			if !bytes.HasPrefix(out, data) || len(out) == len(data) {
				t.Fatal("the original's bytes are not kept, or nothing was added")
			}
			if text := allText(t, open(t, out), 1); !strings.Contains(text, "beneath") {
				t.Errorf("text: %q", text)
			}
			if diff := cmp.Diff(slices.Sorted(slices.Values(english())), told(t, out)); diff != "" {
				t.Errorf("another reader finds other words: %s", diff)
			}
			if !bytes.Equal(drawn(t, data), drawn(t, out)) {
				t.Error("the copy looks different")
			}
			want := []ocr.Note{{Code: ocr.HiddenTextKept, Page: 1, Count: 3}, {Code: ocr.SignatureKept, Count: 1}}
			if diff := cmp.Diff(want, notes); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// written copies a PDF with text on its first page.
func written(t *testing.T, data []byte, page ocr.Page, opt ocr.PDFOptions) ([]byte, []ocr.Note) {
	t.Helper()
	var out bytes.Buffer
	w, err := shared.NewWriter(open(t, data), opt, &out)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := errors.Join(w.Page(page, nil), w.Finish()); err != nil {
		t.Fatal(err)
	}
	check(t, out.Bytes())
	return out.Bytes(), w.Notes()
}

func TestSignatureThatCannotBeKeptIsNoted(t *testing.T) {
	certified := strings.Replace(signature, "/ByteRange", "/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams<</P 2>>>>]/ByteRange", 1)
	for name, data := range map[string][]byte{
		"certified":            signed(certified),
		"bytes before it":      append([]byte("leading\n"), signed(signature)...),
		"section out of place": bytes.Replace(signed(signature), []byte("startxref\n"), []byte("startxref\n1"), 1),
	} {
		t.Run(name, func(t *testing.T) {
			out, notes := written(t, data, recognised(1700, 2200, 200, 0, english()), ocr.PDFOptions{Signature: ocr.KeepSigned})
			if diff := cmp.Diff([]ocr.Note{{Code: ocr.SignatureInvalidated, Count: 1}}, notes); diff != "" {
				t.Error(diff)
			}
			if text := allText(t, open(t, out), 1); !strings.Contains(text, "beneath") {
				t.Errorf("text: %q", text)
			}
		})
	}
}

func TestKeptSignatureKeepsWhatActs(t *testing.T) {
	data := acting("/OpenAction 8 0 R/AcroForm<</Fields[7 0 R]>>", "", "<</Type/Annot/Subtype/Widget/FT/Sig/T(a)/Rect[0 0 0 0]"+signature+">>",
		"<</S/JavaScript/JS(PLANTED)>>")
	out, notes := copied(t, data, ocr.PDFOptions{Signature: ocr.KeepSigned})
	if !bytes.Equal(out, data) {
		t.Error("there is nothing to add, and the copy is not the original")
	}
	if diff := cmp.Diff([]ocr.Note{{Code: ocr.SignatureKept, Count: 1}}, notes); diff != "" {
		t.Error(diff)
	}
}
