package mrz

import "github.com/lethe-ocr/lethe/shared/ocr"

// class is what the characters of a field can be.
type class int

const (
	mixed   class = iota // capitals, digits and fillers
	letters              // capitals and fillers
	digits               // digits and fillers
)

// field is where a field stands. Lines and columns count from 0.
type field struct {
	name     ocr.MRZName
	line     int
	from, to int // columns; to is outside
	class    class
	digit    int // column of its check digit in the same line; 0 if it has none
}

// span is a part of a line.
type span struct{ line, from, to int }

// layout is a format of the standard.
type layout struct {
	format        ocr.MRZFormat
	lines, length int
	first         string // what the first character can be
	fields        []field
	composite     []span // what the digit over several fields counts, in order; none for visas
	digit         span   // where that digit stands
}

// layouts lists the formats. Of two of one size the first character decides, and they stand so that it can.
func layouts() []layout {
	second := func(optional, optionalTo, optionalDigit int, name ocr.MRZName) []field { // line of two-line formats
		return []field{
			{ocr.DocumentNumber, 1, 0, 9, mixed, 9}, {ocr.Nationality, 1, 10, 13, letters, 0}, {ocr.BirthDate, 1, 13, 19, digits, 19},
			{ocr.Sex, 1, 20, 21, letters, 0}, {ocr.ExpiryDate, 1, 21, 27, digits, 27}, {name, 1, optional, optionalTo, mixed, optionalDigit},
		}
	}
	first := []field{{ocr.DocumentCode, 0, 0, 2, letters, 0}, {ocr.Issuer, 0, 2, 5, letters, 0}}
	two := func(rest []field) []field { return append(first[:len(first):len(first)], rest...) }
	return []layout{
		{
			ocr.TD1, 3, 30, "ACI",
			two([]field{
				{ocr.DocumentNumber, 0, 5, 14, mixed, 14}, {ocr.OptionalData, 0, 15, 30, mixed, 0}, {ocr.BirthDate, 1, 0, 6, digits, 6},
				{ocr.Sex, 1, 7, 8, letters, 0}, {ocr.ExpiryDate, 1, 8, 14, digits, 14}, {ocr.Nationality, 1, 15, 18, letters, 0},
				{ocr.OptionalData2, 1, 18, 29, mixed, 0},
			}),
			[]span{{0, 5, 30}, {1, 0, 7}, {1, 8, 15}, {1, 18, 29}},
			span{1, 29, 30},
		},
		{ocr.TD3, 2, 44, "P", two(second(28, 42, 42, ocr.PersonalNumber)), []span{{1, 0, 10}, {1, 13, 20}, {1, 21, 43}}, span{1, 43, 44}},
		{ocr.MRVA, 2, 44, "V", two(second(28, 44, 0, ocr.OptionalData)), nil, span{}},
		{ocr.TD2, 2, 36, "ACIP", two(second(28, 35, 0, ocr.OptionalData)), []span{{1, 0, 10}, {1, 13, 20}, {1, 21, 35}}, span{1, 35, 36}},
		{ocr.MRVB, 2, 36, "V", two(second(28, 36, 0, ocr.OptionalData)), nil, span{}},
	}
}

// names returns where the names stand.
func (l layout) names() span {
	if l.lines == 3 {
		return span{2, 0, l.length}
	}
	return span{0, 5, l.length}
}
