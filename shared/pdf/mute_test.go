package pdf

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

func TestTextThatLiesIsReplacedInTheCopy(t *testing.T) {
	honest, ok, err := open(t, letterhead(t, itself)).Text(1, false)
	if err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	partial := honest
	partial.Blocks = slices.Clone(honest.Blocks)
	partial.Blocks[0].Origin = ocr.Recognised
	whole := honest
	whole.Origin = ocr.Recognised
	want := []string{heading, prosaic, prosaic}
	for name, says := range map[string]func(rune) string{
		"shifted": shifted, "far off": caesar, "letters swapped": swapped, "digits swapped": digits, "one letter": single,
		"private use": private, "no map": nil, "a map of nothing": nothing,
	} {
		for _, page := range []ocr.Page{partial, whole} {
			t.Run(name+" on a page of origin "+string(page.Origin), func(t *testing.T) {
				data := letterhead(t, says)
				out := overlaid(t, data, page)
				before, err := open(t, data).Raster(1, ocr.DefaultLimits())
				if err != nil {
					t.Fatal(err)
				}
				p := open(t, out)
				after, err := p.Raster(1, ocr.DefaultLimits())
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(before.Gray, after.Gray) {
					t.Error("the copy looks different")
				}
				got := strings.Fields(allText(t, p, 1))
				slices.Sort(got)
				words := strings.Fields(strings.Join(want, " "))
				slices.Sort(words)
				if !slices.Equal(got, words) {
					t.Errorf("the copy says %q", got)
				}
			})
		}
	}
}

func TestTextThatIsReadWithSlipsStaysInTheCopy(t *testing.T) {
	data := letterhead(t, itself)
	page, ok, err := open(t, data).Text(1, false)
	if err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	page.Origin = ocr.Recognised
	first := &page.Blocks[0].Paragraphs[0].Lines[0].Words[1]
	first.Text = "demond"
	out := overlaid(t, data, page)
	if text := allText(t, open(t, out), 1); !strings.Contains(text, "demand") || strings.Contains(text, "demond") ||
		strings.Count(text, "received") != 2 {
		t.Errorf("the copy says %q", text)
	}
}

func TestNamesOfMutedFontsAreThoseOfPDFium(t *testing.T) {
	m := &mute{fonts: map[fontKey]bool{"DejaVuSans": true, "AAAAAA+Song Ti": true}}
	for _, c := range []struct {
		name, subtype string
		want          bool
	}{
		{"/DejaVuSans", "/TrueType", true},
		{"/AAAAAA+DejaVuSans", "/TrueType", true},
		{"/AAAAAA+DejaVuSans-Bold", "/TrueType", false},
		{"/AAAAAA+DejaVuSans", "/Type0", false},
		{"/AAAAAA+Song#20Ti", "/Type0", true},
		{"/AAAAAA+Song#20Ti-Identity-H", "/Type0", true},
		{"/AAAAAA+Song#20Ti-H", "/Type0", true},
	} {
		d := dictionary{}.with("/Type", "/Font").with("/Subtype", c.subtype).with("/BaseFont", c.name).with("/ToUnicode", "9 0 R")
		if _, kept := m.dictionary(d).get("/ToUnicode"); kept == c.want {
			t.Errorf("%s of %s: muted is %v", c.name, c.subtype, !kept)
		}
	}
}
