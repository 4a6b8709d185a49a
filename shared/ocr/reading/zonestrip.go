//go:build cgo

package reading

import (
	"bytes"
	"image"
	"math"
	"slices"
)

// cells returns the picture of each character of a row.
func (z zoneReader) cells(row row) ([]*image.Gray, error) {
	height := zoneHeights()[0]
	strip, err := z.strip(row, height)
	if err != nil {
		return nil, err
	}
	pitch := row.Pitch * height / row.Height
	cells := make([]*image.Gray, row.Cells)
	for j := range cells {
		x0, x1 := int((float64(j)-0.5+stripMargin)*pitch), int((float64(j)+0.5+stripMargin)*pitch)
		cells[j] = strip.SubImage(image.Rect(x0, 0, x1, strip.Rect.Dy())).(*image.Gray)
		cells[j].Rect = image.Rectangle{Max: cells[j].Rect.Size()}
	}
	return cells, nil
}

// stripMargin is white on either side of a row, in characters.
const stripMargin = 2

// strip cuts a row out of the page, made straight, with capitals of a height.
func (z zoneReader) strip(row row, height float64) (*image.Gray, error) {
	k := 1 / z.scale
	x0, y0, x1, y1, h, p := row.X0*k, row.Y0*k, row.X1*k, row.Y1*k, row.Height*k, row.Pitch*k
	const above, tall = 1.2, 1.9 // heights: what is looked at on either side of the middle, and what is shown in all
	box := image.Rect(int(x0-stripMargin*p), int(min(y0, y1)-above*h), int(x1+stripMargin*p)+1, int(max(y0, y1)+above*h)+1).Intersect(z.page.Rect)
	if box.Empty() { // it begins as far left as another row of its band, which may lie higher
		return white(max(1, int(float64(row.Cells+2*stripMargin)*p*height/h)), int(tall*height)), nil
	}
	cut := &image.Gray{Pix: z.page.Pix[z.page.PixOffset(box.Min.X, box.Min.Y):], Stride: z.page.Stride, Rect: image.Rectangle{Max: box.Size()}}
	f := height / h
	im, err := scaledGray(cut, f, f, false)
	if err != nil {
		return nil, err
	}
	defer im.Close()
	slanted, err := grayOf(im)
	if err != nil {
		return nil, err
	}
	paper := slanted.Pix[0]
	out := image.NewGray(image.Rect(0, 0, int(float64(row.Cells-1)*p*f+2*stripMargin*p*f), int(tall*height)))
	left := int(math.Round((x0-stripMargin*p)*f - float64(box.Min.X)*f)) // outside the page: negative
	slope := (y1 - y0) / (x1 - x0)
	for x := range out.Rect.Dx() {
		from := x + left
		top := ((y0-float64(box.Min.Y))+slope*(float64(from)/f+float64(box.Min.X)-x0))*f - tall*height/2
		for y := range out.Rect.Dy() {
			at := top + float64(y)
			i := int(math.Floor(at))
			part := at - float64(i)
			pixel := func(i int) float64 {
				if from < 0 || from >= slanted.Rect.Dx() || i < 0 || i >= slanted.Rect.Dy() {
					return float64(paper)
				}
				return float64(slanted.Pix[i*slanted.Stride+from])
			}
			out.Pix[y*out.Stride+x] = uint8(pixel(i)*(1-part) + pixel(i+1)*part + 0.5)
		}
	}
	if row.over {
		slices.Reverse(out.Pix) // its stride is its width
	}
	return out, nil
}

// white returns an empty picture.
func white(width, height int) *image.Gray {
	return &image.Gray{Pix: bytes.Repeat([]byte{0xff}, width*height), Stride: width, Rect: image.Rect(0, 0, width, height)}
}

// assigned returns the place that each character belongs to, from 0 on, or -1: the engine reads a character twice or leaves one out.
// at is where the characters are, in places.
func assigned(at []float64, places int) []int {
	const skipped = 0.7 // places: what a character or a place costs that has none
	n := len(at)
	cost := make([][]float64, n+1)
	for i := range cost {
		cost[i] = make([]float64, places+1)
		for j := range cost[i] {
			switch {
			case i == 0:
				cost[i][j] = skipped * float64(j)
			case j == 0:
				cost[i][j] = skipped * float64(i)
			default:
				cost[i][j] = min(cost[i-1][j-1]+math.Abs(at[i-1]-float64(j-1)), cost[i-1][j]+skipped, cost[i][j-1]+skipped)
			}
		}
	}
	to := make([]int, n)
	for i, j := n, places; i > 0; {
		switch {
		case j > 0 && cost[i][j] == cost[i-1][j-1]+math.Abs(at[i-1]-float64(j-1)):
			i, j = i-1, j-1
			to[i] = j
		case j == 0 || cost[i][j] == cost[i-1][j]+skipped:
			i--
			to[i] = -1
		default:
			j--
		}
	}
	return to
}
