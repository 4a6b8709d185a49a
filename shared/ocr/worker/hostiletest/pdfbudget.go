package hostiletest

import (
	"fmt"
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// pdfBudget are pages with an honest text layer beside which so much is drawn that holding the layer against the page, or the
// searchable PDF against the original, would take for ever.
func pdfBudget() []Document {
	f := family{name: "PDF"}
	const resources = "/XObject<</A 6 0 R>>/Pattern<</P 6 0 R>>/Shading<</S 6 0 R>>/ExtGState<</G 6 0 R>>"
	draw := func(name, content string, more ...string) {
		f.lazy(costly(), "budget, "+name, func() []byte {
			return sheet{resources: resources, content: words + content, more: more}.bytes()
		})
	}
	often := strings.Repeat
	draw("100,000 tiny paths", often("9 9 0.1 0.1 re f\n", 100_000))
	draw("100,000 tiny texts", often("BT /F1 0.1 Tf 9 9 Td (a) Tj ET\n", 100_000))
	draw("20,000 letters under 20,000 rectangles", often("BT /F1 8 Tf 9 9 Td (a) Tj ET 1 g 0 0 240 30 re f 0 g\n", 20_000))
	draw("20,000 invisible words", often("BT 3 Tr /F1 8 Tf 9 9 Td (word) Tj ET\n", 20_000))
	var deep []string
	for i := range 2_000 {
		deep = append(deep, pdftest.Stream(fmt.Sprintf("%s/Resources<</XObject<</A %d 0 R>>>>", formEntries, i+7), []byte("q 1 0 0 1 0 0 cm /A Do Q")))
	}
	draw("2,000 forms in each other", "/A Do", append(deep, pdftest.Stream(formEntries, []byte("0 0 9 9 re f")))...)
	var wide []string
	for i := range 5 {
		wide = append(wide, pdftest.Stream(fmt.Sprintf("%s/Resources<</XObject<</A %d 0 R>>/Font<</F1 5 0 R>>>>", formEntries, i+7), []byte(often("/A Do ", 10))))
	}
	draw("100,000 words of one in forms", "/A Do", append(wide, pdftest.Stream(formEntries+"/Resources<</Font<</F1 5 0 R>>>>", []byte("BT /F1 8 Tf 20 20 Td (word) Tj ET")))...)
	const group = "/Group<</S/Transparency/CS/DeviceGray>>"
	var masks []string
	for i := range 300 {
		masks = append(masks, fmt.Sprintf("<</SMask<</S/Luminosity/G %d 0 R>>>>", 2*i+7),
			pdftest.Stream(fmt.Sprintf("%s%s/Resources<</ExtGState<</G %d 0 R>>>>", formEntries, group, 2*i+8), []byte("/G gs 0.9 g 0 0 240 72 re f")))
	}
	draw("300 soft masks of each other", "/G gs 0 0 240 72 re f", append(masks, "<</ca 1>>")...)
	draw("a picture of one pixel 20,000 times", often("q 240 0 0 72 0 0 cm /A Do Q\n", 20_000),
		pdftest.Stream("/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray", []byte{250}))
	draw("a picture of one pixel a million times as large", "q 1000000000 0 0 1000000000 -9 -9 cm /A Do Q",
		pdftest.Stream("/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray", []byte{250}))
	draw("10,000 transparent groups", often("/A Do ", 10_000), pdftest.Stream(formEntries+group, []byte("0.9 g 0 0 240 72 re f")))
	draw("a shade of 2,000 functions", "/S sh", "<</ShadingType 2/ColorSpace/DeviceGray/Coords[0 0 240 72]/Function<</FunctionType 3/Domain[0 1]/Bounds["+
		bounds(2_000)+"]/Encode["+often("0 1 ", 2_000)+"]/Functions["+often("<</FunctionType 2/Domain[0 1]/N 1>>", 2_000)+"]>>>>")
	draw("10,000 shades", often("/S sh ", 10_000), "<</ShadingType 3/ColorSpace/DeviceRGB/Coords[99 30 0 99 30 90]/Extend[true true]/Function<</FunctionType 2/Domain[0 1]/C0[1 1 1]/C1[0.9 1 1]/N 1>>>>")
	draw("small tiles in a form", "/Pattern cs /P scn 0 0 240 72 re f",
		pdftest.Stream("/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 0.02 0.02]/XStep 0.02/YStep 0.02/Resources<<>>", []byte("0 0 0.01 0.01 re f")))

	for _, unit := range []int{1, 1_000} {
		f.add(append(costly(), fault.PageTooLarge), fmt.Sprintf("budget, text on a page of 14,400 points with the unit %d", unit),
			sheet{box: fmt.Sprintf("/MediaBox[0 0 14400 14400]/UserUnit %d", unit)}.bytes())
	}
	f.lazy(costly(), "budget, 5,000 annotations", func() []byte { return annotated(5_000, "/Square", "") })
	f.lazy(costly(), "budget, 5,000 stamps", func() []byte { return annotated(5_000, "/Stamp", "/AP<</N 6 0 R>>") })
	f.lazy(costly(), "budget, 5,000 fields without appearance", func() []byte { return annotated(5_000, "/Widget", "/FT/Tx/V(word)/DA(/F1 8 Tf)") })
	return f.all
}

// bounds are the ends of n parts of the range from 0 to 1, but for the last.
func bounds(n int) string {
	var b strings.Builder
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, "%.6f ", float64(i)/float64(n))
	}
	return b.String()
}

// annotated is a page with n annotations of a kind that lie on each other.
func annotated(n int, subtype, entries string) []byte {
	more := []string{pdftest.Stream(formEntries+"/Resources<</Font<</F1 5 0 R>>>>", []byte(words))}
	var list strings.Builder
	for i := range n {
		more = append(more, fmt.Sprintf("<</Type/Annot/Subtype%s/Rect[5 5 235 65]/F 4/T(f%d)%s>>", subtype, i, entries))
		fmt.Fprintf(&list, "%d 0 R ", 7+i)
	}
	form := "/AcroForm<</Fields[" + list.String() + "]/DA(/F1 8 Tf)/DR<</Font<</F1 5 0 R>>>>>>"
	return sheet{catalog: form, page: "/Annots[" + list.String() + "]", more: more}.bytes()
}
