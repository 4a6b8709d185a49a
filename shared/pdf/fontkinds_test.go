package pdf

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// coded is a simple font, with codes of its own for the characters of a text.
type coded struct {
	objects []string // the font is the first
	codes   map[rune]int
}

const firstCode = 33

// code numbers the characters of a text. claims are the entries of a map to what says gives for each; none if it is nil.
func code(text string, says func(rune) string) (codes map[rune]int, chars []rune, claims []string) {
	codes = map[rune]int{}
	for _, c := range text {
		if _, ok := codes[c]; ok {
			continue
		}
		codes[c] = firstCode + len(chars)
		chars = append(chars, c)
		if says != nil {
			claims = append(claims, fmt.Sprintf("<%02X><%X>\n", codes[c], utf16Bytes(says(c))))
		}
	}
	return codes, chars, claims
}

func toUnicode(claims []string) string {
	return pdftest.Stream("", fmt.Appendf(nil, "/CIDInit/ProcSet findresource begin 12 dict begin begincmap/CMapName/X def/CMapType 2 def\n"+
		"1 begincodespacerange<00><FF>endcodespacerange\n%d beginbfchar\n%sendbfchar\nendcmap CMapName currentdict/CMap defineresource pop end end",
		len(claims), strings.Join(claims, "")))
}

func (f coded) show(text string) string {
	var b strings.Builder
	for _, c := range text {
		fmt.Fprintf(&b, "%02X", f.codes[c])
	}
	return "<" + b.String() + ">"
}

func (f program) advance(t testing.TB, char rune) int {
	t.Helper()
	var b sfnt.Buffer
	advance, err := f.parse(t).GlyphAdvance(&b, sfnt.GlyphIndex(f.gid(t, char)), fixed.I(1000), 0)
	if err != nil {
		t.Fatal(err)
	}
	return advance.Round()
}

// custom is a TrueType font with names of glyphs that say nothing, numbered from first.
func (f program) custom(t testing.TB, first int, text string, says func(rune) string) coded {
	codes, chars, claims := code(text, says)
	var widths, names strings.Builder
	table := binary.BigEndian.AppendUint16([]byte{0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 12, 0, 6}, uint16(10+2*len(chars)))
	table = append(table, 0, 0, 0, firstCode, 0, byte(len(chars)))
	for i, c := range chars {
		fmt.Fprintf(&widths, "%d ", f.advance(t, c))
		fmt.Fprintf(&names, "/G%02d", i)
		table = binary.BigEndian.AppendUint16(table, uint16(f.gid(t, c)))
	}
	data := slices.Clone(f.data)
	for i := range int(binary.BigEndian.Uint16(data[4:])) {
		if entry := data[12+16*i:]; string(entry[:4]) == "cmap" {
			binary.BigEndian.PutUint32(entry[8:], uint32(len(data)))
			binary.BigEndian.PutUint32(entry[12:], uint32(len(table)))
		}
	}
	data = append(data, table...)
	unicode := ""
	if says != nil {
		unicode = fmt.Sprintf("/ToUnicode %d 0 R", first+3)
	}
	return coded{codes: codes, objects: []string{
		fmt.Sprintf("<</Type/Font/Subtype/TrueType/BaseFont/CCCCCC+Custom/FirstChar %d/LastChar %d/Widths[%s]/FontDescriptor %d 0 R%s>>",
			firstCode, firstCode+len(chars)-1, widths.String(), first+1, unicode),
		fmt.Sprintf("<</Type/FontDescriptor/FontName/CCCCCC+Custom/Flags 4/FontBBox[-200 -250 1200 950]/ItalicAngle 0/Ascent 900/Descent -200"+
			"/CapHeight 700/StemV 80/FontFile2 %d 0 R>>", first+2),
		pdftest.Stream(fmt.Sprintf("/Length1 %d", len(data)), data),
		toUnicode(claims),
	}}
}

// drawn is a Type 3 font that draws the glyphs of a program, numbered from first.
func (f program) drawn(t testing.TB, first int, text string, says func(rune) string) coded {
	codes, chars, claims := code(text, says)
	var procedures, names, widths strings.Builder
	objects := []string{"", toUnicode(claims)}
	for i, c := range chars {
		var b sfnt.Buffer
		outline, err := f.parse(t).LoadGlyph(&b, sfnt.GlyphIndex(f.gid(t, c)), fixed.I(1000), nil)
		if err != nil {
			t.Fatal(err)
		}
		var path strings.Builder
		fmt.Fprintf(&path, "%d 0 -200 -300 1200 1000 d1\n", f.advance(t, c))
		var x, y float64
		point := func(p fixed.Point26_6) (float64, float64) { return float64(p.X) / 64, -float64(p.Y) / 64 }
		for _, s := range outline {
			switch s.Op {
			case sfnt.SegmentOpMoveTo:
				x, y = point(s.Args[0])
				fmt.Fprintf(&path, "%f %f m\n", x, y)
			case sfnt.SegmentOpLineTo:
				x, y = point(s.Args[0])
				fmt.Fprintf(&path, "%f %f l\n", x, y)
			default: // TrueType has no other curves than those of one control point
				cx, cy := point(s.Args[0])
				ex, ey := point(s.Args[1])
				fmt.Fprintf(&path, "%f %f %f %f %f %f c\n", x+2*(cx-x)/3, y+2*(cy-y)/3, ex+2*(cx-ex)/3, ey+2*(cy-ey)/3, ex, ey)
				x, y = ex, ey
			}
		}
		objects = append(objects, pdftest.Stream("", []byte(path.String()+"f")))
		fmt.Fprintf(&procedures, "/G%02d %d 0 R", i, first+2+i)
		fmt.Fprintf(&names, "/G%02d", i)
		fmt.Fprintf(&widths, "%d ", f.advance(t, c))
	}
	unicode := ""
	if says != nil {
		unicode = fmt.Sprintf("/ToUnicode %d 0 R", first+1)
	}
	objects[0] = fmt.Sprintf("<</Type/Font/Subtype/Type3/FontBBox[-200 -300 1200 1000]/FontMatrix[.001 0 0 .001 0 0]/FirstChar %d/LastChar %d/Widths[%s]"+
		"/Encoding<</Type/Encoding/Differences[%d%s]>>/CharProcs<<%s>>/Resources<<>>%s>>",
		firstCode, firstCode+len(chars)-1, widths.String(), firstCode, names.String(), procedures.String(), unicode)
	return coded{objects: objects, codes: codes}
}

