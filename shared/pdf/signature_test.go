package pdf

import (
	"bytes"
	"errors"
	"fmt"
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
		if got := open(t, data).Signatures(); got != want {
			t.Errorf("%d signatures, want %d", got, want)
		}
	}
	if got := open(t, onePage(letter, "BT /F1 12 Tf (/ByteRange) Tj ET")).Signatures(); got != 0 {
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
