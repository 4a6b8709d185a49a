package pdf

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// concealing is a page of prose with content in which a secret is drawn, with what it takes to conceal it.
func concealing(entries, content string) []byte {
	form := ""
	if strings.Contains(content, "/X1 Do") {
		form = secret
	}
	return pdftest.Build(
		"<</Type/Catalog/Pages 2 0 R/OCProperties<</OCGs[7 0 R]/D<</OFF[7 0 R]>>>>>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>/XObject<</I1 6 0 R/X1 9 0 R>>"+
			"/Properties<</Off 7 0 R>>/ExtGState<</Clear 8 0 R>>>>"+entries+">>",
		pdftest.Stream("", []byte(prose()+"\n"+content)),
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
		pdftest.Stream("/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray", []byte{90}),
		"<</Type/OCG/Name(off)>>",
		"<</ca 0/CA 0>>",
		pdftest.Stream("/Type/XObject/Subtype/Form/BBox[0 0 612 792]/Resources<</Font<</F1 5 0 R>>>>", []byte(form)),
	)
}

const secret = "BT /F1 12 Tf 72 100 Td (Account 4471) Tj ET"

// concealed are entries and contents of pages that conceal the secret.
var concealed = map[string]struct{ entries, content string }{
	"white":               {letter, "1 g " + secret},
	"nearly white":        {letter, "0.98 g " + secret},
	"under a picture":     {letter, secret + " q 300 0 0 40 60 90 cm /I1 Do Q"},
	"blacked out":         {letter, secret + " 70 97 75 13 re f"},
	"clipped away":        {letter, "q 400 90 100 30 re W n " + secret + " Q"},
	"layer switched off":  {letter, "/OC /Off BDC " + secret + " EMC"},
	"transparent":         {letter, "q /Clear gs " + secret + " Q"},
	"microscopic":         {letter, "BT /F1 0.2 Tf 72 100 Td (Account 4471) Tj ET"},
	"invisible":           {letter, strings.Replace(secret, "BT", "BT 3 Tr", 1)},
	"off the page":        {letter + "/CropBox[0 400 612 792]", secret},
	"white in a form":     {letter, "1 g /X1 Do"},
	"blacked out in form": {letter, "/X1 Do 70 97 75 13 re f"},
	"black on black":      {letter, "70 97 75 13 re f " + secret},
	"under other words":   {letter, secret + " 1 g 60 90 300 30 re f 0 g " + strings.Replace(secret, "Account 4471", "Blanket 2048 here", 1)},
	"under words nearby":  {letter, secret + " 1 g 60 90 300 30 re f 0 g BT /F1 12 Tf 73.4 101 Td (Blanket 2048 here) Tj ET"},
	"off beneath words":   {letter, "/OC /Off BDC " + secret + " EMC " + strings.Replace(secret, "Account 4471", "Blanket 2048 here", 1)},
	"off above words":     {letter, strings.Replace(secret, "Account 4471", "Blanket 2048 here", 1) + " /OC /Off BDC " + secret + " EMC"},
	"turned and white":    {letter, "1 g BT /F1 12 Tf 0 1 -1 0 500 100 Tm (Account 4471) Tj ET"},
}

func TestWhatDoesNotShowIsLeftOutAndCounted(t *testing.T) {
	for name, c := range concealed {
		t.Run(name, func(t *testing.T) {
			page, ok, err := open(t, concealing(c.entries, c.content)).Text(1, false)
			if err != nil || !ok {
				t.Fatalf("%v, %v", ok, err)
			}
			text := strings.Join(words(page), " ")
			if strings.Contains(text, "Account") || strings.Contains(text, "4471") || !strings.Contains(text, "brown fox number 19 jumps") {
				t.Errorf("text: %s", text)
			}
			if page.HiddenWords == 0 || name != "turned and white" && name != "microscopic" && page.HiddenWords != 2 {
				t.Errorf("%d hidden words", page.HiddenWords)
			}
		})
	}
}

