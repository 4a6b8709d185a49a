package table

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

const dpi = 200

// sheet is a page that is drawn for a test.
type sheet struct {
	page ocr.Page
	grey Grey
}

func newSheet() *sheet {
	s := &sheet{
		page: ocr.Page{Width: 1000, Height: 800, DPI: dpi, Blocks: []ocr.Block{{Paragraphs: []ocr.Paragraph{{}}}}},
		grey: Grey{Width: 1000, Height: 800, DPI: dpi, Data: make([]byte, 1000*800)},
	}
	for i := range s.grey.Data {
		s.grey.Data[i] = 235
	}
	return s
}

// rule draws a line of two pixels, in the grey of pale ink.
func (s *sheet) rule(x0, y0, x1, y1 int) {
	n := max(x1-x0, y1-y0)
	for i := 0; i <= n; i++ {
		x, y := x0+(x1-x0)*i/n, y0+(y1-y0)*i/n
		for d := range 4 {
			s.grey.Data[(y+d/2)*s.grey.Width+x+d%2] = 150
		}
	}
}

// line reads words at places, each as wide as its text.
func (s *sheet) line(y int, words ...any) {
	var l ocr.Line
	for pair := range slices.Chunk(words, 2) {
		x, text := pair[0].(int), pair[1].(string)
		for _, w := range strings.Fields(text) {
			box := ocr.Box{X0: x, Y0: y, X1: x + 12*utf8.RuneCountInString(w), Y1: y + 20}
			l.Words, l.Box = append(l.Words, ocr.Word{Text: w, Box: box}), l.Box.Union(box)
			x = box.X1 + 8
		}
	}
	p := &s.page.Blocks[0].Paragraphs[0]
	p.Lines = append(p.Lines, l)
}

// find returns the tables, cells between bars, and the text around them.
func (s *sheet) find() string {
	Find(&s.page, FindRules(s.grey))
	return told(&s.page)
}

func told(page *ocr.Page) string {
	var b strings.Builder
	text := func(paragraphs []ocr.Paragraph) string {
		var all []string
		for _, p := range paragraphs {
			for _, l := range p.Lines {
				for _, w := range l.Words {
					all = append(all, w.Text)
				}
			}
		}
		return strings.Join(all, " ")
	}
	for _, block := range page.Blocks {
		if block.Kind != ocr.TableBlock {
			b.WriteString(text(block.Paragraphs) + "\n")
			continue
		}
		for _, r := range block.Rows {
			for _, c := range r.Cells {
				b.WriteString("|" + text(c.Paragraphs))
				if c.Columns+c.Rows > 0 {
					fmt.Fprintf(&b, "(%d,%d)", c.Columns, c.Rows)
				}
			}
			b.WriteString("|\n")
		}
	}
	return strings.TrimSpace(b.String())
}

func (s *sheet) grid(xs, ys []int) {
	for _, y := range ys {
		s.rule(xs[0], y, xs[len(xs)-1], y)
	}
	for _, x := range xs {
		s.rule(x, ys[0], x, ys[len(ys)-1])
	}
}

