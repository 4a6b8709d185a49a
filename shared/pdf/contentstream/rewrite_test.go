package contentstream

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// resources of tests: fonts F and G of one byte, in which every glyph is 500 wide, K of two bytes, and U of unknown widths.
type resources struct {
	forms map[string]*Form
}

func (r resources) Font(name string) *Font {
	even := func(int) (float64, bool) { return 500, true }
	switch name {
	case "F":
		return &Font{Bytes: 1, Width: even}
	case "K":
		return &Font{Bytes: 2, Width: even}
	case "U":
		return &Font{Bytes: 1, Width: func(int) (float64, bool) { return 0, false }}
	case "P":
		return &Font{Bytes: 1, Width: even, Procedure: true}
	case "C":
		return &Font{}
	}
	return nil
}

func (resources) FontOfState(name string) (*Font, float64) {
	if name == "Big" {
		return resources{}.Font("F"), 20
	}
	return nil, 0
}

func (r resources) XObject(name string) (*Form, bool) {
	f, ok := r.forms[name]
	return f, ok
}

// without reads streams, marks with mark and returns the streams rewritten.
func without(t *testing.T, r resources, mark func([]*Show), streams ...string) ([]string, []Changed, []*Show) {
	t.Helper()
	var in [][]byte
	for _, s := range streams {
		in = append(in, []byte(s))
	}
	page, err := Read(in, r)
	if err != nil {
		t.Fatal(err)
	}
	mark(page.Shows)
	var stored []Changed
	changed, kept := page.Rewrite(func(c Changed) int {
		stored = append(stored, c)
		return len(stored)
	})
	var out []string
	for i, s := range streams {
		if changed.Streams[i] != nil {
			s = string(changed.Streams[i])
		}
		out = append(out, s)
	}
	return out, append(stored, changed), kept
}

func invisible(shows []*Show) {
	for _, s := range shows {
		if s.Invisible() {
			s.Remove()
		}
	}
}

// code marks the glyphs of the character codes.
func codes(chars string) func([]*Show) {
	return func(shows []*Show) {
		for _, s := range shows {
			for i, g := range s.Glyphs {
				if strings.IndexByte(chars, s.strings[g.element].bytes[g.at]) >= 0 {
					s.Glyphs[i].Remove = true
				}
			}
		}
	}
}

