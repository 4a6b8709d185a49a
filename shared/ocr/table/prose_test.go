package table

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// wider are lines for below a picture, and narrow those beside it.
var (
	wider  = []string{"and so we went on foot to the", "old town, where a boy let us", "know that most of those who", "had lived there had left it."}
	narrow = []string{"We drove to the", "sea in the last", "of the summer", "months and none", "of us was ill,"}
)

// article is what a column of a newspaper reads, line by line.
var article = []string{"We drove down to the", "coast in the summer of", "that year, and nobody had", "told us that the harbour", "was closed to visitors."}

func TestRunningTextIsNoColumnOfATable(t *testing.T) {
	t.Run("columns with a caption between them", func(t *testing.T) {
		s := newSheet()
		for c := range 2 {
			for i, l := range narrow {
				s.line(100+30*i, 60+600*c, l)
			}
			for i, l := range wider {
				s.line(280+30*i, 60+600*c, l)
			}
		}
		for i, l := range []string{"ROOFS", "OF THE", "TOWN", "AFTER", "THE", "LONG", "WAR"} {
			s.line(160+30*i, 520, l)
		}
		if got := s.find(); strings.Contains(got, "|") {
			t.Errorf("got\n%s", got)
		}
	})
	t.Run("beside a table", func(t *testing.T) {
		s := newSheet()
		for i, row := range []string{"Sales", "Costs", "Profit", "Taxes", "Rest"} {
			s.line(100+40*i, 60, row, 300, fmt.Sprint(2410-i), 420, fmt.Sprint(1370-i))
		}
		for i, l := range article {
			s.line(100+40*i, 600, l)
		}
		want := "|Sales|2410|1370|\n|Costs|2409|1369|\n|Profit|2408|1368|\n|Taxes|2407|1367|\n|Rest|2406|1366|\n" + strings.Join(article, " ")
		if got := s.find(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

// An item of a bill may be described in more than one line.
func TestDescriptionsOfSeveralLinesStayInTheirTable(t *testing.T) {
	s := newSheet()
	s.line(100, 60, "Repair of the roof after", 500, "120.00", 700, "19 %")
	s.line(130, 60, "the storm")
	s.line(180, 60, "Tiles and nails", 500, "80.50", 700, "19 %")
	s.line(230, 60, "Journey to the place and", 500, "40.00", 700, "7 %")
	s.line(260, 60, "back")
	want := "|Repair of the roof after|120.00|19 %|\n|the storm|||\n|Tiles and nails|80.50|19 %|\n|Journey to the place and|40.00|7 %|"
	if got := s.find(); !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Lines are found wherever they lie, though few pixels of a row are looked at, and with specks in them.
func TestLineIsFoundAtEveryPlace(t *testing.T) {
	const side = 300
	for offset := range 60 {
		for _, down := range []bool{false, true} {
			g := Grey{Width: side, Height: side, DPI: dpi, Data: slices.Repeat([]byte{255}, side*side)}
			for i := range 41 {
				x, y := 100+offset+i, 150+offset
				if down {
					x, y = y, x
				}
				if i%9 < 7 { // two pixels are missing here and there
					g.Data[y*side+x] = 90
				}
			}
			rules := FindRules(g)
			across, along := rules.Across, rules.Down
			if down {
				across, along = along, across
			}
			if len(across) != 1 || len(along) != 0 {
				t.Fatalf("offset %d, down %t: %+v", offset, down, rules)
			}
			from, to := float64(100+offset), float64(100+offset+41)
			if r := across[0]; down && (r.Y0 != from || r.Y1 != to) || !down && (r.X0 != from || r.X1 != to) {
				t.Errorf("offset %d, down %t: %+v", offset, down, r)
			}
		}
	}
}

func TestWhatIsTooShortOrPaleIsNoLine(t *testing.T) {
	const side = 300
	for name, c := range map[string]struct {
		length int
		grey   byte
	}{"short": {39, 0}, "pale": {200, 255 - contrast + 1}} {
		g := Grey{Width: side, Height: side, DPI: dpi, Data: slices.Repeat([]byte{255}, side*side)}
		for i := range c.length {
			g.Data[150*side+50+i], g.Data[(50+i)*side+20] = c.grey, c.grey
		}
		if r := FindRules(g); len(r.Across)+len(r.Down) > 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestRunningTextIsToldByItsLines(t *testing.T) {
	for name, c := range map[string]struct {
		lines []string
		prose bool
	}{
		"an article":      {article, true},
		"broken words":    {[]string{"Die Ausstellung der Kup-", "ferstiche im Alten Rat-", "haus wird Anfang Novem-", "ber eröffnet."}, true},
		"three lines":     {article[:3], false},
		"a list of names": {[]string{"Mara Elena Lindqvist", "Jon Asgeir Olafsson", "Piet van der Meer", "Anna Maria Huber", "Tom"}, false},
		"items of a bill": {[]string{"Tiles, red, for the roof", "nails", "hire of a van for two days", "oil", "screws and bolts"}, false},
		"one word a line": {[]string{"apples", "pears", "plums", "quinces", "figs"}, false},
		"rows of a table": {[]string{"Sales      2410 1370", "costs      2409 1369", "profit     2408 1368", "taxes      2407 1367"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSheet()
			for i, l := range c.lines {
				words := []any{}
				x := 60
				for part := range strings.SplitSeq(l, "      ") {
					words = append(words, x, strings.TrimSpace(part))
					x += 300
				}
				s.line(100+40*i, words...)
			}
			items := collect(&s.page, frame{width: 1000, height: 800})
			markProse(items)
			for _, it := range items {
				if it.prose != c.prose {
					t.Fatalf("%q: %t", it.word.Text, it.prose)
				}
			}
		})
	}
}

// Whatever lines there are, marking ends and leaves the words as they are.
func FuzzProse(f *testing.F) {
	f.Add("We drove down to the\ncoast in the summer of\nthat year, and nobody had\ntold us.", 40)
	f.Fuzz(func(t *testing.T, text string, apart int) {
		s := newSheet()
		for i, l := range strings.Split(text, "\n") {
			if i < 100 && strings.TrimSpace(l) != "" {
				s.line(i*(apart%100), i%7, l)
			}
		}
		items := collect(&s.page, frame{width: 1000, height: 800})
		markProse(items)
		n := 0
		for range s.page.Words {
			n++
		}
		if n != len(items) {
			t.Fatalf("%d of %d words", len(items), n)
		}
	})
}

// Lines of a script without spaces are one word each in a text layer.
func TestColumnsWithoutSpacesBetweenWordsAreNoTable(t *testing.T) {
	s := newSheet()
	for i := range 12 {
		for _, x := range []int{80, 360, 640} {
			s.line(100+30*i, x, strings.Repeat([]string{"港口夜里的船灯", "早晨在水上下雨", "桥边有三条小船"}[i%3], 3))
		}
	}
	if got := s.find(); strings.Contains(got, "|") {
		t.Errorf("got\n%s", got)
	}
}

func TestTableOfAScriptWithoutSpacesIsFound(t *testing.T) {
	s := newSheet()
	var want []string
	for i, name := range []string{"茶", "咖啡", "苹果", "面包", "牛奶"} {
		price := fmt.Sprintf("%d.50", i+2)
		s.line(100+30*i, 80, name, 360, "每份", 640, price)
		want = append(want, "|"+name+"|每份|"+price+"|")
	}
	if got := s.find(); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s", got)
	}
}
