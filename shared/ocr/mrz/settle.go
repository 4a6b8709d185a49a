package mrz

import (
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// Unread stands in a reading for a character that it does not have.
const Unread = ' '

// Settle makes a zone of several readings of each of its rows, the one to be trusted most first. A reading has a byte for every
// character of the row: a capital, a digit, a filler or [Unread]. Each character is what most readings say. Where a check digit
// does not hold then, what the other readings say is tried, and taken if few changes make it hold and no others as few do. It
// returns the rows, and what they say; nil if they are no zone.
func Settle(rows [][]string) ([]string, *ocr.MRZ) {
	var said [][]string
	var lines []string
	for _, readings := range rows {
		said = append(said, votes(readings))
		lines = append(lines, likeliest(said[len(said)-1]))
	}
	zone := Parse(lines)
	if zone == nil {
		return lines, nil
	}
	for _, l := range layouts() {
		if l.format == zone.Format && !slices.ContainsFunc(lines, func(s string) bool { return len(s) != l.length }) {
			l.settle(said)
		}
	}
	for i := range lines {
		lines[i] = likeliest(said[i])
	}
	return lines, Parse(lines)
}

// votes returns what readings of a row say of each place, what most say first.
func votes(readings []string) []string {
	if len(readings) == 0 {
		return nil
	}
	said := make([]string, len(readings[0]))
	for j := range said {
		counts := map[byte]int{}
		var chars []byte
		for i, r := range readings {
			c := r[j]
			if c == Unread {
				continue
			}
			if counts[c] == 0 {
				chars = append(chars, c)
			}
			counts[c] += 2
			if i == 0 { // it decides between two
				counts[c]++
			}
		}
		slices.SortStableFunc(chars, func(a, b byte) int { return counts[b] - counts[a] })
		if len(chars) == 0 {
			chars = []byte{'<'}
		}
		said[j] = string(chars)
	}
	return said
}

func likeliest(said []string) string {
	var b strings.Builder
	for _, chars := range said {
		b.WriteByte(chars[0])
	}
	return b.String()
}

// settle puts first what makes the check digits of a format hold.
func (l layout) settle(said [][]string) {
	type at struct{ line, column int }
	checked := map[at]bool{}
	try := func(places []at, can func(at, byte) byte, ok func(string) bool) {
		var chars []string
		for _, p := range places {
			one := said[p.line][p.column]
			if checked[p] {
				one = one[:1]
			}
			chars = append(chars, distinct(mapped(one, func(c byte) byte { return can(p, c) })))
		}
		if found, settled := fewest(chars, ok); settled {
			for i, p := range places {
				said[p.line][p.column] = found[i : i+1]
				checked[p] = true
			}
		}
	}
	for _, f := range l.fields {
		if f.digit == 0 {
			continue
		}
		var places []at
		for c := f.from; c < f.to; c++ {
			places = append(places, at{f.line, c})
		}
		places = append(places, at{f.line, f.digit})
		try(places, func(p at, c byte) byte {
			if f.class == digits || p.column == f.digit {
				return asDigit(c)
			}
			return c
		}, func(text string) bool {
			n := len(text) - 1
			return holds(text[:n], text[n], f.name == ocr.PersonalNumber) && (f.class != digits || onlyDigits(text[:n]))
		})
	}
	var places []at
	for _, s := range l.composite {
		for c := s.from; c < s.to; c++ {
			places = append(places, at{s.line, c})
		}
	}
	if len(places) == 0 {
		return
	}
	places = append(places, at{l.digit.line, l.digit.from})
	try(places, func(p at, c byte) byte {
		if p.line == l.digit.line && p.column == l.digit.from {
			return asDigit(c)
		}
		return c
	}, func(text string) bool { return holds(text[:len(text)-1], text[len(text)-1], false) })
}

// distinct returns each character of a text once.
func distinct(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if strings.IndexByte(text, text[i]) == i {
			b.WriteByte(text[i])
		}
	}
	return b.String()
}

// fewest returns the text of one of the characters of each place that is right with as few as can be that are not the first of
// their place. It reports false if none is, if several with as few are, and where there is too much to try.
func fewest(places []string, right func(string) bool) (string, bool) {
	const mostChanges, mostOpen = 3, 12
	text := make([]byte, len(places))
	var open []int
	for i, chars := range places {
		text[i] = chars[0]
		if len(chars) > 1 {
			open = append(open, i)
		}
	}
	if right(string(text)) {
		return string(text), true
	}
	if len(open) > mostOpen {
		return "", false
	}
	for changes := 1; changes <= mostChanges; changes++ {
		var found []string
		change(text, places, open, changes, func() {
			if right(string(text)) {
				found = append(found, string(text))
			}
		})
		if len(found) > 0 {
			return found[0], len(found) == 1
		}
	}
	return "", false
}

// change calls try with each text that has so many other characters in open places.
func change(text []byte, places []string, open []int, changes int, try func()) {
	if changes == 0 {
		try()
		return
	}
	for k, i := range open {
		first := text[i]
		for _, c := range []byte(places[i][1:]) {
			text[i] = c
			change(text, places, open[k+1:], changes-1, try)
		}
		text[i] = first
	}
}
