// Package language knows Tesseract's codes of languages: what other standards call them, and what people do.
package language

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// codes are the languages that Tesseract has data for, without those for older letters and for vertical writing.
const codes = `afr amh ara asm aze bel ben bod bos bre bul cat ceb ces chi_sim chi_tra chr cos cym dan deu div dzo ell eng enm epo
est eus fao fas fil fin fra frk frm fry gla gle glg grc guj hat heb hin hrv hun hye iku ind isl ita jav jpn kan kat kaz khm kir
kmr kor lao lat lav lit ltz mal mar mkd mlt mon mri msa mya nep nld nor oci ori pan pol por pus que ron rus san sin slk slv snd
spa sqi srp sun swa swe syr tam tat tel tgk tha tir ton tur uig ukr urd uzb vie yid yor`

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

// Named returns the codes of the language that people call by the name: in English, in the language itself, or by another code
// than Tesseract's, such as de or de-DE. A code of Tesseract's own is no name.
func Named(name string) []string {
	name = strings.ToLower(strings.TrimSpace(name))
	all := strings.Fields(codes)
	if name == "" || slices.Contains(all, name) {
		return nil
	}
	if fraktur(name) { // the code of later data
		return slices.DeleteFunc(all, func(code string) bool { return Tag(code) != Tag(name) })
	}
	wanted, err := language.Parse(name)
	base, sure := wanted.Base()
	tagged := err == nil && sure == language.Exact
	var found []string
	for _, code := range all {
		tag := language.Make(Tag(code))
		if fraktur(code) { // people who say German mean deu
			if name == "fraktur" || name == strings.ToLower(Name(code)) {
				found = append(found, code)
			}
			continue
		}
		own, _ := tag.Base()
		if tagged && own == base || slices.Contains(names(tag), name) {
			found = append(found, code)
		}
	}
	return found
}

// Codes returns names with those that are codes in whatever case as Tesseract writes them. Others stay as they are: data may be of anybody's
// own.
func Codes(names []string) []string {
	all := append(strings.Fields(codes), Auto)
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
	return slices.Contains(strings.Fields(codes), code) || fraktur(code)
}

// Language is one that Tesseract has data for.
type Language struct {
	Code string // Tesseract's
	Name string // in English
}

// All lists the languages by their codes.
func All() []Language {
	var all []Language
	for _, code := range strings.Fields(codes) {
		all = append(all, Language{code, Name(code)})
	}
	return all
}

// Name returns what a language is called in English, by its code; empty if the code names none.
func Name(code string) string {
	tag := Tag(code)
	if tag == "" {
		return ""
	}
	if fraktur(code) {
		return display.English.Languages().Name(language.Make(strings.TrimSuffix(tag, "-Latf"))) + " in Fraktur"
	}
	name := display.English.Tags().Name(language.Make(tag))
	switch {
	case strings.HasSuffix(code, "_vert"):
		name += ", written downwards"
	case strings.HasSuffix(code, "_old"):
		name += ", old prints"
	}
	return name
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

// names are what people call a language, in small letters.
func names(tag language.Tag) []string {
	base, _ := tag.Base()
	var all []string
	for _, name := range []string{
		display.English.Languages().Name(tag), display.English.Languages().Name(base), display.English.Tags().Name(tag),
		display.Self.Name(tag), display.Self.Name(language.Make(base.String())),
	} {
		all = append(all, strings.ToLower(name))
	}
	return all
}
