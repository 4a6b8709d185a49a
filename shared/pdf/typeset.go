package pdf

import (
	"cmp"
	"math"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// setLine is a line of invisible text as it is set: words on one baseline in one size. Lengths are points of the displayed page.
type setLine struct {
	axis
	level  float64 // of the baseline, across the axis
	height float64 // of letters above it
	words  []setWord
}

// setWord is a word of a line. Its letters share the room from one place along the axis to another.
type setWord struct {
	text     []rune // from left to right
	from, to float64
	gap      filling // between it and the next
	blank    bool    // the text is one wide space
}

// filling says what fills the room after a word.
type filling int

const (
	unfilled filling = iota // nothing is there: the next word is set on its own
	joined                  // the next word begins where this one ends, without a space
	space                   // one space
	wideGap                 // spaces that keep a line together where its words are far apart
)

// What programs that extract text make of distances, as parts of the size of the font (poppler 22.12, TextOutputDev.cc, and
// PDFium, cpdf_textpage.cpp).
const (
	leastPitch = 0.11 // of letters: closer, equal ones are taken for one that is drawn twice
	leastSpace = 0.06 // between words: closer, they are one
	mostSpace  = 0.28 // between words of a line that stands alone: wider apart, they are two columns
	mostInside = 1.4  // between words of a line with others above or below that bridge the gap
	mostRise   = 0.25 // between baselines of words of one line
)

// typeset sets the lines of a page whose pixels measure x by y points. Words for which skip is true only help to place the
// others.
func typeset(page ocr.Page, x, y float64, skip func(ocr.Box) bool) []setLine {
	var lines []measured
	var ends []int // of the paragraphs
	for i := range page.Blocks {
		for g := range page.Blocks[i].Text {
			for j := range g.Lines {
				if l, ok := measure(&g.Lines[j], x, y); ok {
					lines = append(lines, l)
				}
			}
			ends = append(ends, len(lines))
		}
	}
	slope := newSlope(page.Angle, lines)
	var set []setLine
	from := 0
	last := 0.0 // height of letters
	for _, to := range ends {
		for i := from; i < to; i++ {
			s := lines[i].on(slope.of(lines[i]))
			// Letters of one size are measured differently from line to line, and lines of one size belong together.
			if math.Abs(s.height-last) < 0.15*last {
				s.height = last
			}
			last = s.height
			var neighbours []measured
			if i > from {
				neighbours = append(neighbours, lines[i-1])
			}
			if i+1 < to {
				neighbours = append(neighbours, lines[i+1])
			}
			set = append(set, s.fill(lines[i], neighbours, skip)...)
		}
		from = to
	}
	return set
}

// measure returns a line with its boxes in points, without words that have none. It reports false if no word is left.
func measure(l *ocr.Line, x, y float64) (measured, bool) {
	words := slices.DeleteFunc(slices.Clone(l.Words), func(w ocr.Word) bool { return w.Box.Empty() })
	if len(words) == 0 {
		return measured{}, false
	}
	m := measured{Line: &ocr.Line{Box: l.Box, Words: words}, boxes: make([]rect, len(words))}
	for i, w := range words {
		m.boxes[i] = rect{float64(w.Box.X0) * x, float64(w.Box.Y0) * y, float64(w.Box.X1) * x, float64(w.Box.Y1) * y}
	}
	if b := l.Baseline; b != nil {
		m.ends[0].x, m.ends[0].y = float64(b.X0)*x, float64(b.Y0)*y
		m.ends[1].x, m.ends[1].y = float64(b.X1)*x, float64(b.Y1)*y
		m.levels = true
	}
	return m, true
}

// on finds the level and the height of a line's letters on an axis.
func (l measured) on(a axis) setLine {
	// Letters tell it, full stops and dashes only where there is nothing else.
	type part struct {
		extent
		weight float64
	}
	parts := make([]part, 0, len(l.boxes))
	for _, letters := range []bool{true, false} {
		for i, b := range l.boxes {
			weight := 0.0
			for _, r := range l.Words[i].Text {
				if !letters || unicode.IsLetter(r) || unicode.IsDigit(r) {
					weight++
				}
			}
			if weight > 0 {
				parts = append(parts, part{a.measure(b), weight})
			}
		}
		if len(parts) > 0 {
			break
		}
	}
	quantile := func(q float64, of func(extent) float64) float64 {
		slices.SortFunc(parts, func(a, b part) int { return cmp.Compare(of(a.extent), of(b.extent)) })
		all := 0.0
		for _, p := range parts {
			all += p.weight
		}
		for _, p := range parts {
			if all -= p.weight / q; all <= 0 {
				return of(p.extent)
			}
		}
		return of(parts[len(parts)-1].extent)
	}
	s := setLine{axis: a}
	thickness := quantile(0.5, func(e extent) float64 { return e.bottom - e.top })
	// Less than half of the words of a line reach below its baseline.
	s.level = quantile(0.4, func(e extent) float64 { return e.bottom })
	if x, y := (l.ends[0].x+l.ends[1].x)/2, (l.ends[0].y+l.ends[1].y)/2; l.levels {
		if level := a.across(x, y); math.Abs(level-s.level) < thickness/2 {
			s.level = level
		}
	}
	s.height = quantile(0.75, func(e extent) float64 { return s.level - e.top })
	const leastHeight = 0.01 // of which a size can be written
	s.height = max(s.height, thickness/2, leastHeight)
	return s
}

// fill places the words of a line, in one line or, where they do not follow each other on the page, in several.
func (s setLine) fill(l measured, neighbours []measured, skip func(ocr.Box) bool) []setLine {
	type placed struct {
		extent
		index int // in the line
	}
	words := make([]placed, len(l.boxes))
	leftward := false
	for i, b := range l.boxes {
		words[i] = placed{s.measure(b), i}
		leftward = leftward || slices.ContainsFunc([]rune(l.Words[i].Text), rightToLeft)
	}
	if leftward { // the page tells where words are, and what is set goes from left to right
		slices.SortStableFunc(words, func(a, b placed) int { return cmp.Compare(a.from+a.to, b.from+b.to) })
	}
	size := s.size()
	lone := !slices.ContainsFunc(l.Words, func(w ocr.Word) bool { return utf8.RuneCountInString(w.Text) > 1 })
	var lines []setLine
	apart := true // what comes stands on its own
	for i, w := range words {
		word := setWord{text: glyphsOf(l.Words[w.index].Text), from: w.from, to: w.to}
		if len(word.text) == 0 || skip(l.Words[w.index].Box) {
			apart = true
			continue
		}
		word.widen(size)
		if apart || w.from+w.to <= words[i-1].from+words[i-1].to {
			next := s
			next.words = []setWord{word}
			lines = append(lines, next)
			apart = false
			continue
		}
		line := &lines[len(lines)-1]
		before := &line.words[len(line.words)-1]
		before.gap = space
		if after := max(w.index, words[i-1].index); w.index+words[i-1].index == 2*after-1 && !l.SpaceBefore(after) {
			before.gap = joined
		}
		before.part(&word, size)
		if before.gap == space && (lone || s.wide(before.to, word.from, neighbours)) {
			before.gap = wideGap
		}
		line.words = append(line.words, word)
	}
	return lines
}

// rises reports whether a line is so slanted that poppler would take its beginning and its end for different lines.
func (s setLine) rises() bool {
	edge, _ := s.nearest()
	return math.Abs(edge.across(s.x, s.y))*(s.words[len(s.words)-1].to-s.words[0].from) > mostRise*s.size()
}

// size is that of the font.
func (s setLine) size() float64 { return s.height * fontEm / fontAscent }

// least is how much room the letters of a word need.
func (w *setWord) least(size float64) float64 { return leastPitch * size * float64(len(w.text)) }

// widen gives a word the room that its letters need.
func (w *setWord) widen(size float64) {
	if room := min(w.least(size)-(w.to-w.from), size/2); room > 0 && len(w.text) > 1 {
		w.from, w.to = w.from-room/2, w.to+room/2
	}
}

// part ends a word before the next begins, or where it begins if they are joined.
func (w *setWord) part(next *setWord, size float64) {
	room := 0.0
	if w.gap == space {
		room = leastSpace * size
		if next.from-w.to >= room {
			return
		}
	}
	middle := (w.to + next.from) / 2
	if w.to > next.to { // the box of a word that holds others beside its own
		middle = next.from
	}
	w.to = max(middle-room/2, w.from+min(w.least(size), w.to-w.from))
	next.from = w.to + room
	next.to = max(next.to, next.from+next.least(size))
}

// wide reports whether a gap would part a line into two columns. Lines above or below with a word across the gap prevent it.
func (s setLine) wide(from, to float64, neighbours []measured) bool {
	room := (to - from) / s.size()
	if room < mostSpace || room > mostInside {
		return room > mostInside
	}
	for _, n := range neighbours {
		for _, b := range n.boxes {
			if e := s.measure(b); e.from < from && e.to > to {
				return false
			}
		}
	}
	return true
}
