//go:build cgo

package reading

import (
	"image"

	"github.com/lethe-ocr/lethe/shared/picture"
)

// scaledGray returns a picture of x times the width and y times the height, blurred before that if so asked. The caller closes it.
func scaledGray(im *image.Gray, x, y float64, blurred bool) (*picture.Image, error) {
	given, err := picture.NewGray(im.Pix, im.Stride, im.Rect.Dx(), im.Rect.Dy(), 0)
	if err != nil {
		return nil, err
	}
	if blurred {
		soft, err := given.Blurred()
		given.Close()
		if err != nil {
			return nil, err
		}
		given = soft
	}
	if x == 1 && y == 1 {
		return given, nil
	}
	defer given.Close()
	return given.Scale(x, y)
}

// grayOf copies a picture into Go's memory.
func grayOf(im *picture.Image) (*image.Gray, error) {
	p, err := im.Pixels()
	if err != nil {
		return nil, err
	}
	return &image.Gray{Pix: p.Data, Stride: p.Width, Rect: image.Rect(0, 0, p.Width, p.Height)}, nil
}

// unshared returns a copy with no more pixels than its own.
func unshared(im *image.Gray) *image.Gray {
	out := image.NewGray(image.Rectangle{Max: im.Rect.Size()})
	for y := range out.Rect.Dy() {
		copy(out.Pix[y*out.Stride:(y+1)*out.Stride], im.Pix[y*im.Stride:])
	}
	return out
}
