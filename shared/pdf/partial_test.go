package pdf

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	hinting "golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"github.com/klippa-app/go-pdfium/requests"
	"golang.org/x/text/encoding/charmap"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// lettering is a PDF of a page of prose in Helvetica with content, and the fonts in which text of the content may be set: H, a
// standard font; W, which tells its widths; I, of two bytes a code; P, drawn by procedures; U, of unknown widths.
func lettering(content string) []byte {
	face, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		panic(err)
	}
	var widths, composite, unicodes strings.Builder
	var buffer sfnt.Buffer
	for code := rune(' '); code <= '~'; code++ {
		glyph, err := face.GlyphIndex(&buffer, code)
		if err != nil {
			panic(err)
		}
		advance, err := face.GlyphAdvance(&buffer, glyph, fixed.I(1000), hinting.HintingNone)
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(&widths, "%d ", advance.Round())
		fmt.Fprintf(&composite, "%d[%d]", glyph, advance.Round())
		fmt.Fprintf(&unicodes, "<%04X><%04X>\n", glyph, code)
	}
	return pdftest.Build(
		"<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R/H 5 0 R/W 6 0 R/I 9 0 R/P 12 0 R/U 14 0 R>>>>"+letter+">>",
		pdftest.Stream("", []byte(prose()+"\n"+content)),
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
		"<</Type/Font/Subtype/TrueType/BaseFont/Go/FirstChar 32/LastChar 126/Widths["+widths.String()+"]/FontDescriptor 7 0 R/Encoding/WinAnsiEncoding>>",
		"<</Type/FontDescriptor/FontName/Go/Flags 32/FontBBox[-440 -432 2160 2160]/ItalicAngle 0/Ascent 940/Descent -211/CapHeight 700/StemV 80/FontFile2 8 0 R>>",
		pdftest.Stream(fmt.Sprintf("/Length1 %d", len(goregular.TTF)), goregular.TTF),
		"<</Type/Font/Subtype/Type0/BaseFont/Go/Encoding/Identity-H/DescendantFonts[10 0 R]/ToUnicode 11 0 R>>",
		"<</Type/Font/Subtype/CIDFontType2/BaseFont/Go/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor 7 0 R/W["+composite.String()+"]>>",
		pdftest.Stream("", []byte("/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <0000><FFFF> endcodespacerange\n95 beginbfchar\n"+unicodes.String()+"endbfchar endcmap")),
		"<</Type/Font/Subtype/Type3/FontBBox[0 0 9 9]/FontMatrix[0.1 0 0 0.1 0 0]/FirstChar 32/LastChar 126/Widths["+strings.Repeat("6 ", 95)+
			"]/Encoding<</Differences[32"+procedures("")+"]>>/CharProcs<<"+procedures(" 13 0 R")+">>/Resources<<>>>>",
		pdftest.Stream("", []byte("6 0 0 0 5 8 d1 0 0 5 8 re f")),
		"<</Type/Font/Subtype/TrueType/BaseFont/Go/FontDescriptor 7 0 R/Encoding/WinAnsiEncoding>>",
	)
}

// procedures lists names of glyphs that viewers know, each with a value.
func procedures(value string) string {
	var b strings.Builder
	for code := ' '; code <= '~'; code++ {
		fmt.Fprintf(&b, "/uni%04X%s", code, value)
	}
	return b.String()
}

// inFont spells text in the codes of a font of lettering.
func inFont(t *testing.T, name, text string) string {
	t.Helper()
	if name != "I" {
		return "(" + text + ")"
	}
	face, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, char := range text {
		glyph, err := face.GlyphIndex(nil, char)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%04X", glyph)
	}
	return "<" + b.String() + ">"
}

// blacked draws over what a rectangle of user space holds.
const blacked = "\n0 g 0 0 0 rg %v 92 %v 24 re f"

