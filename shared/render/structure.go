package render

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// part is what a page consists of for the formats that people edit: a table, or a passage of text.
type part struct {
	table   *grid
	passage passage // if there is no table
}

// passage is a paragraph as people write it: lines that ended because the column did are one line again, words that were
// broken at their ends are whole.
type passage struct {
	heading     int // its level, from 1 to 3; 0 for ordinary text
	rightToLeft bool
	lines       []string // more than one where lines were meant to end
}

// structure divides a page, in reading order, for a format whose tables have at most so many columns. It looks at nothing but
// the page, so that pages can be recognised in any order. What has no text, such as pictures, is left out.
func structure(p *ocr.Page, columns int) []part {
	var parts []part
	up := upright(p)
	p = &up
	body := bodySize(p)
	for i := range p.Blocks {
		b := &p.Blocks[i]
		for j, made := range passages(b.Paragraphs, textColumn{box: b.Box, room: roomOf(p, i)}) {
			if b.Kind == ocr.MRZBlock {
				made.lines = linesOf(&b.Paragraphs[j]) // which have their length and their places by themselves
			} else {
				made.heading = headingLevel(p, &b.Paragraphs[j], body)
			}
			parts = append(parts, part{passage: made})
		}
		if len(b.Rows) > 0 {
			parts = append(parts, part{table: layOut(b.Rows, 0, columns)})
		}
	}
	return parts
}

// passages joins the lines of the paragraphs of a column or a cell.
func passages(paragraphs []ocr.Paragraph, c textColumn) []passage {
	made := make([]passage, 0, len(paragraphs))
	for i := range paragraphs {
		p := &paragraphs[i]
		made = append(made, passage{rightToLeft: rightToLeft(*p), lines: joined(p, c)})
	}
	return made
}

// linesOf returns the lines of a paragraph as they are.
func linesOf(p *ocr.Paragraph) []string {
	lines := make([]string, 0, len(p.Lines))
	for _, l := range p.Lines {
		lines = append(lines, lineText(l))
	}
	return lines
}

// joined returns the lines of a paragraph that were meant to be lines.
func joined(p *ocr.Paragraph, c textColumn) []string {
	c.box = c.box.Union(p.Box)
	return joinedWhere(p, c.endsEarly)
}

// joinedWhere joins the lines of a paragraph but for those that end before the next. There is one at least.
func joinedWhere(p *ocr.Paragraph, ends func(l, next *ocr.Line) bool) []string {
	var lines []string
	var text strings.Builder
	rest := "" // of a word whose first part ended the line before
	for i := range p.Lines {
		l := &p.Lines[i]
		last := len(l.Words) - 1
		for j := range l.Words {
			word := l.Words[j].Text
			if j > 0 && l.SpaceBefore(j) {
				text.WriteByte(' ')
			}
			if j == 0 && rest != "" {
				word = rest
				rest = ""
			}
			if j == last && i+1 < len(p.Lines) {
				if part, _, whole := hyphenated(word, p.Lines[i+1].Words[0].Text); whole != "" {
					word, rest = part, strings.TrimPrefix(whole, part)
				}
			}
			text.WriteString(word)
		}
		switch {
		case i+1 == len(p.Lines) || rest == "" && ends(l, &p.Lines[i+1]):
			lines = append(lines, text.String())
			text.Reset()
		case rest == "" && spaceBetween(l, &p.Lines[i+1]):
			text.WriteByte(' ')
		}
	}
	return lines
}

// spaceBetween reports whether a space stands between two lines that are joined.
func spaceBetween(l, next *ocr.Line) bool {
	// Without their boxes: words of two lines are far from each other, which would count as a space in scripts that have few.
	ends := ocr.Line{Words: []ocr.Word{{Text: l.Words[len(l.Words)-1].Text}, {Text: next.Words[0].Text}}}
	return !compound(ends.Words[0].Text, ends.Words[1].Text) && ends.SpaceBefore(1)
}

// What makes a short paragraph a heading is that its letters are larger than those of the body, so many times.
var headingSizes = [...]float64{1.8, 1.45, 1.2}

const (
	headingLines   = 3
	headingLetters = 200
)

// headingLevel returns the level of a heading, zero for ordinary text. body is the size of the latter in points.
func headingLevel(p *ocr.Page, paragraph *ocr.Paragraph, body float64) int {
	s := sizes{}
	s.add(p, paragraph)
	if body == 0 || len(paragraph.Lines) > headingLines || s.letters() > headingLetters {
		return 0
	}
	ratio := s.median() / body
	return 1 + slices.IndexFunc(headingSizes[:], func(least float64) bool { return ratio >= least })
}

// bodySize returns the size of most of the letters of a page in points, zero if it is not known.
func bodySize(p *ocr.Page) float64 {
	s := sizes{}
	for i := range p.Blocks {
		for paragraph := range p.Blocks[i].Text {
			s.add(p, paragraph)
		}
	}
	return s.median()
}

// sizes counts letters by the size of their font in points, as far as it is known.
type sizes map[float64]int

func (s sizes) add(p *ocr.Page, paragraph *ocr.Paragraph) {
	for _, l := range paragraph.Lines {
		for _, w := range l.Words {
			if w.Font > 0 && p.Fonts[w.Font-1].Size > 0 {
				s[p.Fonts[w.Font-1].Size] += utf8.RuneCountInString(w.Text)
			}
		}
	}
}

func (s sizes) letters() int {
	n := 0
	for _, letters := range s {
		n += letters
	}
	return n
}

// median returns the size that half of the letters do not exceed.
func (s sizes) median() float64 {
	type count struct {
		size    float64
		letters int
	}
	counts := make([]count, 0, len(s))
	for size, letters := range s {
		counts = append(counts, count{size, letters})
	}
	slices.SortFunc(counts, func(a, b count) int { return cmp.Compare(a.size, b.size) })
	half, seen := (s.letters()+1)/2, 0
	for _, c := range counts {
		if seen += c.letters; seen >= half {
			return c.size
		}
	}
	return 0
}
