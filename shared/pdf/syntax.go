package pdf

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// entry is a key of a dictionary, with its slash, and its value, both as written.
type entry struct{ key, value string }

// dictionary is a dictionary as written, in order. Values are looked into only where it is needed.
type dictionary []entry

func (d dictionary) get(key string) (string, bool) {
	for _, e := range d {
		if e.key == key {
			return e.value, true
		}
	}
	return "", false
}

// with returns a copy in which key has the value.
func (d dictionary) with(key, value string) dictionary {
	var changed dictionary
	for _, e := range d {
		if e.key != key {
			changed = append(changed, e)
		}
	}
	return append(changed, entry{key, value})
}

// without returns a copy that lacks key.
func (d dictionary) without(key string) dictionary {
	return slices.DeleteFunc(slices.Clone(d), func(e entry) bool { return e.key == key })
}

func (d dictionary) String() string {
	var b bytes.Buffer
	b.WriteString("<<")
	for _, e := range d {
		b.WriteString(e.key)
		b.WriteByte(' ')
		b.WriteString(e.value)
		b.WriteByte('\n')
	}
	b.WriteString(">>")
	return b.String()
}

// parseDictionary reads a dictionary of PDF syntax.
func parseDictionary(raw string) (dictionary, bool) {
	s := scanner{text: raw}
	if !s.take("<<") {
		return nil, false
	}
	var d dictionary
	for {
		s.space()
		if s.take(">>") {
			return d, true
		}
		key := s.token()
		if len(key) < 2 || key[0] != '/' {
			return nil, false
		}
		s.space()
		value, ok := s.value()
		if !ok {
			return nil, false
		}
		d = append(d, entry{key, value})
	}
}

// parseArray reads the elements of an array.
func parseArray(raw string) ([]string, bool) {
	s := scanner{text: raw}
	if !s.take("[") {
		return nil, false
	}
	var elements []string
	for {
		s.space()
		if s.take("]") {
			return elements, true
		}
		value, ok := s.value()
		if !ok {
			return nil, false
		}
		elements = append(elements, value)
	}
}

// parseReference reads an indirect reference.
func parseReference(raw string) (object int, ok bool) {
	s := scanner{text: raw}
	object, err := strconv.Atoi(s.token())
	if err != nil || object < 1 {
		return 0, false
	}
	s.space()
	if _, err := strconv.Atoi(s.token()); err != nil {
		return 0, false
	}
	s.space()
	return object, s.token() == "R"
}

// reference refers to an object of the first generation.
func reference(object int) string { return strconv.Itoa(object) + " 0 R" }

// literal writes a string (ISO 32000-1, section 7.3.4.2), which is shorter than in hexadecimal and better packed.
func literal(text []byte) string {
	b := make([]byte, 0, len(text)+2)
	b = append(b, '(')
	for _, c := range text {
		switch c {
		case '(', ')', '\\':
			b = append(b, '\\')
		case '\r': // would be read as the end of a row
			b, c = append(b, '\\'), 'r'
		}
		b = append(b, c)
	}
	return string(append(b, ')'))
}

// scanner walks over PDF syntax (ISO 32000-1, section 7.2) as PDFium writes it: without comments.
type scanner struct {
	text string
	at   int
}

func (s *scanner) space() {
	for s.at < len(s.text) && isSpace(s.text[s.at]) {
		s.at++
	}
}

func (s *scanner) take(prefix string) bool {
	if len(s.text)-s.at < len(prefix) || s.text[s.at:s.at+len(prefix)] != prefix {
		return false
	}
	s.at += len(prefix)
	return true
}

// token reads a name, number or keyword.
func (s *scanner) token() string {
	start := s.at
	for s.at < len(s.text) && !isSpace(s.text[s.at]) && (s.at == start || !isDelimiter(s.text[s.at])) {
		s.at++
	}
	return s.text[start:s.at]
}

// value reads one object. Nesting is followed by a counter, so depth costs no stack.
func (s *scanner) value() (string, bool) {
	start, depth := s.at, 0
	for s.at < len(s.text) {
		switch {
		case s.take("<<"), s.take("["):
			depth++
		case s.take(">>"), s.take("]"):
			depth--
		case s.text[s.at] == '<':
			end := strings.IndexByte(s.text[s.at:], '>')
			if end < 0 {
				return "", false
			}
			s.at += end + 1
		case s.text[s.at] == '(':
			if !s.literal() {
				return "", false
			}
		default:
			token := s.token()
			if depth == 0 {
				s.reference(token)
			}
		}
		if depth <= 0 {
			return s.text[start:s.at], depth == 0
		}
		s.space()
	}
	return "", false
}

// reference moves past the rest of an indirect reference that starts with token, if there is one.
func (s *scanner) reference(token string) {
	if _, err := strconv.Atoi(token); err != nil {
		return
	}
	before := s.at
	s.space()
	_, err := strconv.Atoi(s.token())
	s.space()
	if err != nil || s.token() != "R" {
		s.at = before
	}
}

func (s *scanner) literal() bool {
	for depth := 0; s.at < len(s.text); {
		switch s.text[s.at] {
		case '\\':
			s.at++
		case '(':
			depth++
		case ')':
			depth--
		}
		s.at++
		if depth == 0 {
			return true
		}
	}
	return false
}

func isSpace(c byte) bool {
	switch c {
	case 0, '\t', '\n', '\f', '\r', ' ':
		return true
	}
	return false
}

func isDelimiter(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}