func TestTextIsTakenOutAndNothingElse(t *testing.T) {
	for name, c := range map[string]struct {
		mark       func([]*Show)
		from, want string
	}{
		"invisible text": {invisible,
			"q 0 1 1 0 k BT 3 Tr /F 20 Tf 40 420 Td (old) Tj ET Q 1 0 0 rg", "q 0 1 1 0 k BT 3 Tr /F 20 Tf 40 420 Td  ET Q 1 0 0 rg"},
		"visible text stays":         {invisible, "BT /F 9 Tf (new)Tj ET", "BT /F 9 Tf (new)Tj ET"},
		"the mode is saved":          {invisible, "q 3 Tr Q BT (new)Tj ET", "q 3 Tr Q BT (new)Tj ET"},
		"the mode outlives BT":       {invisible, "BT 3 Tr ET BT (old)Tj ET", "BT 3 Tr ET BT  ET"},
		"strings of every kind":      {invisible, `3 Tr (a\)b)Tj <6162>Tj [(a)-20(b)]TJ((()))Tj 0 g`, `3 Tr    0 g`},
		"beginning a line":           {invisible, "3 Tr 12 TL(a)' 0 g", "3 Tr 12 TL T* 0 g"},
		"beginning a line, spaced":   {invisible, "3 Tr 1 2 (a)\" 0 g", "3 Tr 1 Tw 2 Tc T* 0 g"},
		"comments":                   {invisible, "3 Tr % (no) Tj\n(a)Tj% (no)\r0 g", "3 Tr % (no) Tj\n% (no)\r0 g"},
		"a word that begins so":      {invisible, "3 Tr (a)Tjx (b) TJa", "3 Tr (a)Tjx (b) TJa"},
		"glyphs in the middle":       {codes("xy"), "BT /F 10 Tf (axyb)Tj ET", "BT /F 10 Tf [<61>-1000<62>]TJ ET"},
		"glyphs at the end":          {codes("xy"), "BT /F 10 Tf (abxy)Tj ET", "BT /F 10 Tf [<6162>]TJ ET"},
		"glyphs at the beginning":    {codes("xy"), "BT /F 10 Tf (xyab)Tj ET", "BT /F 10 Tf [-1000<6162>]TJ ET"},
		"among displacements":        {codes("x"), "BT /F 10 Tf [(a)-20(xb)30 40(c)]TJ ET", "BT /F 10 Tf [<61>-520<62>70<63>]TJ ET"},
		"with letter spacing":        {codes("x"), "BT /F 10 Tf 2 Tc (xa)Tj ET", "BT /F 10 Tf 2 Tc [-700<61>]TJ ET"},
		"with word spacing":          {codes(" "), "BT /F 10 Tf 2 Tw (a b)Tj ET", "BT /F 10 Tf 2 Tw [<61>-700<62>]TJ ET"},
		"codes of two bytes":         {codes("\x02"), "BT /K 10 Tf <010102020303>Tj ET", "BT /K 10 Tf [<0101>-500<0303>]TJ ET"},
		"a font of the state":        {codes("x"), "/Big gs (xa)Tj", "/Big gs [-500<61>]TJ"},
		"later text on the line":     {codes("x"), "BT /F 10 Tf (xx)Tj (a)Tj ET", "BT /F 10 Tf [-1000]TJ (a)Tj ET"},
		"later text on another line": {codes("x"), "BT /F 10 Tf (xx)Tj 0 -12 Td (a)Tj ET", "BT /F 10 Tf  0 -12 Td (a)Tj ET"},
		"kept on a line begun":       {codes("x"), "BT /F 10 Tf (xa)' 1 2 (ax)\" ET", "BT /F 10 Tf T* [-500<61>]TJ 1 Tw 2 Tc T* [<61>]TJ ET"},
		"all of a line":              {codes("x"), "BT /F 10 Tf (xx)Tj [(x)-3(x)]TJ ET", "BT /F 10 Tf   ET"},
		"replacement text":           {codes("x"), "/Span<</ActualText(no)/MCID 3/E(n)>>BDC /F 9 Tf(x)Tj EMC", "/Span<</MCID 3>>BDC /F 9 Tf EMC"},
		"replacement text of others": {codes("x"), "/Span<</ActualText(a)>>BDC /F 9 Tf(a)Tj EMC (x)Tj", "/Span<</ActualText(a)>>BDC /F 9 Tf(a)Tj EMC "},
		"glyphs drawn by procedures": {invisible, "3 Tr /P 9 Tf (a)Tj", "3 Tr /P 9 Tf (a)Tj"},
		"a clipping path":            {invisible, "q BT 7 Tr (a)Tj ET /Im Do Q", "q BT 7 Tr (a)Tj ET /Im Do Q"},
		"a clip nothing is seen of":  {invisible, "q BT 7 Tr (a)Tj ET Q 0 0 9 9 re f", "q BT 7 Tr  ET Q 0 0 9 9 re f"},
		"text without an end":        {invisible, "3 Tr (a)Tj (b Tj", "3 Tr  (b Tj"},
		"strays":                     {invisible, "3 Tr ] >> } (a)Tj ET Q Q EMC", "3 Tr  ET Q Q EMC"},
	} {
		t.Run(name, func(t *testing.T) {
			r := resources{map[string]*Form{"Im": nil}}
			out, _, kept := without(t, r, c.mark, c.from)
			if diff := cmp.Diff(c.want, out[0]); diff != "" || len(kept) > 0 {
				t.Errorf("%d kept %s", len(kept), diff)
			}
		})
	}
}

func TestGlyphsOfUnknownWidthStayWhereOthersDependOnThem(t *testing.T) {
	for _, c := range []struct {
		from, want string
		kept       int
	}{
		{"BT /U 10 Tf (xx)Tj ET", "BT /U 10 Tf  ET", 0},
		{"BT /U 10 Tf (xx)Tj (a)Tj ET", "BT /U 10 Tf (xx)Tj (a)Tj ET", 1},
		{"BT /U 10 Tf (x)Tj (xa)Tj 0 1 Td (ax)Tj (x)Tj ET", "BT /U 10 Tf (x)Tj (xa)Tj 0 1 Td [<61>]TJ  ET", 2},
		{"BT /F 0 Tf 1 Tc (x)Tj (a)Tj ET", "BT /F 0 Tf 1 Tc (x)Tj (a)Tj ET", 1},
	} {
		out, _, kept := without(t, resources{}, codes("x"), c.from)
		if diff := cmp.Diff(c.want, out[0]); diff != "" || len(kept) != c.kept {
			t.Errorf("%s: %d kept %s", c.from, len(kept), diff)
		}
	}
	out, _, kept := without(t, resources{}, func(s []*Show) { s[0].Remove() }, "BT /C 10 Tf (xx)Tj (a)Tj ET")
	if out[0] != "BT /C 10 Tf (xx)Tj (a)Tj ET" || len(kept) != 1 {
		t.Errorf("codes that cannot be told apart: %q, %d kept", out[0], len(kept))
	}
}

