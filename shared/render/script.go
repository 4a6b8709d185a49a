package render

import (
	xlanguage "golang.org/x/text/language"
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

// run is a piece of text in one direction.
type run struct {
	text        string
	rightToLeft bool
}

// runs divides text where its direction changes. What has none, such as spaces and digits, goes with what stands before it.
func runs(text string, rightToLeft bool) []run {
	var made []run
	start, current := 0, rightToLeft
	for i, r := range text {
		next := current
		properties, _ := bidi.LookupRune(r)
		switch properties.Class() {
		case bidi.L:
			next = false
		case bidi.R, bidi.AL:
			next = true
		}
		if next != current && i > start {
			made = append(made, run{text[start:i], current})
			start = i
		}
		current = next
	}
	return append(made, run{text[start:], current})
}

// officeLanguages are the languages that office formats distinguish: each piece of text is of one by its script. Empty if none
// of the document's is of such scripts.
type officeLanguages struct{ western, eastAsian, complexScript string }

// officeTags sorts languages by that, the first of each, with the region that office programs expect: that of most speakers.
func officeTags(codes []string) officeLanguages {
	var tags officeLanguages
	for _, name := range languageTags(codes) {
		tag := xlanguage.Make(name)
		base, _ := tag.Base()
		script, _ := tag.Script()
		region, _ := tag.Region()
		place := &tags.western
		switch script.String() {
		case "Hans", "Hant", "Jpan", "Kore":
			place = &tags.eastAsian
		case "Arab", "Hebr", "Syrc", "Thaa", "Thai", "Laoo", "Khmr", "Mymr", "Deva", "Beng", "Taml", "Telu", "Gujr", "Guru", "Knda",
			"Mlym", "Orya", "Sinh", "Tibt":
			place = &tags.complexScript
		}
		if *place == "" {
			*place = base.String() + "-" + region.String()
		}
	}
	return tags
}

// of returns the language of a run, empty if it is not known.
func (l officeLanguages) of(r run) string {
	switch {
	case r.rightToLeft:
		return l.complexScript
	case l.western == "":
		return l.eastAsian
	}
	return l.western
}

// without leaves out the languages that are those of the document too.
func (l officeLanguages) without(document officeLanguages) officeLanguages {
	if l.western == document.western {
		l.western = ""
	}
	if l.eastAsian == document.eastAsian {
		l.eastAsian = ""
	}
	if l.complexScript == document.complexScript {
		l.complexScript = ""
	}
	return l
}
