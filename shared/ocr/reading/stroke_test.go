//go:build cgo

package reading

import (
	"image"
	"strings"
	"testing"
)

// ruledRow is a picture with lines down at places, from 0 to 100, and the words of a line at 40 to 60, each 10 pixels a letter.
func ruledRow(grey byte, thick int, downs ...int) *image.Gray {
	page := image.NewGray(image.Rect(0, 0, 400, 100))
	for i := range page.Pix {
		page.Pix[i] = 250
	}
	for _, x := range downs {
		for y := range 100 {
			for d := range thick {
				page.Pix[y*page.Stride+x+d] = grey
			}
		}
	}
	return page
}

func rowWord(x int, confidence float64, text string) Word {
	return Word{Text: text, Confidence: confidence, Block: 1, Paragraph: 1, Line: 1, Box: image.Rect(x, 40, x+10*len(text), 60)}
}

func TestBarsThatAreLinesOfATableAreNoText(t *testing.T) {
	short := ruledRow(0, 2)
	for y := 40; y < 60; y++ { // as high as letters
		short.Pix[y*short.Stride+34], short.Pix[y*short.Stride+35] = 0, 0
	}
	double := ruledRow(120, 1, 34, 36)
	inverse := ruledRow(250, 2, 34)
	for i, v := range inverse.Pix {
		inverse.Pix[i] = 250 - v
	}
	for name, c := range map[string]struct {
		page  *image.Gray
		words []Word
		want  string
	}{
		"between two words":   {ruledRow(0, 2, 34), []Word{rowWord(0, 90, "abc|def")}, "abc def"},
		"pale and double":     {double, []Word{rowWord(0, 90, "abc|def")}, "abc def"},
		"by itself":           {ruledRow(0, 2, 34), []Word{rowWord(0, 90, "ab"), rowWord(30, 90, "|"), rowWord(50, 90, "c")}, "ab c"},
		"at both ends":        {ruledRow(0, 2, 4, 54), []Word{rowWord(0, 90, "|1.50|")}, "1.50"},
		"as high as letters":  {short, []Word{rowWord(0, 90, "abc|def")}, "abc|def"},
		"where no line is":    {ruledRow(0, 2), []Word{rowWord(0, 90, "a|b"), rowWord(60, 90, "|")}, "a|b |"},
		"one line, two bars":  {ruledRow(0, 2, 34), []Word{rowWord(0, 90, "ab|c|de")}, "ab|c|de"},
		"bright lines":        {inverse, []Word{rowWord(0, 90, "abc|def")}, "abc|def"},
		"outside the picture": {ruledRow(0, 2), []Word{rowWord(500, 90, "a|b")}, "a|b"},
		"no bars":             {ruledRow(0, 2, 34), []Word{rowWord(0, 10, "abcdef")}, "abcdef"},
	} {
		var got []string
		for _, times := range []int{1, 2} {
			page := c.page
			if times == 2 {
				page = twice(c.page)
			}
			got = nil
			for _, w := range withoutBars(c.words, page, float64(times)) {
				got = append(got, w.Text)
				if len(w.Characters) > 0 || w.Box.Empty() {
					t.Errorf("%s: %+v", name, w)
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%s, %d times as large: %q, want %q", name, times, got, c.want)
			}
		}
	}
}

func twice(of *image.Gray) *image.Gray {
	page := image.NewGray(image.Rect(0, 0, 2*of.Rect.Dx(), 2*of.Rect.Dy()))
	for y := range page.Rect.Dy() {
		for x := range page.Rect.Dx() {
			page.Pix[y*page.Stride+x] = of.Pix[y/2*of.Stride+x/2]
		}
	}
	return page
}

// The engine gives a word that it read in one with a line the confidence of both.
func TestWordBesideALineIsNoNoise(t *testing.T) {
	for name, c := range map[string]struct {
		words []Word
		want  float64
	}{
		"with a bar of the same":  {[]Word{rowWord(30, 0, "|"), rowWord(50, 0, "9541.64")}, junkWord},
		"with a bar of another":   {[]Word{rowWord(30, 60, "|"), rowWord(50, 0, "9541.64")}, 0},
		"with a word of the same": {[]Word{rowWord(30, 0, ","), rowWord(50, 0, "9541.64"), rowWord(200, 90, "a|b")}, 0},
	} {
		words := withoutBars(c.words, ruledRow(0, 2), 1)
		if got := words[1].Confidence; got != c.want {
			t.Errorf("%s: %g, want %g", name, got, c.want)
		}
	}
}

func TestCharactersAreSharedOutAtALine(t *testing.T) {
	w := rowWord(0, 90, "abc|def")
	for _, c := range w.Text {
		w.Characters = append(w.Characters, Character{Text: string(c)})
	}
	words := withoutBars([]Word{w}, ruledRow(0, 2, 34), 1)
	if len(words) != 2 || len(words[0].Characters) != 3 || len(words[1].Characters) != 3 || words[1].Characters[0].Text != "d" {
		t.Errorf("%+v", words)
	}
}
