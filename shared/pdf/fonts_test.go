package pdf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"github.com/klippa-app/go-pdfium/requests"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// program is a font program that documents bring along.
type program struct {
	name string
	data []byte
}

func (f program) parse(t testing.TB) *sfnt.Font {
	t.Helper()
	parsed, err := sfnt.Parse(f.data)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// gid returns the number of the glyph that the program has for a character.
func (f program) gid(t testing.TB, char rune) int {
	t.Helper()
	var b sfnt.Buffer
	gid, err := f.parse(t).GlyphIndex(&b, char)
	if err != nil || gid == 0 {
		t.Fatalf("%s has no %c: %v", f.name, char, err)
	}
	return int(gid)
}

// jagged is the font with another outline of a character: one of so many corners.
func (f program) jagged(t testing.TB, char rune, corners int) []byte {
	t.Helper()
	gid, data := f.gid(t, char), slices.Clone(f.data)
	entry := func(tag string) []byte { // checksum, offset and length of a table (OpenType 1.9, table directory)
		at := bytes.Index(data[:12+16*int(binary.BigEndian.Uint16(data[4:]))], []byte(tag))
		return data[at+4 : at+16]
	}
	table := func(tag string) []byte {
		e := entry(tag)
		return data[binary.BigEndian.Uint32(e[4:]):][:binary.BigEndian.Uint32(e[8:])]
	}
	var outline []byte
	words := func(values ...int) {
		for _, v := range values {
			outline = binary.BigEndian.AppendUint16(outline, uint16(v)) // #nosec G115 -- of a test
		}
	}
	words(1, 0, 0, corners, 700, corners-1, 0)                      // contours, box, last point, instructions
	outline = append(outline, slices.Repeat([]byte{1}, corners)...) // on the curve
	for _, deltas := range [][]int{{1, 1}, {700, -700}} {
		words(slices.Repeat(deltas, corners)[:corners]...)
	}
	outline = append(outline, make([]byte, -len(outline)&3)...)
	short, glyf := table("loca"), table("glyf")
	at := func(glyph int) int { return 2 * int(binary.BigEndian.Uint16(short[2*glyph:])) }
	var loca []byte
	for i := range len(short) / 2 {
		offset := at(i)
		if i > gid {
			offset += len(outline) - (at(gid+1) - at(gid))
		}
		loca = binary.BigEndian.AppendUint32(loca, uint32(offset)) // #nosec G115 -- of a test
	}
	binary.BigEndian.PutUint16(table("head")[50:], 1) // long offsets
	for tag, content := range map[string][]byte{"loca": loca, "glyf": slices.Concat(glyf[:at(gid)], outline, glyf[at(gid+1):])} {
		data = append(data, make([]byte, -len(data)&3)...)
		e := entry(tag)
		binary.BigEndian.PutUint32(e[4:], uint32(len(data)))    // #nosec G115 -- of a test
		binary.BigEndian.PutUint32(e[8:], uint32(len(content))) // #nosec G115 -- of a test
		data = append(data, content...)
	}
	return data
}

// show is the string that shows a text in a font of objects, which codes glyphs by their numbers.
func (f program) show(t testing.TB, text string) string {
	t.Helper()
	var b strings.Builder
	for _, c := range text {
		fmt.Fprintf(&b, "%04X", f.gid(t, c))
	}
	return "<" + b.String() + ">"
}

// objects are those of a font, numbered from first, for the characters of a text. says gives what the font claims of each,
// and nothing for a character without a claim. Without says the font has no map at all.
func (f program) objects(t testing.TB, first int, text string, says func(rune) string) []string {
	t.Helper()
	var widths, claims strings.Builder
	done := map[rune]bool{}
	for _, c := range text {
		if done[c] {
			continue
		}
		done[c] = true
		var b sfnt.Buffer
		gid := f.gid(t, c)
		advance, err := f.parse(t).GlyphAdvance(&b, sfnt.GlyphIndex(gid), fixed.I(1000), 0)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&widths, "%d[%d]", gid, advance.Round())
		if says != nil && says(c) != "" {
			fmt.Fprintf(&claims, "<%04X><%X>\n", gid, utf16Bytes(says(c)))
		}
	}
	unicode := ""
	if says != nil {
		unicode = fmt.Sprintf("/ToUnicode %d 0 R", first+3)
	}
	return []string{
		fmt.Sprintf("<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H/DescendantFonts[%d 0 R]%s>>", f.name, first+1, unicode),
		fmt.Sprintf("<</Type/Font/Subtype/CIDFontType2/BaseFont/%s/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/CIDToGIDMap/Identity"+
			"/FontDescriptor %d 0 R/W[%s]>>", f.name, first+2, widths.String()),
		fmt.Sprintf("<</Type/FontDescriptor/FontName/%s/Flags 4/FontBBox[-200 -250 1200 950]/ItalicAngle 0/Ascent 900/Descent -200/CapHeight 700/StemV 80/FontFile2 %d 0 R>>",
			f.name, first+4),
		pdftest.Stream("", fmt.Appendf(nil, "/CIDInit/ProcSet findresource begin 12 dict begin begincmap/CMapName/X def/CMapType 2 def\n"+
			"1 begincodespacerange<0000><FFFF>endcodespacerange\n%d beginbfchar\n%sendbfchar\nendcmap CMapName currentdict/CMap defineresource pop end end",
			strings.Count(claims.String(), "\n"), claims.String())),
		pdftest.Stream(fmt.Sprintf("/Length1 %d", len(f.data)), f.data),
	}
}

