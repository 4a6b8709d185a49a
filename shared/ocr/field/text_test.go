package field_test

import (
	"image"
	"image/color"
	"image/draw"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/field"
)

// inked is a region with black rectangles.
func inked(width, height int, ink ...image.Rectangle) *image.Gray {
	im := image.NewGray(image.Rect(0, 0, width, height))
	draw.Draw(im, im.Rect, image.White, image.Point{}, draw.Src)
	for _, r := range ink {
		draw.Draw(im, r, image.NewUniform(color.Black), image.Point{}, draw.Src)
	}
	return im
}

// However many places a client says that a field has, and whatever stands in them, the picture to read stays about as large as the
// region.
func TestPictureOfAFieldIsNotMuchLargerThanItsRegion(t *testing.T) {
	var slanted []image.Rectangle // wide pieces of ink, one above the other, each with its middle in another place
	for i := range 40 {
		for k := range 60 {
			slanted = append(slanted, image.Rect(40+4*i+10*k, 10+12*i+k/8, 40+4*i+10*k+10, 10+12*i+k/8+4))
		}
	}
	for name, region := range map[string]*image.Gray{
		"two far apart": inked(1000, 500, image.Rect(10, 50, 200, 440), image.Rect(790, 50, 980, 440)),
		"wide pieces":   inked(1000, 500, slanted...),
	} {
		for _, places := range []int{0, 3, 1000} {
			for _, marking := range []ocr.Marking{ocr.BoxSeries, ocr.Comb, ocr.NoMarking} {
				size := field.TextOf(region, marking, places).Image.Rect.Size()
				if size.X > 2000 || size.Y > 1300 || size.X == 0 {
					t.Errorf("%s, %s with %d places: %v", name, marking, places, size)
				}
			}
		}
	}
}
