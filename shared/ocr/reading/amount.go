//go:build cgo

package reading

import (
	"regexp"
	"unicode"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

var (
	toPoint = regexp.MustCompile(`^[-+(]?\p{Sc}?\d{1,3}(,\d{3})*\.$`)
	cents   = regexp.MustCompile(`^\d\d$`)
)

const pointRoom = 0.7 // of the height of digits lie between a point and the next digit at most: in print of one pitch, a space is wider

// joinAmounts makes one word of an amount that was read as two. Tills print with one pitch, which leaves so much room beside a point that
// the engine takes it for a space. What may be the number of an item at the beginning of a line, or the end of a sentence, stays.
func joinAmounts(blocks []ocr.Block) {
	for _, block := range blocks {
		for _, paragraph := range block.Paragraphs {
			for l := range paragraph.Lines {
				joinOnLine(&paragraph.Lines[l])
			}
		}
	}
}

func joinOnLine(line *ocr.Line) {
	for i := 1; i < len(line.Words); i++ {
		if splitsAmount(line.Words, i) {
			line.Words[i-1] = joined(line.Words[i-1], line.Words[i])
			line.Words = append(line.Words[:i], line.Words[i+1:]...)
		}
	}
}

// splitsAmount reports whether word i of a line is the rest of an amount that the word before begins.
func splitsAmount(words []ocr.Word, i int) bool {
	before, word := &words[i-1], &words[i]
	if !toPoint.MatchString(before.Text) || !cents.MatchString(word.Text) || i == 1 && len(words) > 2 {
		return false
	}
	if i+1 < len(words) {
		if next, _ := utf8.DecodeRuneInString(words[i+1].Text); unicode.IsLower(next) {
			return false
		}
	}
	return float64(before.Box.Room(word.Box)) < pointRoom*float64(min(before.Box.Height(), word.Box.Height()))
}

// joined is one word of two. It is as certain as its letters are.
func joined(a, b ocr.Word) ocr.Word {
	n, m := float64(utf8.RuneCountInString(a.Text)), float64(utf8.RuneCountInString(b.Text))
	a.Confidence = (a.Confidence*n + b.Confidence*m) / (n + m)
	a.Text += b.Text
	a.Box = a.Box.Union(b.Box)
	a.Characters = append(a.Characters, b.Characters...)
	return a
}
