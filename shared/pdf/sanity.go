package pdf

import (
	"strings"
	"unicode"
)

// plausible reports whether a text layer can say what the page shows: nearly all of its characters are such that people write,
// in words that people write.
func plausible(glyphs []glyph) bool {
	t := count(glyphs)
	// Glyphs without a mapping to Unicode come out as one of these.
	if t.broken*20 > t.letters {
		return false
	}
	// A font with a wrong mapping turns letters into signs.
	if t.signs > t.letters {
		return false
	}
	// Text in which each letter was placed alone, too far from the next.
	if t.words >= 50 && t.lone*10 > t.words*7 {
		return false
	}
	// A wrong mapping from letters to letters. Every language in Latin script has at least a quarter of vowels.
	if t.latin >= 200 && t.vowels*100 < t.latin*15 {
		return false
	}
	return true
}

// tally counts characters of a text layer. Letters include digits.
type tally struct {
	letters, signs, broken int
	words, lone            int // runs of letters of an alphabet, and those of a single letter
	latin, vowels          int
}

func count(glyphs []glyph) tally {
	var t tally
	run := 0
	end := func() {
		if run > 0 {
			t.words++
		}
		if run == 1 {
			t.lone++
		}
		run = 0
	}
	for _, g := range glyphs {
		switch {
		case g.unmarked:
			continue
		case unicode.IsSpace(g.char):
			end()
			continue
		case unicode.IsLetter(g.char), unicode.IsMark(g.char):
			t.letters++
			t.latinLetter(g.char)
			if !ideographic(g.char) {
				run++
			}
		case unicode.IsDigit(g.char):
			t.letters++
			run += 2 // a lone digit is a number
		case g.char == unicode.ReplacementChar, unicode.In(g.char, unicode.Co, unicode.Cc, unicode.Cs), !unicode.IsPrint(g.char):
			t.broken++
		case strings.ContainsRune("._-–—…·•", g.char): // leaders and rules
		default:
			t.signs++
		}
	}
	end()
	return t
}

func (t *tally) latinLetter(char rune) {
	if !unicode.Is(unicode.Latin, char) {
		return
	}
	t.latin++
	if char > unicode.MaxASCII || strings.ContainsRune("aeiouyAEIOUY", char) {
		t.vowels++
	}
}

// ideographic reports whether the scripts of char are written without spaces, one sign a syllable or word.
func ideographic(char rune) bool {
	return unicode.In(char, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}
