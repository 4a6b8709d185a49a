package pdf

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// printed is a string at a place of a page.
type printed struct {
	x, y, size int
	text       string
}

func show(strs []printed) string {
	var b strings.Builder
	for _, p := range strs {
		fmt.Fprintf(&b, "BT /F1 %d Tf %d %d Td (%s) Tj ET\n", p.size, p.x, p.y, p.text)
	}
	return b.String()
}

// orders are the ways in which programs draw a page: as it is read, backwards, row by row, and mixed up.
func orders(strs []printed) map[string][]printed {
	backwards := slices.Clone(strs)
	slices.Reverse(backwards)
	across := slices.Clone(strs)
	slices.SortStableFunc(across, func(a, b printed) int { return b.y - a.y })
	mixed := slices.Clone(strs)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	return map[string][]printed{"as read": strs, "backwards": backwards, "across": across, "mixed": mixed}
}

// readLines returns the lines of page 1, with a space between words.
func readLines(t *testing.T, data []byte) []string {
	t.Helper()
	page, ok, err := open(t, data).Text(1, false)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	return linesOf(page)
}

func linesOf(page ocr.Page) []string {
	var lines []string
	for i := range page.Blocks {
		for p := range page.Blocks[i].Text {
			for _, l := range p.Lines {
				var words []string
				for _, w := range l.Words {
					words = append(words, w.Text)
				}
				lines = append(lines, strings.Join(words, " "))
			}
		}
	}
	return lines
}

func column(x, y, size, leading int, text string) []printed {
	var strs []printed
	for i, l := range strings.Split(text, "|") {
		strs = append(strs, printed{x, y - i*leading, size, l})
	}
	return strs
}

const (
	river = "The river flows over flat gravel|and leaves the valley below the|old mill. In spring it carries so|" +
		"much water that the lower road|is closed for days. A gauge at the|bridge is read every morning."
	harbour = "Ships of the company called at|the harbour twice a week until|the pier was lost in a storm and|" +
		"the new one proved too short for|anything but fishing boats. The|warehouse stands empty."
	winter = "Winter came early that year and|nobody had brought in the wood|that was cut in May. The school|" +
		"stayed closed until the end of|the month, and the post came|on skis from the next valley."
)

