package barcode

import (
	"cmp"
	"image"
	"image/draw"
	"slices"
)

const (
	tile   = 8    // pixels of a side
	margin = 40   // white pixels around an area: every kind needs some
	least  = 40   // pixels of the shorter side of an area
	near   = 2    // tiles: a wide space of a code is within that
	ink    = 0.25 // of an area; text has less
	dark   = 128
)

// areas returns the parts of a page that may be codes, the largest first: tiles that touch, each with much ink around it.
func areas(page *image.Gray) []image.Rectangle {
	across, down := page.Rect.Dx()/tile, page.Rect.Dy()/tile
	dense := denseTiles(page, across, down)
	var found []image.Rectangle
	var queue []image.Point
	for i := range dense {
		if !dense[i] {
			continue
		}
		dense[i] = false
		queue = append(queue[:0], image.Pt(i%across, i/across))
		area := image.Rectangle{}
		for len(queue) > 0 {
			p := queue[len(queue)-1]
			queue = queue[:len(queue)-1]
			area = area.Union(image.Rect(p.X, p.Y, p.X+1, p.Y+1))
			for y := max(p.Y-near, 0); y <= min(p.Y+near, down-1); y++ {
				for x := max(p.X-near, 0); x <= min(p.X+near, across-1); x++ {
					if dense[y*across+x] {
						dense[y*across+x] = false
						queue = append(queue, image.Pt(x, y))
					}
				}
			}
		}
		area = image.Rectangle{Min: area.Min.Mul(tile), Max: area.Max.Mul(tile)}.Inset(-near * tile).Add(page.Rect.Min).Intersect(page.Rect)
		if min(area.Dx(), area.Dy()) >= least {
			found = append(found, area)
		}
	}
	slices.SortStableFunc(found, func(a, b image.Rectangle) int { return cmp.Compare(b.Dx()*b.Dy(), a.Dx()*a.Dy()) })
	return found
}

// denseTiles returns which tiles of a page have much ink, averaged with those around them.
func denseTiles(page *image.Gray, across, down int) []bool {
	counts := make([]int, across*down)
	for y := range down * tile {
		row := page.Pix[y*page.Stride:]
		for x := range across * tile {
			if row[x] < dark {
				counts[y/tile*across+x/tile]++
			}
		}
	}
	dense := make([]bool, len(counts))
	for i := range counts {
		sum, n := 0, 0
		for y := max(i/across-near, 0); y <= min(i/across+near, down-1); y++ {
			for x := max(i%across-near, 0); x <= min(i%across+near, across-1); x++ {
				sum += counts[y*across+x]
				n += tile * tile
			}
		}
		dense[i] = float64(sum) >= ink*float64(n)
	}
	return dense
}

// cutOut returns a copy of an area with a white margin.
func cutOut(page *image.Gray, area image.Rectangle) *image.Gray {
	cut := image.NewGray(image.Rect(0, 0, area.Dx()+2*margin, area.Dy()+2*margin))
	draw.Draw(cut, cut.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(cut, area.Sub(area.Min).Add(image.Pt(margin, margin)), page, area.Min, draw.Src)
	return cut
}

// turned returns a copy turned by a quarter to the left.
func turned(im *image.Gray) *image.Gray {
	w, h := im.Rect.Dx(), im.Rect.Dy()
	out := image.NewGray(image.Rect(0, 0, h, w))
	for y := range h {
		for x := range w {
			out.Pix[(w-1-x)*out.Stride+y] = im.Pix[y*im.Stride+x]
		}
	}
	return out
}

// inverted returns a copy with black and white changed.
func inverted(im *image.Gray) *image.Gray {
	out := image.NewGray(im.Rect)
	for i, p := range im.Pix {
		out.Pix[i] = 255 - p
	}
	return out
}

// averaged returns a copy with each pixel averaged with those above and below it.
func averaged(im *image.Gray) *image.Gray {
	const reach = 6
	out := image.NewGray(im.Rect)
	h := im.Rect.Dy()
	for x := range im.Rect.Dx() {
		sum := 0
		for y := range min(reach, h) {
			sum += int(im.Pix[y*im.Stride+x])
		}
		for y := range h {
			if y+reach < h {
				sum += int(im.Pix[(y+reach)*im.Stride+x])
			}
			if y > reach {
				sum -= int(im.Pix[(y-reach-1)*im.Stride+x])
			}
			out.Pix[y*out.Stride+x] = uint8(sum / (min(y+reach, h-1) - max(y-reach, 0) + 1)) //nolint:gosec // the average of bytes
		}
	}
	return out
}

// halved returns a copy half as large.
func halved(im *image.Gray) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, im.Rect.Dx()/2, im.Rect.Dy()/2))
	for y := range out.Rect.Dy() {
		to := out.Pix[y*out.Stride:][:out.Rect.Dx()]
		upper, lower := im.Pix[2*y*im.Stride:][:2*len(to)], im.Pix[(2*y+1)*im.Stride:][:2*len(to)]
		for x := range to {
			to[x] = uint8((int(upper[2*x]) + int(upper[2*x+1]) + int(lower[2*x]) + int(lower[2*x+1])) / 4) //nolint:gosec // the average of bytes
		}
	}
	return out
}

// barred reports whether a picture may show upright bars: it changes more from left to right than from above. Text, photographs
// and patterns of squares change about as much in both, and noise adds as much to both.
func barred(im *image.Gray) bool {
	const more = 1.2
	across, down := 0, 0
	for y := range im.Rect.Dy() - 1 {
		row, next := im.Pix[y*im.Stride:][:im.Rect.Dx()], im.Pix[(y+1)*im.Stride:][:im.Rect.Dx()]
		for x := range len(row) - 1 {
			d := int(row[x]) - int(row[x+1])
			across += max(d, -d)
			d = int(row[x]) - int(next[x])
			down += max(d, -d)
		}
	}
	return float64(across) >= more*float64(down)
}

// enlarged returns a copy so many times as large.
func enlarged(im *image.Gray, times int) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, im.Rect.Dx()*times, im.Rect.Dy()*times))
	for y := range out.Rect.Dy() {
		row := im.Pix[y/times*im.Stride:]
		for x := range out.Rect.Dx() {
			out.Pix[y*out.Stride+x] = row[x/times]
		}
	}
	return out
}
