package abbyy

import (
	"slices"
	"strings"
)

// language is a recognition language of the interface.
type language struct {
	name string
	code string // Tesseract's, as Debian spells it; empty where there is no model
	near string // what the model is for instead, if it is not quite for the language
	also string // an older spelling
}

// digits is the name of the language that has digits alone.
const digits = "Digits"

// digitLetters are the characters of that language.
const digitLetters = "0123456789"

// codes lists the codes under which the model may be installed.
func (l language) codes() []string {
	if l.code == fraktur {
		return frakturCodes()
	}
	return []string{l.code}
}

// fraktur is the model of German in Fraktur.
const fraktur = "frk"

// frakturCodes are the names that it may have, since it was renamed.
func frakturCodes() []string { return []string{fraktur, "deu_latf"} }

// installed returns the code that is installed, empty for none.
func (l language) installed(codes []string) string {
	for _, code := range l.codes() {
		if code != "" && slices.Contains(codes, code) {
			return code
		}
	}
	return ""
}

// findLanguage returns the language of a name in any case.
func findLanguage(name string) (language, bool) {
	all := languages()
	i := slices.IndexFunc(all, func(l language) bool {
		return strings.EqualFold(l.name, name) || l.also != "" && strings.EqualFold(l.also, name)
	})
	if i < 0 {
		return language{}, false
	}
	return all[i], true
}

// available lists the names of the languages that can be read with the models of these codes.
func available(codes []string) string {
	var names []string
	for _, l := range languages() {
		if l.installed(codes) != "" {
			names = append(names, l.name)
		}
	}
	return strings.Join(names, ", ")
}

// inFraktur returns the model for print in Fraktur that takes the place of that of a language; empty if none is installed.
func inFraktur(code string, installed []string) string {
	var models []string
	switch {
	case code == "deu":
		models = frakturCodes()
	case slices.Contains(frakturCodes(), code):
		models = []string{code}
	case code == "dan":
		models = []string{"dan_frak"}
	case code == "slk":
		models = []string{"slk_frak"}
	}
	for _, m := range models {
		if slices.Contains(installed, m) {
			return m
		}
	}
	return ""
}
