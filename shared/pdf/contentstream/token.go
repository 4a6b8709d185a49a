package contentstream

import (
	"fmt"
	"strconv"
	"strings"
)

type kind uint8

const (
	number kind = iota
	name
	literal     // a string in parentheses
	hexadecimal // a string in angle brackets
	array
	dictionary
	other // true, false, null and stray delimiters
)

// operand is an object before an operator. Its bytes are looked into only where they are needed.
type operand struct {
	kind       kind
	start, end int
}

// operation is an operator with its operands. An inline image is one operation, of the operator BI.
type operation struct {
	operator   string
	operands   []operand // the last of them, at most maxOperands; valid until the next operation
	start, end int       // of everything, operands that were left out included
}

const (
	maxOperands = 64  // no operator has more than the components of a colour; viewers keep fewer
	maxOpen     = 256 // arrays and dictionaries within each other
)

// scanner splits a content stream into operations. Each byte is looked at a bounded number of times.
type scanner struct {
	data     []byte
	at       int
	operands []operand
	searched int // bytes looked at to find the ends of inline images
}

// next returns the next operation; false at the end of the stream.
func (s *scanner) next() (operation, bool) {
	s.operands = s.operands[:0]
	start := -1
	for {
		s.space()
		if s.at >= len(s.data) {
			return operation{}, false
		}
		from := s.at
		if start < 0 {
			start = from
		}
		kind, keyword := s.object()
		if keyword == "" {
			if len(s.operands) == maxOperands {
				copy(s.operands, s.operands[1:])
				s.operands = s.operands[:maxOperands-1]
			}
			s.operands = append(s.operands, operand{kind, from, s.at})
			continue
		}
		if keyword == "BI" {
			s.inlineImage()
		}
		return operation{keyword, s.operands, start, s.at}, true
	}
}

// object moves past one object or keyword; keyword is empty for an object.
func (s *scanner) object() (kind kind, keyword string) {
	switch c := s.data[s.at]; {
	case c == '/':
		s.at++
		s.regular()
		return name, ""
	case c == '(':
		s.literal()
		return literal, ""
	case c == '[':
		s.nested()
		return array, ""
	case c == '<' && s.at+1 < len(s.data) && s.data[s.at+1] == '<':
		s.nested()
		return dictionary, ""
	case c == '<':
		s.hexadecimal()
		return hexadecimal, ""
	case isDelimiter(c):
		s.at++
		return other, ""
	}
	word := s.regular()
	if isNumber(word) {
		return number, ""
	}
	switch keyword = string(word); keyword {
	case "true", "false", "null":
		return other, ""
	}
	return other, keyword
}

// space moves past white space and comments.
func (s *scanner) space() {
	for s.at < len(s.data) {
		switch c := s.data[s.at]; {
		case isSpace(c):
			s.at++
		case c == '%':
			for s.at < len(s.data) && s.data[s.at] != '\n' && s.data[s.at] != '\r' {
				s.at++
			}
		default:
			return
		}
	}
}

// regular moves past regular characters and returns them.
func (s *scanner) regular() []byte {
	start := s.at
	for s.at < len(s.data) && !isSpace(s.data[s.at]) && !isDelimiter(s.data[s.at]) {
		s.at++
	}
	return s.data[start:s.at]
}

func (s *scanner) literal() {
	for depth := 0; s.at < len(s.data); {
		switch s.data[s.at] {
		case '\\':
			s.at++
		case '(':
			depth++
		case ')':
			depth--
		}
		s.at++
		if depth == 0 {
			break
		}
	}
	s.at = min(s.at, len(s.data))
}

func (s *scanner) hexadecimal() {
	for s.at < len(s.data) && s.data[s.at] != '>' {
		s.at++
	}
	s.at = min(s.at+1, len(s.data))
}

// nested moves past an array or a dictionary. A counter follows what is in it, so depth costs no stack. A bracket that closes
// nothing is passed over.
func (s *scanner) nested() {
	var open []byte
	for s.at < len(s.data) {
		c := s.data[s.at]
		double := s.at+1 < len(s.data) && s.data[s.at+1] == c
		switch {
		case c == '[', c == '<' && double:
			if len(open) < maxOpen {
				open = append(open, c)
			}
			s.at++
			if c == '<' {
				s.at++
			}
		case c == ']', c == '>' && double:
			s.at++
			if c == '>' {
				s.at++
			}
			if last := open[len(open)-1]; (last == '[') == (c == ']') {
				open = open[:len(open)-1]
			}
			if len(open) == 0 {
				return
			}
		case c == '(':
			s.literal()
		case c == '<':
			s.hexadecimal()
		default:
			s.at++
		}
		s.space()
	}
}

