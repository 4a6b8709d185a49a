package pdf

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"
)

// leftward reports whether a character is a letter of a script that is written from right to left.
func leftward(char rune) bool {
	if char < 0x590 { // for speed
		return false
	}
	properties, _ := bidi.LookupRune(char)
	return properties.Class() == bidi.R || properties.Class() == bidi.AL
}

// strong returns the direction of a character: 1 for letters of scripts written from right to left, -1 for other letters and
// for digits, 0 for what follows its neighbours.
func strong(char rune) int {
	switch {
	case leftward(char):
		return 1
	case unicode.IsLetter(char), unicode.IsDigit(char):
		return -1
	}
	return 0
}

// arrange puts the characters of a word with letters that are read from right to left into logical order, from where they stand.
func (w *word) arrange() {
	for _, c := range w.characters {
		if c.box == (rect{}) {
			return
		}
	}
	fromRight(w.characters)
	at := func(i int) int {
		if i >= len(w.characters) {
			return 0
		}
		return direct(w.characters[i].text)
	}
	// Numbers and foreign words in it are read from left to right.
	for i := 0; i < len(w.characters); {
		j := i
		for j < len(w.characters) && (at(j) < 0 || j > i && at(j) == 0 && at(j+1) < 0) { // such as 2.50
			j++
		}
		slices.SortStableFunc(w.characters[i:j], func(a, b character) int { return cmp.Compare(a.middle(), b.middle()) })
		i = max(j, i+1)
	}
	w.text = w.text[:0]
	for _, c := range w.characters {
		w.text = append(w.text, c.text...)
	}
}

// fromRight sorts characters by where they stand, from the right.
func fromRight(characters []character) {
	leftFirst := 0
	for i := range len(characters) - 1 {
		leftFirst += cmp.Compare(characters[i+1].middle(), characters[i].middle())
	}
	if leftFirst > 0 {
		slices.Reverse(characters)
	}
	for i := range characters {
		for j := i; j > 0 && characters[j].rightOf(characters[j-1]); j-- {
			characters[j], characters[j-1] = characters[j-1], characters[j]
		}
	}
	for i := 0; i < len(characters); {
		j := i + 1
		for j < len(characters) && characters[j].box == characters[i].box && direct(characters[j].text) > 0 {
			j++
		}
		// Letters of one glyph come backwards, as all of a line that PDFium turns, but those of a character that is a ligature do not.
		if j > i+1 && joinsOn(characters[j-1].text) {
			slices.Reverse(characters[i:j])
		}
		i = j
	}
}

func (c character) middle() float64 { return c.box.x0 + c.box.x1 }

// rightOf reports whether a character stands to the right of another. The last letter of an Arabic word may reach under all of
// the one before it: of two boxes of which one holds the other nothing but the order in which they came tells, unless a
// mark has made one of them larger.
func (c character) rightOf(other character) bool {
	if utf8.RuneCount(c.text) > 1 || utf8.RuneCount(other.text) > 1 {
		return c.middle() > other.middle()
	}
	return c.box.x0 > other.box.x0 && c.box.x1 > other.box.x1
}

// joinsOn reports whether a letter can be the first of a ligature: alef, which stands last in most, does not join what follows.
func joinsOn(letter []byte) bool {
	first, _ := utf8.DecodeRune(letter)
	return leftward(first) && !strings.ContainsRune("اأإآٱ", first)
}

// direct returns the direction of the first character of a text that has one.
func direct(text []byte) int {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if d := strong(r); d != 0 {
			return d
		}
		text = text[size:]
	}
	return 0
}

// logical puts words of one line, sorted from left to right, into the order in which they are read.
func logical(words []word) {
	balance, found := 0, false
	for _, w := range words {
		for _, r := range string(w.text) {
			d := strong(r)
			found = found || d > 0
			if unicode.IsLetter(r) {
				balance += d
			}
		}
	}
	if !found {
		return
	}
	against := 1 // the direction that differs from the line's
	if balance > 0 {
		against = -1
		slices.Reverse(words)
	}
	// A number belongs to the words around it that are read from right to left, or else goes with the line.
	of := func(w word) int {
		if w.leftward {
			return 1
		}
		for _, r := range string(w.text) {
			if unicode.IsLetter(r) {
				return -1
			}
		}
		return 0
	}
	for i := 0; i < len(words); i++ {
		if of(words[i]) != against {
			continue
		}
		end := i
		for j := i + 1; j < len(words) && of(words[j]) != -against; j++ {
			if of(words[j]) == against {
				end = j
			}
		}
		slices.Reverse(words[i : end+1])
		i = end
	}
}
