package render

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// hyphenated distinguishes a word broken at the end of a line from one that ends in a hyphen: a letter stands before
// the hyphen and the next line goes on in lower case. It returns the part before the hyphen, the hyphen, and the whole
// word. The whole is empty when the word is not broken.
func hyphenated(end, next string) (part, hyphen, whole string) {
	r, size := utf8.DecodeLastRuneInString(end)
	if !strings.ContainsRune(ocr.Hyphens, r) {
		return "", "", ""
	}
	part, hyphen = end[:len(end)-size], end[len(end)-size:]
	before, _ := utf8.DecodeLastRuneInString(part)
	after, _ := utf8.DecodeRuneInString(next)
	if !unicode.IsLetter(before) || !unicode.IsLower(after) {
		return "", "", ""
	}
	return part, hyphen, part + next
}

// compound reports whether a line ends in a hyphen within what the next line goes on with: no space stands between them.
func compound(end, next string) bool {
	r, size := utf8.DecodeLastRuneInString(end)
	if !strings.ContainsRune(ocr.Hyphens, r) {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(end[:len(end)-size])
	after, _ := utf8.DecodeRuneInString(next)
	return (unicode.IsLetter(before) || unicode.IsDigit(before)) && (unicode.IsLetter(after) || unicode.IsDigit(after))
}
