package layer_test

import (
	"image"
	"slices"
	"testing"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"github.com/lethe-ocr/lethe/shared/pdf/layer"
)

// sheet is a picture that tests draw on.
type sheet struct{ *image.Gray }

func blank() sheet {
	s := sheet{image.NewGray(image.Rect(0, 0, 800, 400))}
	for i := range s.Pix {
		s.Pix[i] = 0xff
	}
	return s
}

func (s sheet) picture() layer.Picture {
	return layer.Picture{Pix: s.Pix, Stride: s.Stride, Width: s.Rect.Dx(), Height: s.Rect.Dy()}
}

func (s sheet) fill(r image.Rectangle, grey byte) sheet {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			s.Pix[s.PixOffset(x, y)] = grey
		}
	}
	return s
}

// frame draws the sides of a rectangle.
func (s sheet) frame(r image.Rectangle) sheet {
	s.fill(image.Rect(r.Min.X, r.Min.Y, r.Max.X, r.Min.Y+1), 0).fill(image.Rect(r.Min.X, r.Max.Y-1, r.Max.X, r.Max.Y), 0)
	return s.fill(image.Rect(r.Min.X, r.Min.Y, r.Min.X+1, r.Max.Y), 0).fill(image.Rect(r.Max.X-1, r.Min.Y, r.Max.X, r.Max.Y), 0)
}

// write writes text with its baseline at a point. Letters are 7 pixels wide and 9 high.
func (s sheet) write(text string, x, y int, grey byte) sheet {
	ink := image.NewGray(image.Rect(0, 0, 1, 1))
	ink.Pix[0] = grey
	drawer := font.Drawer{Dst: s, Src: image.NewUniform(ink.At(0, 0)), Face: basicfont.Face7x13, Dot: fixed.P(x, y)}
	drawer.DrawString(text)
	return s
}

// glyphs are the glyphs of text as write draws it.
func glyphs(text string, x, y int) []layer.Glyph {
	var all []layer.Glyph
	word := 0
	for i, c := range text {
		if c == ' ' {
			word++
			continue
		}
		x0, top := float64(x+7*i), float64(y-9)
		if c == '.' {
			top = float64(y - 2)
		}
		all = append(all, layer.Glyph{Box: layer.Rect{X0: x0, Y0: top, X1: x0 + 7, Y1: float64(y)}, Word: word, Letter: c != '.'})
	}
	return all
}

func TestGlyphIsSeenWhereThePageChangesWithoutIt(t *testing.T) {
	const text = "Paid 4471."
	whole := slices.Repeat([]bool{true}, 9)
	none := make([]bool, 9)
	name := append(slices.Repeat([]bool{true}, 4), make([]bool, 5)...)
	cases := map[string]struct {
		with, without sheet
		want          []bool
	}{
		"black on white":   {blank().write(text, 100, 100, 0), blank(), whole},
		"white on black":   {blank().fill(image.Rect(90, 80, 180, 110), 0).write(text, 100, 100, 255), blank().fill(image.Rect(90, 80, 180, 110), 0), whole},
		"white on white":   {blank(), blank(), none},
		"a shade too pale": {blank().write(text, 100, 100, 250), blank(), none},
		"blacked out":      {blank().fill(image.Rect(90, 80, 180, 110), 0), blank().fill(image.Rect(90, 80, 180, 110), 0), none},
		"blacked out in part": {
			blank().write(text, 100, 100, 0).fill(image.Rect(134, 80, 180, 110), 0), blank().fill(image.Rect(134, 80, 180, 110), 0), name,
		},
		"a bar that is too low": {
			blank().write(text, 100, 100, 0).fill(image.Rect(134, 93, 180, 110), 0), blank().fill(image.Rect(134, 93, 180, 110), 0), name,
		},
	}
	for name, c := range cases {
		got := layer.Seen(layer.Difference(c.with.picture(), c.without.picture(), 1), glyphs(text, 100, 100))
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v; want %v", name, got, c.want)
		}
	}
}

func TestGlyphTooSmallToTellFollowsItsWord(t *testing.T) {
	dot := func(word int) layer.Glyph {
		return layer.Glyph{Box: layer.Rect{X0: 130, Y0: 99.2, X1: 130.6, Y1: 99.8}, Word: word}
	}
	difference := layer.Difference(blank().write("ab", 100, 100, 0).picture(), blank().picture(), 1)
	if got := layer.Seen(difference, append(glyphs("ab", 100, 100), dot(0))); !got[2] {
		t.Error("a full stop is not seen although its word is")
	}
	if got := layer.Seen(difference, append(glyphs("ab", 300, 100), dot(0))); got[2] {
		t.Error("a full stop is seen although its word is not")
	}
}