var (
	regular = program{"AAAAAA+GoRegular", goregular.TTF}
	bold    = program{"BBBBBB+GoBold", gobold.TTF}
)

// The kinds of maps.
var (
	itself  = func(c rune) string { return string(c) }
	shifted = func(c rune) string { return string(c + 1) }
	caesar  = func(c rune) string { return string(c - 29) }
	single  = func(rune) string { return "e" }
	nothing = func(rune) string { return "" }
	small   = func(c rune) string { return string(unicode.ToLower(c)) }
	private = func(c rune) string { return string(0xE000 + c) }
	swapped = func(c rune) string {
		return strings.NewReplacer("e", "t", "t", "e", "a", "n", "n", "a").Replace(string(c))
	}
	digits = func(c rune) string {
		return strings.NewReplacer("1", "7", "7", "1", "4", "9", "9", "4", "0", "2", "2", "0").Replace(string(c))
	}
)

const (
	heading = "Final demand for payment of EUR 2417.90"
	prosaic = "We have not received the amount that was due on the first of March"
)

// letterhead is a page with a heading in one font and lines in another, which claims what it shows.
func letterhead(t testing.TB, says func(rune) string) []byte {
	t.Helper()
	objects := slices.Concat(bold.objects(t, 5, heading, says), regular.objects(t, 10, prosaic, itself))
	content := fmt.Sprintf("BT /B 16 Tf 60 700 Td %s Tj ET BT /R 11 Tf 60 660 Td %s Tj 0 -20 Td %s Tj ET",
		bold.show(t, heading), regular.show(t, prosaic), regular.show(t, prosaic))
	return pdftest.Pages(2, "/Font<</B 5 0 R/R 10 0 R>>", content, objects...)
}

// reading is a recogniser that reads what is known to be there.
type reading struct {
	text       string
	confidence float64
	calls      int
	err        error
}

func (r *reading) read(raster Raster) (ocr.Page, error) {
	r.calls++
	if raster.Width < 10 || raster.Height < 10 || slices.Min(raster.Gray) > 64 {
		return ocr.Page{}, errors.New("there is nothing to read")
	}
	var words []ocr.Word
	for _, w := range strings.Fields(r.text) {
		words = append(words, ocr.Word{Text: w, Confidence: r.confidence})
	}
	return ocr.Page{Confidence: r.confidence, Blocks: []ocr.Block{{Paragraphs: []ocr.Paragraph{{Lines: []ocr.Line{{Words: words}}}}}}}, r.err
}

// Whether a font is doubted for characters without a map does not depend on chance.
func TestFontWithHalfAMapIsJudgedTheSameEachTime(t *testing.T) {
	document := letterhead(t, func(c rune) string {
		if strings.ContainsRune("Final de", c) { // what comes first has no map
			return ""
		}
		return string(c)
	})
	for n := range 10 {
		p := open(t, document)
		engine := &reading{text: heading, confidence: 90}
		p.CheckFonts(engine.read)
		if _, err := p.Read(1, false, ocr.DefaultLimits()); err != nil {
			t.Fatal(err)
		}
		if engine.calls != 1 {
			t.Fatalf("time %d: the heading was read %d times, want once", n, engine.calls)
		}
	}
}

