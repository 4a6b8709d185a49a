package mrz

import "strings"

// checkDigit returns the check digit of a text: characters weigh 7, 3 and 1 in turn, digits count as they are, A to Z from 10 to
// 35, fillers 0.
func checkDigit(text string) byte {
	sum := 0
	for i := range len(text) {
		sum += [3]int{7, 3, 1}[i%3] * value(text[i])
	}
	return byte('0' + sum%10)
}

func value(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'Z':
		return int(c-'A') + 10
	default:
		return 0
	}
}

// holds reports whether a digit is that of a text. That of an optional field that is empty may be left out.
func holds(text string, digit byte, optional bool) bool {
	return digit == checkDigit(text) || optional && digit == '<' && strings.Trim(text, "<") == ""
}

// asDigit and asLetter return what a character was misread for where only the one can stand, or the character.
func asDigit(c byte) byte { return replaced(c, "OQDILZSBGT", "0001125867") }

func asLetter(c byte) byte { return replaced(c, likeLetters, likeDigits) }

// likeLetters are digits that look like letters, and likeDigits those letters.
const likeLetters, likeDigits = "012568", "OIZSGB"

func replaced(c byte, from, to string) byte {
	if i := strings.IndexByte(from, c); i >= 0 {
		return to[i]
	}
	return c
}

// other returns what a character of a mixed field may have been, or 0.
func other(c byte) byte {
	if o := asLetter(c); o != c {
		return o
	}
	if o := replaced(c, likeDigits, likeLetters); o != c {
		return o
	}
	return 0
}

// mapped returns a text with each character replaced.
func mapped(text string, by func(byte) byte) string {
	b := []byte(text)
	for i := range b {
		b[i] = by(b[i])
	}
	return string(b)
}

// corrected returns the text with as few changes as make the digit hold. It returns the text as it is if no change does, or if
// several of the same number do.
func corrected(text string, digit byte) (string, bool) {
	const most = 8 // confusable characters that are tried: 256 ways
	var at []int
	for i := range len(text) {
		if other(text[i]) != 0 {
			at = append(at, i)
		}
	}
	if len(at) > most {
		return text, false
	}
	found, fewest, several := text, most+1, false
	for set := 1; set < 1<<len(at); set++ {
		b, changes := []byte(text), 0
		for k, i := range at {
			if set&(1<<k) != 0 {
				b[i] = other(b[i])
				changes++
			}
		}
		if changes > fewest || checkDigit(string(b)) != digit {
			continue
		}
		several = changes == fewest
		found, fewest = string(b), changes
	}
	if fewest > most || several {
		return text, false
	}
	return found, true
}