// underHeading is a page with a heading in a font of objects from 10 on, over lines of a font that claims what it shows.
func underHeading(t testing.TB, show string, objects []string) []byte {
	t.Helper()
	content := fmt.Sprintf("BT /B 16 Tf 60 700 Td %s Tj ET BT /R 11 Tf 60 660 Td %s Tj 0 -20 Td %s Tj ET",
		show, regular.show(t, prosaic), regular.show(t, prosaic))
	return pdftest.Pages(1, "/Font<</B 10 0 R/R 5 0 R>>", content, append(regular.objects(t, 5, prosaic, itself), objects...)...)
}

func TestSimpleAndType3FontsAreHeldAgainstWhatTheyShow(t *testing.T) {
	for kind, make := range map[string]func(testing.TB, int, string, func(rune) string) coded{
		"custom encoding": bold.custom, "Type 3": bold.drawn,
	} {
		for name, c := range map[string]struct {
			says    func(rune) string
			trusted bool
		}{
			"honest": {itself, true}, "shifted": {shifted, false}, "letters swapped": {swapped, false}, "digits swapped": {digits, false},
			"one letter": {single, false}, "no map": {nil, false},
		} {
			t.Run(kind+", "+name, func(t *testing.T) {
				font := make(t, 10, heading, c.says)
				p := open(t, underHeading(t, font.show(heading), font.objects))
				engine := &reading{text: heading, confidence: 90}
				p.CheckFonts(engine.read)
				r, err := p.Read(1, false, ocr.DefaultLimits())
				if err != nil || (r.Page != nil) != c.trusted {
					t.Fatalf("%v, %v", r.Page != nil, err)
				}
				if engine.calls > 1 {
					t.Errorf("read %d times", engine.calls)
				}
			})
		}
	}
}

func TestFontsOfSymbolsAndOtherScriptsAreNotDoubted(t *testing.T) {
	standard := func(name string) string { return "<</Type/Font/Subtype/Type1/BaseFont/" + name + ">>" }
	for name, data := range map[string][]byte{
		"dingbats": underHeading(t, "(abcdefghi 4 8 ABC nopq)", []string{standard("ZapfDingbats")}),
		"symbols":  underHeading(t, "(abcdefghi 4 8 ABC nopq)", []string{standard("Symbol")}),
		"Greek":    underHeading(t, bold.show(t, "αβγδεζηθ ικλμ ΑΒΓΔ"), bold.objects(t, 10, "αβγδεζηθ ικλμ ΑΒΓΔ", itself)),
		"Cyrillic": underHeading(t, bold.show(t, "Счёт за ремонт дороги"), bold.objects(t, 10, "Счёт за ремонт дороги", itself)),
		"ligatures": underHeading(t, bold.show(t, "ﬁnd ﬂow ﬁnal ﬂat"), bold.objects(t, 10, "ﬁnd ﬂow ﬁnal ﬂat", func(c rune) string {
			if to, ok := map[rune]string{'ﬁ': "fi", 'ﬂ': "fl"}[c]; ok {
				return to
			}
			return string(c)
		})),
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t, data)
			engine := &reading{}
			p.CheckFonts(engine.read)
			if _, ok, err := p.Text(1, false); !ok || err != nil || engine.calls > 0 {
				t.Errorf("%v, %v; read %d times", ok, err, engine.calls)
			}
		})
	}
}

func TestLettersOfOtherScriptsThatAreShiftedAreNotBelieved(t *testing.T) {
	const bill = "Счёт за ремонт дороги оплатить до марта"
	p := open(t, underHeading(t, bold.show(t, bill), bold.objects(t, 10, bill, shifted)))
	p.CheckFonts((&reading{text: bill, confidence: 90}).read)
	if _, ok, err := p.Text(1, false); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
}

func TestTextThatStandsForGlyphsIsTakenWhateverTheirFontSays(t *testing.T) {
	content := fmt.Sprintf("/Span<</ActualText(%s)>>BDC BT /B 16 Tf 60 700 Td %s Tj ET EMC", heading, bold.show(t, heading))
	data := pdftest.Pages(1, "/Font<</B 5 0 R>>", content, bold.objects(t, 5, heading, shifted)...)
	p := open(t, data)
	p.CheckFonts((&reading{text: heading, confidence: 90}).read)
	page, ok, err := p.Text(1, false)
	if err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	if got := linesOf(page); !slices.Equal(got, []string{heading}) {
		t.Errorf("%q", got)
	}
}

func TestFontsThatTheEngineCannotReadAreBelieved(t *testing.T) {
	for _, engine := range []*reading{{text: heading, confidence: 30}, {text: "x", confidence: 99}} {
		p := open(t, letterhead(t, shifted))
		p.CheckFonts(engine.read)
		if _, ok, err := p.Text(1, false); !ok || err != nil || engine.calls != 1 {
			t.Errorf("%v, %v; read %d times", ok, err, engine.calls)
		}
	}
}
