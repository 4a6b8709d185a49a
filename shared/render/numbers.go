package render

import (
	"regexp"
	"strings"
)

// position is a row and a column of a table, counted from 0.
type position struct{ row, column int }

// number is what a cell holds that a spreadsheet may calculate with.
type number struct {
	value  string // as programs write it
	format int    // of numberFormats, which shows it as the page does
}

// firstFormat is the lowest number that a format of a spreadsheet's own can have.
const firstFormat = 164

// mostDecimals is how many digits after the decimal separator there are formats for.
const mostDecimals = 6

// numberFormats are the formats of numbers: for each count of digits after the decimal separator without, then with groups of
// thousands.
func numberFormats() []string {
	formats := make([]string, 0, 2*(mostDecimals+1))
	for n := range mostDecimals + 1 {
		digits := strings.TrimSuffix("0."+strings.Repeat("0", n), ".")
		formats = append(formats, digits, "#,##"+digits)
	}
	return formats
}

// numeral matches what consists of digits and what stands between digits of numbers, dates and the like.
var numeral = regexp.MustCompile(`^[+\-−]?[0-9][0-9.,:/'’ \-]*$`)

// numbers finds the columns that hold numbers, of which nothing but digits and separators is certain: 1.234 is one thing or the
// other by the country. A column holds numbers if all in it that consists of digits and separators is a number in one notation,
// and in the other one not or the same number. So the numbers of a column are always converted together or not at all, and dates,
// telephone numbers and identifiers with leading zeros stay text.
func (g *grid) numbers() map[position]number {
	found := make(map[position]number)
	for column, cells := range g.numerals() {
		point, isPoint := notation{".", ","}.all(cells)
		comma, isComma := notation{",", "."}.all(cells)
		for i, p := range cells {
			switch {
			case isPoint && (!isComma || sameNumbers(point, comma)):
				found[position{p.row, column}] = point[i]
			case isComma && !isPoint:
				found[position{p.row, column}] = comma[i]
			}
		}
	}
	return found
}

// written is a numeral and its row.
type written struct {
	row  int
	text string
}

// numerals lists the numerals of each column.
func (g *grid) numerals() map[int][]written {
	columns := make(map[int][]written)
	for i, r := range g.rows {
		for _, c := range r.cells {
			if text := c.text("\n"); numeral.MatchString(text) {
				columns[c.column] = append(columns[c.column], written{i, text})
			}
		}
	}
	return columns
}

func sameNumbers(a, b []number) bool {
	for i := range a {
		if a[i].value != b[i].value {
			return false
		}
	}
	return true
}

// notation is how a country writes numbers.
type notation struct{ decimal, group string }

// all reads the numerals. It reports whether each is a number.
func (n notation) all(cells []written) ([]number, bool) {
	numbers := make([]number, 0, len(cells))
	for _, c := range cells {
		read, ok := n.read(c.text)
		if !ok {
			return nil, false
		}
		numbers = append(numbers, read)
	}
	return numbers, true
}

// read reads one numeral.
func (n notation) read(s string) (number, bool) {
	const precision = 15 // digits that spreadsheets keep
	sign := ""
	for _, minus := range []string{"-", "−"} {
		if rest, ok := strings.CutPrefix(s, minus); ok {
			sign, s = "-", rest
		}
	}
	whole, decimals, broken := strings.Cut(s, n.decimal)
	groups := strings.Split(whole, n.group)
	for i, g := range groups {
		if i > 0 && len(g) != 3 || len(groups) > 1 && len(g) > 3 {
			return number{}, false
		}
	}
	digits := strings.Join(groups, "")
	switch {
	case digits == "" || broken && decimals == "" || strings.Trim(digits+decimals, "0123456789") != "",
		len(digits+decimals) > precision || len(decimals) > mostDecimals,
		digits[0] == '0' && len(whole) > 1:
		return number{}, false
	}
	read := number{value: sign + digits, format: 2 * len(decimals)}
	if broken {
		read.value += "." + decimals
	}
	if len(groups) > 1 {
		read.format++
	}
	return read, true
}
