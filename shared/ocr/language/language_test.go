package language_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr/language"
)

func TestLanguagesAreFoundByWhatPeopleCallThem(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"german": "deu", "German": "deu", "Deutsch": "deu", "de": "deu", "de-DE": "deu", "ger": "deu",
		"english": "eng", "en": "eng", "en-GB": "eng", "french": "fra", "français": "fra", "FRANÇAIS": "fra", "fr": "fra", "fre": "fra",
		"spanish": "spa", "español": "spa", "italiano": "ita", "russian": "rus", "русский": "rus", "arabic": "ara", "العربية": "ara",
		"greek": "ell", "ελληνικά": "ell", "dutch": "nld", "nederlands": "nld", "polski": "pol", "japanese": "jpn", "日本語": "jpn",
		"chinese": "chi_sim chi_tra", "simplified chinese": "chi_sim", "zh": "chi_sim chi_tra", "中文": "chi_sim chi_tra", "svenska": "swe",
		"Fraktur": "frk", "german in fraktur": "frk", "deu_latf": "frk",
		"deu": "", "eng": "", "klingonese": "", "": "", "x": "",
	} {
		if got := strings.Join(language.Named(name), " "); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

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
	if found := language.Named("tlh"); len(found) > 0 {
		t.Errorf("a language that Tesseract has no data for is %q", found)
	}
}

func TestLanguagesHaveANameAndAPackage(t *testing.T) {
	t.Parallel()
	for code, want := range map[string][2]string{
		"eng": {"English", "tesseract-ocr-eng"}, "chi_sim": {"Simplified Chinese", "tesseract-ocr-chi-sim"},
		"frk": {"German in Fraktur", "tesseract-ocr-frk"}, "deu_latf": {"German in Fraktur", "tesseract-ocr-frk"},
		"jpn_vert": {"Japanese, written downwards", "tesseract-ocr-jpn-vert"}, "ita_old": {"Italian, old prints", "tesseract-ocr-ita-old"},
		"osd": {"", "tesseract-ocr-osd"},
	} {
		if got := [2]string{language.Name(code), language.DebianPackage(code)}; got != want {
			t.Errorf("%s is %q, want %q", code, got, want)
		}
	}
}
