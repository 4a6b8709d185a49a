package businesscard

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// What bounds the work on a page that is no card: its time grows faster than its text. Cards have a tenth of that.
const (
	mostSegments     = 200
	mostSegmentWords = 60
	mostBytes        = 4 << 10 // of all of them
)

// segment is a piece of a line that says one thing, or several in a row: lines are divided at wide gaps and at signs that stand
// between things.
type segment struct {
	words []ocr.Word
	text  string
	box   ocr.Box
	used  bool // a field was made of it
}

// segments divides an upright page, in reading order. text has its lines.
func segments(p *ocr.Page) (all []segment, text string) {
	var lines []string
	left := mostBytes
	for i := range p.Blocks {
		if p.Blocks[i].Kind == ocr.BarcodeBlock {
			continue
		}
		for paragraph := range p.Blocks[i].Text {
			for j := range paragraph.Lines {
				l := &paragraph.Lines[j]
				lines = append(lines, spelled(l.Words))
				for _, words := range divided(l.Words) {
					for _, w := range words {
						left -= len(w.Text) + 1
					}
					if left < 0 || len(all) == mostSegments {
						break
					}
					all = append(all, newSegment(words))
				}
			}
		}
	}
	return all, strings.Join(lines, "\n")
}

// zero matches a zero with a stroke as engines misread it before another digit.
var zero = regexp.MustCompile(`(^|[ (0-9])@([0-9])`)

func newSegment(words []ocr.Word) segment {
	s := segment{words: words, text: zero.ReplaceAllString(spelled(words), "${1}0${2}")}
	for _, w := range words {
		s.box = s.box.Union(w.Box)
	}
	return s
}

// divided divides words at wide gaps and at signs that separate.
func divided(words []ocr.Word) [][]ocr.Word {
	var all [][]ocr.Word
	start := 0
	end := func(at int) {
		if at > start {
			all = append(all, words[start:min(at, start+mostSegmentWords)])
		}
	}
	for i, w := range words {
		switch {
		case strings.Trim(w.Text, "|•·●■♦—–/\\") == "" && !withinNumber(words, i):
			end(i)
			start = i + 1
		case i > start && w.Box.X0-words[i-1].Box.X1 > 2*max(1, w.Box.Height()):
			end(i)
			start = i
		}
	}
	end(len(words))
	return all
}

// withinNumber reports whether a word stands between two that end and begin with a digit.
func withinNumber(words []ocr.Word, i int) bool {
	if i == 0 || i+1 == len(words) {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(words[i-1].Text)
	after, _ := utf8.DecodeRuneInString(words[i+1].Text)
	return strings.Trim(words[i].Text, "/–") == "" && unicode.IsDigit(before) && unicode.IsDigit(after)
}

// spelled joins words as a line has them.
func spelled(words []ocr.Word) string {
	var b strings.Builder
	l := ocr.Line{Words: words}
	for i := range words {
		if i > 0 && l.SpaceBefore(i) {
			b.WriteByte(' ')
		}
		b.WriteString(words[i].Text)
	}
	return b.String()
}

// height is that of the letters of a segment, in pixels: half of its words are not larger.
func (s *segment) height() int {
	heights := make([]int, 0, len(s.words))
	for _, w := range s.words {
		heights = append(heights, w.Box.Height())
	}
	slices.Sort(heights)
	return heights[len(heights)/2]
}

// tokens lists the words of a text in lower case, without what is no letter, digit, dot or hyphen.
func tokens(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '.' && r != '-' && r != '&' && !unicode.Is(unicode.M, r)
	})
}

// part returns the words that stand at the bytes from begin to end of the text of a segment.
func (s *segment) part(begin, end int) []ocr.Word {
	var found []ocr.Word
	at := 0
	l := ocr.Line{Words: s.words}
	for i, w := range s.words {
		if i > 0 && l.SpaceBefore(i) {
			at++
		}
		if at < end && at+len(w.Text) > begin {
			found = append(found, w)
		}
		at += len(w.Text)
	}
	return found
}
