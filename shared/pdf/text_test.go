package pdf

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

func words(page ocr.Page) []string {
	var text []string
	for w := range page.Words {
		text = append(text, w.Text)
	}
	return text
}

func TestTextLayerIsTakenWordByWord(t *testing.T) {
	content := "BT /F1 12 Tf 72 720 Td (Lethe reads the layer) Tj 0 -14 Td (line by line and) Tj 0 -60 Td (another block) Tj ET"
	page, ok, err := open(t, onePage(letter, content)).Text(1, false)
	if err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	if diff := cmp.Diff(strings.Fields("Lethe reads the layer line by line and another block"), words(page)); diff != "" {
		t.Error(diff)
	}
	if page.Width != 1700 || page.Height != 2200 || page.DPI != 200 || page.Origin != ocr.TextLayer || page.Confidence != 100 {
		t.Errorf("page %d × %d at %d dpi, %s, %v", page.Width, page.Height, page.DPI, page.Origin, page.Confidence)
	}
	if len(page.Blocks) != 2 || len(page.Blocks[0].Paragraphs[0].Lines) != 2 {
		t.Errorf("blocks: %+v", page.Blocks)
	}
	// The baseline is 72 points from the top; a point is 200/72 pixels.
	first := page.Blocks[0].Paragraphs[0].Lines[0].Words[0].Box
	if first.X0 < 198 || first.X0 > 206 || first.Y1 < 196 || first.Y1 > 204 || first.Height() < 20 || first.Height() > 30 {
		t.Errorf("first word at %v", first)
	}
}

func TestTextLayerOfTurnedPages(t *testing.T) {
	cases := []struct {
		name, entries string
		turn          string // the text matrix
		angle         int
	}{
		{"as written", letter, "1 0 0 1 72 400", 0},
		{"page turned by 90", letter + "/Rotate 90", "1 0 0 1 72 400", 270},
		{"page turned by 180", letter + "/Rotate 180", "1 0 0 1 72 400", 180},
		{"page turned by 270", letter + "/Rotate 270", "1 0 0 1 72 400", 90},
		{"text turned left", letter, "0 1 -1 0 300 72", 90},
		{"text turned left on a page turned right", letter + "/Rotate 90", "0 1 -1 0 300 72", 0},
		{"crop and origin", "/MediaBox[-50 -50 562 742]/CropBox[0 0 500 700]/Rotate 90", "0 1 -1 0 300 72", 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			content := "BT /F1 12 Tf " + c.turn + " Tm (The quick brown fox) Tj 0 -14 Td (jumps over the dog) Tj ET"
			data := onePage(c.entries, content)
			page, ok, err := open(t, data).Text(1, false)
			if err != nil || !ok {
				t.Fatalf("%v, %v", ok, err)
			}
			if page.Angle != c.angle {
				t.Errorf("angle %d, want %d", page.Angle, c.angle)
			}
			if diff := cmp.Diff(strings.Fields("The quick brown fox jumps over the dog"), words(page)); diff != "" {
				t.Error(diff)
			}
			for w := range page.Words {
				if !inked(t, data, w.Box) {
					t.Errorf("nothing is drawn at %v", w.Box)
				}
			}
		})
	}
}

