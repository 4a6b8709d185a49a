//go:build cgo

package reading

import (
	"image"
	"math"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// What the engine guesses beside the words must not make a page one that cannot be.
func TestGuessesOfTheEngineStayOnThePage(t *testing.T) {
	page := ocr.Page{Width: 100, Height: 50}
	p := placing{scale: 1, x: 1, y: 1, dpi: 1, shownWidth: 100, shownHeight: 50, page: &page}
	for _, line := range [][2]image.Point{
		{{X: -30_000, Y: 30_000}, {X: 30_000, Y: -30_000}}, {{X: 0, Y: 0}, {X: 1 << 40, Y: 1 << 40}},
	} {
		for _, angle := range []int{0, 90, 180, 270} {
			b := p.baseline(line, angle)
			if b == nil || min(b.X0, b.Y0, b.X1, b.Y1) < 0 || max(b.X0, b.X1) > 100 || max(b.Y0, b.Y1) > 50 {
				t.Errorf("%v turned by %d became %+v", line, angle, b)
			}
		}
	}
	for _, height := range []float64{-1, 0, 1000, math.Inf(1), math.NaN()} {
		if n := p.font(height); n != 0 {
			t.Errorf("letters %v high on a page of one pixel an inch have font %+v", height, page.Fonts[n-1])
		}
	}
	word := p.word(Word{
		Box:        image.Rect(10, 10, 30, 20),
		Characters: []Character{{Text: "a", Box: image.Rect(10, 10, 20, 20)}, {Text: "", Box: image.Rect(20, 10, 30, 20)}},
	}, "a", 0)
	if len(word.Characters) != 1 {
		t.Errorf("characters without text: %+v", word.Characters)
	}
}

func TestOblongPagesKeepToTheLimitOfPixels(t *testing.T) {
	for _, c := range []struct {
		width, height, x, y int
		want                float64
	}{
		{1728, 1078, 204, 98, 204},      // a fax is stretched
		{10_000, 10_000, 400, 100, 100}, // what is large already is shrunk
		{10_000, 10_000, 100, 400, 100},
		{10_000, 10_000, 200, 200, 200},
	} {
		if got := squareDPI(c.width, c.height, c.x, c.y); got != c.want {
			t.Errorf("%+v: %v dpi", c, got)
		}
	}
}