// elements splits an array, or a dictionary into keys and values. Keywords in it are passed over.
func elements(data []byte, o operand) []operand {
	bracket := 1
	if o.kind == dictionary {
		bracket = 2
	}
	end := max(o.start+bracket, o.end-bracket)
	s := scanner{data: data[:min(end, len(data))], at: min(o.start+bracket, len(data))}
	var found []operand
	for {
		s.space()
		if s.at >= len(s.data) {
			return found
		}
		from := s.at
		if kind, keyword := s.object(); keyword == "" {
			found = append(found, operand{kind, from, s.at})
		}
	}
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

func isRegular(c byte) bool { return !isSpace(c) && !isDelimiter(c) }

// isNumber reports whether viewers take a word for a number: they ask for no order of its characters.
func isNumber(word []byte) bool {
	for _, c := range word {
		if (c < '0' || c > '9') && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	return len(word) > 0
}

// float reads a number as far as it is one.
func float(word []byte) float64 {
	end, point := 0, false
	for end < len(word) {
		c := word[end]
		if c == '.' && point || (c == '-' || c == '+') && end > 0 {
			break
		}
		point = point || c == '.'
		end++
	}
	v, err := strconv.ParseFloat(string(word[:end]), 64)
	if err != nil {
		return 0
	}
	return v
}

// DecodeName returns a name without its slash and with the bytes that it spells in hexadecimal (ISO 32000-1, section 7.3.5).
func DecodeName(raw string) string {
	raw = strings.TrimPrefix(raw, "/")
	if !strings.Contains(raw, "#") {
		return raw
	}
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		if raw[i] == '#' && i+2 < len(raw) {
			if v, err := strconv.ParseUint(raw[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(v))
				i += 2
				continue
			}
		}
		b.WriteByte(raw[i])
	}
	return b.String()
}

// EncodeName returns a name as it is written, without its slash.
func EncodeName(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if c <= ' ' || c >= 0x7f || c == '#' || isDelimiter(c) {
			fmt.Fprintf(&b, "#%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// decodeString returns the bytes of a string (ISO 32000-1, section 7.3.4).
func decodeString(raw []byte, k kind) []byte {
	if k == hexadecimal {
		return decodeHexadecimal(raw[1:])
	}
	out := make([]byte, 0, len(raw))
	raw = raw[1:]
	if n := len(raw); n > 0 && raw[n-1] == ')' {
		raw = raw[:n-1]
	}
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case c == '\r':
			out = append(out, '\n')
			if i+1 < len(raw) && raw[i+1] == '\n' {
				i++
			}
		case c != '\\':
			out = append(out, c)
		case i+1 < len(raw):
			i++
			out, i = escaped(out, raw, i)
		}
	}
	return out
}

// escaped appends what stands behind a backslash, which begins at i, and returns where it ends.
func escaped(out, raw []byte, i int) ([]byte, int) {
	switch c := raw[i]; c {
	case 'n':
		return append(out, '\n'), i
	case 'r':
		return append(out, '\r'), i
	case 't':
		return append(out, '\t'), i
	case 'b':
		return append(out, '\b'), i
	case 'f':
		return append(out, '\f'), i
	case '\n':
		return out, i
	case '\r':
		if i+1 < len(raw) && raw[i+1] == '\n' {
			i++
		}
		return out, i
	case '0', '1', '2', '3', '4', '5', '6', '7':
		v, n := 0, 0
		for n < 3 && i+n < len(raw) && raw[i+n] >= '0' && raw[i+n] <= '7' {
			v = v<<3 | int(raw[i+n]-'0')
			n++
		}
		return append(out, byte(v)), i + n - 1 // #nosec G115 -- the overflow is dropped, as the specification has it
	default:
		return append(out, c), i
	}
}

// decodeHexadecimal reads digits up to the bracket that ends them. A missing last digit is 0.
func decodeHexadecimal(raw []byte) []byte {
	out := make([]byte, 0, len(raw)/2)
	high := -1
	for _, c := range raw {
		if c == '>' {
			break
		}
		v := digit(c)
		switch {
		case v < 0:
		case high < 0:
			high = v
		default:
			out = append(out, byte(high<<4|v)) // #nosec G115 -- two digits
			high = -1
		}
	}
	if high >= 0 {
		out = append(out, byte(high<<4)) // #nosec G115 -- two digits
	}
	return out
}

func digit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
