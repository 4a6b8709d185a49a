//go:build cgo

package reading

import (
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// set returns a line of words whose letters are 20 pixels high and 14 wide, with so much room between words.
func set(text string, room int) *ocr.Line {
	line, at := &ocr.Line{}, 0
	for word := range strings.FieldsSeq(text) {
		wide := 14 * len(word)
		line.Words = append(line.Words, ocr.Word{Text: word, Box: ocr.Box{X0: at, X1: at + wide, Y1: 20}, Confidence: 90})
		at += wide + room
	}
	return line
}

func TestAmountThatWasReadAsTwoWordsIsOne(t *testing.T) {
	for _, c := range []struct {
		read string
		room int
		want string
	}{
		{"TOTAL 38. 00", 11, "TOTAL 38.00"},
		{"4.90 0. 00 4.90 S", 11, "4.90 0.00 4.90 S"},
		{"CASH -$1,250. 00 CHANGE 0. 05", 11, "CASH -$1,250.00 CHANGE 0.05"},
		{"12. 15", 11, "12.15"},                                    // a column of amounts
		{"TOTAL 38. 00", 20, "TOTAL 38. 00"},                       // a space of that print
		{"3. 20 bottles", 11, "3. 20 bottles"},                     // the third of a list
		{"3. 20 Bottles", 11, "3. 20 Bottles"},                     // and in another language
		{"in room 214. 20 came", 11, "in room 214. 20 came"},       // two sentences
		{"in 1990. 20", 11, "in 1990. 20"},                         // a year
		{"am 24. 12. 2018", 11, "am 24. 12. 2018"},                 // a date
		{"No. 12. 345", 11, "No. 12. 345"}, {"v1. 2", 11, "v1. 2"}, // other numbers
	} {
		lines, box := []ocr.Line{*set(c.read, c.room)}, ocr.Box{}
		for _, w := range lines[0].Words {
			box = box.Union(w.Box)
		}
		joinAmounts([]ocr.Block{{Paragraphs: []ocr.Paragraph{{Lines: lines}}}})
		var words []string
		after := ocr.Box{}
		for _, w := range lines[0].Words {
			words, after = append(words, w.Text), after.Union(w.Box)
			if w.Confidence != 90 {
				t.Errorf("%q: %q has confidence %g of words that have 90", c.read, w.Text, w.Confidence)
			}
		}
		if got := strings.Join(words, " "); got != c.want || after != box {
			t.Errorf("%q is %q in %v, want %q in %v", c.read, got, after, c.want, box)
		}
	}
}