func TestWhatShowsIsKeptHoweverItIsDrawn(t *testing.T) {
	cases := map[string]string{
		"white on black":           "70 97 75 13 re f 1 g " + secret,
		"white over a picture":     "q 300 0 0 40 60 90 cm /I1 Do Q 1 g " + secret,
		"grey":                     "0.85 g " + secret,
		"red on green, one grey":   "0 0.51 0 rg 70 97 75 13 re f 1 0 0 rg " + secret,
		"small print":              "BT /F1 4 Tf 72 100 Td (Account 4471) Tj ET",
		"outline":                  strings.Replace(secret, "BT", "BT 1 Tr", 1),
		"half transparent picture": secret + " q 0.5 0 0 0.5 60 90 cm /I1 Do Q",
		"in a form":                "/X1 Do",
		"highlighted":              "1 1 0 rg 70 97 75 13 re f 0 g " + secret,
		"a shadow":                 "0.6 g " + strings.Replace(secret, "72 100", "72.7 99.4", 1) + " 0 g " + secret,
		"struck out":               secret + " 70 104 m 150 104 l S",
		"a stamp over it":          secret + " 1 0 0 rg BT /F1 30 Tf 75 92 Td (PAID) Tj ET",
		"a large letter under it":  "0.8 g BT /F1 100 Tf 70 80 Td (M) Tj ET 0 g " + secret,
		"twice":                    secret + " " + secret + " 0.7 g BT /F1 40 Tf 75 90 Td (PAID) Tj ET",
		"turned":                   "BT /F1 12 Tf 0 1 -1 0 500 100 Tm (Account 4471) Tj ET",
	}
	for name, content := range cases {
		t.Run(name, func(t *testing.T) {
			page, ok, err := open(t, concealing(letter, content)).Text(1, false)
			if err != nil || !ok {
				t.Fatalf("%v, %v", ok, err)
			}
			if text := strings.Join(words(page), " "); !strings.Contains(text, "Account 4471") || page.HiddenWords != 0 {
				t.Errorf("%d hidden words in: %s", page.HiddenWords, text)
			}
		})
	}
}

func TestWhatOnlyPrintsOrOnlyShowsOnAScreenIsRead(t *testing.T) {
	for name, usage := range map[string]string{
		"print":  "/Print<</PrintState/ON>>/View<</ViewState/OFF>>",
		"screen": "/Print<</PrintState/OFF>>/View<</ViewState/ON>>",
	} {
		data := concealing(letter, "/OC /Off BDC "+secret+" EMC "+strings.ReplaceAll("1 g "+secret, "Account 4471", "Hidden"))
		data = bytes.Replace(data, []byte("/D<</OFF[7 0 R]"), []byte("/D<<"+
			"/AS[<</Event/View/Category[/View]/OCGs[7 0 R]>><</Event/Print/Category[/Print]/OCGs[7 0 R]>>]"), 1)
		data = bytes.Replace(data, []byte("/Name(off)"), []byte("/Name(off)/Usage<<"+usage+">>"), 1)
		page, ok, err := open(t, data).Text(1, false)
		if err != nil || !ok {
			t.Fatalf("%s: %v, %v", name, ok, err)
		}
		if text := strings.Join(words(page), " "); !strings.Contains(text, "Account 4471") || page.HiddenWords != 1 {
			t.Errorf("%s: %d hidden words in: %s", name, page.HiddenWords, text)
		}
	}
}

