package ocrtest_test

import (
	"math"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
)

func TestF1(t *testing.T) {
	for _, c := range []struct {
		name, truth, text string
		want              float64
	}{
		{"same", "the quick fox", "the quick fox", 1},
		{"order does not matter", "the quick fox", "fox the quick", 1},
		{"half", "a b c d", "a b x y", 0.5},
		{"repeated words count", "a a", "a", 2.0 / 3},
		{"nothing read", "a", "", 0},
		{"blank page", "", "", 1},
		{"word broken at a line's end", "foundation", "foun-\ndation", 1},
		{"punctuation around words", "(well), \u201cthen\u201d.", "well then", 1},
		{"punctuation inside words", "12.50 o'clock", "12 50 o clock", 0},
		{"typography", "Smith\u2019s twenty\u2013one \ufb01sh", "Smith's twenty-one fish", 1},
		{"dot leaders", "Rent . . . . . . 5", "Rent 5", 1},
		{"characters without spaces", "\u4e2d\u6587", "\u4e2d \u6587", 1},
	} {
		if got := ocrtest.F1(c.truth, c.text); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
