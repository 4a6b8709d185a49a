package pdf

import (
	"bytes"
	"fmt"
	"image"
	"slices"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// A page of text and pictures is white. On it stand the words that the fonts have letters for, as text, and what else the picture of
// the page shows, as pictures: it is looked for in cells, since ink of one thing is seldom whole.

const (
	inkCell    = 8   // pixels of a side
	contrast   = 70  // grey values between paper and ink
	leastCells = 3   // of a side of a picture; what is smaller is dirt
	mostParts  = 64  // pictures of a page; one with more is one picture
	mostShare  = 0.7 // of the page, likewise
)

// apart writes a page with its text as text and the rest as pictures. width and height are in points.
func (w *Writer) apart(page ocr.Page, pic *Picture, width, height float64) error {
	if w.faces == nil {
		opened, err := newFaces()
		if err != nil {
			return err
		}
		w.faces = opened
	}
	set := map[ocr.Box]bool{}
	for word := range page.Words {
		if !word.Box.Empty() {
			set[word.Box] = w.faces.sets(string(glyphsOf(word.Text)))
		}
	}
	scaleX, scaleY := float64(pic.Width)/float64(page.Width), float64(pic.Height)/float64(page.Height)
	for box, is := range set {
		if is {
			pic.erase(image.Rect(int(float64(box.X0)*scaleX)-1, int(float64(box.Y0)*scaleY)-1, int(float64(box.X1)*scaleX)+2, int(float64(box.Y1)*scaleY)+2))
		}
	}
	number, content := w.out.reserve(), w.out.reserve()
	var drawing bytes.Buffer
	resources := ""
	for i, part := range pic.parts() {
		cut, err := pic.cut(part).smallest()
		if err != nil {
			return err
		}
		object := w.out.reserve()
		if err := w.image(object, cut); err != nil {
			return err
		}
		perX, perY := width/float64(pic.Width), height/float64(pic.Height)
		drawing.Write(drawNamed(fmt.Sprintf("Part%d", i), matrix{
			a: float64(part.Dx()) * perX, d: float64(part.Dy()) * perY, e: float64(part.Min.X) * perX, f: height - float64(part.Max.Y)*perY,
		}))
		resources += fmt.Sprintf("/Part%d %d 0 R", i, object)
	}
	place := matrix{a: width / float64(page.Width), d: -height / float64(page.Height), f: height}
	text, fonts := w.faces.visible(page, place, w.out, func(b ocr.Box) bool { return !set[b] })
	drawing.Write(text)
	drawing.Write(w.font.invisible(page, place, fontResource, func(b ocr.Box) bool { return set[b] }))
	w.out.packed(content, "", drawing.Bytes())
	w.out.object(number, 0, fmt.Sprintf("<</Type/Page/Parent %d 0 R/MediaBox[0 0 %s %s]/Resources<</XObject<<%s>>/Font<</%s %d 0 R%s>>>>/Contents %d 0 R>>",
		w.tree, decimal(width), decimal(height), resources, fontResource, w.font.number, fonts, content))
	w.pages = append(w.pages, number)
	return w.out.err
}

// channels is the number of bytes of a pixel.
func (p *Picture) channels() int {
	if p.Format == RGB {
		return 3
	}
	return 1
}

// erase fills a rectangle with the colour around it: the median of its edge.
func (p *Picture) erase(r image.Rectangle) {
	r = r.Intersect(image.Rect(0, 0, p.Width, p.Height))
	if r.Empty() {
		return
	}
	n := p.channels()
	colour := make([]byte, n)
	for c := range n {
		var edge []byte
		for x := r.Min.X; x < r.Max.X; x++ {
			edge = append(edge, p.Pixels[r.Min.Y*p.Stride+x*n+c], p.Pixels[(r.Max.Y-1)*p.Stride+x*n+c])
		}
		for y := r.Min.Y; y < r.Max.Y; y++ {
			edge = append(edge, p.Pixels[y*p.Stride+r.Min.X*n+c], p.Pixels[y*p.Stride+(r.Max.X-1)*n+c])
		}
		slices.Sort(edge)
		colour[c] = edge[len(edge)/2]
	}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			copy(p.Pixels[y*p.Stride+x*n:], colour)
		}
	}
}

