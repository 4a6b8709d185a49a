package pdf

import (
	"bytes"
	"flag"
	"os"
	"testing"
	"unicode"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/requests"
)

var update = flag.Bool("update", false, "rewrite the shapes of letters")

func TestReferenceShapesAreThoseOfTheStandardFonts(t *testing.T) {
	p := open(t, onePage(letter, prose()))
	var b bytes.Buffer
	for _, name := range referenceFonts {
		font, err := p.instance.FPDFText_LoadStandardFont(&requests.FPDFText_LoadStandardFont{Document: p.document, Font: name})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range shapeLetters {
			left := pageSegments
			s, ok, err := p.glyphShape(font.Font, c, &left)
			if err != nil || !ok {
				t.Fatalf("%s, %c: %v, %v", name, c, ok, err)
			}
			b.Write(s.packed())
		}
	}
	if *update {
		if err := os.WriteFile("letters.bin", b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if b.String() != letterShapes {
		t.Error("the shapes are others")
	}
}

// To load an outline of a hundred thousand segments takes time, too.
func TestOutlinesThatAreTooLargeCountLikeOthers(t *testing.T) {
	p := open(t, onePage(letter, prose()))
	font, err := p.instance.FPDFText_LoadFont(&requests.FPDFText_LoadFont{
		Document: p.document, Data: regular.jagged(t, 'e', maxSegments+1), FontType: enums.FPDF_FONT_TRUETYPE,
	})
	if err != nil {
		t.Fatal(err)
	}
	const before = 10 * maxSegments
	for char, drawn := range map[rune]bool{'e': false, 'n': true} {
		left := before
		_, ok, err := p.glyphShape(font.Font, char, &left)
		if took := before - left; err != nil || ok != drawn || took == 0 || (took == maxSegments) == drawn {
			t.Errorf("%c: %t, %v, after %d segments", char, ok, err, took)
		}
	}
}

func TestShapesTellLettersApart(t *testing.T) {
	all := unpackShapes()
	for i := range all {
		char := rune(shapeLetters[i%len(shapeLetters)])
		if as := all.readAs(&all[i], char); as != 0 {
			t.Errorf("%c looks like %c", char, as)
		}
		other := rune(shapeLetters[(i+7)%len(shapeLetters)])
		if as := all.readAs(&all[i], other); as == 0 && !lookAlike(unicode.ToLower(char), unicode.ToLower(other)) {
			t.Errorf("%c passes for %c", char, other)
		}
	}
}

// An engine with the languages of both scripts reads letters of the one for those of the other that look alike.
func TestLettersThatLookAlikeDoNotContradictAFont(t *testing.T) {
	look := &fontLook{checked: map[rune]rune{}}
	if contradicted(folded("The TEXbook"), folded("The ТЕХЬоок"), 90, look) {
		t.Error("a Latin word that was read in Cyrillic letters counts against its font")
	}
	if !contradicted(folded("The TEXbook"), folded("Гур ГЬшпбф"), 90, look) {
		t.Error("another word passes for it")
	}
}
