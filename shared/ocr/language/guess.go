package language

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// Auto stands in place of languages that are to be chosen for each document.
const Auto = "auto"

// english is the usual language where it is allowed.
const english = "eng"

// IsAuto reports whether languages are left to be chosen.
func IsAuto(languages []string) bool { return slices.Contains(languages, Auto) }

// Usual is what a document is read in that gives no evidence: English if it is allowed, or else the first that is.
func Usual(allowed []string) []string {
	if i := slices.Index(allowed, english); i >= 0 {
		return allowed[i : i+1]
	}
	return allowed[:min(1, len(allowed))]
}

// Script returns the script that a language is written in by its ISO 15924 code, Latf for Fraktur; empty for what is no language.
// Chinese has one for each of its two ways to write, Japanese and Korean have their own.
func Script(code string) string {
	tag := Tag(code)
	if tag == "" {
		return ""
	}
	script, _ := language.Make(tag).Script()
	return script.String()
}

// Group returns the script as letters alone tell it: Chinese and Japanese share one, and Fraktur is Latin.
func Group(code string) string {
	switch s := Script(code); s {
	case "Latf":
		return "Latn"
	case "Hans", "Hant", "Jpan":
		return "Hani"
	case "Kore":
		return "Hang"
	default:
		return s
	}
}

// groups are the scripts whose letters are told apart here. Others are found by what the engine reads best.
func groups() map[string][]*unicode.RangeTable {
	return map[string][]*unicode.RangeTable{
		"Latn": {unicode.Latin}, "Cyrl": {unicode.Cyrillic}, "Grek": {unicode.Greek}, "Arab": {unicode.Arabic}, "Hebr": {unicode.Hebrew},
		"Hani": {unicode.Han, unicode.Hiragana, unicode.Katakana}, "Hang": {unicode.Hangul}, "Thai": {unicode.Thai},
		"Deva": {unicode.Devanagari}, "Beng": {unicode.Bengali}, "Taml": {unicode.Tamil}, "Telu": {unicode.Telugu}, "Geor": {unicode.Georgian},
		"Armn": {unicode.Armenian}, "Ethi": {unicode.Ethiopic}, "Khmr": {unicode.Khmer}, "Laoo": {unicode.Lao}, "Mymr": {unicode.Myanmar},
		"Gujr": {unicode.Gujarati}, "Guru": {unicode.Gurmukhi}, "Knda": {unicode.Kannada}, "Mlym": {unicode.Malayalam}, "Orya": {unicode.Oriya},
		"Sinh": {unicode.Sinhala}, "Syrc": {unicode.Syriac}, "Thaa": {unicode.Thaana}, "Tibt": {unicode.Tibetan}, "Cher": {unicode.Cherokee},
		"Cans": {unicode.Canadian_Aboriginal},
	}
}

// Letters counts the letters of a text that belong to a group of scripts.
func Letters(text, group string) int {
	tables := groups()[group]
	n := 0
	for _, r := range text {
		if unicode.In(r, tables...) && (unicode.IsLetter(r) || unicode.IsMark(r)) {
			n++
		}
	}
	return n
}

// leastShare is how large a part of the letters a second script must have to count.
const leastShare = 0.1

// Guess returns the languages, of those allowed, that a text is written in, the likeliest first: of each script that has a
// good part of the letters the one whose words and letters it has most of, and a second one if it has nearly as many. It
// returns none if no letter belongs to an allowed language.
func Guess(text string, allowed []string) []string {
	counts := map[string]int{}
	total := 0
	for group := range groups() {
		if n := Letters(text, group); n > 0 {
			counts[group] = n
			total += n
		}
	}
	order := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	var found []string
	for _, group := range order {
		if float64(counts[group]) < leastShare*float64(total) {
			break
		}
		var candidates []string
		for _, code := range allowed {
			if Group(code) == group && !strings.HasSuffix(code, "_vert") {
				candidates = append(candidates, code)
			}
		}
		found = append(found, within(text, candidates)...)
	}
	return found
}

const (
	secondShare = 0.5 // of the evidence for the first language: a second one with as much is in the text too
	leastSecond = 6.0 // words and letters that it must have by itself
	leastFirst  = 3.5 // a text with fewer of any language is taken for one in the usual one
)

// within returns the likeliest of languages that share a script, and a second one if the text has both.
func within(text string, candidates []string) []string {
	if len(candidates) < 2 {
		return candidates
	}
	scores := evidence(text, candidates)
	order := slices.Clone(candidates)
	usual := Usual(candidates)[0]
	slices.SortStableFunc(order, func(a, b string) int {
		return cmp.Or(cmp.Compare(scores[b], scores[a]), boolean(b == usual)-boolean(a == usual))
	})
	first := order[0]
	if usual == english && base(first) != base(usual) && scores[first] < leastFirst {
		return []string{usual}
	}
	for _, second := range order[1:] {
		if base(second) != base(first) {
			if scores[second] >= leastSecond && scores[second] >= secondShare*scores[first] {
				return []string{first, second}
			}
			break
		}
	}
	return []string{first}
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

func base(code string) string {
	name, _, _ := strings.Cut(Tag(code), "-")
	return name
}

// evidence counts the frequent words and the letters of each language in a text. What several of the languages have is shared among them.
func evidence(text string, candidates []string) map[string]float64 {
	owners := map[string][]string{}
	for _, code := range candidates {
		var all []string
		for w := range strings.FieldsSeq(frequent(code)) {
			all = append(all, plain(w))
		}
		for _, r := range letters(code) {
			all = append(all, string(r))
		}
		slices.Sort(all)
		for _, w := range slices.Compact(all) {
			owners[w] = append(owners[w], code)
		}
	}
	scores := map[string]float64{}
	count := func(unit string, weight float64) {
		languages := map[string]bool{} // Fraktur is no other language
		for _, code := range owners[unit] {
			languages[base(code)] = true
		}
		for _, code := range owners[unit] {
			scores[code] += weight / float64(len(languages))
		}
	}
	text = strings.ToLower(norm.NFC.String(text))
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }) {
		count(plain(word), 1)
		for _, r := range word {
			if r > unicode.MaxASCII {
				count(string(r), letterWeight)
			}
		}
	}
	return scores
}

// letterWeight is what a letter counts against a word: letters with accents are read wrongly more often than words.
const letterWeight = 0.3

// plain is a word without accents on Latin letters.
func plain(word string) string {
	if Letters(word, "Latn") == 0 {
		return word
	}
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(word))
}
