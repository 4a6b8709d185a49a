//go:build cgo

package reading

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The marks that engines put around words of a line that runs from right to left, so that it looks right where it is shown.
const (
	leftToRight = '\u200e'
	rightToLeft = '\u200f'
)

// logical returns the text and the characters of a word in the order in which they are read, without marks of direction: search
// and comparison would not find a word that has one. A number in a line that runs from right to left comes as it looks, marked as
// running from left to right: what stands before it is read after it.
func logical(w Word) (string, []Character) {
	marked := strings.HasPrefix(w.Text, string(leftToRight)) && strings.HasSuffix(w.Text, string(rightToLeft))
	text := strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == leftToRight || r == rightToLeft {
			return -1
		}
		return r
	}, w.Text))
	if !marked || strings.ContainsFunc(text, unicode.IsLetter) {
		return text, w.Characters
	}
	digit := func(r rune) bool { return unicode.IsDigit(r) }
	first, last := strings.IndexFunc(text, digit), strings.LastIndexFunc(text, digit)
	if first < 0 {
		return text, w.Characters
	}
	_, size := utf8.DecodeRuneInString(text[last:])
	before, number, after := text[:first], text[first:last+size], text[last+size:]
	characters := w.Characters
	if len(characters) == utf8.RuneCountInString(text) {
		b, a := utf8.RuneCountInString(before), len(characters)-utf8.RuneCountInString(after)
		head, tail := slices.Clone(characters[:b]), slices.Clone(characters[a:])
		for _, side := range [][]Character{head, tail} {
			slices.Reverse(side)
			for i := range side {
				side[i].Text = reversed(side[i].Text)
			}
		}
		characters = slices.Concat(tail, characters[b:a], head)
	}
	return reversed(after) + number + reversed(before), characters
}

// reversed is a text in the other direction: a bracket that looks closed opens there.
func reversed(text string) string {
	runes := []rune(text)
	slices.Reverse(runes)
	return strings.NewReplacer("(", ")", ")", "(", "[", "]", "]", "[", "{", "}", "}", "{", "<", ">", ">", "<", "«", "»", "»", "«").Replace(string(runes))
}
