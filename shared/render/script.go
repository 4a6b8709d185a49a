package render

import (
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/bidi"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// rightToLeft reports whether most letters of the paragraph are of scripts written from right to left.
func rightToLeft(p ocr.Paragraph) bool {
	balance := 0
	for _, line := range p.Lines {
		for _, word := range line.Words {
			for _, r := range word.Text {
				properties, _ := bidi.LookupRune(r)
				switch properties.Class() {
				case bidi.L:
					balance--
				case bidi.R, bidi.AL:
					balance++
				}
			}
		}
	}
	return balance > 0
}

// languageTags translates Tesseract's codes to BCP 47 tags in the same order. Codes that name no language, such as those
// of script models, are left out.
func languageTags(codes []string) []string {
	var tags []string
	for _, code := range codes {
		if tag := languageTag(code); tag != "" {
			tags = append(tags, tag)
		}
	}
	return tags
}

// languageTag translates one of Tesseract's codes: an ISO 639 code, for some followed by script, age or direction of
// writing. The age and the direction have no counterpart in BCP 47.
func languageTag(code string) string {
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
	case "frak":
		base += "-Latf"
	}
	return language.Make(base).String()
}