func TestPartsOfALineAreTakenOut(t *testing.T) {
	for name, c := range map[string]struct {
		font, setting, show string
		from, to            float64 // what is blacked out
	}{
		"standard font":        {"H", "", "(Account 4471 is due) Tj", 113.7, 147.5},
		"widths of the font":   {"W", "", "(Account 4471 is due) Tj", 113.2, 148},
		"procedures":           {"P", "", "(Account 4471 is due) Tj", 126, 162},
		"two bytes":            {"I", "", "%s Tj", 113.2, 148},
		"displacements":        {"H", "", "[(Acc)-20(ount )30(44)10(71 is)-90( due)] TJ", 113.7, 147.5},
		"letter spacing":       {"H", "1 Tc", "(Account 4471 is due) Tj", 121.7, 159},
		"word spacing":         {"H", "9 Tw", "(Account 4471 is due) Tj", 122.7, 156.5},
		"narrow letters":       {"H", "50 Tz", "(Account 4471 is due) Tj", 86, 104.3},
		"several operators":    {"H", "", "(Account ) Tj (4471) Tj ( is due) Tj", 113.7, 147.5},
		"raised":               {"H", "3 Ts", "(Account 4471 is due) Tj", 113.7, 147.5},
		"a line begun":         {"H", "12 TL 0 12 Td", "(Account 4471 is due) '", 113.7, 147.5},
		"a line begun, spaced": {"H", "12 TL 0 12 Td", "2 1 (Account 4471 is due) \"", 123.7, 161},
	} {
		t.Run(name, func(t *testing.T) {
			show := c.show
			if strings.Contains(show, "%s") {
				show = fmt.Sprintf(show, inFont(t, c.font, "Account 4471 is due"))
			}
			data := lettering(fmt.Sprintf("BT /%s 14 Tf 60 100 Td %s %s ET"+blacked, c.font, c.setting, show, c.from, c.to-c.from))
			out, notes := rewritten(t, data, ocr.PDFOptions{})
			if len(notes) > 0 {
				t.Errorf("notes: %v", notes)
			}
			sameLooks(t, data, out)
			var last []string // of the words by their places, those of the line
			for _, w := range locate(t, out) {
				if w.YMin > 600 {
					last = append(last, w.Text)
				}
			}
			if diff := cmp.Diff([]string{"Account", "is", "due"}, last); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatCannotBeTakenOutIsTold(t *testing.T) {
	for name, content := range map[string]string{
		"unknown widths": "BT /U 14 Tf 60 100 Td (Account 4471 is due) Tj ET" + fmt.Sprintf(blacked, 122, 30),
	} {
		t.Run(name, func(t *testing.T) {
			data := lettering(content)
			out, notes := rewritten(t, data, ocr.PDFOptions{})
			sameLooks(t, data, out)
			if len(notes) != 1 || notes[0].Code != ocr.HiddenTextKept || notes[0].Page != 1 || notes[0].Count == 0 || !holds(t, out, "4471") {
				t.Errorf("notes: %v", notes)
			}
		})
	}
}

func TestTextOfUnknownWidthsIsTakenOutWhole(t *testing.T) {
	data := lettering("1 g BT /U 14 Tf 60 100 Td (Account 4471) Tj [(is)-9(due)] TJ ET 0 g BT /H 14 Tf 60 80 Td (Here) Tj ET")
	out, notes := rewritten(t, data, ocr.PDFOptions{})
	sameLooks(t, data, out)
	if holds(t, out, "4471") || holds(t, out, "due") || !holds(t, out, "Here") {
		t.Error("the hidden text is there, or visible text is not")
	}
	if len(notes) > 0 {
		t.Errorf("notes: %v", notes)
	}
}

func TestStandardWidthsAreThoseOfPDFium(t *testing.T) {
	p := open(t, onePage(letter, ""))
	for _, s := range standardWidths {
		loaded, err := p.instance.FPDFText_LoadStandardFont(
			&requests.FPDFText_LoadStandardFont{Document: p.document, Font: s.names[0]})
		if err != nil {
			t.Fatal(err)
		}
		for code := firstStandard; code <= 0xff; code++ {
			width, err := p.instance.FPDFFont_GetGlyphWidth(&requests.FPDFFont_GetGlyphWidth{
				Font: loaded.Font, Glyph: uint32(charmap.Windows1252.DecodeByte(byte(code))), FontSize: 1000,
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := s.widths[code-firstStandard]; float32(got) != width.GlyphWidth {
				t.Errorf("%s, code %d: %d, PDFium has %v", s.names[0], code, got, width.GlyphWidth)
			}
		}
	}
}