func TestRuledTableHasTheCellsThatLinesPart(t *testing.T) {
	s := newSheet()
	s.grid([]int{100, 300, 600, 900}, []int{200, 260, 320, 380})
	s.line(100, 100, "Heading above")
	s.line(220, 120, "Item", 320, "Meaning of it", 620, "Price")
	s.line(280, 120, "Nut", 320, "holds", 620, "1.20")
	s.line(340, 120, "Bolt", 620, "3.40")
	s.line(500, 100, "Text below")
	want := "Heading above\n|Item|Meaning of it|Price|\n|Nut|holds|1.20|\n|Bolt||3.40|\nText below"
	if got := s.find(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// An engine reads pieces of a table's lines as bars and dashes. Those of an author stand where no line is, and those that a text layer has
// were written.
func TestPiecesOfLinesAreNoWords(t *testing.T) {
	for origin, want := range map[ocr.Origin]string{
		ocr.Recognised: "|Item|Price|\n|Nut a / b|-|",
		ocr.TextLayer:  "[\n|Item|| Price _|\n|Nut a / b|-|",
	} {
		s := newSheet()
		s.page.Origin = origin
		s.grid([]int{100, 400, 700}, []int{200, 260, 320})
		s.line(220, 92, "[", 120, "Item", 397, "|", 420, "Price")
		s.line(280, 120, "Nut a / b", 420, "-")
		s.line(250, 440, "_")
		for i := range s.page.Blocks[0].Paragraphs[0].Lines[0].Words {
			s.page.Blocks[0].Paragraphs[0].Lines[0].Words[i].Box.Y1 = 240
		}
		if got := s.find(); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", origin, got, want)
		}
	}
}

func TestCellsThatNoLinePartsAreOne(t *testing.T) {
	s := newSheet()
	for _, y := range []int{200, 260, 380} {
		s.rule(100, y, 900, y)
	}
	s.rule(300, 320, 900, 320) // the first cell of the last rows is one
	s.rule(100, 200, 100, 380)
	s.rule(300, 260, 300, 380) // so is the first row
	s.rule(600, 260, 600, 380)
	s.rule(900, 200, 900, 380)
	s.line(220, 400, "Title over all")
	s.line(280, 120, "Left", 320, "a", 620, "b")
	s.line(340, 320, "c", 620, "d")
	want := "|Title over all(3,0)|\n|Left(0,2)|a|b|\n|c|d|"
	if got := s.find(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTableAskewAndOpenAtItsSidesIsRuledToo(t *testing.T) {
	const slope = 0.02
	s := newSheet()
	at := func(x, y int) (int, int) {
		return x - int(math.Round(slope*float64(y))), y + int(math.Round(slope*float64(x)))
	}
	draw := func(x0, y0, x1, y1 int) {
		ax, ay := at(x0, y0)
		bx, by := at(x1, y1)
		n := max(bx-ax, by-ay)
		for i := 0; i <= n; i++ {
			x, y := ax+(bx-ax)*i/n, ay+(by-ay)*i/n
			for d := range 4 {
				s.grey.Data[(y+d/2)*s.grey.Width+x+d%2] = 100
			}
		}
	}
	for _, y := range []int{200, 260, 320} {
		draw(100, y, 900, y)
	}
	draw(400, 200, 400, 320)
	for _, w := range []struct {
		x, y int
		text string
	}{{120, 220, "Name"}, {820, 220, "Mara"}, {120, 280, "Town"}, {820, 280, "Ulm"}} {
		x, y := at(w.x, w.y)
		s.line(y, x, w.text)
	}
	if got, want := s.find(), "|Name|Mara|\n|Town|Ulm|"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTableOfAPageThatLiesOnItsSideIsRead(t *testing.T) {
	s := newSheet()
	s.page.Angle = 90 // what stands at the left is read at the top
	s.grid([]int{200, 260, 320}, []int{100, 400, 700})
	for _, w := range []struct {
		x, y int
		text string
	}{{220, 600, "a"}, {220, 300, "b"}, {280, 600, "c"}, {280, 300, "d"}} {
		s.line(w.y, w.x, w.text)
	}
	if got, want := s.find(), "|a|b|\n|c|d|"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWordsInClearColumnsAreATable(t *testing.T) {
	s := newSheet()
	s.line(100, 100, "The figures of this year and of the one before")
	s.line(160, 100, "Sales", 500, "2,450", 760, "2,310")
	s.line(200, 100, "Costs of it", 500, "1,900", 760, "1,870")
	s.line(240, 100, "Profit", 500, "550", 760, "440")
	s.line(340, 100, "All in thousands, as the auditors found them then")
	want := "The figures of this year and of the one before\n|Sales|2,450|2,310|\n|Costs of it|1,900|1,870|\n|Profit|550|440|\nAll in thousands, as the auditors found them then"
	if got := s.find(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestProseAndListsAndFramesAreNoTables(t *testing.T) {
	for name, draw := range map[string]func(*sheet){
		"columns of prose": func(s *sheet) {
			for i := range 8 {
				s.line(100+40*i, 60, "several words fill the line", 400, "and others do so beside it", 720, "a third one as well")
			}
		},
		"a list": func(s *sheet) {
			for i := range 8 {
				s.line(100+40*i, 100, fmt.Sprint(i+1, "."), 160, "what is to be done by whom and when it must be")
			}
		},
		"a form of pairs": func(s *sheet) {
			s.line(100, 100, "Name:", 400, "Mara")
			s.line(140, 100, "Town:", 400, "Ulm")
			s.line(180, 100, "Street:", 400, "Hafengasse")
			s.line(220, 100, "Trade:", 400, "Cooper")
		},
		"a frame": func(s *sheet) {
			s.grid([]int{50, 950}, []int{50, 750})
			s.line(100, 100, "one", 400, "two")
			s.line(140, 100, "three")
		},
		"an underlined heading": func(s *sheet) {
			s.rule(100, 130, 600, 130)
			s.line(100, 100, "Heading")
			s.line(160, 100, "Text")
		},
	} {
		s := newSheet()
		draw(s)
		if s.find(); len(s.page.Blocks) != 1 || s.page.Blocks[0].Kind != ocr.TextBlock {
			t.Errorf("%s:\n%s", name, told(&s.page))
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add([]byte{10, 10, 3, 2, 40, 10, 3, 2, 10, 20, 3, 2, 40, 20, 3, 2}, []byte{0, 5, 99, 5, 0, 30, 99, 30, 0, 5, 0, 30, 30, 5, 30, 30, 99, 5, 99, 30}, 0)
	f.Add([]byte{10, 10, 9, 2, 40, 10, 9, 2, 80, 10, 9, 2, 10, 14, 9, 2, 40, 14, 9, 2, 80, 14, 9, 2, 10, 18, 9, 2, 40, 18, 9, 2, 80, 18, 9, 2}, []byte{}, 3)
	f.Fuzz(func(t *testing.T, boxes, lines []byte, turn int) {
		page := ocr.Page{Width: 300, Height: 300, DPI: 72, Angle: 90 * (turn & 3)}
		block := ocr.Block{}
		for i := 0; i+4 <= len(boxes) && i < 400; i += 4 {
			x, y := int(boxes[i]), int(boxes[i+1])
			box := ocr.Box{X0: x, Y0: y, X1: min(x+int(boxes[i+2]), 300), Y1: min(y+int(boxes[i+3]), 300)}
			line := ocr.Line{Box: box, Words: []ocr.Word{{Text: fmt.Sprint(i), Box: box}}}
			block.Paragraphs = append(block.Paragraphs, ocr.Paragraph{Box: box, Lines: []ocr.Line{line}})
		}
		page.Blocks = []ocr.Block{block}
		var rules Rules
		for i := 0; i+4 <= len(lines) && i < 400; i += 4 {
			r := Rule{float64(lines[i]), float64(lines[i+1]), float64(lines[i+2]), float64(lines[i+3])}
			rules.Across, rules.Down = append(rules.Across, r), append(rules.Down, r)
		}
		before := make(map[string]bool)
		for w := range page.Words {
			before[w.Text] = true
		}
		Find(&page, rules)
		free := -1 // the order of words outside tables stays
		for i, b := range page.Blocks {
			n := 0
			for p := range b.Text {
				for _, l := range p.Lines {
					for _, w := range l.Words {
						if !before[w.Text] {
							t.Fatalf("%q is there twice", w.Text)
						}
						delete(before, w.Text)
						at, err := strconv.Atoi(w.Text)
						if err != nil {
							t.Fatal(err)
						}
						if b.Kind == ocr.TextBlock {
							if at < free {
								t.Fatalf("%d comes after %d", at, free)
							}
							free = at
						}
						n++
					}
				}
			}
			if n == 0 {
				t.Fatalf("block %d is empty", i)
			}
			if b.Box.X0 < 0 || b.Box.Y0 < 0 || b.Box.X1 > 300 || b.Box.Y1 > 300 || b.Box.X0 > b.Box.X1 || b.Box.Y0 > b.Box.Y1 {
				t.Fatalf("box %+v", b.Box)
			}
		}
		if len(before) > 0 {
			t.Fatalf("%d words are lost", len(before))
		}
	})
}

func FuzzFindRules(f *testing.F) {
	f.Add([]byte{255, 255, 0, 0, 255, 255}, 3, 90)
	f.Fuzz(func(t *testing.T, pixels []byte, width, dpi int) {
		if width < 1 || width > len(pixels) || dpi > 2400 {
			return
		}
		height := len(pixels) / width
		rules := FindRules(Grey{Width: width, Height: height, Data: pixels, DPI: dpi})
		for _, r := range append(rules.Across, rules.Down...) {
			if min(r.X0, r.Y0, r.X1, r.Y1) < 0 || max(r.X0, r.X1) > float64(width) || max(r.Y0, r.Y1) > float64(height) {
				t.Fatalf("a line of %d by %d pixels lies at %+v", width, height, r)
			}
		}
	})
}

// A row of a wide page askew stands beside another one at its end.
func TestRowsOfAPageAskewAreThoseThatWereRead(t *testing.T) {
	for _, slope := range []float64{-0.03, 0.03} {
		for _, underline := range []bool{false, true} {
			s := newSheet()
			skewed := func(x, y int) (int, int) { return x - int(slope*float64(y)), y + int(slope*float64(x)) }
			var want []string
			for i, name := range []string{"Ada", "Ben", "Cato", "Dora", "Edith", "Frank"} {
				for _, w := range []struct {
					x    int
					text string
				}{{100, name}, {500, "room"}, {880, strconv.Itoa(10 + i)}} {
					x, y := skewed(w.x, 200+26*i)
					s.line(y, x, w.text)
				}
				lines := s.page.Blocks[0].Paragraphs[0].Lines
				for l := range lines[len(lines)-3:] { // read in pieces, which stand as the page does
					line := &lines[len(lines)-3+l]
					line.Baseline = &ocr.Baseline{X0: line.Box.X0, Y0: line.Box.Y1, X1: line.Box.X1, Y1: line.Box.Y1 + int(math.Round(slope*float64(line.Box.X1-line.Box.X0)))}
				}
				want = append(want, fmt.Sprintf("|%s|room|%d|", name, 10+i))
			}
			if underline {
				x0, y0 := skewed(100, 150)
				x1, y1 := skewed(400, 150)
				s.rule(x0, y0, x1, y1)
			}
			if got := s.find(); got != strings.Join(want, "\n") {
				t.Errorf("slope %v, underlined %v: got\n%s", slope, underline, got)
			}
		}
	}
}

func TestNumbersWithAUnitOrCurrencyAreAColumnOfNumbers(t *testing.T) {
	s := newSheet()
	s.line(100, 100, "Tea with milk", 500, "2.40 EUR")
	s.line(140, 100, "Cocoa", 500, "CHF 3.10")
	s.line(180, 100, "Apple pie", 500, "120 g")
	s.line(220, 100, "Sandwich", 500, "4.90")
	want := "|Tea with milk|2.40 EUR|\n|Cocoa|CHF 3.10|\n|Apple pie|120 g|\n|Sandwich|4.90|"
	if got := s.find(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
