package render

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

func TestXMLOfTheABBYYInterfaceHasTheStructureOfFineReader10WithEveryOption(t *testing.T) {
	fonts := features()
	fonts.Fonts = []ocr.Font{{Family: `"Go" & <co>`, Size: 10.5, Style: ocr.Bold | ocr.Italic | ocr.SmallCaps}, {}}
	fonts.Blocks[0].Paragraphs[0].Lines[0].Words[0].Font = 1
	for name, pages := range map[string][]ocr.Page{
		"every kind of page": append(model(), tabular()), "every kind of block": {features()}, "fonts": {fonts}, "hostile page": {hostile()},
	} {
		for _, f := range []Format{ABBYYOriginal, ABBYYCorrected} {
			for bits := range 8 {
				doc := Document{Options: Options{Formatting: bits&1 > 0, CharVariants: bits&2 > 0, WordVariants: bits&4 > 0}}
				result := render(t, f, doc, pages...)
				if err := checkABBYY(result); err != nil {
					t.Errorf("%s, %s, %+v: %v\n%s", name, f, doc.Options, err, result)
				}
			}
		}
	}
}

// spaced is a page of a line of two words in different fonts.
func spaced() ocr.Page {
	char := func(text string, x int, confidence float64, more ...ocr.Variant) ocr.Char {
		return ocr.Char{Text: text, Box: ocr.Box{X0: x, Y0: 10, X1: x + 10, Y1: 30}, Confidence: confidence, Variants: more}
	}
	words := []ocr.Word{
		{
			Text: "O1", Box: ocr.Box{X0: 10, Y0: 10, X1: 30, Y1: 30}, Confidence: 50, Font: 1,
			Characters: []ocr.Char{char("O", 10, 41, ocr.Variant{Text: "0", Confidence: 40}), char("1", 20, 90, ocr.Variant{Text: "l", Confidence: 45})},
		},
		{Text: "a", Box: ocr.Box{X0: 40, Y0: 10, X1: 50, Y1: 30}, Confidence: 99, Font: 2, Characters: []ocr.Char{char("a", 40, 99)}},
	}
	l := ocr.Line{Box: ocr.Box{X0: 10, Y0: 10, X1: 50, Y1: 30}, Words: words}
	return ocr.Page{
		Number: 1, Width: 100, Height: 200, DPI: 200, Origin: ocr.Recognised, Languages: []string{"eng"}, Blocks: []ocr.Block{block(paragraph(l))},
		Fonts: []ocr.Font{{Family: "Go", Size: 12, Style: ocr.Bold}, {Size: 10.5}},
	}
}

// lineOf returns the line of a result of spaced.
func lineOf(t *testing.T, result []byte) string {
	t.Helper()
	_, line, ok := strings.Cut(string(result), "<line ")
	line, _, end := strings.Cut(line, "</line>")
	if !ok || !end {
		t.Fatalf("there is no line in\n%s", result)
	}
	return line
}

func TestXMLOfTheABBYYInterfaceShowsCharactersWithTheirPlacesAndWhatIsAskedForBeside(t *testing.T) {
	const (
		open   = `baseline="30" l="10" t="10" r="50" b="30"><formatting lang="EnglishUnitedStates"`
		o      = `<charParams l="10" t="10" r="20" b="30" suspicious="1">O</charParams>`
		one    = `<charParams l="20" t="10" r="30" b="30">1</charParams>`
		space  = `<charParams l="30" t="10" r="40" b="30"> </charParams>`
		a      = `<charParams l="40" t="10" r="50" b="30">a</charParams>`
		letter = `<wordRecVariants><wordRecVariant wordNormal="1"><variantText>` + a + `</variantText></wordRecVariant></wordRecVariants>`
		ell    = `<charParams l="20" t="10" r="30" b="30" suspicious="1">l</charParams>`
		zero   = `<charParams l="10" t="10" r="20" b="30" suspicious="1">0</charParams>`
	)
	variant := func(kind string, chars ...string) string {
		return `<wordRecVariant ` + kind + `="1"><variantText>` + strings.Join(chars, "") + `</variantText></wordRecVariant>`
	}
	for want, options := range map[string]Options{
		open + `>` + o + one + space + a + `</formatting>`: {},
		open + ` ff="Go" fs="12." bold="1">` + o + one + space + `</formatting><formatting lang="EnglishUnitedStates" fs="10.5">` + a + `</formatting>`: {Formatting: true},
		open + `><charParams l="10" t="10" r="20" b="30" suspicious="1"><charRecVariants><charRecVariant charConfidence="41">O</charRecVariant>` +
			`<charRecVariant charConfidence="40">0</charRecVariant></charRecVariants>O</charParams><charParams l="20" t="10" r="30" b="30"><charRecVariants>` +
			`<charRecVariant charConfidence="90">1</charRecVariant><charRecVariant charConfidence="45">l</charRecVariant></charRecVariants>1</charParams>` +
			space + a + `</formatting>`: {CharVariants: true},
		open + `><wordRecVariants>` + variant("wordIdentifier", o, one) + variant("wordNormal", o, ell) + variant("wordNumeric", zero, one) + `</wordRecVariants>` +
			o + one + space + letter + a + `</formatting>`: {WordVariants: true},
	} {
		if diff := cmp.Diff(want, lineOf(t, render(t, ABBYYOriginal, Document{Options: options}, spaced()))); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", options, diff)
		}
	}
}

func TestXMLOfCorrectedPicturesHasPlacesOnThePageTurnedUpright(t *testing.T) {
	want := render(t, ABBYYCorrected, Document{}, spaced())
	if strings.Contains(string(want), "originalCoords") {
		t.Error("places are said to be those of the original")
	}
	p := spaced()
	for _, angle := range []int{90, 180, 270} {
		// The page as it lies is one that an opposite turn makes of the upright one.
		lying := p
		lying.Angle = 360 - angle
		lying = upright(&lying)
		lying.Angle = angle
		if diff := cmp.Diff(string(want), string(render(t, ABBYYCorrected, Document{}, lying))); diff != "" {
			t.Errorf("at %d degrees (-want +got):\n%s", angle, diff)
		}
		original := string(render(t, ABBYYOriginal, Document{}, lying))
		if !strings.Contains(original, `originalCoords="1" rotation="Rotated`) || strings.Contains(original, lineOf(t, want)) {
			t.Errorf("at %d degrees the original is\n%s", angle, original)
		}
	}
}

func TestParagraphsReferToStylesThatStandBeforeThePages(t *testing.T) {
	root := parse(t, render(t, ABBYYOriginal, Document{Options: Options{Formatting: true}}, structured(), hostile()))
	known := map[string]bool{}
	for _, s := range root.find(named("paragraphStyle")) {
		known[s.Attrs["id"]] = false
	}
	for _, p := range root.find(named("par")) {
		if _, ok := known[p.Attrs["style"]]; !ok {
			t.Fatalf("there is no style %q", p.Attrs["style"])
		}
		known[p.Attrs["style"]] = true
	}
	if !known["text"] || !known["heading1"] {
		t.Errorf("styles used: %v", known)
	}
}

func TestWhatTheEngineTellsOfCharactersIsAskedForWhereItIsShown(t *testing.T) {
	if got := Needs([]Format{ABBYYOriginal}, Options{}); !got.Characters || !got.Barcodes || got.Alternatives {
		t.Errorf("by default %+v", got)
	}
	if got := Needs([]Format{ABBYYCorrected}, Options{WordVariants: true}); !got.Alternatives || !got.Barcodes {
		t.Errorf("with variants %+v", got)
	}
}
