package render

import (
	"unicode"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// textColumn is where a paragraph stands.
type textColumn struct {
	box   ocr.Box // of its block or its cell
	room  ocr.Box // what its lines might have filled, if that is more than the box; see roomOf
	angle int     // of the page
}

// endsEarly reports whether a line was meant to end, as those of addresses and lists are: the next one begins an item of a list, or
// its first word would have had room on the line. Where that is sure to be the middle of a sentence the line is not half as long as
// the box of the column besides: text may run around a picture. Scripts without capital letters do not show where a sentence begins,
// so that of theirs only the box counts.
func (c textColumn) endsEarly(l, next *ocr.Line) bool {
	first := next.Words[0].Text
	begins, _ := utf8.DecodeRuneInString(first)
	switch {
	case bullet(first) && len(next.Words) > 1:
		return true
	case unicode.IsLower(begins):
		return c.fits(l, next, c.box) && 2*c.length(l.Box) < c.length(c.box)
	case unicode.IsLetter(begins) && !unicode.IsUpper(begins) && !unicode.IsTitle(begins):
		return c.fits(l, next, c.box)
	}
	return c.fits(l, next, c.box) || c.fits(l, next, c.room)
}

// fits reports whether the first word of a line would have had room on the one before, in a place that is as wide as a box.
func (c textColumn) fits(l, next *ocr.Line, box ocr.Box) bool {
	height := l.Box.Height()
	if c.angle%180 != 0 {
		height = l.Box.Width()
	}
	left := c.length(box) - c.length(l.Box)
	return left > c.length(next.Words[0].Box)+2*height // two for the space, and for indents and measuring
}

// length is how long something is along the lines.
func (c textColumn) length(b ocr.Box) int {
	if c.angle%180 != 0 {
		return b.Height()
	}
	return b.Width()
}

// bullet reports whether a word begins an item of a list.
func bullet(word string) bool {
	switch word {
	case "•", "‣", "◦", "▪", "■", "●", "○", "➢":
		return true
	}
	return false
}

// When a block may end before its column does.
const (
	fewLines  = 8 // more show how wide their column is by themselves
	indented  = 2 // heights of a line between where its lines begin, at most
	sameEnd   = 4 // parts of the height of a line within one of which two lines end at one place, as those of a full column do
	besideGap = 2 // heights of a line between it and what stands beside it

	// mostBeside is the number of blocks of a page above which none has room beside it: each is held against all others, and no
	// letter has as many.
	mostBeside = 1000
)

// roomOf returns what block i of an upright page might have filled: its own box up to what stands beside it, or to where the
// text of the page ends. An address is a few short lines in a column that is as wide as the letter. A block whose lines end at
// one place, or that is not set flush left, has no more room than its box.
func roomOf(p *ocr.Page, i int) ocr.Box {
	b := p.Blocks[i]
	height, lines, ends := 0, 0, 0
	for _, paragraph := range b.Paragraphs {
		for _, l := range paragraph.Lines {
			lines++
			height = max(height, l.Box.Height())
		}
	}
	if lines < 2 || lines > fewLines || len(p.Blocks) > mostBeside {
		return b.Box
	}
	for _, paragraph := range b.Paragraphs {
		if rightToLeft(paragraph) {
			return b.Box
		}
		for _, l := range paragraph.Lines {
			if l.Box.X0-b.Box.X0 > indented*height {
				return b.Box
			}
			if sameEnd*(b.Box.X1-l.Box.X1) <= height {
				ends++
			}
		}
	}
	if ends > 1 {
		return b.Box
	}
	room, edge, beside := b.Box, 0, p.Width
	for j := range p.Blocks {
		other := p.Blocks[j].Box
		if edge = max(edge, other.X1); j == i || other.Y1 <= b.Box.Y0 || other.Y0 >= b.Box.Y1 || other.X1 <= b.Box.X1 {
			continue
		}
		beside = min(beside, max(other.X0, b.Box.X1)-besideGap*height)
	}
	room.X1 = max(room.X1, min(edge, beside))
	return room
}
