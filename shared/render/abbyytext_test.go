package render

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// columned is a page of two columns with a table row recognised as one line beneath, and a bar code.
func columned() ocr.Page {
	return ocr.Page{Number: 1, Width: 600, Height: 400, DPI: 200, Origin: ocr.Recognised, Blocks: []ocr.Block{
		block(paragraph(line(50, 50, 600, "Left", "one"), line(50, 80, 600, "Left", "two-"), line(50, 110, 600, "fold"))),
		block(paragraph(line(300, 52, 600, "Right", "one"), line(300, 82, 600, "Right"))),
		block(paragraph(ocr.Line{Box: ocr.Box{X0: 50, Y0: 200, X1: 400, Y1: 220}, Words: []ocr.Word{
			{Text: "Total", Box: ocr.Box{X0: 50, Y0: 200, X1: 100, Y1: 220}}, {Text: "12", Box: ocr.Box{X0: 300, Y0: 200, X1: 320, Y1: 220}},
		}})),
		{Kind: ocr.BarcodeBlock, Box: ocr.Box{X0: 50, Y0: 300, X1: 90, Y1: 340}, Value: "40\r\n06", Symbology: "EAN-13"},
	}}
}

func TestLayoutOfPagesIsKeptBySpaces(t *testing.T) {
	want := []string{
		"Left one                 Right one",
		"Left two-                Right    ",
		"fold                              ",
		"                                  ",
		"Total                    12       ",
	}
	p := columned()
	lying := p
	lying.Angle = 90
	lying = upright(&lying)
	lying.Angle = 270
	for name, page := range map[string]ocr.Page{"upright": p, "lying": lying} {
		got := string(render(t, ABBYYText, Document{}, page))
		if diff := cmp.Diff("\uFEFF"+strings.Join(want, "\r\n")+"\r\n", got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestLinesOfAPageAreOfTheSameWidth(t *testing.T) {
	for _, p := range append(model(), tabular(), hostile(), structured()) {
		width := -1
		text := strings.TrimPrefix(string(render(t, ABBYYText, Document{}, p)), byteOrderMark)
		for l := range strings.SplitSeq(strings.TrimSuffix(text, lineEnd), lineEnd) {
			if n := utf8.RuneCountInString(l); width >= 0 && n != width {
				t.Errorf("page %d: %q is not of the width %d", p.Number, l, width)
			} else {
				width = n
			}
		}
	}
}

func TestPagesWithoutTextAreTheByteOrderMarkAlone(t *testing.T) {
	for _, f := range []Format{ABBYYText, ABBYYPlain} {
		blank, next := model()[4], model()[4]
		next.Number++
		if got := string(render(t, f, Document{}, blank, next)); got != "\xEF\xBB\xBF" {
			t.Errorf("%s: %q", f, got)
		}
	}
}

func TestPlainTextIsInReadingOrderWithBarCodesAndParagraphsAreJoinedIfAskedFor(t *testing.T) {
	for want, options := range map[string]Options{
		"Left one|Left two-|fold|Right one|Right|Total 12|40 06|": {},
		"Left one Left twofold|Right one Right|Total 12|40 06|":   {JoinLines: true},
	} {
		got := string(render(t, ABBYYPlain, Document{Options: options}, columned()))
		if diff := cmp.Diff(byteOrderMark+strings.ReplaceAll(want, "|", lineEnd), got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", options, diff)
		}
	}
}

// A line that is far longer than the others must not make each of many as long.
func TestWidthOfAPageIsBoundedByItsText(t *testing.T) {
	p := ocr.Page{Number: 1, Width: 10, Height: 10, Blocks: []ocr.Block{block(paragraph(line(0, 0, 600, strings.Repeat("x", 100_000))))}}
	for range 10_000 {
		p.Blocks[0].Paragraphs[0].Lines = append(p.Blocks[0].Paragraphs[0].Lines, line(0, 0, 600, "y"))
	}
	for y := range p.Blocks[0].Paragraphs[0].Lines {
		b := &p.Blocks[0].Paragraphs[0].Lines[y].Words[0].Box
		b.Y0, b.Y1 = y*30, y*30+20
	}
	p.Height = 10_001 * 30
	if n := len(render(t, ABBYYText, Document{}, p)); n > 1<<20 {
		t.Errorf("%d bytes", n)
	}
}

func FuzzABBYYText(f *testing.F) {
	fuzz(f, ABBYYText, func(t *testing.T, result []byte, pages []ocr.Page) {
		t.Helper()
		checkPlain(t, result, pages, true)
	})
}

func FuzzABBYYPlain(f *testing.F) {
	fuzz(f, ABBYYPlain, func(t *testing.T, result []byte, pages []ocr.Page) {
		t.Helper()
		checkPlain(t, result, pages, false)
	})
}

// checkPlain requires the characters of the words of the model, in order unless they are laid out, and nothing but spaces and
// ends of lines beside them.
func checkPlain(t *testing.T, result []byte, pages []ocr.Page, laidOut bool) {
	t.Helper()
	text, ok := strings.CutPrefix(string(result), byteOrderMark)
	if !ok || strings.Contains(strings.ReplaceAll(text, lineEnd, ""), "\n") || text != "" && !strings.HasSuffix(text, lineEnd) {
		t.Fatalf("%q", result)
	}
	var want strings.Builder
	for _, p := range pages {
		p = clean(p)
		for w := range p.Words {
			want.WriteString(strings.ReplaceAll(w.Text, " ", ""))
		}
	}
	got := strings.NewReplacer(" ", "", lineEnd, "").Replace(text)
	if laidOut {
		if len(got) != want.Len() {
			t.Errorf("%q are not the words %q", got, want.String())
		}
	} else if got != want.String() {
		t.Errorf("%q, want %q", got, want.String())
	}
}

func FuzzABBYYCorrected(f *testing.F) {
	fuzz(f, ABBYYCorrected, func(t *testing.T, result []byte, _ []ocr.Page) {
		if err := checkABBYY(result); err != nil {
			t.Error(err)
		}
	})
}
