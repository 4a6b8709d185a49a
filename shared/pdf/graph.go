package pdf

import (
	"slices"
	"strings"
)

// referred calls yield for the number of each object that raw refers to, until it returns false.
func referred(raw string) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		s := scanner{text: raw}
		for s.at < len(s.text) {
			switch c := s.text[s.at]; {
			case isSpace(c), c == '[', c == ']', c == '>', c == '<' && strings.HasPrefix(s.text[s.at:], "<<"):
				s.at++
				if c == '<' {
					s.at++
				}
			case c == '<':
				end := strings.IndexByte(s.text[s.at:], '>')
				if end < 0 {
					return
				}
				s.at += end + 1
			case c == '(':
				if !s.literal() {
					return
				}
			default:
				start := s.at
				token := s.token()
				s.reference(token)
				if whole := s.text[start:s.at]; len(whole) > len(token) {
					if n, ok := parseReference(whole); ok && !yield(n) {
						return
					}
				}
			}
		}
	}
}

// link notes which objects a part refers to.
func (s *saved) link(number int, raw string) error {
	var to []int32
	for n := range referred(raw) {
		if n <= maxNumber {
			to = append(to, int32(n)) // #nosec G115 -- at most maxNumber
		}
	}
	slices.Sort(to)
	to = slices.Compact(to)
	links := s.links + len(to) - len(s.refers[number])
	if links > maxLinks {
		return errBig
	}
	s.links, s.refers[number] = links, slices.Clip(to)
	return nil
}

// reach finds the objects that the trailer leads to, by way of none that were dropped.
func (s *saved) reach() {
	s.reached = map[int]bool{}
	var next []int
	enter := func(n int) bool {
		if !s.reached[n] && !s.dropped[n] {
			s.reached[n] = true
			next = append(next, n)
		}
		return true
	}
	for _, e := range s.trailer {
		for n := range referred(e.value) {
			enter(n)
		}
	}
	for len(next) > 0 {
		n := next[len(next)-1]
		next = next[:len(next)-1]
		for _, to := range s.refers[n] {
			enter(int(to))
		}
	}
}

// replace puts raw in the place of an object, or of the dictionary of a stream, before what is reached is found. Whoever does
// that also writes the object. With an error the object is as it was.
func (s *saved) replace(number int, raw string) error {
	if err := s.link(number, raw); err != nil {
		return err
	}
	o := s.objects[number]
	o.raw = raw
	s.objects[number], s.replaced[number] = o, true
	return nil
}

// undangled returns an object without references to what was dropped.
func (s *saved) undangled(number int, raw string) string {
	if len(s.dropped) == 0 || !slices.ContainsFunc(s.refers[number], func(n int32) bool { return s.dropped[int(n)] }) {
		return raw
	}
	e := editor{keep: func(value string) bool {
		n, ok := parseReference(value)
		return !ok || !s.dropped[n]
	}}
	raw, _ = e.value(raw, 0)
	return raw
}

// editor changes values wherever they stand in an object. Its functions may be nil.
type editor struct {
	dictionary func(dictionary) (dictionary, bool) // before its entries are looked at; false drops it
	keep       func(value string) bool             // false drops a value that is neither a dictionary nor an array
}

// maxLevels bounds how deep values are followed, as PDFium does. What is deeper is dropped.
const maxLevels = 100

// value returns the changed value, or false if there is none left.
func (e *editor) value(raw string, depth int) (string, bool) {
	if depth > maxLevels {
		return "", false
	}
	switch {
	case strings.HasPrefix(raw, "<<"):
		d, ok := parseDictionary(raw)
		if !ok {
			return "", false
		}
		return e.entries(raw, d, depth)
	case strings.HasPrefix(raw, "["):
		elements, ok := parseArray(raw)
		if !ok {
			return "", false
		}
		return e.elements(raw, elements, depth), true
	default:
		return raw, e.keep == nil || e.keep(raw)
	}
}

func (e *editor) entries(raw string, d dictionary, depth int) (string, bool) {
	before := len(d)
	changed := false
	if e.dictionary != nil {
		edited, ok := e.dictionary(d)
		if !ok {
			return "", false
		}
		changed = len(edited) != before || !slices.Equal(edited, d)
		d = edited
	}
	var kept dictionary
	for _, entry := range d {
		value, ok := e.value(entry.value, depth+1)
		changed = changed || !ok || value != entry.value
		if ok {
			entry.value = value
			kept = append(kept, entry)
		}
	}
	if !changed {
		return raw, true
	}
	return kept.String(), true
}

// elements keeps the places of an array whose elements are not all references or dictionaries: they come in pairs or have
// meanings by their place.
func (e *editor) elements(raw string, elements []string, depth int) string {
	alike := !slices.ContainsFunc(elements, func(v string) bool {
		_, reference := parseReference(v)
		return !reference && !strings.HasPrefix(v, "<<")
	})
	changed := false
	var kept []string
	for _, element := range elements {
		value, ok := e.value(element, depth+1)
		changed = changed || !ok || value != element
		switch {
		case ok:
			kept = append(kept, value)
		case !alike:
			kept = append(kept, "null")
		}
	}
	if !changed {
		return raw
	}
	return "[" + strings.Join(kept, " ") + "]"
}
