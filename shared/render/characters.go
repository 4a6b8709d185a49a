package render

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// suspicious is the confidence under which a character is marked as doubtful.
const suspicious = 60

// doubtful reports whether a character is to be marked.
func doubtful(c ocr.Char) bool { return c.Confidence < suspicious }

// whole returns a confidence as a whole number.
func whole(confidence float64) int { return int(math.Round(confidence)) }

// others lists what else a character may be, without the many that the engine names and does not believe in.
func others(c ocr.Char) []ocr.Variant {
	return slices.DeleteFunc(slices.Clone(c.Variants), func(v ocr.Variant) bool { return whole(v.Confidence) < 1 })
}

// charactersOf lists the characters of a word on a page of that angle. Where the engine did not tell them they share its box in equal parts.
func charactersOf(w *ocr.Word, angle int) []ocr.Char {
	var told strings.Builder
	for _, c := range w.Characters {
		told.WriteString(c.Text)
	}
	if told.String() == w.Text {
		return w.Characters
	}
	var chars []ocr.Char
	for text := w.Text; text != ""; {
		size := letter(text)
		chars = append(chars, ocr.Char{Text: text[:size], Confidence: w.Confidence})
		text = text[size:]
	}
	direction, _ := bidi.LookupString(w.Text)
	leftward := direction.Class() == bidi.R || direction.Class() == bidi.AL
	for i := range chars {
		chars[i].Box = share(w.Box, i, len(chars), angle, leftward)
	}
	return chars
}

// letter is the size of the first character of a text with its marks, in bytes.
func letter(text string) int {
	_, size := utf8.DecodeRuneInString(text)
	for size < len(text) {
		r, more := utf8.DecodeRuneInString(text[size:])
		if !unicode.Is(unicode.M, r) {
			break
		}
		size += more
	}
	return size
}

// share is the i-th of n equal parts of a box, in the direction in which the text runs on the page.
func share(b ocr.Box, i, n, angle int, leftward bool) ocr.Box {
	backward := leftward != (angle == 180 || angle == 90)
	if backward {
		i = n - 1 - i
	}
	if angle == 90 || angle == 270 {
		b.Y0, b.Y1 = b.Y0+b.Height()*i/n, b.Y0+b.Height()*(i+1)/n
		return b
	}
	b.X0, b.X1 = b.X0+b.Width()*i/n, b.X0+b.Width()*(i+1)/n
	return b
}

// between is the place of the space between two words, a line between them where they leave none.
func between(a, b ocr.Box) ocr.Box {
	x0, x1 := min(a.X1, b.X1), max(a.X0, b.X0)
	y0, y1 := min(a.Y1, b.Y1), max(a.Y0, b.Y0)
	if x0 <= x1 {
		return ocr.Box{X0: x0, X1: x1, Y0: min(a.Y0, b.Y0), Y1: max(a.Y1, b.Y1)}
	}
	return ocr.Box{X0: min(a.X0, b.X0), X1: max(a.X1, b.X1), Y0: min(y0, y1), Y1: max(y0, y1)}
}

// lineCharacters lists the characters of a line on a page of that angle, with the spaces between its words, which are certain.
func lineCharacters(l *ocr.Line, angle int) []ocr.Char {
	var chars []ocr.Char
	for i := range l.Words {
		if i > 0 && l.SpaceBefore(i) {
			chars = append(chars, ocr.Char{Text: " ", Box: between(l.Words[i-1].Box, l.Words[i].Box), Confidence: 100})
		}
		chars = append(chars, charactersOf(&l.Words[i], angle)...)
	}
	return chars
}
