package pdf

import (
	"bytes"
	"encoding/ascii85"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// drawings are what a page may hold beside a scan and its text, each with what it needs among the resources; 7 to 10 are the
// objects of painted.
var drawings = map[string]struct{ resources, content string }{
	"grey":            {"", "0.4 g 300 60 200 60 re f"},
	"CMYK":            {"", "0 1 1 0 k 0.2 0 0 0.5 K 9 w 300 60 200 60 re B"},
	"spot colour":     {"/ColorSpace<</S[/Separation/HKS13/DeviceCMYK 7 0 R]>>", "/S cs 1 scn 300 60 200 60 re f"},
	"spot colours":    {"/ColorSpace<</S[/DeviceN[/A]/DeviceCMYK 7 0 R]>>", "/S CS 0.7 SCN 9 w 300 60 200 60 re S"},
	"calibrated":      {"/ColorSpace<</S[/CalRGB<</WhitePoint[0.95 1 1.09]/Gamma[2 2 2]>>]>>", "/S cs 1 0.2 0 sc 300 60 200 60 re f"},
	"ICC profile":     {"/ColorSpace<</S[/ICCBased 9 0 R]>>", "/S cs 1 0.2 0 sc 300 60 200 60 re f"},
	"Lab":             {"/ColorSpace<</S[/Lab<</WhitePoint[0.95 1 1.09]>>]>>", "/S cs 60 40 -30 sc 300 60 200 60 re f"},
	"palette":         {"/ColorSpace<</S[/Indexed/DeviceRGB 1<00FF00FF0000>]>>", "/S cs 1 sc 300 60 200 60 re f"},
	"pattern":         {"/Pattern<</P 10 0 R>>", "/Pattern cs /P scn 300 60 200 60 re f"},
	"shading":         {"/Shading<</H<</ShadingType 2/ColorSpace/DeviceCMYK/Coords[300 0 500 0]/Function 7 0 R>>>>", "q 300 60 200 60 re W n /H sh Q"},
	"inline picture":  {"", "q 100 0 0 60 300 60 cm BI /W 4 /H 2 /BPC 8 /CS /G ID \x00 EI\x01\x02\x03\x04\nEI Q"},
	"inline mask":     {"", "q 100 0 0 60 300 60 cm 1 0 0 rg BI /W 8 /H 8 /IM true ID EI\xff\x01\x02\x03\x04\x05 EI Q"},
	"inline, packed":  {"", "q 100 0 0 60 300 60 cm BI/W 1/H 1/F/Fl/CS/G/BPC 8 ID x\x9cc\x00\x00\x00\x01\x00\x01 EI Q"},
	"clip":            {"", "q 300 60 m 500 60 l 400 160 l h W n 1 0 0 rg 0 0 612 792 re f Q"},
	"clip of text":    {"", "q BT /F1 60 Tf 7 Tr 300 60 Td (CUT) Tj ET 1 0 0 rg 0 0 612 400 re f Q"},
	"outlined text":   {"", "BT 2 Tr 0 1 0 rg /F1 60 Tf 300 60 Td (CUT) Tj ET"},
	"blend mode":      {"/ExtGState<</M<</BM/Multiply/ca 0.6>>>>", "q /M gs 1 1 0 rg 300 60 200 600 re f Q"},
	"overprint":       {"/ExtGState<</O<</OP true/op true/OPM 1>>>>", "q /O gs 0 1 0 0 k 300 60 200 60 re f 1 0 0 0 k 350 60 200 60 re f Q"},
	"dashes and caps": {"", "[9 4]2 d 1 J 5 w 0 0 1 RG 300 60 m 500 160 l S"},
	"form":            {"/XObject<</I1 6 0 R/X 8 0 R>>", "/X Do q 1 0 0 1 0 99 cm /X Do Q"},
	"layers":          {"/Properties<</L<</Type/OCG/Name(on)>>>>", "/OC /L BDC 1 0 0 rg 300 60 200 60 re f EMC"},
	"visible text":    {"", "BT 0 Tr 0 g /F1 30 Tf 300 60 Td (Bates 0042) Tj ET"},
	"stray operators": {"", "Q Q ET EMC 1 0 0 rg 300 60 200 60 re f q q BT"},
}

// painted is a PDF of a page with a scan and a drawing.
func painted(entries, resources string, streams ...string) []byte {
	if !strings.Contains(resources, "/XObject") {
		resources += "/XObject<</I1 6 0 R>>"
	}
	objects := []string{
		"<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"",
		"",
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
		pdftest.Stream("/Type/XObject/Subtype/Image/Width 850/Height 1100/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/DCTDecode",
			photo(850, 1100)),
		"<</FunctionType 2/Domain[0 1]/N 1/C0[0 0 0 0]/C1[0 1 1 0]>>",
		pdftest.Stream("/Type/XObject/Subtype/Form/BBox[0 0 612 792]/Resources<</XObject<</I1 6 0 R>>>>",
			[]byte("q 60 0 0 60 300 60 cm /I1 Do Q 0 0 1 rg 380 60 60 60 re f")),
		pdftest.Stream("/N 3/Alternate/DeviceRGB", []byte("no profile")),
		pdftest.Stream("/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 9 9]/XStep 9/YStep 9/Resources<<>>",
			[]byte("1 0 0 rg 0 0 5 5 re f")),
	}
	var contents strings.Builder
	for _, s := range streams {
		objects = append(objects, pdftest.Stream("", []byte(s)))
		fmt.Fprintf(&contents, "%d 0 R ", len(objects))
	}
	objects[2] = fmt.Sprintf("<</Type/Page/Parent 2 0 R/Contents[%s]/Resources<</Font<</F1 5 0 R>>%s>>%s>>",
		contents.String(), resources, entries)
	return pdftest.Build(objects...)
}

const (
	scanOnly = "q 612 0 0 792 0 0 cm /I1 Do Q\n"
	stale    = "BT 3 Tr /F1 20 Tf 40 420 Td (Stale reading) Tj [(o)-20(ld stale)] TJ ET\n"
)

// replaced copies a PDF as if its first page had been recognised, and fails unless the old text is gone, the new text is
// there, and the page looks as before.
func replaced(t *testing.T, data []byte, old ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := shared.NewWriter(open(t, data), ocr.PDFOptions{}, &out)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Page(recognised(1700, 2200, 200, 0, english()), nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	check(t, out.Bytes())
	for _, word := range old {
		if holds(t, out.Bytes(), word) {
			t.Errorf("%q is still there", word)
		}
	}
	if len(w.Notes()) > 0 {
		t.Errorf("notes: %v", w.Notes())
	}
	if text := told(t, out.Bytes()); !slices.Contains(text, "beneath") {
		t.Errorf("text: %q", text)
	}
	sameLooks(t, data, out.Bytes())
	return out.Bytes()
}

func TestNothingOfAPageChangesButItsOldText(t *testing.T) {
	for name, d := range drawings {
		t.Run(name, func(t *testing.T) {
			data := painted(letter, d.resources, scanOnly+stale+"0 Tr "+d.content)
			out := replaced(t, data, "Stale", "ld stale")
			if !holds(t, out, d.content) {
				t.Error("operators beside the text are not as they were")
			}
			if name == "clip of text" {
				d.content = strings.Replace(d.content, "7 Tr", "5 Tr", 1) // a stroke is a text that shows
			}
			replaced(t, painted(letter, d.resources, d.content+" ET EMC Q Q "+stale), "Stale", "ld stale")
		})
	}
}

func TestOldTextIsFoundHoweverThePageIsMade(t *testing.T) {
	all := drawings["CMYK"].content + " " + drawings["visible text"].content
	for name, entries := range map[string]string{
		"turned":              letter + "/Rotate 90",
		"turned and cropped":  "/MediaBox[10 20 622 812]/CropBox[100 100 500 700]/Rotate 270",
		"another origin":      "/MediaBox[-100 50 512 842]",
		"user unit":           letter + "/UserUnit 2",
		"group":               letter + "/Group<</S/Transparency/CS/DeviceCMYK/I true>>",
		"sides the wrong way": "/MediaBox[612 792 0 0]",
	} {
		t.Run(name, func(t *testing.T) { replaced(t, painted(entries, "", scanOnly+stale+all), "Stale", "ld stale") })
	}
	for name, streams := range map[string][]string{
		"a stream each":          {scanOnly, stale, all},
		"the old text last":      {scanOnly + all, stale},
		"the old text first":     {stale, scanOnly + all},
		"within an operator":     {scanOnly + "q 3 Tr BT /F1 20 Tf 40 420 Td (Stale reading)", "Tj [(o)-20", "(ld stale)] TJ ET Q " + all},
		"within a state":         {scanOnly + "q 3 Tr", "BT /F1 20 Tf 40 420 Td", "(Stale reading) Tj (old stale) Tj ET", "Q " + all},
		"a page that starts off": {"", "0.5 0 0 0.5 0 0 cm 3 Tr", "BT /F1 9 Tf 40 40 Td (Stale reading) Tj ET 0 Tr " + all},
		"beginning lines":        {scanOnly + "q BT 3 Tr /F1 9 Tf 12 TL 40 420 Td (Stale) ' 1 2 (old stale) \" ET Q " + all},
		"text without BT":        {scanOnly + "q 3 Tr /F1 9 Tf (Stale) Tj Q " + all},
		"spelt otherwise":        {scanOnly + "q BT 3 Tr /F#31 9 Tf 40 420 Td (S\\164ale) Tj <5374616C65> Tj ET Q " + all},
		"before visible text":    {scanOnly + "BT 3 Tr /F1 30 Tf 40 420 Td (Stale ) Tj 0 Tr (Bates 0042) Tj ET"},
	} {
		t.Run(name, func(t *testing.T) { replaced(t, painted(letter, "", streams...), "Stale", "ld stale", "S\\164ale") })
	}
}

func packedString(s string) string {
	var b bytes.Buffer
	_ = deflate(&b, []byte(s)) // to memory
	return b.String()
}

func TestOldTextIsFoundBehindFilters(t *testing.T) {
	content := scanOnly + stale + drawings["CMYK"].content
	base85 := func(s string) string {
		out := make([]byte, ascii85.MaxEncodedLen(len(s)))
		return string(out[:ascii85.Encode(out, []byte(s))]) + "~>"
	}
	for name, c := range map[string]struct{ entries, data string }{
		"deflated":     {"/Filter/FlateDecode", packedString(content)},
		"base 85":      {"/Filter[/ASCII85Decode/FlateDecode]", base85(packedString(content))},
		"hexadecimal":  {"/Filter/AHx", fmt.Sprintf("%x>", content)},
		"runs":         {"/Filter/RunLengthDecode", fmt.Sprintf("%c%s%c%s\x80", byte(99), content[:100], byte(len(content)-101), content[100:])},
		"no checksum":  {"/Filter/FlateDecode", packedString(content)[:len(packedString(content))-4]},
		"no predictor": {"/Filter[/FlateDecode]/DecodeParms[<</Predictor 1>>]", packedString(content)},
	} {
		t.Run(name, func(t *testing.T) {
			data := painted(letter, "", "")
			data = bytes.Replace(data, []byte("<</Length 0>>\nstream\n"), []byte(fmt.Sprintf("<<%s/Length %d>>\nstream\n%s", c.entries, len(c.data), c.data)), 1)
			replaced(t, data, "Stale", "ld stale")
		})
	}
}
