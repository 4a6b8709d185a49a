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
