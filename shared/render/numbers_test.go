package render

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestColumnsBecomeNumbersOnlyTogetherAndWithoutDoubt(t *testing.T) {
	tests := []struct {
		name    string
		cells   []string
		want    []string // values, none if they stay text
		formats []string
	}{
		{"whole numbers", []string{"Year", "2024", "0", "-5", "−6"}, []string{"2024", "0", "-5", "-6"}, []string{"0", "0", "0", "0"}},
		{"comma", []string{"1.234", "12,50", "1.234.567,00"}, []string{"1234", "12.50", "1234567.00"}, []string{"#,##0", "0.00", "#,##0.00"}},
		{"point", []string{"1,234", "12.5", "EUR"}, []string{"1234", "12.5"}, []string{"#,##0", "0.0"}},
		{"a thousand or one and a fraction", []string{"1.234", "5"}, nil, nil},
		{"both notations", []string{"12,50", "12.50"}, nil, nil},
		{"leading zero", []string{"007", "12"}, nil, nil},
		{"fraction below one", []string{"0.5", "12.25"}, []string{"0.5", "12.25"}, []string{"0.0", "0.00"}},
		{"dates", []string{"12.05.2024", "3"}, nil, nil},
		{"a date of three numbers with two digits", []string{"12.05.", "3"}, nil, nil},
		{"times", []string{"12:05", "3"}, nil, nil},
		{"telephone", []string{"030 123456", "3"}, nil, nil},
		{"sign that would be lost", []string{"+5", "3"}, nil, nil},
		{"more digits than are kept", []string{"1234567890123456", "3"}, nil, nil},
		{"most digits", []string{"123456789012345"}, []string{"123456789012345"}, []string{"0"}},
		{"wrong groups", []string{"12,34,567"}, nil, nil},
		{"too many decimals", []string{"1.1234567"}, nil, nil},
		{"words and numbers with units", []string{"12 EUR", "x"}, nil, nil},
		{"other digits", []string{"١٢"}, nil, nil},
	}
	for _, test := range tests {
		g := &grid{columns: 1}
		for _, text := range test.cells {
			g.rows = append(g.rows, gridRow{cells: []cell{{columns: 1, rows: 1, passages: []passage{{lines: []string{text}}}}}})
		}
		found := g.numbers()
		var values, formats []string
		for i := range test.cells {
			if n, ok := found[position{i, 0}]; ok {
				values, formats = append(values, n.value), append(formats, numberFormats()[n.format])
			}
		}
		if diff := cmp.Diff([2][]string{test.want, test.formats}, [2][]string{values, formats}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}
