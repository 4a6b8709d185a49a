package render

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLanguageTagsKeepTheOrderOfPreference(t *testing.T) {
	if diff := cmp.Diff([]string{"ru", "en"}, languageTags([]string{"rus", "osd", "eng"})); diff != "" {
		t.Errorf("the order of preference is lost (-want +got):\n%s", diff)
	}
}

func TestRightToLeftFollowsMostLetters(t *testing.T) {
	tests := []struct {
		name  string
		words []string
		want  bool
	}{
		{name: "Latin", words: []string{"word"}},
		{name: "Arabic", words: []string{"السلام", "42"}, want: true},
		{name: "Hebrew with a Latin name", words: []string{"שלום", "לכולם", "Bob"}, want: true},
		{name: "Latin with an Arabic word", words: []string{"the", "greeting", "سلام"}},
		{name: "digits only", words: []string{"42", "%"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := rightToLeft(paragraph(line(0, 0, 600, test.words...))); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}