func TestInvisibleGlyphIsHiddenEvenOverOthers(t *testing.T) {
	over := glyphs("ab", 100, 100)
	for i := range over {
		over[i].Hidden = true
	}
	difference := layer.Difference(blank().write("ab", 100, 100, 0).picture(), blank().picture(), 1)
	if got := layer.Seen(difference, over); got[0] || got[1] {
		t.Errorf("%v", got)
	}
}

func TestPicturesOfDifferentSizesSayNothing(t *testing.T) {
	other := layer.Picture{Pix: make([]byte, 100), Stride: 10, Width: 10, Height: 10}
	if d := layer.Difference(blank().picture(), other, 1); len(d.Pix) > 0 {
		t.Errorf("%d pixels", len(d.Pix))
	}
}

func TestTextIsFoundAmongDrawings(t *testing.T) {
	cases := map[string]struct {
		drawn sheet
		text  []image.Rectangle // ink that is text
	}{
		"nothing":          {blank(), nil},
		"fill":             {blank().fill(image.Rect(50, 50, 300, 200), 128), nil},
		"rules":            {blank().fill(image.Rect(50, 50, 700, 51), 0).fill(image.Rect(50, 80, 700, 83), 0), nil},
		"frame":            {blank().frame(image.Rect(50, 50, 700, 300)), nil},
		"row of boxes":     {blank().frame(image.Rect(50, 50, 150, 70)).frame(image.Rect(149, 50, 250, 70)), nil},
		"box to tick":      {blank().frame(image.Rect(50, 50, 64, 64)), nil},
		"dashes":           {dashes(), nil},
		"bars":             {bars(), nil},
		"words":            {blank().write("Delivery note 20418", 100, 100, 0), []image.Rectangle{image.Rect(100, 91, 233, 100)}},
		"light on dark":    {blank().fill(image.Rect(50, 50, 400, 200), 30).write("Delivery note", 100, 100, 230), []image.Rectangle{image.Rect(100, 91, 191, 100)}},
		"words in a frame": {blank().frame(image.Rect(90, 80, 260, 110)).write("Delivery note", 100, 100, 0), []image.Rectangle{image.Rect(100, 91, 191, 100)}},
		"two lines": {
			blank().write("Delivery note", 100, 100, 0).write("Three pallets", 100, 120, 0),
			[]image.Rectangle{image.Rect(100, 91, 191, 100), image.Rect(100, 111, 191, 120)},
		},
		"number": {blank().write("45", 100, 100, 0), []image.Rectangle{image.Rect(100, 91, 114, 100)}},
	}
	for name, c := range cases {
		found := layer.Search(c.drawn.picture())
		if (len(found.Regions) == 0) != (len(c.text) == 0) {
			t.Errorf("%s: regions %v", name, found.Regions)
		}
		for _, text := range c.text {
			if !slices.ContainsFunc(found.Regions, func(r layer.Region) bool { return text.Inset(1).In(r.Box) }) {
				t.Errorf("%s: %v is in none of %v", name, text, found.Regions)
			}
		}
	}
}

func dashes() sheet {
	s := blank()
	for x := 50; x < 700; x += 14 {
		s.fill(image.Rect(x, 100, x+8, 102), 0)
	}
	return s
}

func bars() sheet {
	s := blank()
	for i := range 8 {
		s.fill(image.Rect(100+60*i, 300-25*i, 140+60*i, 300), 90)
	}
	return s
}

func TestNothingButTextIsLeftWhenItIsIsolated(t *testing.T) {
	s := blank().frame(image.Rect(90, 80, 400, 110)).write("Delivery note", 100, 100, 0).fill(image.Rect(500, 50, 700, 350), 90)
	before := slices.Clone(s.Pix)
	layer.Search(s.picture()).Isolate(s.picture())
	for y := range 400 {
		for x := range 800 {
			at := s.PixOffset(x, y)
			if text := image.Pt(x, y).In(image.Rect(98, 88, 195, 104)); text && s.Pix[at] != before[at] {
				t.Fatalf("the text has changed at %d, %d", x, y)
			} else if !text && s.Pix[at] != 0xff {
				t.Fatalf("%d, %d is %d", x, y, s.Pix[at])
			}
		}
	}
}

func TestPictureThatIsAllEdgesIsOneRegion(t *testing.T) {
	p := layer.Picture{Pix: make([]byte, 2400*2400), Stride: 2400, Width: 2400, Height: 2400}
	for y := range p.Height {
		for x := range p.Width {
			p.Pix[y*p.Stride+x] = byte(255 * (x / 2 % 2)) // #nosec G115 -- 0 or 255
		}
	}
	if found := layer.Search(p); len(found.Regions) != 1 || found.Regions[0].Box != image.Rect(0, 0, 2400, 2400) {
		t.Errorf("%d regions", len(found.Regions))
	}
}

func BenchmarkSearch(b *testing.B) {
	s := blank()
	for y := 20; y < 400; y += 14 {
		s.write("Three pallets of floor tiles and one delivery note for each", 20, y, 0)
	}
	for b.Loop() {
		layer.Search(s.picture())
	}
}
