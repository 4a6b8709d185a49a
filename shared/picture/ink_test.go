//go:build cgo

package picture_test

import (
	"image"
	"image/color"
	"image/draw"
	"slices"
	"testing"

	"github.com/lethe-ocr/lethe/shared/picture"
)

// inky is a white picture with black places.
func inky(black ...image.Rectangle) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, 200, 100))
	draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
	for _, r := range black {
		draw.Draw(img, r, image.Black, image.Point{}, draw.Src)
	}
	return img
}

func grey(t *testing.T, img *image.Gray) *picture.Image {
	t.Helper()
	im, err := picture.NewGray(img.Pix, img.Stride, img.Rect.Dx(), img.Rect.Dy(), 300)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(im.Close)
	return im
}

// shows holds a picture against the pixels that are expected.
func shows(t *testing.T, im *picture.Image, want *image.Gray) {
	t.Helper()
	got, err := im.Pixels()
	if err != nil {
		t.Fatal(err)
	}
	if got.Width != want.Rect.Dx() || got.Height != want.Rect.Dy() {
		t.Fatalf("%d × %d pixels, want %v", got.Width, got.Height, want.Rect)
	}
	if !slices.Equal(got.Data, want.Pix) {
		i := slices.IndexFunc(want.Pix, func(v uint8) bool { return v != 255 })
		t.Errorf("other pixels than expected; the first one that is not to be white, %d, is %d", i, got.Data[max(i, 0)])
	}
}

func TestRulesAreTakenOutAndLettersStay(t *testing.T) {
	letter, bar := image.Rect(20, 20, 28, 35), image.Rect(20, 60, 190, 75) // the bar is as long as a rule, and too thick for one
	ruled := grey(t, inky(letter, bar, image.Rect(10, 45, 190, 47), image.Rect(195, 5, 197, 95)))
	without, err := ruled.WithoutRules(60, 8)
	if err != nil {
		t.Fatal(err)
	}
	defer without.Close()
	shows(t, without, inky(letter, bar))
	if x, y := without.Resolution(); x != 300 || y != 300 {
		t.Errorf("the copy has %d × %d dpi", x, y)
	}
	short, err := ruled.WithoutRules(300, 8)
	if err != nil {
		t.Fatal(err)
	}
	defer short.Close()
	shows(t, short, inky(letter, bar, image.Rect(10, 45, 190, 47), image.Rect(195, 5, 197, 95))) // shorter than asked for, and the original is unchanged
}

func TestPlacesAreMadeWhiteAsFarAsTheyLieInThePicture(t *testing.T) {
	im := grey(t, inky(image.Rect(0, 0, 200, 100)))
	if err := im.Whiten([]image.Rectangle{image.Rect(-10, -10, 30, 20), image.Rect(150, 60, 900, 70), image.Rect(500, 500, 600, 600), {}}); err != nil {
		t.Fatal(err)
	}
	want := inky(image.Rect(0, 0, 200, 100))
	draw.Draw(want, image.Rect(0, 0, 30, 20), image.White, image.Point{}, draw.Src)
	draw.Draw(want, image.Rect(150, 60, 200, 70), image.White, image.Point{}, draw.Src)
	shows(t, im, want)
}

func TestABlurredPixelIsTheMeanOfThoseAroundIt(t *testing.T) {
	img := inky(image.Rect(100, 50, 101, 51))
	sharp := grey(t, img)
	soft, err := sharp.Blurred()
	if err != nil {
		t.Fatal(err)
	}
	defer soft.Close()
	shows(t, sharp, img)
	draw.Draw(img, image.Rect(99, 49, 102, 52), image.NewUniform(color.Gray{Y: 255 * 8 / 9}), image.Point{}, draw.Src)
	got, err := soft.Pixels()
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range img.Pix {
		if off := int(v) - int(got.Data[i]); off < -3 || off > 3 { // rounded, at the edges more than once
			t.Fatalf("pixel %d, %d is %d, want %d", i%img.Stride, i/img.Stride, got.Data[i], v)
		}
	}
}
