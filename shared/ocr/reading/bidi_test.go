//go:build cgo

package reading

import "testing"

func TestWordsHaveNoMarksOfDirectionAndAreInTheOrderOfReading(t *testing.T) {
	for marked, want := range map[string]string{
		"\u200fسلام\u200e":  "سلام",
		"\u200e.١-٢\u200f":  "١-٢.",
		"\u200e(12)\u200f":  "(12)",
		"\u200e2026\u200f":  "2026",
		"\u200ehello\u200f": "hello",
		"\u200e\u200f":      "",
		"שלום":              "שלום", "2.50": "2.50", ".5": ".5",
	} {
		word := Word{Text: marked}
		for _, r := range want {
			word.Characters = append(word.Characters, Character{Text: string(r)})
		}
		if got, _ := logical(word); got != want {
			t.Errorf("%+q is %+q, want %+q", marked, got, want)
		}
	}
	text, characters := logical(Word{Text: "\u200e.12\u200f", Characters: []Character{{Text: "."}, {Text: "1"}, {Text: "2"}}})
	joined := ""
	for _, c := range characters {
		joined += c.Text
	}
	if joined != text || text != "12." {
		t.Errorf("the characters are %q, the text %q", joined, text)
	}
}
