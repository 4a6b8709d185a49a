package render

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLanguageTagsTranslatesTesseractsCodes(t *testing.T) {
	tests := []struct{ code, want string }{
		{"eng", "en"}, {"deu", "de"}, {"fra", "fr"}, {"spa", "es"}, {"ita", "it"}, {"rus", "ru"}, {"ara", "ar"},
		{"chi_sim", "zh-Hans"}, {"chi_sim_vert", "zh-Hans"}, {"chi_tra", "zh-Hant"}, {"chi_tra_vert", "zh-Hant"},
		{"jpn_vert", "ja"}, {"heb", "he"}, {"grc", "grc"}, {"kmr", "kmr"}, {"nor", "no"}, {"ita_old", "it"},
		{"srp_latn", "sr-Latn"}, {"uzb_cyrl", "uz-Cyrl"}, {"frk", "de-Latf"}, {"dan_frak", "da-Latf"},
		{"osd", ""}, {"equ", ""}, {"script/Latin", ""}, {"Fraktur", ""}, {"", ""}, {`x" y="`, ""},
	}
	for _, test := range tests {
		if got := languageTag(test.code); got != test.want {
			t.Errorf("languageTag(%q) = %q, want %q", test.code, got, test.want)
		}
	}
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