func TestFontsThatSayAnotherTextThanTheyShowAreNotBelieved(t *testing.T) {
	for name, c := range map[string]struct {
		says    func(rune) string
		read    bool
		trusted bool
		shown   string
	}{
		"honest":           {itself, false, true, heading},
		"shifted":          {shifted, true, false, ""},
		"far off":          {caesar, true, false, ""},
		"letters swapped":  {swapped, true, false, ""},
		"digits swapped":   {digits, true, false, ""},
		"one letter":       {single, true, false, ""},
		"private use":      {private, true, false, ""},
		"no map":           {nil, true, false, ""},
		"a map of nothing": {nothing, true, false, ""},
		"small letters":    {small, false, true, strings.ToLower(heading)},
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t, letterhead(t, c.says))
			engine := &reading{text: heading, confidence: 90}
			p.CheckFonts(engine.read)
			for n := 1; n <= 2; n++ {
				r, err := p.Read(n, false, ocr.DefaultLimits())
				if err != nil || (r.Page != nil) != c.trusted {
					t.Fatalf("page %d: %v, %v", n, r.Page != nil, err)
				}
				page, want := r.Page, []string{c.shown, prosaic, prosaic}
				if page == nil {
					merged := r.Merge(ocr.Page{})
					page, want = &merged, want[1:]
				}
				if got := linesOf(*page); !slices.Equal(got, want) {
					t.Errorf("page %d: the layer says %q", n, got)
				}
			}
			if want := map[bool]int{true: 2}[c.read]; engine.calls != want {
				t.Errorf("read %d times for two pages", engine.calls)
			}
		})
	}
}

// A font that says some letters wrongly shows it on some pages and not on others.
func TestPagesAreJudgedAloneWhicheverWereReadBefore(t *testing.T) {
	lines := []string{heading, "big sums", "tea", "an invoice", "Final demand", "ships", "one to three"}
	objects := []string{"<</Type/Catalog/Pages 2 0 R>>", "", "<</Font<</B 4 0 R/R 9 0 R>>>>"}
	objects = append(objects, bold.objects(t, 4, strings.Join(lines, ""), swapped)...)
	objects = append(objects, regular.objects(t, 9, prosaic, itself)...)
	kids := ""
	for _, line := range lines {
		content := fmt.Sprintf("BT /B 16 Tf 60 700 Td %s Tj ET BT /R 11 Tf 60 660 Td %s Tj ET", bold.show(t, line), regular.show(t, prosaic))
		objects = append(objects, pdftest.Stream("", []byte(content)),
			fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources 3 0 R/Contents %d 0 R>>", len(objects)+1))
		kids += fmt.Sprintf("%d 0 R ", len(objects))
	}
	objects[1] = fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", len(lines), kids)
	data := pdftest.Build(objects...)
	read := func(p *Document, n int) []string {
		p.CheckFonts((&reading{text: lines[n], confidence: 90}).read)
		r, err := p.Read(n+1, false, ocr.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		if r.Page != nil {
			return linesOf(*r.Page)
		}
		return linesOf(r.Merge(ocr.Page{}))
	}
	var alone [][]string
	believed := 0
	for n := range lines {
		alone = append(alone, read(open(t, data), n))
		believed += len(alone[n]) - 1
	}
	if believed == 0 || believed == len(lines) {
		t.Fatalf("%d of %d lines are believed: %q", believed, len(lines), alone)
	}
	order := rand.New(rand.NewPCG(1, 2))
	for range 4 {
		p := open(t, data)
		for _, n := range order.Perm(len(lines)) {
			if got := read(p, n); !slices.Equal(got, alone[n]) {
				t.Errorf("page %d has %q after others, and %q alone", n+1, got, alone[n])
			}
		}
	}
}

// A page of endless outlines costs no more than its bound, and its fonts are not believed for it.
func TestFontBeyondTheOutlinesThatAreLookedAtIsDoubted(t *testing.T) {
	p := open(t, letterhead(t, itself))
	err := p.look(1, func(v view) error {
		glyphs, err := p.glyphs(v, false)
		if err != nil {
			return err
		}
		text, err := p.instance.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: v.page})
		if err != nil {
			return err
		}
		for left, want := range map[int]bool{pageSegments: false, 100: true, 0: true} {
			look := &fontLook{checked: map[rune]rune{}}
			doubted, err := p.doubt(text.TextPage, usages(glyphs)[0], look, &left)
			if doubted != want || err != nil {
				t.Errorf("%t, %v; want %t", doubted, err, want)
			}
			if !look.outlines {
				t.Error("a font whose outlines were not looked at passes for one without any")
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
