package pdf

import (
	"bytes"
	"compress/zlib"
	"errors"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// What PDFium passes over without a word must not come out as an empty page.
func TestPageOfWhichNothingCanBeDrawnIsNoEmptyPage(t *testing.T) {
	packed := func(text string) []byte {
		var b bytes.Buffer
		z := zlib.NewWriter(&b)
		_, _ = z.Write([]byte(text)) // into memory
		_ = z.Close()
		return b.Bytes()
	}
	const flate = "/Filter/FlateDecode"
	const form = "/Type/XObject/Subtype/Form/BBox[0 0 100 100]"
	picture := pdftest.Stream("/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray", []byte{0})
	for name, c := range map[string]struct {
		content   string
		resources string
		more      string
		damaged   bool
	}{
		"no content":                     {content: pdftest.Stream("", nil)},
		"state alone":                    {content: pdftest.Stream(flate, packed("q 1 0 0 1 5 5 cm Q"))},
		"content that is not packed":     {content: pdftest.Stream(flate, []byte("q /Im0 Do Q, or what is left of it")), damaged: true},
		"content cut short":              {content: pdftest.Stream(flate, packed("q 1 0 0 1 5 5 cm Q")[:9]), damaged: true},
		"filter that nobody knows":       {content: pdftest.Stream("/Filter/FooDecode", []byte("what?")), damaged: true},
		"picture without a name":         {content: pdftest.Stream("", []byte("q 400 0 0 400 0 0 cm /Im0 Do Q")), damaged: true},
		"picture that is missing":        {content: pdftest.Stream("", []byte("/Im0 Do")), resources: "/XObject<</Im0 99 0 R>>", damaged: true},
		"picture that is a number":       {content: pdftest.Stream("", []byte("/Im0 Do")), resources: "/XObject<</Im0 5 0 R>>", more: "17", damaged: true},
		"empty form":                     {content: pdftest.Stream("", []byte("/F0 Do")), resources: "/XObject<</F0 5 0 R>>", more: pdftest.Stream(form, nil)},
		"form that cannot be decoded":    {content: pdftest.Stream("", []byte("/F0 Do")), resources: "/XObject<</F0 5 0 R>>", more: pdftest.Stream(form+flate, []byte("no zlib")), damaged: true},
		"form with a missing picture":    {content: pdftest.Stream("", []byte("/F0 Do")), resources: "/XObject<</F0 5 0 R>>", more: pdftest.Stream(form, []byte("/Im0 Do")), damaged: true},
		"picture that is there, unused":  {content: pdftest.Stream("", []byte("q Q")), resources: "/XObject<</Im0 5 0 R>>", more: picture},
		"damaged picture that is unused": {content: pdftest.Stream("", nil), resources: "/XObject<</Im0 5 0 R>>", more: pdftest.Stream("/Subtype/Image"+flate, []byte("no zlib"))},
	} {
		objects := []string{
			"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 612 792]>>",
			"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<<" + c.resources + ">>>>", c.content,
		}
		if c.more != "" {
			objects = append(objects, c.more)
		}
		reading, err := open(t, pdftest.Build(objects...)).Read(1, false, ocr.DefaultLimits())
		switch {
		case errors.Is(err, fault.PageDamaged) != c.damaged, err != nil && !c.damaged:
			t.Errorf("%s: %v", name, err)
		case err == nil && (reading.Page == nil || reading.Page.Origin != ocr.Blank):
			t.Errorf("%s: no blank page", name)
		}
	}
}
