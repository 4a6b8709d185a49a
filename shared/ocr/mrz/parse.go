package mrz

import (
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// Parse returns what lines say as a machine-readable zone, each as it was recognised, spaces and misread fillers included. It
// returns nil if they cannot be one, and if not one check digit holds.
func Parse(lines []string) *ocr.MRZ {
	var best *ocr.MRZ
	fewest := 0
	for _, l := range layouts() {
		if len(lines) != l.lines {
			continue
		}
		zone, changes := make([]string, 0, len(lines)), 0
		for i, raw := range lines {
			raw = normal(raw)
			if line, ok := fit(raw, l, i); ok {
				zone = append(zone, line)
			}
			changes += max(len(raw)-l.length, l.length-len(raw))
		}
		if len(zone) < len(lines) || !strings.Contains(l.first, zone[0][:1]) {
			continue
		}
		read := l.read(zone)
		if read == nil {
			continue
		}
		if best == nil || read.Valid && !best.Valid || read.Valid == best.Valid && changes < fewest {
			best, fewest = read, changes
		}
	}
	return best
}

// read takes the fields out of lines of the right length, and corrects them.
func (l layout) read(zone []string) *ocr.MRZ {
	put := func(line, from int, text string) {
		zone[line] = zone[line][:from] + text + zone[line][from+len(text):]
	}
	read := &ocr.MRZ{Format: l.format, Valid: true}
	held := 0
	add := func(f ocr.MRZField, valid bool) {
		if f.Valid = &valid; valid {
			held++
		}
		read.Valid = read.Valid && valid
		read.Fields = append(read.Fields, f)
	}
	var rest string // of a long document number, which ends in the optional data
	for _, f := range l.fields {
		text := zone[f.line][f.from:f.to]
		if f.name == ocr.DocumentNumber && zone[f.line][f.digit] == '<' {
			if number, digit, ok := long(text, zone, l); ok {
				rest = number[len(text):] + string(digit)
				add(ocr.MRZField{Name: f.name, Value: shown(number), Digit: string(digit)}, true)
				continue
			}
		}
		if f.name == ocr.OptionalData && rest != "" {
			text = text[len(rest):]
		}
		if f.digit == 0 {
			if f.class == letters {
				text = mapped(text, asLetter)
				put(f.line, f.from, text)
			}
			if v := shown(text); v != "" {
				read.Fields = append(read.Fields, ocr.MRZField{Name: f.name, Value: v})
			}
			continue
		}
		digit := zone[f.line][f.digit]
		optional := f.name == ocr.PersonalNumber
		fixed, ok := repaired(text, digit, f.class, optional)
		if ok {
			text = fixed
			put(f.line, f.from, text)
			digit = held1(text, digit, optional)
			put(f.line, f.digit, string(digit))
		}
		add(ocr.MRZField{Name: f.name, Value: shown(text), Digit: string(digit)}, ok)
	}
	if held == 0 {
		return nil
	}
	read.Fields = l.withNames(read.Fields, zone)
	if len(l.composite) > 0 {
		all := ""
		for _, s := range l.composite {
			all += zone[s.line][s.from:s.to]
		}
		digit := asDigit(zone[l.digit.line][l.digit.from])
		ok := digit == checkDigit(all)
		if ok {
			put(l.digit.line, l.digit.from, string(digit))
		}
		add(ocr.MRZField{Name: ocr.Composite, Digit: string(zone[l.digit.line][l.digit.from])}, ok)
	}
	read.Lines = zone
	return read
}

// held1 returns the digit that a text was found to have: as it was read, or what a letter was misread for.
func held1(text string, digit byte, optional bool) byte {
	if holds(text, digit, optional) {
		return digit
	}
	return asDigit(digit)
}

// repaired returns the text for which the digit holds, if there is one.
func repaired(text string, digit byte, class class, optional bool) (string, bool) {
	if holds(text, digit, optional) && (class != digits || onlyDigits(text)) {
		return text, true
	}
	d := asDigit(digit)
	if class == digits {
		text = mapped(text, asDigit)
	}
	if holds(text, d, optional) && (class != digits || onlyDigits(text)) {
		return text, true
	}
	if class != mixed {
		return text, false
	}
	return corrected(text, d)
}

func onlyDigits(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return (r < '0' || r > '9') && r != '<' })
}

// long returns a document number that continues in the optional data, where a filler stands for its check digit: the last
// character before the next filler is the digit.
func long(start string, zone []string, l layout) (number string, digit byte, ok bool) {
	i := slices.IndexFunc(l.fields, func(f field) bool { return f.name == ocr.OptionalData && f.line == numberLine(l) })
	if i < 0 {
		return "", 0, false
	}
	f := l.fields[i]
	more, _, _ := strings.Cut(zone[f.line][f.from:f.to], "<")
	if len(more) < 2 {
		return "", 0, false
	}
	number, digit = start+more[:len(more)-1], asDigit(more[len(more)-1])
	return number, digit, holds(number, digit, false)
}

func numberLine(l layout) int {
	if l.lines == 3 {
		return 0
	}
	return 1
}

// withNames puts the names behind the issuer.
func (l layout) withNames(fields []ocr.MRZField, zone []string) []ocr.MRZField {
	s := l.names()
	text := mapped(zone[s.line][s.from:s.to], asLetter)
	zone[s.line] = zone[s.line][:s.from] + text
	surname, given, _ := strings.Cut(text, "<<")
	var names []ocr.MRZField
	for _, f := range []ocr.MRZField{{Name: ocr.Surname, Value: shown(surname)}, {Name: ocr.GivenNames, Value: shown(given)}} {
		if f.Value != "" {
			names = append(names, f)
		}
	}
	at := 1 + slices.IndexFunc(fields, func(f ocr.MRZField) bool { return f.Name == ocr.Issuer })
	return slices.Insert(fields, at, names...)
}

// shown returns a value as people write it.
func shown(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '<' }), " ")
}
