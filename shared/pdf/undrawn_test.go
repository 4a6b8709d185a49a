package pdf

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// Whoever gets an empty text for a damaged scan believes that the page was empty, and has the document forgotten.
func TestPictureThatCannotBeDecodedIsNoEmptyPage(t *testing.T) {
	flate := func(n int) []byte {
		var b bytes.Buffer
		z := zlib.NewWriter(&b)
		_, _ = z.Write(bytes.Repeat([]byte{255}, n)) // into memory
		_ = z.Close()
		return b.Bytes()
	}
	noise := make([]byte, 20_000)
	for i := range noise {
		noise[i] = byte(i * i >> 3)
	}
	const text = "BT /F1 12 Tf 72 720 Td (Words stand on it) Tj ET "
	for name, c := range map[string]struct {
		content, entries string
		data             []byte
		damaged          bool // nothing of the page can be read
		notes            int
	}{
		"JPEG":                {entries: "/Width 850/Height 1100/Filter/DCTDecode", data: []byte("no JPEG"), damaged: true},
		"JPEG 2000":           {entries: "/Width 850/Height 1100/Filter/JPXDecode", data: []byte("no JPX"), damaged: true},
		"filter":              {entries: "/Width 850/Height 1100/Filter/FooDecode", data: []byte("what?"), damaged: true},
		"packed":              {entries: "/Width 850/Height 1100/Filter/FlateDecode", data: []byte("no zlib"), damaged: true},
		"fax":                 {entries: "/Width 850/Height 1100/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns 850/Rows 1100>>", data: make([]byte, 20_000), damaged: true},
		"LZW":                 {entries: "/Width 850/Height 1100/Filter/LZWDecode", data: noise, damaged: true},
		"blank fax":           {entries: "/Width 850/Height 1100/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns 850/Rows 1100>>", data: bytes.Repeat([]byte{255}, 138)},
		"whole and blank":     {entries: "/Width 850/Height 1100/Filter/FlateDecode", data: flate(935_000)},
		"too large for all":   {entries: "/Width 90000/Height 90000/Filter/FlateDecode", data: flate(1_000_000), damaged: true},
		"beside text":         {content: text, entries: "/Width 850/Height 1100/Filter/DCTDecode", data: []byte("no JPEG"), notes: 1},
		"blank, beside text":  {content: text, entries: "/Width 850/Height 1100/Filter/FlateDecode", data: flate(935_000)},
		"beside a drawing":    {content: "500 10 9 9 re f ", entries: "/Width 850/Height 1100/Filter/DCTDecode", data: []byte("no JPEG"), notes: 1},
		"smaller than a word": {content: text + ".005 0 0 .005 0 0 cm ", entries: "/Width 850/Height 1100/Filter/DCTDecode", data: []byte("no JPEG")},
	} {
		data := pdftest.Pages(1, "/Font<</F1 5 0 R>>/XObject<</I1 6 0 R>>", c.content+"q 480 0 0 800 0 0 cm /I1 Do Q",
			"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
			pdftest.Stream("/Type/XObject/Subtype/Image/BitsPerComponent 8/ColorSpace/DeviceGray"+c.entries, c.data))
		reading, err := open(t, data).Read(1, false, ocr.DefaultLimits())
		if errors.Is(err, fault.PageDamaged) != c.damaged || err != nil && !c.damaged {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		page := reading.Page
		if page == nil {
			merged := reading.Merge(recognised(reading.Raster.Width, reading.Raster.Height, reading.Raster.DPI, 0, nil))
			page = &merged
		}
		want := ""
		if c.notes > 0 {
			want = fmt.Sprint([]ocr.Note{{Code: ocr.PictureUnread, Count: c.notes}})
		}
		if got := fmt.Sprint(page.Notes); len(page.Notes) != c.notes || c.notes > 0 && got != want {
			t.Errorf("%s: notes %s", name, got)
		}
	}
}
