//go:build cgo

package reading_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/ocr/reading"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// photograph reads a letter as a telephone photographs it. It returns how much of it was read, and the page.
func photograph(t *testing.T, r *reading.Reader, p ocrtest.Photo) (float64, ocr.Page) {
	t.Helper()
	img, err := ocrtest.Draw(ocrtest.Letter(1), ocrtest.Style{Paper: 235, Ink: 35, Size: 11, Skew: 0.7}, 1)
	if err != nil {
		t.Fatal(err)
	}
	data, err := ocrtest.Photograph(img, p, 1)
	if err != nil {
		t.Fatal(err)
	}
	im, err := picture.Decode(data, ocr.JPEG, 0, ocr.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	defer im.Close()
	page := read(t, r, im)
	return ocrtest.F1(ocrtest.Letter(1), text(page)), page
}

func TestPhotographsAreReadInAnyLight(t *testing.T) {
	const least = 0.97
	r := newReader(t)
	for i, name := range slices.Sorted(maps.Keys(ocrtest.Lights())) {
		p := []ocrtest.Photo{{Noise: 6}, {Noise: 9, Lamp: ocrtest.Yellow()}, {Noise: 5, Desk: 70}}[i%3]
		p.Light = ocrtest.Lights()[name]
		if got, _ := photograph(t, r, p); got < least {
			t.Errorf("%s: F1 is %.3f, want %.2f", name, got, least)
		}
	}
}

func TestWordsLostInTheDarkLowerTheConfidence(t *testing.T) {
	r := newReader(t)
	beyond := func(from, soft float64) ocrtest.Light {
		return func(x, _ float64) float64 { return max(0, min(1, 1-(x-from)/soft)) }
	}
	_, whole := photograph(t, r, ocrtest.Photo{Noise: 6})
	for name, p := range map[string]ocrtest.Photo{
		"dark table":       {Noise: 6, Desk: 6},
		"dark margin only": {Noise: 6, Light: beyond(0.93, 0.01)},
	} {
		if _, page := photograph(t, r, p); page.Confidence < whole.Confidence-2 {
			t.Errorf("%s: nothing is lost, and the confidence falls from %.1f to %.1f", name, whole.Confidence, page.Confidence)
		}
	}
	for name, light := range map[string]ocrtest.Light{
		"dark and sharp":   beyond(0.8, 0.001),
		"dark and soft":    beyond(0.7, 0.1),
		"dark on the left": func(x, y float64) float64 { return beyond(0.75, 0.01)(1-x, y) },
		"dark above":       func(x, y float64) float64 { return beyond(0.75, 0.1)(1-y, x) },
	} {
		_, page := photograph(t, r, ocrtest.Photo{Noise: 5, Light: light})
		read := float64(len(strings.Fields(text(page)))) / float64(len(strings.Fields(text(whole))))
		if read > 0.97 {
			t.Fatalf("%s: %.2f of the words are read: the test would find nothing", name, read)
		}
		if most := whole.Confidence * (1 + read) / 2; page.Confidence > most {
			t.Errorf("%s: %.2f of the words are read with a confidence of %.1f; want at most %.1f", name, read, page.Confidence, most)
		}
	}
}
