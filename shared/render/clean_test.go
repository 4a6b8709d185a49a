package render

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

func TestTidyLeavesNothingThatCouldBreakAFormat(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{name: "ordinary text", in: "Straße", want: "Straße"},
		{name: "markup is text", in: `<a href="x">&amp;`, want: `<a href="x">&amp;`},
		{name: "controls", in: "a\x00b\x08c\x1bd\u007fe\u0085f\u009f", want: "abcde f"},
		{name: "tab, line break, form feed", in: "a\tb\r\nc\fd\ve", want: "a b c d e"},
		{name: "line and paragraph separator", in: "a\u2028b\u2029c", want: "a b c"},
		{name: "space at the ends", in: " \u00a0word\u3000", want: "word"},
		{name: "noncharacters", in: "a\uFFFE\uFFFF\uFDD0\U0001FFFE\U0010FFFFb", want: "ab"},
		{name: "byte order mark", in: "\uFEFFa", want: "a"},
		{name: "invalid UTF-8", in: "a\xff\xfeb\xc3", want: "a\uFFFDb\uFFFD"},
		{name: "encoded surrogate", in: "a\xed\xa0\x80b", want: "a\uFFFDb"},
		{name: "direction marks stay", in: "\u200fא\u200e", want: "\u200fא\u200e"},
		{name: "nothing left", in: "\x00 \t", want: ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := tidy(test.in); got != test.want {
				t.Errorf("tidy(%q) = %q, want %q", test.in, got, test.want)
			}
		})
	}
}

func TestCleanBoundsBoxesAndConfidences(t *testing.T) {
	word := func(text string, confidence float64, box ocr.Box) ocr.Word {
		return ocr.Word{Text: text, Confidence: confidence, Box: box}
	}
	in := ocr.Page{Number: 1, Width: 100, Height: 50, DPI: -1, Confidence: math.Inf(1), Blocks: []ocr.Block{
		{Box: ocr.Box{X0: -5, Y0: -5, X1: 200, Y1: 200}, Paragraphs: []ocr.Paragraph{{Lines: []ocr.Line{{Words: []ocr.Word{
			word("outside", math.NaN(), ocr.Box{X0: 90, Y0: 40, X1: 110, Y1: 60}),
			word("turned over", -3, ocr.Box{X0: 30, Y0: 30, X1: 20, Y1: 20}),
			word("far away", 33.333, ocr.Box{X0: math.MaxInt, Y0: math.MinInt, X1: math.MaxInt, Y1: math.MaxInt}),
			word("\x00", 50, ocr.Box{X1: 1, Y1: 1}),
		}}}}}},
		{Paragraphs: []ocr.Paragraph{{Lines: []ocr.Line{{}, {Words: []ocr.Word{word(" ", 1, ocr.Box{})}}}}, {}}},
	}}
	want := ocr.Page{Number: 1, Width: 100, Height: 50, Confidence: 100, Blocks: []ocr.Block{
		{Box: ocr.Box{X1: 100, Y1: 50}, Paragraphs: []ocr.Paragraph{{Lines: []ocr.Line{{Words: []ocr.Word{
			word("outside", 0, ocr.Box{X0: 90, Y0: 40, X1: 100, Y1: 50}),
			word("turned over", 0, ocr.Box{X0: 30, Y0: 30, X1: 30, Y1: 30}),
			word("far away", 33.33, ocr.Box{X0: 100, X1: 100, Y1: 50}),
		}}}}}},
	}}
	if diff := cmp.Diff(want, clean(in)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCleanLeavesTheModelOfTheCallerAlone(t *testing.T) {
	pages := model()
	pages[0].Blocks[0].Paragraphs[0].Lines[0].Words[0].Text = "a\x00b"
	before := pages[0].Blocks[0].Paragraphs[0].Lines[0].Words[0]
	_ = clean(pages[0])
	if diff := cmp.Diff(before, pages[0].Blocks[0].Paragraphs[0].Lines[0].Words[0]); diff != "" {
		t.Error(diff)
	}
}
