package pdf

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// mappedPage is a page whose font F1 has the given ToUnicode map, from codes to UTF-16, both in hexadecimal digits.
func mappedPage(content string, unicode map[string]string) []byte {
	var chars strings.Builder
	for code, text := range unicode {
		fmt.Fprintf(&chars, "<%s> <%s>\n", code, text)
	}
	cmap := fmt.Sprintf("/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"+
		"1 begincodespacerange <00> <FF> endcodespacerange\n1 beginbfrange <20> <7E> <0020> endbfrange\n"+
		"%d beginbfchar\n%sendbfchar\nendcmap end end", len(unicode), chars.String())
	return pdftest.Build(
		"<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>"+letter+">>",
		pdftest.Stream("", []byte(content)),
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding/ToUnicode 6 0 R>>",
		pdftest.Stream("", []byte(cmap)),
	)
}

func TestCharactersAreWhatAReaderSees(t *testing.T) {
	const start = "BT /F1 12 Tf 72 700 Td "
	// TeX draws an accent, steps back, and draws the letter; Helvetica's dieresis is as wide as its acute, a third of an em.
	over := func(accent string, shift float64) string {
		return start + fmt.Sprintf(`[(Die K) %.0f <%s> %.0f (oche von G) %.0f <%s> %.0f (ottingen)] TJ ET`,
			-shift, accent, 333+shift, -shift, accent, 333+shift)
	}
	for _, c := range []struct {
		name    string
		data    []byte
		want    string
		letters bool // where each character has a box of its own
	}{
		{"dieresis over letters", onePage(letter, over("C8", 111)), "Die Köche von Göttingen", true},
		{"acute over letters", onePage(letter, over("C2", 111)), "Die Kóche von Góttingen", true},
		{"accent behind the letter", onePage(letter, start+`(Die K) Tj (o) Tj [444 <C8> 0] TJ [-111 (che sind da)] TJ ET`), "Die Köche sind da", true},
		{"accents of the text", mappedPage(start+"(don\xB4t touch 20\xB0C ~ or x^2) Tj ET", nil), "don´t touch 20°C ~ or x^2", true},
		{"beyond the basic plane", mappedPage(start+"(The value of # in the table) Tj ET", map[string]string{"23": "D835DC65"}), "The value of 𝑥 in the table", true},
		{"half a character", mappedPage(start+"(The value of # in the table) Tj ET", map[string]string{"23": "D835"}), "The value of � in the table", false},
		{"decomposed", mappedPage(start+"(caf# and b#ton in the street) Tj ET", map[string]string{"23": "00650301"}), "café and béton in the street", true},
		{"ligatures", mappedPage(start+"(o#ce work and o#cers are here) Tj ET", map[string]string{"23": "FB03"}), "office work and officers are here", false},
		{"ligatures in letters", mappedPage(start+"(o#ce work and o#cers are here) Tj ET", map[string]string{"23": "006600660069"}), "office work and officers are here", false},
		{"soft hyphens that show", mappedPage(start+"(Donau-dampfer auf dem Strom) Tj ET", map[string]string{"2D": "00AD"}), "Donau-dampfer auf dem Strom", true},
		{"soft hyphens that do not", mappedPage(start+"(Donau\xA0dampfer auf dem Strom) Tj ET", map[string]string{"A0": "00AD"}), "Donaudampfer auf dem Strom", true},
	} {
		lines := readLines(t, c.data)
		if diff := cmp.Diff(c.want, strings.Join(lines, "\n")); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		page, _, err := open(t, c.data).Text(1, true)
		if err != nil {
			t.Fatal(err)
		}
		for w := range page.Words {
			spelt, n := "", 0
			for _, char := range w.Characters {
				spelt += char.Text
				n++
			}
			if spelt != w.Text || c.letters && n != len([]rune(w.Text)) {
				t.Errorf("%s: %q is spelt %q in %d characters", c.name, w.Text, spelt, n)
			}
		}
	}
}

func TestWordsAreMadeOfGapsWhereALayerHasNoSpaces(t *testing.T) {
	const text = "River 1117 William fills till 11 11"
	// Each letter alone, with Helvetica's widths, and spaces left out.
	widths := map[rune]float64{'R': 722, 'i': 222, 'v': 500, 'e': 556, 'r': 333, '1': 556, '7': 556, 'W': 944, 'l': 222, 'a': 556, 'm': 833, 'f': 278, 's': 500, 't': 278, ' ': 278}
	var letters []string
	x := 72.0
	for _, r := range text {
		if r != ' ' {
			letters = append(letters, fmt.Sprintf("BT /F1 12 Tf %.3f 700 Td (%c) Tj ET\n", x, r))
		}
		x += widths[r] * 12 / 1000
	}
	for _, how := range []string{"forwards", "backwards", "every other first"} {
		drawn := append([]string(nil), letters...)
		switch how {
		case "backwards":
			for i, j := 0, len(drawn)-1; i < j; i, j = i+1, j-1 {
				drawn[i], drawn[j] = drawn[j], drawn[i]
			}
		case "every other first":
			drawn = drawn[:0]
			for first := range 2 {
				for i := first; i < len(letters); i += 2 {
					drawn = append(drawn, letters[i])
				}
			}
		}
		if diff := cmp.Diff(text, strings.Join(readLines(t, onePage(letter, strings.Join(drawn, ""))), "\n")); diff != "" {
			t.Errorf("drawn %s: %s", how, diff)
		}
	}
}