func TestOrderFollowsWhereTextStandsNotHowItWasDrawn(t *testing.T) {
	join := func(parts ...[]printed) []printed { return slices.Concat(parts...) }
	labels := column(60, 700, 11, 18, "Name of the tenant|Street and number|Town and postcode|Monthly rent due|Deposit paid")
	values := column(300, 700, 11, 18, "Marguerite Osei|Millbrook Lane 14|Harlow CM20 2QT|EUR 845.50|EUR 1691.00")
	figures := func(x int, cells string) []printed { return column(x, 700, 10, 14, cells) }
	head := []printed{{60, 750, 18, "Report of the valley commission"}}
	foot := []printed{{60, 60, 9, "Printed by order of the commission, page 4"}}
	pageText := func(parts ...[]printed) []string {
		var lines []string
		for _, p := range join(parts...) {
			lines = append(lines, p.text)
		}
		return lines
	}
	cases := []struct {
		name string
		strs []printed
		want []string
	}{
		{"paragraph", join(head, column(60, 700, 11, 14, river)), nil},
		{"labels and values", join(labels, values), []string{
			"Name of the tenant Marguerite Osei", "Street and number Millbrook Lane 14", "Town and postcode Harlow CM20 2QT",
			"Monthly rent due EUR 845.50", "Deposit paid EUR 1691.00",
		}},
		{"labels close to values", join(labels, column(172, 700, 11, 18, "Marguerite Osei|Millbrook Lane 14|Harlow CM20 2QT|EUR 845.50|EUR 1691.00")), []string{
			"Name of the tenant Marguerite Osei", "Street and number Millbrook Lane 14", "Town and postcode Harlow CM20 2QT",
			"Monthly rent due EUR 845.50", "Deposit paid EUR 1691.00",
		}},
		{"table", join(figures(60, "Station|North|South|Harbour"), figures(200, "January|12.4|14.9|11.0"), figures(300, "March|15.0|17.2|13.3")), []string{
			"Station January March", "North 12.4 15.0", "South 14.9 17.2", "Harbour 11.0 13.3",
		}},
		{"two columns", join(column(60, 700, 10, 12, river), column(310, 700, 10, 12, harbour)), nil},
		{"two columns under a heading", join(head, column(60, 700, 10, 12, river), column(310, 700, 10, 12, harbour), foot), nil},
		{"two columns off the grid", join(head, column(60, 700, 10, 12, river), column(310, 694, 10, 13, harbour)), nil},
		{"running heads", join([]printed{{60, 760, 9, "Chapter 2"}, {500, 760, 9, "17"}}, column(60, 730, 10, 12, river), column(310, 730, 10, 12, harbour)),
			append([]string{"Chapter 2 17"}, pageText(column(60, 700, 10, 12, river), column(310, 700, 10, 12, harbour))...)},
		{"a narrow gutter", join(column(60, 700, 10, 12, river), column(230, 700, 10, 12, harbour)), nil},
		{"three columns", join(head, column(40, 700, 10, 12, river), column(220, 700, 10, 12, harbour), column(400, 700, 10, 12, winter), foot), nil},
		{"columns between paragraphs", join(
			column(60, 720, 10, 12, strings.ReplaceAll(river, "|", " from there on to the town and further|")),
			column(60, 600, 10, 12, harbour), column(310, 600, 10, 12, winter),
			column(60, 480, 10, 12, strings.ReplaceAll(river, "|", " and then goes on to the lake and the sea|"))), nil},
		{"form under columns", join(column(60, 740, 10, 12, river), column(310, 740, 10, 12, harbour),
			[]printed{{60, 640, 10, "Whoever wants to comment on this report fills in the form below and hands it in at the town hall."}},
			column(60, 600, 10, 20, "Name|Street|Town"), column(200, 600, 10, 20, "Ada Ness|Mill Lane 3|Harlow")),
			append(pageText(column(60, 740, 10, 12, river), column(310, 740, 10, 12, harbour)),
				"Whoever wants to comment on this report fills in the form below and hands it in at the town hall.",
				"Name Ada Ness", "Street Mill Lane 3", "Town Harlow")},
		{"values with larger letters", join(column(60, 700, 9, 18, "Invoice number:|Date of supply:|Total amount:"), column(200, 699, 12, 18, "2026-118|3 March 2026|EUR 1,240.00")), []string{
			"Invoice number: 2026-118", "Date of supply: 3 March 2026", "Total amount: EUR 1,240.00",
		}},
		{"numbered list", join(column(60, 700, 10, 14, "1.|2.|3.|4."), column(90, 700, 10, 14, "first the river is measured|then the bridge is closed|the gauge is read|and the road is opened")), []string{
			"1. first the river is measured", "2. then the bridge is closed", "3. the gauge is read", "4. and the road is opened",
		}},
	}
	for _, c := range cases {
		want := c.want
		if want == nil {
			want = pageText(c.strs)
		}
		for how, strs := range orders(c.strs) {
			if diff := cmp.Diff(want, readLines(t, onePage(letter, show(strs)))); diff != "" {
				t.Errorf("%s, drawn %s: %s", c.name, how, diff)
			}
		}
	}
}

