//go:build cgo

package reading

import (
	"image"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// What makes a bar in a text a line of a table that the engine took for a letter.
const (
	bar          = "|"
	strokeInk    = 40  // levels by which a line is darker than the paper
	strokeBeyond = 0.6 // heights of the word by which a line goes on above or below it, where a letter ends
	strokeDouble = 8   // parts of the height within one of which two lines count as one
)

// withoutBars returns words without the bars that are drawn lines, which the engine reads where cells are narrow: a word is parted at
// them. What was read in one with a bar has the confidence of both, which says nothing against it: it is not noise. page is
// the picture in which the words were found, times is how many times as large as their boxes it is.
func withoutBars(words []Word, page *image.Gray, times float64) []Word {
	if !slices.ContainsFunc(words, func(w Word) bool { return strings.Contains(w.Text, bar) }) {
		return words
	}
	kept := make([]Word, 0, len(words))
	for line := range runs(words) {
		for i, w := range line {
			if w.Confidence < junkWord && readWithBar(line, i) {
				w.Confidence = junkWord
			}
			if !strings.Contains(w.Text, bar) {
				kept = append(kept, w)
				continue
			}
			kept = append(kept, w.partedAt(strokes(page, scaled(w.Box, times)), times)...)
		}
	}
	return kept
}

// readWithBar reports whether the word beside one is a bar with the same confidence.
func readWithBar(line []Word, i int) bool {
	return line[i].Text != bar && slices.ContainsFunc(line[max(i-1, 0):min(i+2, len(line))], func(w Word) bool {
		return w.Text == bar && w.Confidence == line[i].Confidence
	})
}

// partedAt returns what is between the bars of a word, if they are as many as the lines that go through its place; the word itself
// if not.
func (w Word) partedAt(lines []image.Point, times float64) []Word {
	if strings.Count(w.Text, bar) != len(lines) || len(w.Characters) > 0 && len(w.Characters) != utf8.RuneCountInString(w.Text) {
		return []Word{w}
	}
	var parts []Word
	from, at := w.Box.Min.X, 0
	for i, text := range strings.Split(w.Text, bar) {
		to, next := w.Box.Max.X, w.Box.Max.X
		if i < len(lines) {
			to, next = int(math.Round(float64(lines[i].X)/times)), int(math.Round(float64(lines[i].Y)/times))
		}
		part, n := w, utf8.RuneCountInString(text)
		part.Text, part.Box.Min.X, part.Box.Max.X = text, max(from, w.Box.Min.X), min(to, w.Box.Max.X)
		if len(w.Characters) > 0 {
			part.Characters = w.Characters[at : at+n : at+n]
		}
		if text != "" && !part.Box.Empty() {
			parts = append(parts, part)
		} else if text != "" {
			return []Word{w} // its lines are not where its bars are
		}
		from, at = next, at+n+1
	}
	return parts
}

// strokes returns where lines go down through a place of a picture and beyond it: the first column of each, and the one behind it.
func strokes(page *image.Gray, box image.Rectangle) []image.Point {
	const beside = 2 // pixels: the box of a bar is as narrow as its line
	box = image.Rect(box.Min.X-beside, box.Min.Y, box.Max.X+beside, box.Max.Y).Intersect(page.Rect)
	if box.Empty() {
		return nil
	}
	dark := paper(page, box) - strokeInk
	beyond := int(math.Ceil(strokeBeyond * float64(box.Dy())))
	var found []image.Point
	for x := box.Min.X; x < box.Max.X; x++ {
		inked := func(y int) bool {
			return slices.ContainsFunc(page.Pix[page.PixOffset(max(x-1, page.Rect.Min.X), y):page.PixOffset(min(x+2, page.Rect.Max.X), y)], func(v byte) bool { return int(v) <= dark })
		}
		through := func(from, to int) bool {
			for y := from; y < to; y++ {
				if y < page.Rect.Min.Y || y >= page.Rect.Max.Y || !inked(y) {
					return false
				}
			}
			return true
		}
		if int(page.GrayAt(x, (box.Min.Y+box.Max.Y)/2).Y) > dark || !through(box.Min.Y, box.Max.Y) ||
			!through(box.Min.Y-beyond, box.Min.Y) && !through(box.Max.Y, box.Max.Y+beyond) {
			continue
		}
		if n := len(found) - 1; n >= 0 && x-found[n].Y <= box.Dy()/strokeDouble {
			found[n].Y = x + 1
			continue
		}
		found = append(found, image.Pt(x, x+1))
	}
	return found
}

// paper returns the level that most of a place has.
func paper(page *image.Gray, box image.Rectangle) int {
	counts, most := levels(page, box), 0
	for v, n := range counts {
		if n > counts[most] {
			most = v
		}
	}
	return most
}

// levels counts the pixels of a place by their level.
func levels(page *image.Gray, box image.Rectangle) (counts [256]int) {
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for _, v := range page.Pix[page.PixOffset(box.Min.X, y):page.PixOffset(box.Max.X, y)] {
			counts[v]++
		}
	}
	return counts
}
