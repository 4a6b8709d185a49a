package businesscard

import (
	"image"
	"image/color"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// face returns the font of a text.
func face(t testing.TB, text placedText) font.Face {
	t.Helper()
	data := goregular.TTF
	if text.bold {
		data = gobold.TTF
	}
	parsed, err := opentype.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	f, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: text.size, DPI: cardDPI, Hinting: font.HintingFull})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// draw draws a card, and returns it with the page that a perfect engine reads.
func draw(t testing.TB, p printed, layout string) (*image.Gray, ocr.Page) {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, cardWidth, cardHeight))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	page := ocr.Page{Number: 1, Width: cardWidth, Height: cardHeight, DPI: cardDPI, Origin: ocr.Recognised, Languages: []string{p.language}}
	for _, text := range laid(p, layout) {
		f := face(t, text)
		height := f.Metrics().CapHeight.Ceil()
		d := font.Drawer{Dst: img, Src: image.NewUniform(color.Gray{Y: 20}), Face: f, Dot: fixed.P(text.x, text.y)}
		d.Dot.X -= fixed.Int26_6(float64(d.MeasureString(text.text)) * text.fit)
		var l ocr.Line
		for i, w := range strings.Fields(text.text) {
			if i > 0 {
				d.DrawString(" ")
			}
			from := d.Dot.X.Ceil()
			d.DrawString(w)
			word := ocr.Word{Text: w, Box: ocr.Box{X0: from, Y0: text.y - height, X1: d.Dot.X.Ceil(), Y1: text.y}, Confidence: 95}
			l.Words, l.Box = append(l.Words, word), l.Box.Union(word.Box)
		}
		paragraph := ocr.Paragraph{Box: l.Box, Lines: []ocr.Line{l}}
		page.Blocks = append(page.Blocks, ocr.Block{Box: l.Box, Paragraphs: []ocr.Paragraph{paragraph}})
	}
	return img, page
}

// score counts fields by their kind.
type score struct{ said, found, wrong map[Kind]int }

func newScore() score { return score{map[Kind]int{}, map[Kind]int{}, map[Kind]int{}} }

// add holds what was read of a card against what it says.
func (s score) add(t *testing.T, p printed, layout string, page *ocr.Page) {
	t.Helper()
	left := p.truth()
	for _, w := range left {
		s.said[Kind(strings.Fields(w)[0])]++
	}
	card := Read(page)
	for _, f := range card.Fields {
		if i := slices.Index(left, normal(f.Kind, f.Value)); i >= 0 {
			left = slices.Delete(left, i, i+1)
			s.found[f.Kind]++
		} else {
			s.wrong[f.Kind]++
			t.Logf("%s, %s: %s is wrongly %q", p.name, layout, f.Kind, f.Value)
		}
	}
	for _, w := range left {
		t.Logf("%s, %s: %s is missing", p.name, layout, w)
	}
}

// require fails unless of all fields so many in a hundred were found, and so many of those that were found are right.
func (s score) require(t *testing.T, least int) {
	t.Helper()
	said, found, wrong := 0, 0, 0
	for _, k := range Kinds() {
		t.Logf("%-8s %3d of %3d found, %d wrong", k, s.found[k], s.said[k], s.wrong[k])
		said, found, wrong = said+s.said[k], found+s.found[k], wrong+s.wrong[k]
	}
	t.Logf("all: %d of %d found, %d wrong", found, said, wrong)
	if 100*found < least*said || 100*found < least*(found+wrong) {
		t.Errorf("%d of %d fields were found, and %d that are wrong; want %d in a hundred", found, said, wrong, least)
	}
}

func TestFieldsOfCardsAreFoundInTheirText(t *testing.T) {
	s := newScore()
	for _, p := range cards() {
		for _, layout := range layouts() {
			_, page := draw(t, p, layout)
			s.add(t, p, layout, &page)
		}
	}
	s.require(t, 95)
}

// page is a page of lines of text.
func page(lines ...string) *ocr.Page {
	p := &ocr.Page{Number: 1, Width: 1000, Height: 40 * len(lines), DPI: 200}
	for i, text := range lines {
		var l ocr.Line
		x := 20
		for w := range strings.FieldsSeq(text) {
			n := 12 * utf8.RuneCountInString(w)
			l.Words = append(l.Words, ocr.Word{Text: w, Box: ocr.Box{X0: x, Y0: 40 * i, X1: x + n, Y1: 40*i + 24}})
			x += n + 10
		}
		p.Blocks = append(p.Blocks, ocr.Block{Paragraphs: []ocr.Paragraph{{Lines: []ocr.Line{l}}}})
	}
	return p
}