func TestInlineImagesStay(t *testing.T) {
	for name, image := range map[string]string{
		"raw":               "BI /W 4 /H 2 /BPC 8 /CS /G ID \x00 EI (b\nEI",
		"raw, EI in it":     "BI/W 16/H 1/CS/G/BPC 8 ID (a)Tj EI (b)Tj  EI",
		"mask":              "BI /W 8 /H 8 /IM true ID EI (a)Tj EI",
		"hexadecimal":       "BI /W 1 /H 1 /CS /G /BPC 8 /F /AHx ID 00> EI",
		"base 85":           "BI /W 1 /H 1 /CS /G /F[/A85] ID z EI ~> EI",
		"runs":              "BI /W 9 /H 1 /CS /G /F /RL ID \x07 EI (a)T\xff \x80\nEI",
		"deflated":          "BI /W 1 /H 1 /F /Fl /CS /G ID x\x9cc\x00\x00\x00\x01\x00\x01 EI",
		"space of resource": "BI /W 2 /H 2 /BPC 8 /CS /Own ID \xff EI\x01(b)Tj EI",
		"JPEG":              "BI /W 9 /H 9 /F /DCT ID \xff\xd8 EI (a)Tj\xff\xd9 EI",
	} {
		t.Run(name, func(t *testing.T) {
			out, _, _ := without(t, resources{}, invisible, "3 Tr q "+image+"\n(a)Tj Q")
			if diff := cmp.Diff("3 Tr q "+image+"\n Q", out[0]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStreamsOfAPageAreOne(t *testing.T) {
	out, changed, _ := without(t, resources{}, invisible, "q 3 Tr BT [(a) -2", "(b)] ", "TJ 0 g", "1 g ET Q")
	if diff := cmp.Diff([]string{"q 3 Tr BT ", "", " 0 g", "1 g ET Q"}, out); diff != "" {
		t.Error(diff)
	}
	if changed[0].Streams[3] != nil {
		t.Error("a stream without text was rewritten")
	}
}

func TestFormsAreCopiedWhereTextGoes(t *testing.T) {
	inner := &Form{ID: 7, Matrix: Matrix{A: 1, D: 1}, Data: []byte("BT (a)Tj ET"), Resources: resources{}}
	outer := &Form{ID: 8, Matrix: Matrix{A: 1, D: 1}, Data: []byte("0 g /In Do"), Resources: resources{map[string]*Form{"In": inner}}}
	r := resources{map[string]*Form{"In": inner, "Out": outer, "LetheForm1": nil}}

	out, changed, _ := without(t, r, invisible, "/In Do q 3 Tr /In Do /Out Do Q /Out Do")
	want := "/In Do q 3 Tr /LetheForm2 Do /LetheForm3 Do Q /Out Do"
	if diff := cmp.Diff(want, out[0]); diff != "" {
		t.Error(diff)
	}
	var told []string
	for _, c := range changed {
		id := 0
		if c.Form != nil {
			id = c.Form.ID
		}
		told = append(told, fmt.Sprintf("%d %s %v", id, c.Streams[0], c.Names))
	}
	if diff := cmp.Diff([]string{
		"7 BT  ET map[]", "7 BT  ET map[]", "8 0 g /In Do map[In:2]", "0 " + want + " map[LetheForm2:1 LetheForm3:3]",
	}, told); diff != "" {
		t.Error(diff)
	}

	out, changed, _ = without(t, r, invisible, "3 Tr /In Do")
	if out[0] != "3 Tr /In Do" || changed[1].Names["In"] != 1 {
		t.Errorf("a form of which all uses change keeps its name: %q %v", out, changed[1].Names)
	}
}

func TestGlyphsArePlaced(t *testing.T) {
	form := &Form{ID: 1, Matrix: Matrix{A: 2, D: 2, E: 5}, Data: []byte("BT /F 10 Tf 50 Tz 3 Ts 10 20 Td [(a)-100(b)]TJ 0 -7 TD (c)' ET"), Resources: resources{}}
	page, err := Read([][]byte{[]byte("q 1 0 0 1 100 0 cm /Fm Do Q /U 9 Tf (d)Tj (e)Tj")}, resources{map[string]*Form{"Fm": form}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range page.Shows {
		for _, g := range s.Glyphs {
			got = append(got, fmt.Sprint(g.Placed, g.X, g.Y, g.Advance))
		}
	}
	want := []string{"true 125 46 5", "true 131 46 5", "true 125 18 5", "true 0 0 4.5", "false 0 0 4.5"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFormsThatDrawEachOtherEnd(t *testing.T) {
	r := resources{map[string]*Form{}}
	r.forms["A"] = &Form{ID: 1, Data: []byte("/B Do /B Do 3 Tr (a)Tj"), Resources: r}
	r.forms["B"] = &Form{ID: 2, Data: []byte("/A Do"), Resources: r}
	if out, _, _ := without(t, r, invisible, "/A Do"); out[0] != "/A Do" {
		t.Errorf("%q", out)
	}
	deep := resources{map[string]*Form{}}
	for i := range 40 {
		deep.forms[fmt.Sprint("X", i)] = &Form{ID: i + 1, Data: fmt.Appendf(nil, "/X%d Do /X%d Do", i+1, i+1), Resources: deep}
	}
	if _, err := Read([][]byte{[]byte("/X15 Do")}, deep); err == nil {
		t.Error("33 million uses of a form were followed")
	}
}