func TestEachRegionIsReadInItsDirection(t *testing.T) {
	table := "q 0 1 -1 0 150 100 cm " + show([]printed{
		{0, 0, 11, "Station   January   February"}, {0, -24, 11, "North   12.4   13.1"}, {0, -48, 11, "Harbour   11.0   11.8"},
	}) + "Q "
	rows := []string{"Station January February", "North 12.4 13.1", "Harbour 11.0 11.8"}
	head := show([]printed{{60, 740, 14, "Annex C: values"}})
	text := show(column(60, 700, 11, 14, river))
	foot := show([]printed{{60, 40, 10, "Page 7"}})
	side := "q 0 1 -1 0 30 300 cm " + show([]printed{{0, 0, 9, "Received 4 May"}}) + "Q "
	prose := strings.Split(river, "|")
	for _, c := range []struct {
		name, content string
		want          []string
	}{
		{"table under a heading", table + head, slices.Concat([]string{"Annex C: values"}, rows)},
		{"table between heading and footer", foot + head + table, slices.Concat([]string{"Annex C: values"}, rows, []string{"Page 7"})},
		{"table beside no text", foot + "1 0 0 1 350 0 cm " + table + "1 0 0 1 -350 0 cm " + text, slices.Concat(prose, rows, []string{"Page 7"})},
		{"table under text", table + text + foot, slices.Concat(prose, rows, []string{"Page 7"})},
		{"text with a note in the margin", side + text, append(slices.Clone(prose), "Received 4 May")},
		{"askew", "q 0.9986 0.0523 -0.0523 0.9986 40 0 cm " + text + "Q", prose},
		{"askew and backwards", "q 0.9986 -0.0523 0.0523 0.9986 0 40 cm " + show(orders(column(60, 700, 11, 14, river))["backwards"]) + "Q", prose},
		{"watermark", text + "q 0.7071 0.7071 -0.7071 0.7071 250 300 cm " + show([]printed{{0, 0, 60, "Draft"}}) + "Q", append(slices.Clone(prose), "Draft")},
	} {
		if diff := cmp.Diff(c.want, readLines(t, onePage(letter, c.content))); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// Each visible glyph of any text layer is in one word, in a box on the page, and the same in every reading.
func TestAnySoupOfGlyphsIsReadWhole(t *testing.T) {
	v := view{width: 595, height: 842}
	random := rand.New(rand.NewPCG(3, 4))
	runes := []rune("abcXYZ019.,-¨´`^~e\u0301שלםעربι漢字\U0001D465ﬁı")
	for round := range 150 {
		var glyphs []glyph
		n := random.IntN(300)
		spread := []float64{1, 30, 700, 1e7}[random.IntN(4)]
		for range n {
			if random.IntN(6) == 0 {
				glyphs = append(glyphs, glyph{char: []rune{' ', '\n'}[random.IntN(2)], made: random.IntN(2) == 0})
				continue
			}
			x, y := random.Float64()*spread, random.Float64()*spread
			g := glyph{char: runes[random.IntN(len(runes))], box: rect{x, y, x + 0.1 + random.Float64()*12, y + 0.1 + random.Float64()*12}}
			if random.IntN(3) == 0 {
				g.angle = random.Float64() * 359.9
			}
			if random.IntN(3) == 0 {
				g.set = &setting{font: ocr.Font{Size: random.Float64() * 20}}
				g.set.origin.x, g.set.origin.y = g.box.x0, g.box.y1
				g.advance = g.box
			}
			glyphs = append(glyphs, g)
		}
		read := func() (letters int, blocks []ocr.Block) {
			var directions []direction
			for angle := 0; angle < 360; angle += 90 {
				directions = append(directions, split(glyphs, angle)...)
			}
			for _, d := range directions {
				for _, l := range order(d.pieces()) {
					for i := range l.words {
						letters += len([]rune(string(l.words[i].text)))
					}
				}
			}
			blocks, _ = arrange(directions, v, 0, true)
			return letters, blocks
		}
		want := 0
		for _, g := range glyphs {
			if g.char != ' ' && g.char != '\n' {
				want++
			}
		}
		letters, blocks := read()
		if letters != want {
			t.Fatalf("round %d: %d of %d glyphs", round, letters, want)
		}
		if _, again := read(); cmp.Diff(blocks, again) != "" {
			t.Fatalf("round %d: another reading differs", round)
		}
		page := ocr.Page{Blocks: blocks}
		width, height := v.pixels(textDPI)
		for w := range page.Words {
			if b := w.Box; b.X0 < 0 || b.Y0 < 0 || b.X1 > width || b.Y1 > height || b.Empty() {
				t.Fatalf("round %d: %q is at %v", round, w.Text, b)
			}
		}
	}
}
