package pdf

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

func TestTextReadFromRightToLeftIsInLogicalOrder(t *testing.T) {
	for _, c := range []struct {
		printed string // as it stands on the page, from left to right
		want    string
	}{
		{"םלוע םולש", "שלום עולם"},
		{"2026 ץרמב 17-ב", "ב-17 במרץ 2026"},
		{"רפס Mill Road תירבע תיב", "בית עברית Mill Road ספר"},
		{"see the םלוע םולש over here", "see the שלום עולם over here"},
		{"plain 12 words", "plain 12 words"},
	} {
		var glyphs []glyph
		for i, char := range []rune(c.printed) {
			if char == ' ' {
				continue
			}
			x := 100 + 6*float64(i)
			set := &setting{font: ocr.Font{Size: 10}}
			set.origin.x, set.origin.y = x, 100
			box := rect{x, 93, x + 5.5, 100}
			glyphs = append(glyphs, glyph{char: char, box: box, set: set, advance: rect{x, 92, x + 6, 102}})
		}
		for range 2 { // drawn from the left and from the right
			d := direction{glyphs: glyphs, frame: upright(0), shrink: 1}
			var words []string
			for _, l := range order(d.pieces()) {
				for i := range l.words {
					words = append(words, string(l.words[i].text))
				}
			}
			if diff := cmp.Diff(c.want, strings.Join(words, " ")); diff != "" {
				t.Errorf("%s: %s", c.printed, diff)
			}
			slices.Reverse(glyphs)
		}
	}
}

// Boxes are of ink: a letter may hold all of another, and the letters of a ligature have the same.
func TestLettersThatReachUnderOthersAreInLogicalOrder(t *testing.T) {
	type printed struct {
		char     rune
		from, to float64
	}
	for want, glyphs := range map[string][]printed{ // as PDFium gives them
		"بتاريخ":  {{'ب', 425, 428}, {'ت', 423, 426}, {'ا', 422, 424}, {'ر', 416, 421}, {'ي', 411.2, 417.1}, {'خ', 410.8, 418.5}},
		"السلام":  {{'ا', 140, 142}, {'ل', 136, 138}, {'س', 130, 136}, {'ا', 124, 130}, {'ل', 124, 130}, {'م', 118, 124}},
		"والآخرة": {{'و', 140, 142}, {'ا', 136, 138}, {'ل', 130, 136}, {'آ', 130, 136}, {'خ', 124, 130}, {'ر', 118, 124}, {'ة', 112, 118}},
		"شالوم":   {{'م', 100, 105}, {'و', 106, 111}, {'ل', 112, 117}, {'ا', 113, 116}, {'ش', 118, 124}}, // drawn from the left
	} {
		w := word{leftward: true}
		for _, g := range glyphs {
			box := rect{g.from, 93, g.to, 100}
			w.add(glyph{char: g.char, box: box}, box)
		}
		w.arrange()
		if got := string(w.text); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