// parts lists where the picture has ink, in boxes that do not overlap.
func (p *Picture) parts() []image.Rectangle {
	columns, rows := (p.Width+inkCell-1)/inkCell, (p.Height+inkCell-1)/inkCell
	ink := p.ink(columns, rows)
	var parts []image.Rectangle
	var stack []int
	for start := range ink {
		if !ink[start] {
			continue
		}
		ink[start] = false
		stack = append(stack[:0], start)
		box := image.Rectangle{}
		for len(stack) > 0 {
			at := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			x, y := at%columns, at/columns
			box = box.Union(image.Rect(x, y, x+1, y+1))
			for ny := max(0, y-2); ny <= min(rows-1, y+2); ny++ {
				for nx := max(0, x-2); nx <= min(columns-1, x+2); nx++ {
					if next := ny*columns + nx; ink[next] {
						ink[next] = false
						stack = append(stack, next)
					}
				}
			}
		}
		if max(box.Dx(), box.Dy()) >= leastCells {
			parts = append(parts, box)
		}
	}
	parts = apartFrom(parts)
	area := 0
	all := image.Rect(0, 0, p.Width, p.Height)
	for i, part := range parts {
		parts[i] = image.Rect(part.Min.X*inkCell, part.Min.Y*inkCell, part.Max.X*inkCell, part.Max.Y*inkCell).Intersect(all)
		area += parts[i].Dx() * parts[i].Dy()
	}
	if len(parts) > mostParts || float64(area) > mostShare*float64(p.Width*p.Height) {
		return []image.Rectangle{all}
	}
	return parts
}

// apartFrom joins boxes that overlap. Of very many nothing is joined: they become one.
func apartFrom(boxes []image.Rectangle) []image.Rectangle {
	for joined := len(boxes) <= 8*mostParts; joined; {
		joined = false
		for i := 0; i < len(boxes) && !joined; i++ {
			for j := i + 1; j < len(boxes); j++ {
				if boxes[i].Overlaps(boxes[j]) {
					boxes[i] = boxes[i].Union(boxes[j])
					boxes = slices.Delete(boxes, j, j+1)
					joined = true
					break
				}
			}
		}
	}
	return boxes
}

// ink finds the cells that are darker than the paper or other than it: most cells of a page are paper.
func (p *Picture) ink(columns, rows int) []bool {
	n := p.channels()
	darkest := make([]byte, columns*rows)
	lightest := make([]byte, columns*rows)
	for i := range darkest {
		darkest[i] = 255
	}
	for y := range p.Height {
		for x := range p.Width {
			at := (y/inkCell)*columns + x/inkCell
			for c := range n {
				v := p.Pixels[y*p.Stride+x*n+c]
				darkest[at], lightest[at] = min(darkest[at], v), max(lightest[at], v)
			}
		}
	}
	sorted := slices.Clone(lightest)
	slices.Sort(sorted)
	paper := int(sorted[len(sorted)/2])
	ink := make([]bool, len(darkest))
	for i, v := range darkest {
		ink[i] = int(v) < paper-contrast || int(lightest[i])-int(v) > contrast
	}
	return ink
}

// cut returns a part of the pixels.
func (p *Picture) cut(r image.Rectangle) *Picture {
	n := p.channels()
	part := &Picture{Format: p.Format, Width: r.Dx(), Height: r.Dy(), Stride: n * r.Dx(), Pixels: make([]byte, 0, n*r.Dx()*r.Dy())}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		part.Pixels = append(part.Pixels, p.Pixels[y*p.Stride+r.Min.X*n:][:part.Stride]...)
	}
	return part
}
