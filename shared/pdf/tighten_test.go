package pdf

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// A font of Type 3 may give the box of its largest glyph to all.
func TestBoxesThatAllGlyphsShareDoNotSplitLines(t *testing.T) {
	glyphs := make([]string, 'z'-'a'+1)
	for i := range glyphs {
		glyphs[i] = pdftest.Stream("", []byte("300 0 0 -200 1100 900 d1 0 0 250 500 re f"))
	}
	names, procs := "", ""
	for i := range glyphs {
		name := "/" + string(rune('a'+i))
		names += name
		procs += name + " " + decimal(float64(6+i)) + " 0 R"
	}
	font := "<</Type/Font/Subtype/Type3/FontBBox[0 -200 1100 900]/FontMatrix[0.001 0 0 0.001 0 0]/FirstChar 97/LastChar 122/Widths[" +
		"300 300 300 300 300 300 300 300 300 300 300 300 300 300 300 300 300 300 300 300 300 300 300 300 300 300" +
		"]/CharProcs<<" + procs + ">>/Encoding<</Differences[97" + names + "]>>/Resources<<>>>>"
	data := pdftest.Pages(1, "/Font<</F 5 0 R>>", "BT /F 12 Tf 16 TL 40 700 Td [(gravel)-300(hill)-300(along)]TJ T* [(small)-300(bill)-300(field)]TJ ET",
		append([]string{font}, glyphs...)...)
	if diff := cmp.Diff([]string{"gravel hill along", "small bill field"}, readLines(t, data)); diff != "" {
		t.Error(diff)
	}
}
