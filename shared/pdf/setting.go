package pdf

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// The flags of a font descriptor (ISO 32000-1, table 123).
const (
	flagFixedPitch = 1 << 0
	flagSerif      = 1 << 1
	flagItalic     = 1 << 6
	flagSmallCaps  = 1 << 17
	flagForceBold  = 1 << 18

	maxSize = 100_000 // of a font, in points
)

// setting returns how the glyph at an index of a text layer is set. PDFium made spaces and line ends up: what it does not
// know of a glyph stays zero.
func (p *Document) setting(layer references.FPDF_TEXTPAGE, index int, v view) (*setting, error) {
	origin, err := p.instance.FPDFText_GetCharOrigin(&requests.FPDFText_GetCharOrigin{TextPage: layer, Index: index})
	if err != nil {
		return nil, unless(trapped, err)
	}
	set := &setting{}
	set.origin.x, set.origin.y = v.display.apply(origin.X, origin.Y)
	size, err := p.instance.FPDFText_GetFontSize(&requests.FPDFText_GetFontSize{TextPage: layer, Index: index})
	if err != nil {
		return set, unless(trapped, err)
	}
	matrix, err := p.instance.FPDFText_GetMatrix(&requests.FPDFText_GetMatrix{TextPage: layer, Index: index})
	if err != nil {
		return set, unless(trapped, err)
	}
	// The height of an em on the page.
	if points := size.FontSize * math.Hypot(float64(matrix.Matrix.C), float64(matrix.Matrix.D)); points > 0 && points <= maxSize {
		set.font.Size = math.Round(points*100) / 100
	}
	font, err := p.instance.FPDFText_GetFontInfo(&requests.FPDFText_GetFontInfo{TextPage: layer, Index: index})
	if err != nil {
		return set, unless(trapped, err)
	}
	set.font.Family, set.key = family(font.FontName), fontKey(font.FontName)
	for flag, style := range map[int]ocr.Style{
		flagFixedPitch: ocr.FixedWidth, flagSerif: ocr.Serif, flagItalic: ocr.Italic, flagSmallCaps: ocr.SmallCaps,
		flagForceBold: ocr.Bold,
	} {
		if font.Flags&flag != 0 {
			set.font.Style |= style
		}
	}
	// The standard fonts have no descriptor, and others say in their name alone that they are bold.
	for part, style := range map[string]ocr.Style{"Bold": ocr.Bold, "Italic": ocr.Italic, "Oblique": ocr.Italic} {
		if strings.Contains(set.font.Family, part) {
			set.font.Style |= style
		}
	}
	return set, nil
}

// advance returns the room that the glyph at an index of a text layer takes in its line, be it inked or not; zero where
// PDFium does not know it.
func (p *Document) advance(layer references.FPDF_TEXTPAGE, index int, v view) (rect, error) {
	loose, err := p.instance.FPDFText_GetLooseCharBox(&requests.FPDFText_GetLooseCharBox{TextPage: layer, Index: index})
	if err != nil {
		return rect{}, unless(trapped, err)
	}
	l, b := float64(loose.Rect.Left), float64(loose.Rect.Bottom)
	r, t := float64(loose.Rect.Right), float64(loose.Rect.Top)
	return rect{min(l, r), min(b, t), max(l, r), max(b, t)}.through(v.display), nil
}

// unless returns an error only where it is of a kind.
func unless(kind func(error) bool, err error) error {
	if kind(err) {
		return err
	}
	return nil
}

// untagged returns the name of a font without the tag of a subset (ISO 32000-1, section 9.6.4).
func untagged(name string) string {
	const tag = 6
	if len(name) > tag && name[tag] == '+' {
		return name[tag+1:]
	}
	return name
}

// family returns the name of a font without the tag of a subset, or nothing if it is no name.
func family(name string) string {
	const longest = 200
	name = untagged(name)
	if len(name) > longest || !utf8.ValidString(name) || strings.ContainsFunc(name, func(c rune) bool { return !unicode.IsPrint(c) }) {
		return ""
	}
	return name
}

// fontTable numbers fonts in the order in which words use them.
type fontTable []ocr.Font

// number returns the place of a font, counted from 1; 0 if nothing is known of it.
func (t *fontTable) number(set *setting) int {
	if set == nil || set.font == (ocr.Font{}) {
		return 0
	}
	if i := slices.Index(*t, set.font); i >= 0 {
		return i + 1
	}
	*t = append(*t, set.font)
	return len(*t)
}