// said writes fields with their parts.
func said(c Card) string {
	var b strings.Builder
	for _, f := range c.Fields {
		b.WriteString(string(f.Kind) + " " + f.Value)
		for _, p := range f.Components {
			b.WriteString("; " + string(p.Part) + " " + p.Value)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestFieldsDivideIntoParts(t *testing.T) {
	for text, want := range map[string]string{
		"Tel. +49 (0)40 555-0123 ext. 17":         "Phone +49 (0)40 555-0123 ext. 17; PhonePrefix +; PhoneCountryCode 49; PhoneCode 40; PhoneBody 5550123; PhoneExtension 17\n",
		"Tel: (503) 555-0142":                     "Phone (503) 555-0142; PhoneCode 503; PhoneBody 5550142\n",
		"Mobile 00353 85 555 0123":                "Mobile 00353 85 555 0123; PhonePrefix +; PhoneCountryCode 353; PhoneCode 85; PhoneBody 5550123\n",
		"Tel./Fax 030 555 0123":                   "Fax 030 555 0123; PhoneCode 030; PhoneBody 5550123\n",
		"Springfield Road 4|Leeds LS1 4AB|UK":     "Address Springfield Road 4, Leeds LS1 4AB, UK; StreetAddress Springfield Road 4; City Leeds; ZipCode LS1 4AB; Country UK\n",
		"12 Elm Street|Springfield, IL 62704":     "Address 12 Elm Street, Springfield, IL 62704; StreetAddress 12 Elm Street; City Springfield, IL; ZipCode 62704\n",
		"Hafenstr. 3, D-20457 Hamburg":            "Address Hafenstr. 3, D-20457 Hamburg; StreetAddress Hafenstr. 3; City Hamburg; ZipCode 20457\n",
		"Dr. Ludwig van den Berg|l.berg@x.de":     "Email l.berg@x.de\nName Dr. Ludwig van den Berg; FirstName Ludwig; LastName van den Berg; ExtraName Dr.\n",
		"Antoine LEFEBVRE|a.lefebvre@x.fr":        "Email a.lefebvre@x.fr\nName Antoine LEFEBVRE; FirstName Antoine; LastName LEFEBVRE\n",
		"NOWAK Jan Maria|jan.nowak@x.pl":          "Email jan.nowak@x.pl\nName NOWAK Jan Maria; FirstName Jan; MiddleName Maria; LastName NOWAK\n",
		"john . doe @ x.com":                      "Email doe@x.com\n",
		"USt-IdNr. DE 123456789|IBAN 12345678901": "",
		"https://example.org/a?b=c":               "Web https://example.org/a?b=c\n",
	} {
		got := Read(page(strings.Split(text, "|")...))
		if said(got) != want {
			t.Errorf("%s:\n got %s\nwant %s", text, said(got), want)
		}
	}
}

func TestFieldsHaveTheWordsThatTheyWereTakenFrom(t *testing.T) {
	card := Read(page("Anna Berg", "Tel. 040 555 0123 Fax 040 555 0124", "anna.berg@example.org"))
	for _, f := range card.Fields {
		text := ""
		for _, w := range f.Words {
			text += w.Text
		}
		if text != strings.ReplaceAll(f.Value, " ", "") {
			t.Errorf("%s %q was taken from %q", f.Kind, f.Value, text)
		}
	}
	if len(card.Fields) != 4 || card.First(Fax) == nil || card.First(Web) != nil || card.Text != "Anna Berg\nTel. 040 555 0123 Fax 040 555 0124\nanna.berg@example.org" {
		t.Errorf("%+v", card)
	}
}

func TestPagesThatAreNoCardsTakeNoLongerThanTheirText(t *testing.T) {
	lines := make([]string, 2_000)
	for i := range lines {
		lines[i] = strings.Repeat("Aa Bb. 12 @ (((( ", 20)
	}
	if got := Read(page(lines...)); len(got.Fields) > mostSegments {
		t.Errorf("%d fields", len(got.Fields))
	}
}

func FuzzRead(f *testing.F) {
	for _, p := range cards() {
		f.Add(p.name+"\n"+p.job+"\n"+strings.Join(p.address, "\n")+"\n"+strings.Join(p.numbers, "\n")+"\n"+p.mail, 40)
	}
	f.Add("+0\n(0)\n00\n+\n,\nD-1234 A\n@.\nwww.\n\xff12345 \xff", -3)
	f.Add("0(0(0)0)0 ext 5 x 5", 1<<40)
	f.Fuzz(func(t *testing.T, text string, height int) {
		p := page(strings.Split(text, "\n")...)
		for i := range p.Blocks {
			for j := range p.Blocks[i].Paragraphs[0].Lines[0].Words {
				p.Blocks[i].Paragraphs[0].Lines[0].Words[j].Box.Y1 += height
			}
		}
		for _, field := range Read(p).Fields {
			if strings.TrimSpace(field.Value) == "" || strings.Contains(field.Value, "\n") && !strings.Contains(text, "\n") {
				t.Errorf("%s is %q", field.Kind, field.Value)
			}
		}
	})
}