// inked reports whether most of a box's width and height has dark pixels when the page is rendered.
func inked(t *testing.T, data []byte, b ocr.Box) bool {
	t.Helper()
	raster, err := open(t, data).Raster(1, ocr.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	columns, rows := map[int]bool{}, map[int]bool{}
	for y := b.Y0; y < b.Y1; y++ {
		for x := b.X0; x < b.X1; x++ {
			if raster.Gray[y*raster.Stride+x] < 128 {
				columns[x], rows[y] = true, true
			}
		}
	}
	return len(columns)*10 > b.Width()*5 && len(rows)*10 > b.Height()*7
}

func TestPagesWhoseLayerCannotBeTrustedAreRecognised(t *testing.T) {
	image := "q 612 0 0 792 0 0 cm /I1 Do Q "
	invisible := strings.Replace(prose(), "BT", "BT 3 Tr", 1)
	cipher := strings.Map(func(r rune) rune {
		if strings.ContainsRune("aeiou", r) {
			return r + 1
		}
		return r
	}, prose())
	cases := []struct {
		name, content string
		ok            bool
	}{
		{"text", prose(), true},
		{"image", image, false},
		{"scan read earlier", image + invisible, false},
		{"scan painted over its text", prose() + " " + image, false},
		{"header over a picture", image + "BT /F1 12 Tf 72 760 Td (Received by the registry on Monday) Tj ET", true},
		{"text over a background", image + prose(), true},
		{"logo", "q 60 0 0 60 500 700 cm /I1 Do Q " + prose(), true},
		{"wrong letters", cipher, false},
		{"signs", "BT /F1 12 Tf 72 720 Td (" + strings.Repeat("%&$ #!* @+= ", 20) + "abc def ghi) Tj ET", false},
		{"letters placed one by one", "BT /F1 12 Tf 72 720 Td (" + strings.Repeat("t h e ", 30) + ") Tj ET", false},
		{"outlines", strings.Repeat("10 10 m 20 20 l S ", 300) + "BT /F1 12 Tf 72 720 Td (A short header) Tj ET", true},
	}
	for _, c := range cases {
		if _, ok, err := open(t, onePage(letter, c.content)).Text(1, false); err != nil || ok != c.ok {
			t.Errorf("%s: %v, %v; want %v", c.name, ok, err, c.ok)
		}
	}
}

func TestInvisibleTextIsNoPartOfALayer(t *testing.T) {
	page, ok, err := open(t, onePage(letter, prose()+" BT 3 Tr /F1 12 Tf 72 100 Td (hidden) Tj ET")).Text(1, false)
	if err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	if slices.Contains(words(page), "hidden") {
		t.Error("invisible text was taken")
	}
}

func TestTextOutsideThePageIsNoPartOfALayer(t *testing.T) {
	page, ok, err := open(t, onePage(letter+"/CropBox[0 400 612 792]", prose()+" BT /F1 12 Tf 72 100 Td (outside) Tj ET")).Text(1, false)
	if err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	if slices.Contains(words(page), "outside") {
		t.Error("text outside the page was taken")
	}
}

func TestHyphensAtLineEndsAreKept(t *testing.T) {
	content := "BT /F1 12 Tf 72 720 Td (This sentence is bro-) Tj 0 -14 Td (ken in two places) Tj ET"
	page, ok, err := open(t, onePage(letter, content)).Text(1, false)
	if err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	if diff := cmp.Diff(strings.Fields("This sentence is bro- ken in two places"), words(page)); diff != "" {
		t.Error(diff)
	}
}

func TestColumnsAreBlocks(t *testing.T) {
	var b strings.Builder
	for _, x := range []int{72, 330} {
		fmt.Fprintf(&b, "BT /F1 10 Tf 12 TL %d 700 Td\n", x)
		for i := range 10 {
			fmt.Fprintf(&b, "(column at %d has line %d) Tj T*\n", x, i)
		}
		b.WriteString("ET\n")
	}
	page, ok, err := open(t, onePage(letter, b.String())).Text(1, false)
	if err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	if len(page.Blocks) != 2 || len(page.Blocks[0].Paragraphs[0].Lines) != 10 {
		t.Errorf("%d blocks", len(page.Blocks))
	}
}

func TestWordsOfAnyLengthAreCut(t *testing.T) {
	glyphs := make([]glyph, 10_000)
	for i := range glyphs {
		glyphs[i] = glyph{char: 'é', box: rect{float64(i), 0, float64(i + 1), 10}}
	}
	letters := 0
	d := direction{glyphs: glyphs, frame: upright(0), shrink: 1}
	for _, w := range order(d.pieces())[0].words {
		if len(w.text) > maxWord+utf8.UTFMax {
			t.Errorf("a word of %d bytes", len(w.text))
		}
		letters += utf8.RuneCount(w.text)
	}
	if letters != len(glyphs) {
		t.Errorf("%d of %d letters are left", letters, len(glyphs))
	}
}
