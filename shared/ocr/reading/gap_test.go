//go:build cgo

package reading

import (
	"image"
	"image/draw"
	"strings"
	"testing"
)

// printed draws the words of a line, each character as a bar 14 pixels wide and 28 high. The gaps after the characters of each
// word are given; after its last one it is that to the next word.
func printed(texts []string, gaps [][]int, times int) (words []Word, page *image.Gray) {
	page = image.NewGray(image.Rect(0, 0, 900*times, 60*times))
	draw.Draw(page, page.Rect, image.White, image.Point{}, draw.Src)
	at := 20
	for i, text := range texts {
		w := Word{Text: text, Block: 1, Paragraph: 1, Line: 1, Confidence: 90, Box: image.Rect(at, 10, at, 38)}
		for j, c := range []rune(text) {
			bar := image.Rect(at, 10, at+14, 38)
			draw.Draw(page, scaled(bar, float64(times)), image.Black, image.Point{}, draw.Src)
			w.Characters = append(w.Characters, Character{Text: string(c), Box: bar})
			w.Box.Max.X = bar.Max.X
			at = bar.Max.X + gaps[i][j]
		}
		words = append(words, w)
	}
	return words, page
}

func TestSpaceThatTheEngineDidNotSeeParts(t *testing.T) {
	for _, c := range []struct {
		why   string
		texts []string
		gaps  [][]int
		want  string
	}{
		{"a number and a letter, far apart", []string{"13A"}, [][]int{{3, 12, 0}}, "13 A"},
		{"a letter and a number", []string{"NOV29"}, [][]int{{2, 2, 9, 2, 0}}, "NOV 29"},
		{"letters, as far apart as words of the line", []string{"sit", "atthe"}, [][]int{{2, 2, 12}, {2, 10, 2, 2, 0}}, "sit at the"},
		{"letters, nearer than words of the line", []string{"sit", "atthe"}, [][]int{{2, 2, 24}, {2, 10, 2, 2, 0}}, "sit atthe"},
		{"letters where no word is beside", []string{"atthe"}, [][]int{{2, 10, 2, 2, 0}}, "atthe"},
		{"a gap that others are like", []string{"13AB"}, [][]int{{6, 12, 2, 0}}, "13AB"},
		{"letters that all stand apart", []string{"R2D"}, [][]int{{12, 12, 0}}, "R2D"},
		{"a gap of less than a quarter of the height", []string{"13A"}, [][]int{{1, 6, 0}}, "13A"},
		{"digits, of which a one is narrow", []string{"213"}, [][]int{{2, 12, 0}}, "213"},
		{"room beside a point", []string{"v4.1"}, [][]int{{2, 2, 12, 0}}, "v4.1"},
		{"two characters", []string{"4A"}, [][]int{{12, 0}}, "4A"},
		{"letters that touch", []string{"13AB"}, [][]int{{2, 12, 0, 0}}, "13AB"},
		{"writing from right to left", []string{"13אב"}, [][]int{{2, 12, 2, 0}}, "13אב"},
	} {
		for _, times := range []int{1, 2} {
			words, page := printed(c.texts, c.gaps, times)
			got := spaced(words, page, float64(times))
			var texts []string
			for i, w := range got {
				texts = append(texts, w.Text)
				spelt := ""
				for _, c := range w.Characters {
					spelt += c.Text
					if !c.Box.In(w.Box) {
						t.Errorf("%s: %q at %v does not hold its %q at %v", c.Text, w.Text, w.Box, c.Text, c.Box)
					}
				}
				if spelt != w.Text || w.Confidence != 90 || i > 0 && (w.Box.Overlaps(got[i-1].Box) || !w.follows(got[i-1])) {
					t.Errorf("%s: %+v after %d others", c.why, w, i)
				}
			}
			if read := strings.Join(texts, " "); read != c.want {
				t.Errorf("%s, %d times as large: %q, want %q", c.why, times, read, c.want)
			}
		}
	}
}

func TestWordOutsideThePictureStaysWhole(t *testing.T) {
	page := image.NewGray(image.Rect(0, 0, 40, 40))
	for _, box := range []image.Rectangle{image.Rect(50, 50, 90, 70), image.Rect(-30, -20, -5, -1), image.Rect(20, 10, 90, 38), {}} {
		if got := spaced([]Word{{Text: "13A", Box: box}}, page, 1); len(got) != 1 || got[0].Text != "13A" {
			t.Errorf("%v gives %+v", box, got)
		}
	}
}
