package render

import (
	"golang.org/x/text/unicode/bidi"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/language"
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
		if tag := language.Tag(code); tag != "" {
			tags = append(tags, tag)
		}
	}
	return tags
}
