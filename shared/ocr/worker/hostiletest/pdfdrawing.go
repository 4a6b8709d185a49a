package hostiletest

import (
	"fmt"
	"strings"

	"golang.org/x/image/font/gofont/goregular"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

const formEntries = "/Type/XObject/Subtype/Form/BBox[0 0 240 72]"

// pdfDrawings are pages that ask for more drawing than there is time for.
func pdfDrawings() []Document {
	f := family{name: "PDF"}
	draw := func(ends []fault.Code, name, content string, more ...string) {
		f.lazy(ends, "drawing, "+name, func() []byte {
			return sheet{resources: "/XObject<</A 6 0 R>>/Pattern<</P 6 0 R>>/Shading<</S 6 0 R>>/ExtGState<</G 6 0 R>>", content: content, more: more}.bytes()
		})
	}
	often := func(s string, n int) string { return strings.Repeat(s, n) }
	draw(lenient(), "100,000 states saved", often("q ", 100_000)+words)
	draw(lenient(), "100,000 states restored", often("Q ", 100_000)+words)
	draw(lenient(), "100,000 texts begun", often("BT ", 100_000))
	draw(costly(), "100,000 marks begun", often("/A BMC ", 100_000)+words)
	draw(lenient(), "operands without operator", often("1 ", 500_000))
	draw(lenient(), "operators without operands", "cm Tf Tj re l c Do sh gs d k K scn SCN TJ ' \" Td "+words)
	draw(lenient(), "unknown operators", often("qqqq ", 100_000)+words)
	draw(lenient(), "numbers that are none", "1e999 -1e999 nan inf 0 0 cm 99999999999999999999 0 0 99999999999999999999 0 0 cm "+words)
	draw(lenient(), "matrix of zeros", "0 0 0 0 0 0 cm "+words)
	draw(costly(), "300,000 lines", often("0 0 m 240 72 l S ", 300_000))
	draw(costly(), "a path of 1,000,000 curves", "0 0 m "+often("9 9 200 50 80 70 c ", 1_000_000)+"f")
	draw(costly(), "a clip of 100,000 rectangles", often("0 0 240 72 re ", 100_000)+"W n "+words)
	draw(costly(), "10,000 clips", often("0 0 240 72 re W n ", 10_000)+words)
	draw(costly(), "dashes of a millionth", "[0.000001 0.000001] 0 d 3 w 0 36 m 240 36 l S")
	draw(lenient(), "dashes of nothing", "[0 0] 0 d 3 w 0 36 m 240 36 l S [-5 3] 0 d 0 30 m 240 30 l S "+words)
	draw(lenient(), "line 10^9 wide", "1000000000 w 0 36 m 240 36 l S")
	draw(costly(), "200,000 letters on each other", "BT /F1 12 Tf 20 40 Td ("+often("survey ", 30_000)+") Tj ET")
	draw(lenient(), "text of 100,000 points", "BT /F1 100000 Tf (Harbour) Tj ET")
	draw(lenient(), "form that draws itself", "/A Do "+words, pdftest.Stream(formEntries+"/Resources<</XObject<</A 6 0 R>>>>", []byte("/A Do")))
	draw(lenient(), "forms that draw each other", "/A Do "+words,
		pdftest.Stream(formEntries+"/Resources<</XObject<</A 7 0 R>>>>", []byte("/A Do")), pdftest.Stream(formEntries+"/Resources<</XObject<</A 6 0 R>>>>", []byte("/A Do")))
	var laugh []string
	for i := range 12 {
		laugh = append(laugh, pdftest.Stream(fmt.Sprintf("%s/Resources<</XObject<</A %d 0 R>>>>", formEntries, i+7), []byte(often("/A Do ", 10))))
	}
	draw(costly(), "10^12 forms in twelve objects", "/A Do", append(laugh, pdftest.Stream(formEntries, []byte("0 0 9 9 re f")))...)
	draw(lenient(), "transparency that is its own mask", "/G gs "+words, "<</SMask<</S/Luminosity/G 7 0 R>>>>",
		pdftest.Stream(formEntries+"/Group<</S/Transparency>>/Resources<</ExtGState<</G 6 0 R>>>>", []byte("/G gs 0 0 99 99 re f")))
	draw(costly(), "tiles of a thousandth", "/Pattern cs /P scn 0 0 240 72 re f",
		pdftest.Stream("/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]/XStep 0.001/YStep 0.001/Resources<<>>", []byte("0 0 1 1 re f")))
	draw(lenient(), "tiles of no step", "/Pattern cs /P scn 0 0 240 72 re f",
		pdftest.Stream("/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]/XStep 0/YStep 0/Resources<<>>", []byte("0 0 1 1 re f")))
	draw(costly(), "tiles that are tiled with themselves", "/Pattern cs /P scn 0 0 240 72 re f",
		pdftest.Stream("/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 9 9]/XStep 9/YStep 9/Resources<</Pattern<</P 6 0 R>>>>", []byte("/Pattern cs /P scn 0 0 9 9 re f")))
	shade := func(ends []fault.Code, name, entries string, data []byte) {
		draw(ends, "shade "+name, "/S sh "+words, pdftest.Stream("/ColorSpace/DeviceRGB"+entries, data))
	}
	shade(lenient(), "of noise", "/ShadingType 7/BitsPerCoordinate 32/BitsPerComponent 16/BitsPerFlag 8/Decode[0 240 0 72 0 1 0 1 0 1]", noise(20_000))
	shade(lenient(), "of 77 bits", "/ShadingType 4/BitsPerCoordinate 77/BitsPerComponent 77/BitsPerFlag 77/Decode[0 1]", noise(200))
	shade(lenient(), "in rows of 2^31", "/ShadingType 5/BitsPerCoordinate 8/BitsPerComponent 8/VerticesPerRow 2147483647/Decode[0 240 0 72 0 1 0 1 0 1]", noise(200))
	shade(lenient(), "whose function is itself", "/ShadingType 2/Coords[0 0 240 72]/Function 6 0 R", nil)
	shade(costly(), "whose function is a program", "/ShadingType 1/Domain[0 240 0 72]/Function<</FunctionType 4/Domain[0 1]/Range[0 1]>>", []byte("{"+often("dup ", 50_000)+"}"))
	draw(lenient(), "picture in the text without end", words+"BI /W 100000 /H 100000 /BPC 8 /CS /G ID "+often("x", 100))
	draw(lenient(), "10,000 pictures in the text", words+often("BI /W 1 /H 1 /BPC 8 /CS /G ID x EI ", 10_000))

	for _, c := range []struct {
		name, box string
		ends      []fault.Code
	}{
		{"no page size", "/X 1", lenient()},
		{"page of no area", "/MediaBox[0 0 0 0]", lenient()},
		{"page inside out", "/MediaBox[240 72 0 0]", lenient()},
		{"page of a thousandth of a point", "/MediaBox[0 0 0.001 0.001]", lenient()},
		{"page of 14,400 points square", "/MediaBox[0 0 14400 14400]", append(costly(), fault.PageTooLarge)},
		{"page of 10^9 points square", "/MediaBox[0 0 1000000000 1000000000]", append(refused(), fault.PageTooLarge)},
		{"page 500,000 points wide", "/MediaBox[0 0 500000 1]", append(lenient(), fault.PageTooLarge)},
		{"page size of no numbers", "/MediaBox[(a) null /b 1e999]", append(lenient(), fault.PageTooLarge)},
		{"page size of two numbers", "/MediaBox[0 0]", lenient()},
		{"page size that is the page", "/MediaBox 3 0 R", lenient()},
		{"page turned by 45 degrees", "/MediaBox[0 0 240 72]/Rotate 45", lenient()},
		{"page turned by 10^9 degrees", "/MediaBox[0 0 240 72]/Rotate 1000000080", lenient()},
		{"unit of 75,000", "/MediaBox[0 0 240 72]/UserUnit 75000", append(lenient(), fault.PageTooLarge)},
		{"cropped to outside", "/MediaBox[0 0 240 72]/CropBox[5000 5000 6000 6000]", lenient()},
		{"contents that are the page", "/MediaBox[0 0 240 72]/Contents 3 0 R", lenient()},
		{"contents in 50,000 pieces", "/MediaBox[0 0 240 72]/Contents[" + often("4 0 R ", 50_000) + "]", costly()},
		{"resources that are the page", "/MediaBox[0 0 240 72]/Resources 3 0 R", lenient()},
	} {
		f.add(c.ends, c.name, sheet{box: c.box}.bytes())
	}
	return f.all
}

// pdfFonts are letters in fonts that are damaged.
func pdfFonts() []Document {
	f := family{name: "PDF"}
	add := func(ends []fault.Code, name, font string, more ...string) {
		f.lazy(ends, "font, "+name, func() []byte { return sheet{font: font, more: more}.bytes() })
	}
	file := func(name, kind string, data []byte) {
		add(lenient(), name, "<</Type/Font/Subtype/TrueType/BaseFont/A/FirstChar 0/LastChar 255/FontDescriptor 6 0 R>>",
			"<</Type/FontDescriptor/FontName/A/Flags 4/"+kind+" 7 0 R>>", pdftest.Stream("/Length1 99/Length2 99/Length3 99", data))
	}
	file("TrueType cut off", "FontFile2", goregular.TTF[:20_000])
	file("TrueType of noise", "FontFile2", noise(5000))
	file("TrueType with tables outside", "FontFile2", append(goregular.TTF[:12:12], noise(3000)...))
	for i := range 4 {
		at := 12 + 16*i + 8 // the place of a table
		file(fmt.Sprintf("TrueType whose table %d is elsewhere", i), "FontFile2", with(goregular.TTF, at, 0, 0, 0, 1, 255, 255, 255, 255))
	}
	file("Type 1 of noise", "FontFile", append([]byte("%!PS-AdobeFont-1.0\n"), noise(5000)...))
	file("Type 1 that is a program", "FontFile", []byte("%!PS-AdobeFont-1.0\n/a {a} def { a } loop (%pipe%id) (w) file"))
	file("CFF of noise", "FontFile3", append([]byte{1, 0, 4, 4}, noise(5000)...))
	file("font that is a picture", "FontFile2", goodPNG())
	file("font of no bytes", "FontFile2", nil)
	add(lenient(), "that is a page", "3 0 R")
	add(lenient(), "that is itself", "5 0 R")
	add(lenient(), "without descendants", "<</Type/Font/Subtype/Type0/Encoding/Identity-H/DescendantFonts[]>>")
	add(lenient(), "that descends from itself", "<</Type/Font/Subtype/Type0/Encoding/Identity-H/DescendantFonts[5 0 R]>>")
	add(lenient(), "widths that are none", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/FirstChar -99/LastChar 99999999/Widths[1e99 (a) null]>>")
	add(lenient(), "encoding of 100,000 differences", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding<</Differences[-5 "+strings.Repeat("/a ", 100_000)+"]>>>>")
	add(lenient(), "letters that draw themselves",
		"<</Type/Font/Subtype/Type3/FontBBox[0 0 9 9]/FontMatrix[1 0 0 1 0 0]/FirstChar 0/LastChar 255/Encoding<</Differences[0"+strings.Repeat("/a", 255)+"]>>/CharProcs<</a 6 0 R>>/Resources<</Font<</F1 5 0 R>>>>>>",
		pdftest.Stream("", []byte("9 0 d0 "+words)))
	cmap := func(name, body string) {
		add(lenient(), name, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>", pdftest.Stream("", []byte(body)))
	}
	cmap("map of noise", string(noise(5000)))
	cmap("map of 4 billion codes", "begincmap 1 begincodespacerange <00000000> <ffffffff> endcodespacerange 1 beginbfrange <00000000> <ffffffff> <0000> endbfrange endcmap")
	cmap("map of each letter to 500", "begincmap 1 beginbfrange <00> <ff> <"+strings.Repeat("0041", 500)+"> endbfrange endcmap")
	cmap("map to halves of letters", "begincmap 1 beginbfrange <00> <ff> <d800> endbfrange endcmap")
	cmap("100,000 maps", strings.Repeat("1 beginbfchar <41> <0041> endbfchar\n", 100_000))
	add(lenient(), "map that uses itself", "<</Type/Font/Subtype/Type0/Encoding 6 0 R/DescendantFonts[<</Type/Font/Subtype/CIDFontType2/BaseFont/A>>]>>",
		pdftest.Stream("/Type/CMap/CMapName/A/UseCMap 6 0 R", []byte("begincmap /A usecmap endcmap")))
	return f.all
}

// Endless is a PDF of so many pages, a few kilobytes in all, each of which takes for ever to draw.
func Endless(pages int) []byte {
	objects := []string{
		"<</Type/Catalog/Pages 2 0 R>>",
		"", // the pages, once they are known
		pdftest.Stream("", []byte("/Pattern cs /P scn 0 0 240 72 re f")),
		pdftest.Stream("/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]/XStep 0.001/YStep 0.001/Resources<<>>", []byte("0 0 1 1 re f")),
		"<</Pattern<</P 4 0 R>>>>",
	}
	var kids strings.Builder
	for range pages {
		objects = append(objects, "<</Type/Page/Parent 2 0 R/Contents 3 0 R/Resources 5 0 R/MediaBox[0 0 240 72]>>")
		fmt.Fprintf(&kids, "%d 0 R ", len(objects))
	}
	objects[1] = fmt.Sprintf("<</Type/Pages/Kids[%s]/Count %d>>", kids.String(), pages)
	return pdftest.BuildTrailer("", objects...)
}
