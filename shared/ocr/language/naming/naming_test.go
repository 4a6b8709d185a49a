package naming_test

import (
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr/language/naming"
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
		"tlh": "", // Tesseract has no data of Klingon
		"deu": "", "eng": "", "klingonese": "", "": "", "x": "",
	} {
		if got := strings.Join(naming.Codes(name), " "); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

func TestLanguagesHaveANameInEnglish(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"eng": "English", "chi_sim": "Simplified Chinese", "frk": "German in Fraktur", "deu_latf": "German in Fraktur",
		"jpn_vert": "Japanese, written downwards", "ita_old": "Italian, old prints", "osd": "",
	} {
		if got := naming.Name(code); got != want {
			t.Errorf("%s is %q, want %q", code, got, want)
		}
	}
}
