package pdf

import (
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

func TestWordsBearTheirFontAndLinesTheirBaseline(t *testing.T) {
	const text = `BT /F1 1 Tf 20 0 0 20 72 700 Tm (Heading here) Tj /F2 10 Tf 1 0 0 1 72 650 Tm (body) Tj ET`
	const fonts = `/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold>>` +
		`/F2<</Type/Font/Subtype/Type1/BaseFont/Times-Italic>>>>>>`
	for _, c := range []struct {
		rotate   string
		baseline [2]ocr.Baseline // of A4's 595 x 842 points at 200 dpi
	}{
		{"", [2]ocr.Baseline{{X0: 200, Y0: 394}, {X0: 200, Y0: 533}}},
		{"/Rotate 180", [2]ocr.Baseline{{X0: 1453, Y0: 1944}, {X0: 1453, Y0: 1806}}},
		{"/Rotate 90", [2]ocr.Baseline{{X0: 1944, Y0: 200}, {X0: 1806, Y0: 200}}},
	} {
		p := open(t, onePage("/MediaBox[0 0 595 842]"+c.rotate+fonts, text))
		page, ok, err := p.Text(1, false)
		if err != nil || !ok {
			t.Fatalf("%q: %t, %v", c.rotate, ok, err)
		}
		want := []ocr.Font{
			{Family: "Helvetica-Bold", Size: 20, Style: ocr.Bold}, {Family: "Times-Italic", Size: 10, Style: ocr.Italic | ocr.Serif},
		}
		var lines []ocr.Line
		for i := range page.Blocks {
			for g := range page.Blocks[i].Text {
				lines = append(lines, g.Lines...)
			}
		}
		if len(lines) != 2 {
			t.Fatalf("%q: %d lines", c.rotate, len(lines))
		}
		for i, l := range lines {
			if f := page.Fonts[l.Words[0].Font-1]; f.Family != want[i].Family || f.Size != want[i].Size || f.Style&^ocr.Serif != want[i].Style&^ocr.Serif {
				t.Errorf("%q: word %q is set in %+v, want %+v", c.rotate, l.Words[0].Text, f, want[i])
			}
			if b := l.Baseline; b == nil || max(b.X0-c.baseline[i].X0, c.baseline[i].X0-b.X0, b.Y0-c.baseline[i].Y0, c.baseline[i].Y0-b.Y0) > 5 {
				t.Errorf("%q: baseline of %q is %+v, want its start at %+v", c.rotate, l.Words[0].Text, b, c.baseline[i])
			}
		}
	}
}

func TestNamesOfFontsThatAreNoneAreLeftOut(t *testing.T) {
	for name, want := range map[string]string{
		"ABCDEF+Garamond": "Garamond", "Garamond": "Garamond", "a\x00b": "", "a\nb": "", "\xff": "", "": "",
	} {
		if got := family(name); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
}

func TestCharactersOfALayerAreGivenWhereAskedFor(t *testing.T) {
	p := open(t, onePage(letter, prose()))
	plain, ok, err := p.Text(1, false)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	for w := range plain.Words {
		if w.Characters != nil {
			t.Fatalf("nobody asked for the characters of %q", w.Text)
		}
	}
	page, ok, err := p.Text(1, true)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	for w := range page.Words {
		spelt, box := "", ocr.Box{}
		for _, c := range w.Characters {
			spelt += c.Text
			box = box.Union(c.Box)
		}
		if spelt != w.Text || box != w.Box {
			t.Errorf("%q in %+v is spelt %q in %+v", w.Text, w.Box, spelt, box)
		}
	}
}

func TestMarksBelongToTheirLetter(t *testing.T) {
	var w word
	for i, c := range "e\u0301a\u200d" {
		box := rect{float64(i), 0, float64(i + 1), 1}
		w.add(glyph{char: c, box: box}, box)
	}
	if len(w.characters) != 2 || string(w.characters[0].text) != "e\u0301" || string(w.characters[1].text) != "a\u200d" {
		t.Errorf("%v", w.characters)
	}
}
