//go:build cgo

package reading

import (
	"image"
	"math"
	"unicode"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ocr/field"
)

// What makes a gap between two letters of a word a space that the engine did not see: print that is set close ("13 A") and
// typewriting that sits askew ("at the") have spaces hardly wider than the engine expects between letters.
const (
	leastSpace  = 0.25 // of the word's height
	timesOthers = 2    // as wide as any other gap of the word, which is good to a pixel
	likeSpaces  = 0.6  // of the narrowest space of the line
)

// spaced parts the words that have a space in them. page is the picture in which the words were found, times is how many times as
// large as their boxes it is.
func spaced(words []Word, page *image.Gray, times float64) []Word {
	var all []Word
	for line := range runs(words) {
		narrowest := 0.0
		for i := 1; i < len(line); i++ {
			if room := float64(line[i].Box.Min.X - line[i-1].Box.Max.X); room > 0 && (narrowest == 0 || room < narrowest) {
				narrowest = room
			}
		}
		for _, w := range line {
			before, after, ok := w.parted(page, times, narrowest*times)
			if ok {
				all = append(all, before)
			}
			all = append(all, after)
		}
	}
	return all
}

// parted returns the two words that a word is, or the word itself as the second of them. The pieces of its ink must be its
// characters, one each, so that it is known between which the gap lies. Between two letters a gap is held against the spaces
// of the line, of which there must be one: letters of one pitch stand farther apart where they are narrow.
func (w Word) parted(page *image.Gray, times, narrowest float64) (before, after Word, ok bool) {
	n := utf8.RuneCountInString(w.Text)
	if n < 3 || !simple(w.Text) || len(w.Characters) > 0 && len(w.Characters) != n {
		return w, w, false
	}
	box := scaled(w.Box, times).Intersect(page.Rect)
	if box.Dy() > box.Dx() {
		return w, w, false
	}
	gaps := blanks(page, box)
	if len(gaps) != n-1 {
		return w, w, false
	}
	widest, next := 0, 0
	for i, g := range gaps {
		switch {
		case i == 0:
		case g.wide() > gaps[widest].wide():
			widest, next = i, gaps[widest].wide()
		default:
			next = max(next, g.wide())
		}
	}
	gap, letters := gaps[widest], []rune(w.Text)
	wide := float64(gap.wide())
	if wide < leastSpace*float64(box.Dy()) || wide < timesOthers*float64(next+1) {
		return w, w, false
	}
	switch left, right := letters[widest], letters[widest+1]; {
	case unicode.IsLetter(left) && unicode.IsLetter(right):
		if narrowest == 0 || wide < likeSpaces*narrowest {
			return w, w, false
		}
	case unicode.IsLetter(left) && unicode.IsDigit(right), unicode.IsDigit(left) && unicode.IsLetter(right):
	default:
		return w, w, false // points and strokes have room beside them, and narrow digits too
	}
	before, after = w, w
	before.Text, after.Text = string(letters[:widest+1]), string(letters[widest+1:])
	before.Box.Max.X = int(math.Round(float64(gap.from) / times))
	after.Box.Min.X = int(math.Round(float64(gap.to) / times))
	if len(w.Characters) > 0 {
		before.Characters, after.Characters = w.Characters[:widest+1:widest+1], w.Characters[widest+1:]
	}
	return before, after, !before.Box.Empty() && !after.Box.Empty()
}

// simple reports whether a word runs from left to right, with one piece of ink for each character as a rule.
func simple(text string) bool {
	for _, c := range text {
		if unicode.IsLetter(c) && !unicode.In(c, unicode.Latin, unicode.Cyrillic, unicode.Greek) || unicode.Is(unicode.M, c) {
			return false
		}
	}
	return true
}

// blank is columns of a picture without ink.
type blank struct{ from, to int }

func (b blank) wide() int { return b.to - b.from }

// blanks returns the gaps between the pieces of ink of a word, from left to right.
func blanks(page *image.Gray, box image.Rectangle) []blank {
	dark := field.Otsu(levels(page, box), box.Dx()*box.Dy())
	inked := make([]bool, box.Dx())
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x, v := range page.Pix[page.PixOffset(box.Min.X, y):page.PixOffset(box.Max.X, y)] {
			inked[x] = inked[x] || int(v) <= dark
		}
	}
	var gaps []blank
	last := -1 // the last column with ink
	for x, ink := range inked {
		if !ink {
			continue
		}
		if last >= 0 && x-last > 1 {
			gaps = append(gaps, blank{box.Min.X + last + 1, box.Min.X + x})
		}
		last = x
	}
	return gaps
}
