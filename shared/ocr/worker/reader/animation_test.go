//go:build linux

package reader_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

func TestAnimationIsReadAsItsFirstFrameAndSaysSo(t *testing.T) {
	sheet := drawn(t)
	first := image.NewPaletted(sheet.Rect, color.Palette{color.White, color.Black})
	draw.Draw(first, sheet.Rect, sheet, image.Point{}, draw.Src)
	second := image.NewPaletted(sheet.Rect, first.Palette)
	var still, animated bytes.Buffer
	if err := gif.EncodeAll(&still, &gif.GIF{Image: []*image.Paletted{first}, Delay: []int{0}}); err != nil {
		t.Fatal(err)
	}
	if err := gif.EncodeAll(&animated, &gif.GIF{Image: []*image.Paletted{first, second, second}, Delay: []int{9, 9, 9}}); err != nil {
		t.Fatal(err)
	}
	p := newPool(t, nil)
	for _, c := range []struct {
		name string
		data []byte
		want []ocr.Note
	}{
		{"still", still.Bytes(), nil},
		{"animated", animated.Bytes(), []ocr.Note{{Code: ocr.FirstFrameOnly, Count: 2}}},
	} {
		info, err := p.Inspect(t.Context(), source(t, c.name, c.data))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, info.Notes); diff != "" || info.Pages != 1 {
			t.Errorf("%s: %d pages, notes %s", c.name, info.Pages, diff)
		}
		page, err := p.Recognise(t.Context(), source(t, c.name, c.data), 1, english())
		if err != nil || text(page) != prose {
			t.Errorf("%s: %q, %v", c.name, text(page), err)
		}
	}
}
