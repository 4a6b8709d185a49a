package field

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of a pattern.
const (
	mostPatternBytes = 1000
	mostPositions    = 256    // characters of a pattern once each repetition with a number is written out
	mostNodes        = 10_000 // steps of writing it out
	mostDepth        = 50     // brackets in brackets
	mostLetters      = 1000   // that a pattern names
)

// Pattern is a regular expression of whole words in ABBYY's dialect, as the documentation of Cloud OCR SDK describes it under
// "Regular Expressions":
//
//	.        any character
//	[b-d]    a character of a range or of several; [^b-d] any other
//	a|b      one or the other, either of which may be empty
//	a*  a+   any number of times; at least once
//	()       a group
//	\s       a space
//	\.       a character that stands for itself
//
// It also takes what that documentation does not have and its authors' other products do: a? at most once, and the numbers of
// times {n}, {n-m}, {n-}, {-m}, with a comma for the hyphen too. A brace that begins no such number stands for itself, and so
// does @ unless it begins a dictionary, which there is none of here.
//
// A word is held against it in time proportional to its length and the square of the pattern's.
type Pattern struct {
	sets    []set       // of the characters at each position
	follow  []positions // those that may come after each
	first   positions
	last    positions
	empty   bool // the empty word matches
	spaces  bool // it names the space
	letters string
}

// PatternError says why a text is no pattern.
type PatternError struct {
	At      int // byte of the pattern
	Problem string
}

func (e *PatternError) Error() string {
	return fmt.Sprintf("the regular expression cannot be used: %s (at character %d)", e.Problem, e.At+1)
}

// ParsePattern reads a pattern. Errors are of type *PatternError and quote nothing of it.
func ParsePattern(text string) (*Pattern, error) {
	if len(text) > mostPatternBytes {
		return nil, &PatternError{mostPatternBytes, fmt.Sprintf("it is longer than %d bytes", mostPatternBytes)}
	}
	if !utf8.ValidString(text) {
		return nil, &PatternError{0, "it is not UTF-8"}
	}
	parser := patternParser{text: text}
	root, err := parser.alternatives(0)
	if err != nil {
		return nil, err
	}
	if parser.at < len(text) {
		return nil, parser.wrong("a bracket is closed that is not open")
	}
	p := &Pattern{}
	b := patternBuilder{pattern: p}
	whole := b.build(root)
	if b.full {
		return nil, &PatternError{0, fmt.Sprintf("with its repetitions written out it has more than %d characters", mostPositions)}
	}
	p.first, p.last, p.empty = whole.first, whole.last, whole.empty
	p.letters = named(p.sets)
	p.spaces = slices.ContainsFunc(p.sets, func(s set) bool { return !s.others && s.has(' ') })
	return p, nil
}

// Spaces reports whether the pattern is of several words: it names the space between them.
func (p *Pattern) Spaces() bool { return p.spaces }

// Letters returns every character that the pattern names, or nothing if it allows others, or too many.
func (p *Pattern) Letters() string { return p.letters }

// Match reports whether a word matches as a whole.
func (p *Pattern) Match(word string) bool {
	_, ok := p.Best([][]Candidate{{{Text: word}}})
	return ok
}

// Candidate is a way to read a character.
type Candidate struct {
	Text       string
	Confidence float64 // 0 to 100
}

// Best returns which candidate of each character to take for the word to match, so that the least confidence is lost. It
// reports false if no choice matches.
func (p *Pattern) Best(characters [][]Candidate) ([]int, bool) {
	at := p.begin()
	trail := make([][]origin, len(characters))
	for i, candidates := range characters {
		at, trail[i] = p.character(at, candidates)
	}
	best, end := math.Inf(-1), -1
	for q := range at {
		if at[q] > best && (q < len(p.sets) && p.last.has(q) || q == len(p.sets) && p.empty) {
			best, end = at[q], q
		}
	}
	if end < 0 {
		return nil, false
	}
	chosen := make([]int, len(characters))
	for i := len(characters) - 1; i >= 0; i-- {
		o := trail[i][end]
		chosen[i], end = o.candidate, o.from
	}
	return chosen, true
}

// scores are of the positions that a word may have come to, after them that of its beginning. Minus infinity is none.
type scores []float64

// origin is where the best way to a position came from.
type origin struct{ candidate, from int }

func (p *Pattern) begin() scores {
	at := p.nowhere()
	at[len(p.sets)] = 0
	return at
}

func (p *Pattern) nowhere() scores {
	at := make(scores, len(p.sets)+1)
	for i := range at {
		at[i] = math.Inf(-1)
	}
	return at
}

// character goes on by one character, whichever candidate it is.
func (p *Pattern) character(at scores, candidates []Candidate) (scores, []origin) {
	next, from := p.nowhere(), make([]origin, len(at))
	for c, candidate := range candidates {
		gain := math.Log(max(candidate.Confidence, 0) + 1)
		reached, source := at, make([]int, len(at))
		for q := range source {
			source[q] = q
		}
		for _, r := range candidate.Text {
			reached, source = p.codePoint(reached, source, r)
		}
		for q, score := range reached {
			if score+gain > next[q] {
				next[q], from[q] = score+gain, origin{c, source[q]}
			}
		}
	}
	return next, from
}

// codePoint goes on by one code point and keeps where each way came from.
func (p *Pattern) codePoint(at scores, source []int, r rune) (scores, []int) {
	next, from := p.nowhere(), make([]int, len(at))
	for q := range p.sets {
		if !p.sets[q].has(r) {
			continue
		}
		for before, score := range at {
			follows := before == len(p.sets) && p.first.has(q) || before < len(p.sets) && p.follow[before].has(q)
			if follows && score > next[q] {
				next[q], from[q] = score, source[before]
			}
		}
	}
	return next, from
}

// set is the characters that may stand at a position.
type set struct {
	ranges []span
	others bool // every character but those
}

type span struct{ from, to rune }

func (s set) has(r rune) bool {
	return slices.ContainsFunc(s.ranges, func(x span) bool { return r >= x.from && r <= x.to }) != s.others
}

// named returns the characters of all sets if each names its own.
func named(sets []set) string {
	var letters []rune
	for _, s := range sets {
		if s.others {
			return ""
		}
		for _, x := range s.ranges {
			if int(x.to-x.from)+len(letters) > mostLetters {
				return ""
			}
			for r := x.from; r <= x.to; r++ {
				letters = append(letters, r)
			}
		}
		slices.Sort(letters)
		letters = slices.Compact(letters)
	}
	return strings.TrimSpace(string(letters))
}

// positions is a set of positions of a pattern.
type positions [mostPositions / 64]uint64

func (s *positions) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }
func (s *positions) add(i int)      { s[i/64] |= 1 << (i % 64) }

func (s *positions) join(o positions) {
	for i := range s {
		s[i] |= o[i]
	}
}
