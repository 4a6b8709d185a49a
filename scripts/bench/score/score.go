// Package score compares recognised text with the truth by the words of both, whatever their order: reading order in
// forms, tables and columns has no single right answer.
package score

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// F1 returns the harmonic mean of precision and recall over bags of words, 0 to 1. Two empty texts agree wholly.
func F1(truth, text string) float64 {
	want, got := Words(truth), Words(text)
	if len(want) == 0 && len(got) == 0 {
		return 1
	}
	bag := map[string]int{}
	for _, w := range want {
		bag[w]++
	}
	common := 0
	for _, w := range got {
		if bag[w] > 0 {
			bag[w]--
			common++
		}
	}
	if common == 0 {
		return 0
	}
	return 2 * float64(common) / float64(len(want)+len(got))
}

// Words splits a text into runs of letters and digits; each Han, Kana and Hangul character is a word. Forms of one
// character that only typography tells apart are the same (NFKC), and a word broken at the end of a line is one word.
func Words(text string) []string {
	text = norm.NFKC.String(text)
	text = strings.NewReplacer("-\n", "", "\u00ad", "", "\u2019", "'", "\u2018", "'").Replace(text)
	var words []string
	var word strings.Builder
	flush := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
			word.Reset()
		}
	}
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul):
			flush()
			words = append(words, string(r))
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
			word.WriteRune(r)
		default:
			flush()
		}
	}
	flush()
	return words
}
