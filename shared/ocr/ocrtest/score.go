package ocrtest

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// F1 compares recognised text with the truth by the words of both, whatever their order: reading order in forms, tables and
// columns has no single right answer. It returns the harmonic mean of precision and recall over bags of words, 0 to 1. Two empty texts agree wholly.
func F1(truth, text string) float64 {
	want, got := tokens(truth), tokens(text)
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

// broken matches a hyphen at the end of a line inside a word; leader matches rows of dots, dashes or lines, which fill space
// and carry no text.
const (
	broken = `([\p{L}\p{N}_])-\s*\n\s*(\p{L})`
	leader = `\.(\s?\.){3,}|_(\s?_){3,}|-(\s?-){3,}`
)

// tokens splits a text at white space and drops punctuation around words, not inside them; each Han, Kana and Hangul
// character is a word. Forms of one character that only typography tells apart are the same: NFKC, one kind of quote, one
// kind of dash. A word broken at the end of a line is one word.
func tokens(text string) []string {
	text = norm.NFKC.String(strings.Map(plain, norm.NFKC.String(text)))
	text = regexp.MustCompile(broken).ReplaceAllString(text, "$1$2")
	text = regexp.MustCompile(leader).ReplaceAllString(text, " ")
	var words []string
	for chunk := range strings.FieldsSeq(text) {
		for chunk != "" {
			end := strings.IndexFunc(chunk, ideograph)
			if end < 0 {
				end = len(chunk)
			}
			word := strings.TrimFunc(chunk[:end], func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
			if word != "" {
				words = append(words, word)
			}
			chunk = chunk[end:]
			if chunk != "" {
				_, size := utf8.DecodeRuneInString(chunk)
				words = append(words, chunk[:size])
				chunk = chunk[size:]
			}
		}
	}
	return words
}

// ideograph reports whether a character is a word of its own.
func ideograph(r rune) bool {
	return r >= 0x3040 && r <= 0x30ff || r >= 0x3400 && r <= 0x9fff || r >= 0xf900 && r <= 0xfaff || r >= 0xac00 && r <= 0xd7af
}

// plain replaces typographic quotes and dashes and drops marks that only steer writing direction and line breaks.
func plain(r rune) rune {
	switch {
	case strings.ContainsRune("\u2018\u2019\u201a\u201b\u2032\u0060\u00b4", r):
		return '\''
	case strings.ContainsRune("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", r):
		return '"'
	case strings.ContainsRune("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad", r):
		return '-'
	case r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfeff:
		return -1
	}
	return r
}
