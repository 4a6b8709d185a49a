package barcode

import (
	"cmp"
	"image"
	"image/draw"
	"slices"

	xdraw "golang.org/x/image/draw"
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
	xdraw.ApproxBiLinear.Scale(out, out.Rect, im, im.Rect, draw.Src, nil)
	return out
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
