// Package naming knows what people call languages: in English, and in the languages themselves. The names take 2 MB, so that what
// needs only Tesseract's codes takes package language alone.
package naming

import (
	"slices"
	"strings"

	bcp47 "golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/lethe-ocr/lethe/shared/ocr/language"
)

// Codes returns the codes of the language that people call by the name: in English, in the language itself, or by another code
// than Tesseract's, such as de or de-DE. A code of Tesseract's own is no name.
func Codes(name string) []string {
	name = strings.ToLower(strings.TrimSpace(name))
	all := language.All()
	if name == "" || slices.Contains(all, name) {
		return nil
	}
	if fraktur(name) { // the code of later data
		return slices.DeleteFunc(all, func(code string) bool { return language.Tag(code) != language.Tag(name) })
	}
	wanted, err := bcp47.Parse(name)
	base, sure := wanted.Base()
	tagged := err == nil && sure == bcp47.Exact
	var found []string
	for _, code := range all {
		tag := bcp47.Make(language.Tag(code))
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

// Language is one that Tesseract has data for.
type Language struct {
	Code string // Tesseract's
	Name string // in English
}

// All lists the languages by their codes.
func All() []Language {
	var all []Language
	for _, code := range language.All() {
		all = append(all, Language{code, Name(code)})
	}
	return all
}

// Name returns what a language is called in English, by its code; empty if the code names none.
func Name(code string) string {
	tag := language.Tag(code)
	if tag == "" {
		return ""
	}
	if fraktur(code) {
		return display.English.Languages().Name(bcp47.Make(strings.TrimSuffix(tag, "-Latf"))) + " in Fraktur"
	}
	name := display.English.Tags().Name(bcp47.Make(tag))
	switch {
	case strings.HasSuffix(code, "_vert"):
		name += ", written downwards"
	case strings.HasSuffix(code, "_old"):
		name += ", old prints"
	}
	return name
}

// names are what people call a language, in small letters.
func names(tag bcp47.Tag) []string {
	base, _ := tag.Base()
	var all []string
	for _, name := range []string{
		display.English.Languages().Name(tag), display.English.Languages().Name(base), display.English.Tags().Name(tag),
		display.Self.Name(tag), display.Self.Name(bcp47.Make(base.String())),
	} {
		all = append(all, strings.ToLower(name))
	}
	return all
}

// fraktur reports whether a code means print in Fraktur.
func fraktur(code string) bool { return language.Script(code) == "Latf" }
