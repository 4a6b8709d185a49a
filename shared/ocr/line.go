package ocr

import (
	"unicode"
	"unicode/utf8"
)

// SpaceBefore reports whether a space stands between word i of a line and the word before it, which must exist: always, except
// between characters of scripts that are written without spaces between words. Chinese and Japanese have none at all; Thai
// and its neighbours have them between phrases, where there is room.
func (l *Line) SpaceBefore(i int) bool {
	before, word := &l.Words[i-1], &l.Words[i]
	last, _ := utf8.DecodeLastRuneInString(before.Text)
	first, _ := utf8.DecodeRuneInString(word.Text)
	switch {
	case cjk(last) && cjk(first):
		return false
	case phrasal(last) && phrasal(first):
		return before.Box.Room(word.Box)*5 > min(word.Box.Height(), before.Box.Height()) // letters are closer than a fifth of their height
	}
	return true
}

// cjk reports whether r is Chinese or Japanese writing or its punctuation. Korean is not: it has spaces between words.
func cjk(r rune) bool {
	switch {
	case r >= 0x3000 && r <= 0x30FF: // CJK symbols and punctuation, kana with the marks that they share
		return true
	case r >= 0xFF01 && r <= 0xFF9F: // full-width forms, half-width katakana
		return true
	}
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo)
}

// phrasal reports whether r belongs to a script with spaces between phrases alone.
func phrasal(r rune) bool {
	return unicode.In(r, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// Hyphens are what a line may end in within a word.
const Hyphens = "-\u2010\u00AD"

// LettersOfWord returns how many letters make a word in the mean where no spaces part words: 2 in Chinese and Japanese writing, 4 in
// Thai, Lao, Khmer and Burmese. It is 0 for r of other scripts.
func LettersOfWord(r rune) int {
	switch {
	case cjk(r):
		return 2
	case phrasal(r):
		return 4
	}
	return 0
}
