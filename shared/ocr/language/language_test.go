package language_test

import (
	"slices"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr/language"
)

func TestCodesAreTakenInAnyCaseAndOtherNamesAsTheyAre(t *testing.T) {
	t.Parallel()
	given := []string{"ENG", "Chi_Sim", "AUTO", "Latin", "deu"}
	if got, want := language.Codes(given), []string{"eng", "chi_sim", "auto", "Latin", "deu"}; !slices.Equal(got, want) || given[0] != "ENG" {
		t.Errorf("%q, want %q, of %q", got, want, given)
	}
	for code, want := range map[string]bool{"eng": true, "deu_latf": true, "klingon": false, "English": false, "": false} {
		if language.Known(code) != want {
			t.Errorf("%q is known: %v", code, !want)
		}
	}
}

func TestLanguageTagsTranslatesTesseractsCodes(t *testing.T) {
	t.Parallel()
	tests := []struct{ code, want string }{
		{"eng", "en"}, {"deu", "de"}, {"fra", "fr"}, {"spa", "es"}, {"ita", "it"}, {"rus", "ru"}, {"ara", "ar"},
		{"chi_sim", "zh-Hans"}, {"chi_sim_vert", "zh-Hans"}, {"chi_tra", "zh-Hant"}, {"chi_tra_vert", "zh-Hant"},
		{"jpn_vert", "ja"}, {"heb", "he"}, {"grc", "grc"}, {"kmr", "kmr"}, {"nor", "no"}, {"ita_old", "it"},
		{"srp_latn", "sr-Latn"}, {"uzb_cyrl", "uz-Cyrl"}, {"frk", "de-Latf"}, {"dan_frak", "da-Latf"}, {"deu_latf", "de-Latf"},
		{"osd", ""}, {"equ", ""}, {"script/Latin", ""}, {"Fraktur", ""}, {"", ""}, {`x" y="`, ""},
	}
	for _, test := range tests {
		if got := language.Tag(test.code); got != test.want {
			t.Errorf("Tag(%q) = %q, want %q", test.code, got, test.want)
		}
	}
}

func TestLanguagesHaveAPackage(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"eng": "tesseract-ocr-eng", "chi_sim": "tesseract-ocr-chi-sim", "frk": "tesseract-ocr-frk", "deu_latf": "tesseract-ocr-frk",
		"jpn_vert": "tesseract-ocr-jpn-vert", "osd": "tesseract-ocr-osd",
	} {
		if got := language.DebianPackage(code); got != want {
			t.Errorf("%s is in %s, want %s", code, got, want)
		}
	}
}