func TestReplacementTextIsBelievedWhereAllOfItShows(t *testing.T) {
	row := func(y int, text string) string { return fmt.Sprintf("BT /F1 12 Tf 72 %d Td (%s) Tj ET ", y, text) }
	for name, c := range map[string]struct{ content, want string }{
		"shown":             {row(100, "w0nderful thlngs 447l"), "wonderful things 4471"},
		"on two lines":      {row(100, "won-") + row(80, "derful things"), "derful things"},
		"one is white":      {row(100, "won-") + "1 g " + row(80, "derful things"), "won-"},
		"one is invisible":  {row(100, "won-") + "BT 3 Tr ET " + row(80, "derful things"), "won-"},
		"a part is covered": {row(100, "won-") + row(80, "derful things") + "70 77 35 14 re f ", "things"},
	} {
		page, ok, err := open(t, concealing(letter, "/Span<</ActualText(wonderful things 4471)>>BDC "+c.content+"EMC")).Text(1, false)
		if err != nil || !ok {
			t.Fatalf("%s: %v, %v", name, ok, err)
		}
		text := strings.Join(words(page), " ")
		if !strings.Contains(text, c.want) || strings.Contains(text, "4471") != strings.Contains(c.want, "4471") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func TestHalfOfANumberIsLeftOutAlone(t *testing.T) {
	page, ok, err := open(t, concealing(letter, "BT /F1 12 Tf 72 100 Td (12345678) Tj ET 72 97 26.7 13 re f")).Text(1, false)
	if err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	if text := words(page); !slices.Contains(text, "5678") || page.HiddenWords != 1 {
		t.Errorf("%d hidden words in: %v", page.HiddenWords, text)
	}
}

// patterned is a page with the text of a layer, and text that a pattern paints, which no text layer has.
func patterned(layer, painted string) []byte {
	return pdftest.Build(
		"<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>/Pattern<</P1 6 0 R>>>>"+letter+">>",
		pdftest.Stream("", []byte("/Pattern cs /P1 scn 0 0 612 792 re f 0 g "+layer)),
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
		pdftest.Stream("/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 612 792]/XStep 612/YStep 792"+
			"/Resources<</Font<</F1 5 0 R>>>>", []byte(painted)),
	)
}

// onRaster returns a box of the page, in points from its top left corner, in pixels of what is to be recognised.
func onRaster(r Reading, x0, y0, x1, y1 float64) ocr.Box {
	at := func(v float64) int { return int(v * textDPI / 72) }
	return ocr.Box{X0: at(x0) - r.cut.X, Y0: at(y0) - r.cut.Y, X1: at(x1) - r.cut.X, Y1: at(y1) - r.cut.Y}
}

func TestInkThatTheLayerDoesNotExplainIsRecognisedAlone(t *testing.T) {
	data := patterned("BT /F1 12 Tf 200 700 Td (Marguerite Osei) Tj ET", "BT /F1 12 Tf 72 700 Td (Name of the tenant) Tj ET 0 600 400 1 re f")
	r, err := open(t, data).Read(1, false, ocr.DefaultLimits())
	if err != nil || r.Page != nil || !r.Scattered {
		t.Fatalf("%v, %v", r.Page, err)
	}
	dark := func(x0, y0, x1, y1 int) bool {
		x0, y0 = max(0, x0-r.cut.X), max(0, y0-r.cut.Y)
		x1, y1 = min(r.Raster.Width, x1-r.cut.X), min(r.Raster.Height, y1-r.cut.Y)
		for y := y0; y < y1; y++ {
			for _, grey := range r.Raster.Gray[y*r.Raster.Stride+min(x0, x1) : y*r.Raster.Stride+x1] {
				if grey < 128 {
					return true
				}
			}
		}
		return false
	}
	const points = 200.0 / 72
	at := func(v float64) int { return int(v * points) }
	if !dark(at(72), at(82), at(170), at(92)) {
		t.Error("the label is not drawn")
	}
	if dark(at(195), at(75), at(300), at(100)) || dark(0, at(180), at(410), at(200)) {
		t.Error("the value, or the rule, is drawn")
	}
	box := func(x0, y0, x1, y1 float64) ocr.Box { return onRaster(r, x0, y0, x1, y1) }
	recognised := ocr.Page{
		Width: r.Raster.Width, Height: r.Raster.Height, DPI: r.Raster.DPI, Origin: ocr.Recognised, Languages: []string{"eng"},
		Blocks: []ocr.Block{{Paragraphs: []ocr.Paragraph{{Lines: []ocr.Line{{Words: []ocr.Word{
			{Text: "Name", Box: box(72, 83, 106, 92), Confidence: 96},
			{Text: "of", Box: box(109, 83, 119, 92), Confidence: 96},
			{Text: "the", Box: box(122, 83, 139, 92), Confidence: 96},
			{Text: "tenant", Box: box(142, 83, 175, 92), Confidence: 96},
			{Text: "~", Box: box(180, 83, 185, 92), Confidence: 40},
		}}}}}}},
	}
	page := r.Merge(recognised)
	if diff := cmp.Diff(strings.Fields("Name of the tenant Marguerite Osei"), words(page)); diff != "" {
		t.Error(diff)
	}
	if page.Origin != ocr.TextLayer || len(page.Languages) != 1 || page.Confidence <= 96 || page.Confidence >= 100 {
		t.Errorf("origin %s, languages %v, confidence %v", page.Origin, page.Languages, page.Confidence)
	}
	if lines := len(page.Blocks[0].Paragraphs[0].Lines); len(page.Blocks) != 1 || lines != 1 {
		t.Errorf("%d blocks, %d lines: label and value are apart", len(page.Blocks), lines)
	}
}

func TestRecognisedBlocksSayThatTheyAre(t *testing.T) {
	data := patterned(prose(), "BT /F1 12 Tf 72 100 Td (Painted words) Tj ET")
	r, err := open(t, data).Read(1, false, ocr.DefaultLimits())
	if err != nil || r.Page != nil {
		t.Fatalf("%v, %v", r.Page, err)
	}
	page := r.Merge(ocr.Page{
		Width: r.Raster.Width, Height: r.Raster.Height, DPI: r.Raster.DPI, Origin: ocr.Recognised,
		Blocks: []ocr.Block{{Paragraphs: []ocr.Paragraph{{Lines: []ocr.Line{{Words: []ocr.Word{
			{Text: "Painted", Box: onRaster(r, 72, 680, 113, 692), Confidence: 90},
		}}}}}}},
	})
	last := page.Blocks[len(page.Blocks)-1]
	if page.Blocks[0].Origin != "" || last.Origin != ocr.Recognised || last.Paragraphs[0].Lines[0].Words[0].Text != "Painted" {
		t.Errorf("blocks: %+v", last)
	}
}

func TestAnEarlierReadingOfAScanHidesNothing(t *testing.T) {
	const invisible = "BT 3 Tr /F1 12 Tf 72 720 Td (Account 4471) Tj ET"
	scan, err := open(t, onePage(letter, "q 612 0 0 792 0 0 cm /I1 Do Q "+invisible)).Read(1, false, ocr.DefaultLimits())
	if err != nil || scan.Page != nil {
		t.Fatalf("%v, %v", scan.Page, err)
	}
	if page := scan.Merge(ocr.Page{Width: 850, Height: 1100, DPI: 100, Origin: ocr.Blank}); page.HiddenWords != 0 {
		t.Errorf("%d hidden words where a scan shows something", page.HiddenWords)
	}
	data := onePage(letter, "0.8 g 0 0 612 792 re f "+invisible)
	r, err := open(t, data).Read(1, false, ocr.DefaultLimits())
	if err != nil || r.Page != nil {
		t.Fatalf("%v, %v", r.Page, err)
	}
	read := ocr.Page{Width: 850, Height: 1100, DPI: 100, Origin: ocr.Recognised}
	if page := r.Merge(read); page.HiddenWords != 2 {
		t.Errorf("%d hidden words where nothing was read", page.HiddenWords)
	}
	read.Blocks = []ocr.Block{{Paragraphs: []ocr.Paragraph{{Lines: []ocr.Line{{Words: []ocr.Word{
		{Text: "Acc0unt", Box: ocr.Box{X0: 98, Y0: 86, X1: 165, Y1: 102}, Confidence: 70},
	}}}}}}}
	if page := r.Merge(read); page.HiddenWords != 1 {
		t.Errorf("%d hidden words where one was read", page.HiddenWords)
	}
}

func TestSearchablePDFGetsWhatIsNotInItsLayer(t *testing.T) {
	data := patterned("BT /F1 12 Tf 200 700 Td (Marguerite Osei) Tj ET", "BT /F1 12 Tf 72 700 Td (Tenant) Tj 0 -500 Td (Seal) Tj ET")
	r, err := open(t, data).Read(1, false, ocr.DefaultLimits())
	if err != nil || r.Page != nil {
		t.Fatalf("%v, %v", r.Page, err)
	}
	page := r.Merge(ocr.Page{
		Width: r.Raster.Width, Height: r.Raster.Height, DPI: r.Raster.DPI, Origin: ocr.Recognised,
		Blocks: []ocr.Block{{Paragraphs: []ocr.Paragraph{{Lines: []ocr.Line{
			{Words: []ocr.Word{{Text: "Tenant", Box: onRaster(r, 72, 83, 110, 92), Confidence: 100}}},
			{Words: []ocr.Word{{Text: "Seal", Box: onRaster(r, 72, 583, 96, 592), Confidence: 90}}},
		}}}}},
	})
	text := allText(t, open(t, overlaid(t, data, page)), 1)
	for _, word := range []string{"Tenant", "Seal", "Marguerite", "Osei"} {
		if strings.Count(text, word) != 1 {
			t.Errorf("%q holds %s %d times", text, word, strings.Count(text, word))
		}
	}
}

func TestPageThatCannotBeDrawnIsItsLayerAndSaysSo(t *testing.T) {
	limits := ocr.DefaultLimits()
	limits.Pixels = 1000
	r, err := open(t, patterned(prose(), "BT /F1 12 Tf 72 100 Td (Painted words) Tj ET")).Read(1, false, limits)
	if err != nil || r.Page == nil {
		t.Fatalf("%v, %v", r.Page, err)
	}
	if diff := cmp.Diff([]ocr.Note{{Code: ocr.LayerUnchecked}}, r.Page.Notes); diff != "" || !slices.Contains(words(*r.Page), "brown") {
		t.Errorf("notes: %s; text: %v", diff, words(*r.Page))
	}
	if r, err := open(t, patterned("", "BT /F1 12 Tf 72 100 Td (Painted words) Tj ET")).Read(1, false, limits); err == nil {
		t.Errorf("a page without a layer that cannot be drawn is %v", r.Page)
	}
}
