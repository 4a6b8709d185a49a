package render

import (
	"encoding/xml"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// line has no white space between its tags: it is the text.
func (a *abbyyXML) line(l *ocr.Line, lang string) {
	baseline := l.Box.Y1
	if l.Baseline != nil {
		baseline = max(0, (l.Baseline.Y0+l.Baseline.Y1)/2)
	}
	a.open("line", append([]xml.Attr{intAttr("baseline", baseline)}, corners(l.Box)...)...)
	a.open("formatting", a.formatting(l.Words, lang)...)
	for i := range l.Words {
		w := &l.Words[i]
		if i > 0 && l.SpaceBefore(i) {
			a.character(ocr.Char{Text: " ", Box: between(l.Words[i-1].Box, w.Box)}, false, false)
		}
		if i > 0 && a.show.Formatting && a.fontOf(w) != a.fontOf(&l.Words[i-1]) {
			a.close()
			a.open("formatting", a.formatting(l.Words[i:], lang)...)
		}
		chars := charactersOf(w, a.page.Angle)
		if a.show.WordVariants {
			a.wordVariants(chars)
		}
		for j, c := range chars {
			a.character(c, j == 0, true)
		}
	}
	a.close()
	a.close()
	a.newline()
}

// character writes a character, or a space, which was not read.
func (a *abbyyXML) character(c ocr.Char, first, read bool) {
	attrs := corners(c.Box)
	if read && doubtful(c) {
		attrs = append(attrs, attr("suspicious", "1"))
	}
	if first && a.words {
		attrs = append(attrs, attr("wordFirst", "1"))
	}
	if read && a.words {
		attrs = append(attrs, intAttr("charConfidence", whole(c.Confidence)))
	}
	a.open("charParams", attrs...)
	if more := others(c); a.show.CharVariants && len(more) > 0 {
		a.open("charRecVariants")
		a.leaf("charRecVariant", c.Text, intAttr("charConfidence", whole(c.Confidence)))
		for _, v := range more {
			a.leaf("charRecVariant", v.Text, intAttr("charConfidence", whole(v.Confidence)))
		}
		a.close()
	}
	a.text(c.Text)
	a.close()
}

// mostWordVariants bounds what is written of what a word may read, the word itself among it.
const mostWordVariants = 5

// wordVariants writes what a word may read, before the word: itself, and itself with one character read otherwise, the likeliest
// first.
func (a *abbyyXML) wordVariants(chars []ocr.Char) {
	type change struct {
		at int
		to ocr.Variant
	}
	var changes []change
	for i, c := range chars {
		for _, v := range others(c) {
			changes = append(changes, change{i, v})
		}
	}
	slices.SortStableFunc(changes, func(a, b change) int { return whole(b.to.Confidence) - whole(a.to.Confidence) })
	a.open("wordRecVariants")
	a.wordVariant(chars)
	for _, c := range changes[:min(len(changes), mostWordVariants-1)] {
		other := slices.Clone(chars)
		other[c.at].Text, other[c.at].Confidence = c.to.Text, c.to.Confidence
		a.wordVariant(other)
	}
	a.close()
}

func (a *abbyyXML) wordVariant(chars []ocr.Char) {
	a.open("wordRecVariant", wordKind(chars)...)
	a.open("variantText")
	for _, c := range chars {
		c.Variants = nil
		a.character(c, false, true)
	}
	a.close()
	a.close()
}

// wordKind says what a word consists of: letters, digits, or both.
func wordKind(chars []ocr.Char) []xml.Attr {
	letters, digits := false, false
	for _, c := range chars {
		letters = letters || strings.ContainsFunc(c.Text, unicode.IsLetter)
		digits = digits || strings.ContainsFunc(c.Text, unicode.IsDigit)
	}
	switch {
	case letters && digits:
		return []xml.Attr{attr("wordIdentifier", "1")}
	case letters:
		return []xml.Attr{attr("wordNormal", "1")}
	case digits:
		return []xml.Attr{attr("wordNumeric", "1")}
	}
	return nil
}

// fontOf returns the font of a word, the zero one if it is not known.
func (a *abbyyXML) fontOf(w *ocr.Word) ocr.Font {
	if w.Font == 0 {
		return ocr.Font{}
	}
	return a.page.Fonts[w.Font-1]
}

// formatting describes the first of words and those after it in the same font. What is not known is left out.
func (a *abbyyXML) formatting(words []ocr.Word, lang string) []xml.Attr {
	attrs := []xml.Attr{attr("lang", lang)}
	if !a.show.Formatting || len(words) == 0 {
		return attrs
	}
	f := a.fontOf(&words[0])
	if f.Family != "" {
		attrs = append(attrs, attr("ff", f.Family))
	}
	if f.Size > 0 {
		attrs = append(attrs, attr("fs", points(f.Size)))
	}
	for _, s := range []struct {
		style ocr.Style
		name  string
	}{{ocr.Bold, "bold"}, {ocr.Italic, "italic"}, {ocr.SmallCaps, "smallcaps"}} {
		if f.Style&s.style != 0 {
			attrs = append(attrs, attr(s.name, "1"))
		}
	}
	return attrs
}

// points writes a size as the format's makers do: with a point, after which nothing stands if it is whole.
func points(size float64) string {
	s := strconv.FormatFloat(size, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += "."
	}
	return s
}

// paragraphStyle is a style of a paragraph.
type paragraphStyle struct {
	id, name, role string
	size           float64 // points
}

// paragraphStyles lists the styles: of text, and of headings by their level.
func paragraphStyles() []paragraphStyle {
	return []paragraphStyle{
		{"text", "Body text", "text", 11}, {"heading1", "Heading 1", "heading", 20}, {"heading2", "Heading 2", "heading", 16}, {"heading3", "Heading 3", "heading", 13},
	}
}

// styles writes the styles that paragraphs refer to.
func (a *abbyyXML) styles() {
	a.open("documentData")
	a.open("paragraphStyles")
	a.newline()
	for level, s := range paragraphStyles() {
		attrs := []xml.Attr{attr("id", s.id), attr("name", s.name), attr("mainFontStyleId", s.id+"font"), attr("role", s.role)}
		if level > 0 {
			attrs = append(attrs, intAttr("roleLevel", level))
		}
		a.open("paragraphStyle", append(attrs, attr("align", "Left"))...)
		a.leaf("fontStyle", "", attr("id", s.id+"font"), attr("baseFont", "1"), attr("ff", "Times New Roman"), attr("fs", points(s.size)))
		a.close()
		a.newline()
	}
	a.close()
	a.close()
	a.newline()
}

// style refers to the style of a paragraph.
func (a *abbyyXML) style(p *ocr.Paragraph) []xml.Attr {
	if !a.show.Formatting {
		return nil
	}
	return []xml.Attr{attr("style", paragraphStyles()[headingLevel(a.page, p, a.body)].id)}
}
