//go:build cgo

package picture_test

import (
	"image"
	"image/color"
	"math"
	"testing"

	"golang.org/x/image/draw"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// page draws a letter in dark grey on light paper.
func page(t *testing.T, style ocrtest.Style) *image.Gray {
	t.Helper()
	img, err := ocrtest.Draw(ocrtest.Letter(1), style, 1)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func paper() ocrtest.Style { return ocrtest.Style{Paper: 235, Ink: 35, Size: 11, Skew: 0.7} }

func photograph(t *testing.T, img *image.Gray, p ocrtest.Photo) []byte {
	t.Helper()
	data, err := ocrtest.Photograph(img, p, 1)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// lit decodes a picture and measures its light.
func lit(t *testing.T, data []byte, mediaType string) (*picture.Image, *picture.Light) {
	t.Helper()
	im := decode(t, data, mediaType, 0)
	grey, err := im.Grey()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(grey.Close)
	light, err := grey.Light()
	if err != nil {
		t.Fatal(err)
	}
	return grey, light
}

func TestEvenlyLitPagesAreLeftAsTheyAre(t *testing.T) {
	with := func(change func(*image.Gray)) []byte {
		img := page(t, paper())
		change(img)
		return asPNG(t, img)
	}
	fill := func(img *image.Gray, r image.Rectangle, grey uint8) {
		draw.Draw(img, r, image.NewUniform(color.Gray{Y: grey}), image.Point{}, draw.Src)
	}
	for name, data := range map[string][]byte{
		"printed":       asPNG(t, page(t, ocrtest.Clean())),
		"scanned":       asPNG(t, page(t, ocrtest.Scanned())),
		"pale":          asPNG(t, page(t, ocrtest.Style{Paper: 200, Ink: 140, Size: 11})),
		"nothing on it": asPNG(t, image.NewGray(image.Rect(0, 0, 900, 1200))),
		"tiny":          asPNG(t, image.NewGray(image.Rect(0, 0, 9, 7))),
		"a pixel":       asPNG(t, image.NewGray(image.Rect(0, 0, 1, 1))),
		"a strip":       asPNG(t, image.NewGray(image.Rect(0, 0, 6000, 3))),
		"a column":      asPNG(t, image.NewGray(image.Rect(0, 0, 1, 6000))),
		"white on black": with(func(img *image.Gray) {
			for i, v := range img.Pix {
				img.Pix[i] = 255 - v
			}
		}),
		"black edges of a scanner": with(func(img *image.Gray) {
			fill(img, image.Rect(0, 0, 60, ocrtest.Height), 4)
			fill(img, image.Rect(0, ocrtest.Height-90, ocrtest.Width, ocrtest.Height), 4)
		}),
		"dark heading": with(func(img *image.Gray) { // dark ink on a printed tint
			for y := 170; y < 420; y++ {
				for x := 150; x < 1500; x++ {
					img.Pix[y*img.Stride+x] /= 3
				}
			}
		}),
		"printed photograph at the edge": with(func(img *image.Gray) {
			for y := 1500; y < ocrtest.Height; y++ {
				for x := range 900 {
					img.Pix[y*img.Stride+x] = uint8(110 + 100*math.Sin(float64(x)/35)*math.Cos(float64(y)/50+float64(x)/200))
				}
			}
		}),
	} {
		t.Run(name, func(t *testing.T) {
			if _, light := lit(t, data, ocr.PNG); light.Uneven() {
				t.Error("its light would be evened out")
			}
		})
	}
	for name, p := range map[string]ocrtest.Photo{
		"photographed": {Noise: 8}, "by a lamp": {Noise: 8, Lamp: ocrtest.Yellow()},
		"on a dark table": {Noise: 8, Desk: 12}, "on a table": {Noise: 8, Desk: 90},
	} {
		t.Run(name, func(t *testing.T) {
			if _, light := lit(t, photograph(t, page(t, paper()), p), ocr.JPEG); light.Uneven() {
				t.Error("its light would be evened out")
			}
		})
	}
}

func TestUnevenLightIsEvenedOut(t *testing.T) {
	img := page(t, paper())
	for name, light := range ocrtest.Lights() {
		t.Run(name, func(t *testing.T) {
			grey, measured := lit(t, photograph(t, img, ocrtest.Photo{Light: light, Noise: 4}), ocr.JPEG)
			if !measured.Uneven() {
				t.Fatal("its light counts as even")
			}
			even, err := grey.Even(measured)
			if err != nil {
				t.Fatal(err)
			}
			defer even.Close()
			got := pixels(t, even)
			var wrong, all int
			for i, v := range got.Data {
				if truth := img.Pix[i]; truth == 235 || truth == 35 {
					all++
					if (v > 150) != (truth == 235) {
						wrong++
					}
				}
			}
			if wrong*100 > all {
				t.Errorf("%d of %d pixels are on the wrong side of one threshold", wrong, all)
			}
		})
	}
}

func TestTextThatTheDarkSwallowsIsLost(t *testing.T) {
	const width, height = 800, 1000
	img := image.NewGray(image.Rect(0, 0, width, height))
	draw.Draw(img, img.Rect, image.NewUniform(color.Gray{Y: 230}), image.Point{}, draw.Src)
	dark := func(r image.Rectangle) *picture.Light {
		page := *img
		page.Pix = append([]byte(nil), img.Pix...)
		draw.Draw(&page, r, image.NewUniform(color.Gray{Y: 3}), image.Point{}, draw.Src)
		_, light := lit(t, asPNG(t, &page), ocr.PNG)
		return light
	}
	lines := func(from, to int) [][]image.Rectangle {
		var lines [][]image.Rectangle
		for y := 100; y < 900; y += 40 {
			lines = append(lines, []image.Rectangle{image.Rect(from, y, (from+to)/2, y+20), image.Rect((from+to)/2+10, y, to, y+20)})
		}
		return lines
	}
	for _, c := range []struct {
		name     string
		dark     image.Rectangle
		from, to int
		min, max float64
	}{
		{"no dark", image.Rectangle{}, 100, 700, 0, 0},
		{"dark beyond the margin", image.Rect(760, 0, width, height), 100, 700, 0, 0},
		{"lines into the dark on the right", image.Rect(500, 0, width, height), 100, 495, 0.25, 0.45},
		{"lines out of the dark on the left", image.Rect(0, 0, 300, height), 305, 700, 0.25, 0.45},
		{"dark far from the ends of lines", image.Rect(500, 0, width, height), 100, 350, 0, 0},
		{"a dark box within the page", image.Rect(500, 300, 780, 700), 100, 495, 0, 0},
		{"dark from the first line up", image.Rect(0, 0, width, 90), 20, 780, 0.05, 0.2},
	} {
		if got := dark(c.dark).Lost(lines(c.from, c.to), width, height); got < c.min || got > c.max {
			t.Errorf("%s: %.2f of the text is lost, want %.2f to %.2f", c.name, got, c.min, c.max)
		}
	}
}
