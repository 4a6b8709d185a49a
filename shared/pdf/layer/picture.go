package layer

import (
	"bytes"
	"image"
	"math"
)

// Picture is a page drawn in grey: a byte a pixel, 255 is white, rows from the top, Stride bytes apart.
type Picture struct {
	Pix           []byte
	Stride        int
	Width, Height int
}

// row returns the pixels of row y.
func (p Picture) row(y int) []byte { return p.Pix[y*p.Stride : y*p.Stride+p.Width] }

// Difference is a picture of how much two pictures of one page differ: 0 where they are the same. Samples is the number of
// bytes a pixel of both, of which the largest difference counts. It is empty if the pictures are not of one size.
func Difference(a, b Picture, samples int) Picture {
	if a.Width != b.Width || a.Height != b.Height || a.Stride != b.Stride || a.Stride < a.Width*samples {
		return Picture{}
	}
	d := Picture{Pix: make([]byte, a.Width*a.Height), Stride: a.Width, Width: a.Width, Height: a.Height}
	for y := range a.Height {
		from, to := y*a.Stride, y*a.Stride+a.Width*samples
		left, right := a.Pix[from:to], b.Pix[from:to]
		if bytes.Equal(left, right) {
			continue
		}
		row := d.row(y)
		for i := range left {
			off := max(left[i], right[i]) - min(left[i], right[i])
			row[i/samples] = max(row[i/samples], off)
		}
	}
	return d
}

// Larger returns a picture of two differences, the larger at each place. It is the first if they are not of one size.
func Larger(a, b Picture) Picture {
	if a.Width != b.Width || a.Height != b.Height || a.Stride != b.Stride || len(a.Pix) != len(b.Pix) {
		return a
	}
	larger := a
	larger.Pix = bytes.Clone(a.Pix)
	for i, d := range b.Pix {
		larger.Pix[i] = max(larger.Pix[i], d)
	}
	return larger
}

// Rect is a rectangle in pixels, with X0 ≤ X1 and Y0 ≤ Y1.
type Rect struct{ X0, Y0, X1, Y1 float64 }

func (r Rect) width() float64  { return r.X1 - r.X0 }
func (r Rect) height() float64 { return r.Y1 - r.Y0 }

// pixels returns the pixels that a rectangle touches within a picture, and those within margin around it.
func (r Rect) pixels(p Picture, margin float64) image.Rectangle {
	if !(r.width() >= 0 && r.height() >= 0) { // also NaN
		return image.Rectangle{}
	}
	within := func(v float64, size int) int { return int(max(0, min(v, float64(size)))) }
	return image.Rect(
		within(math.Floor(r.X0-margin), p.Width), within(math.Floor(r.Y0-margin), p.Height),
		within(math.Ceil(r.X1+margin), p.Width), within(math.Ceil(r.Y1+margin), p.Height),
	)
}
