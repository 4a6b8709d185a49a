package pdf

import (
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// A page that would take for ever to draw is not drawn: its text is what its layer says.
func TestPageThatPaintsTooMuchKeepsItsLayerUnchecked(t *testing.T) {
	shade := "<</ShadingType 3/ColorSpace/DeviceGray/Coords[99 30 0 99 30 900]/Extend[true true]/Function<</FunctionType 2/Domain[0 1]/C0[1]/C1[0.9]/N 1>>>>"
	for content, checked := range map[string]bool{"/S sh ": true, strings.Repeat("/S sh ", 1_000): false} {
		data := pdftest.Pages(1, "/Font<</F1 5 0 R>>/Shading<</S 6 0 R>>", content+prose(), "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>", shade)
		reading, err := open(t, data).Read(1, false, ocr.DefaultLimits())
		if err != nil || reading.Page == nil {
			t.Fatal(reading.Page, err)
		}
		unchecked := len(reading.Page.Notes) == 1 && reading.Page.Notes[0].Code == ocr.LayerUnchecked
		if unchecked == checked || !strings.Contains(strings.Join(words(*reading.Page), " "), "fox number 19 jumps") {
			t.Errorf("%d shades: notes %v, text %q", strings.Count(content, "sh"), reading.Page.Notes, words(*reading.Page))
		}
	}
}
