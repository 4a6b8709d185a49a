// Package language knows Tesseract's codes of languages, what other standards call them, and which language a text is in.
package language

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// codes are the languages that Tesseract has data for, without those for older letters and for vertical writing.
const codes = `afr amh ara asm aze bel ben bod bos bre bul cat ceb ces chi_sim chi_tra chr cos cym dan deu div dzo ell eng enm epo
est eus fao fas fil fin fra frk frm fry gla gle glg grc guj hat heb hin hrv hun hye iku ind isl ita jav jpn kan kat kaz khm kir
kmr kor lao lat lav lit ltz mal mar mkd mlt mon mri msa mya nep nld nor oci ori pan pol por pus que ron rus san sin slk slv snd
spa sqi srp sun swa swe syr tam tat tel tgk tha tir ton tur uig ukr urd uzb vie yid yor`

// All returns the codes in their order.
func All() []string { return strings.Fields(codes) }

// Tag translates one of Tesseract's codes to a BCP 47 tag: an ISO 639 code, for some followed by script, age or direction of
// writing. The age and the direction have no counterpart in BCP 47. A code that names no language has no tag.
func Tag(code string) string {
	base, variant, _ := strings.Cut(code, "_")
	switch {
	case base == "chi" && strings.HasPrefix(variant, "sim"):
		return "zh-Hans"
	case base == "chi" && strings.HasPrefix(variant, "tra"):
		return "zh-Hant"
	case code == "frk": // Tesseract means German in Fraktur; ISO 639-3 gives the code to Frankish
		return "de-Latf"
	}
	if _, err := language.ParseBase(base); err != nil {
		return ""
	}
	switch variant {
	case "latn", "cyrl":
		base += "-" + variant
	case "frak", "latf":
		base += "-Latf"
	}
	return language.Make(base).String()
}

// Codes returns names with those that are codes in whatever case as Tesseract writes them. Others stay as they are: data may be of anybody's
// own.
func Codes(names []string) []string {
	all := append(All(), Auto)
	written := slices.Clone(names)
	for i, name := range names {
		if small := strings.ToLower(name); slices.Contains(all, small) {
			written[i] = small
		}
	}
	return written
}

// Known reports whether there is data of a language by its code.
func Known(code string) bool {
	return slices.Contains(All(), code) || fraktur(code)
}

// fraktur reports whether a code means print in Fraktur. Debian, and Tesseract before its version 5, call the German one frk, later
// data deu_latf.
func fraktur(code string) bool { return strings.HasSuffix(Tag(code), "-Latf") }

// DebianPackage names the package of Debian that holds the data of a language.
func DebianPackage(code string) string {
	if code == "deu_latf" {
		code = "frk"
	}
	return "tesseract-ocr-" + strings.ReplaceAll(code, "_", "-")
}
