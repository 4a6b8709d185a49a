package field

import (
	"image"
	"image/draw"
	"slices"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// Text is the region of a text field as an engine is to see it: without what is printed in it for people to write in, and with
// characters that stand in boxes of their own moved together.
type Text struct {
	Image  *image.Gray // empty if there is nothing to read
	Letter int         // height of letters, in pixels; 0 if that is not known
	Joined bool        // it is one line of characters that stood in boxes

	moved []move
	at    image.Point // of the picture in the region
}

// move is columns of a picture that come from elsewhere.
type move struct{ from, to, source int }

// Shares of the height of letters.
const (
	lineLength    = 1.4  // of a printed line at least; no stroke of a letter is as long
	lineThickness = 0.3  // of it at most
	joinedGap     = 0.2  // between characters that are moved together
	emptyGap      = 0.9  // for a box without a character
	paperMargin   = 0.6  // around all
	speckSize     = 0.15 // of a piece of ink that is no character
)

// mostJoined bounds the width of characters that are moved together, in widths of their region.
const mostJoined = 2

// TextOf prepares a region. Its picture is not changed.
func TextOf(region *image.Gray, marking ocr.Marking, places int) Text {
	if min(region.Rect.Dx(), region.Rect.Dy()) < smallest {
		return Text{Image: image.NewGray(image.Rectangle{})}
	}
	im := copied(region)
	if marking == ocr.GreyBoxes {
		evenGround(im)
	}
	ink := inkOf(im)
	p := printed{mask: ink, letter: letterHeight(ink)}
	p.find(marking, places)
	paper := paperOf(im)
	p.erase(im, paper)
	pieces := p.characters()
	if len(pieces) == 0 {
		return Text{Image: image.NewGray(image.Rectangle{})}
	}
	t := Text{Letter: letterHeight(p.mask)}
	if marks(marking, true) {
		if cells := p.cells(places); len(cells) > 2 && t.join(im, pieces, cells, p.letter, paper) {
			return t
		}
	}
	var box image.Rectangle
	for _, piece := range pieces {
		box = box.Union(piece.box)
	}
	t.place(im, []image.Rectangle{box}, []int{0}, p.letter, paper)
	return t
}

// Back returns where a rectangle of the picture is in the region.
func (t Text) Back(r image.Rectangle) image.Rectangle {
	column := func(x int) int {
		for i, m := range t.moved {
			if x < m.to || i == len(t.moved)-1 {
				return max(x, m.from) - m.from + m.source
			}
		}
		return x
	}
	if r.Empty() || len(t.moved) == 0 {
		return r.Add(t.at)
	}
	return image.Rect(column(r.Min.X), r.Min.Y+t.at.Y, column(r.Max.X-1)+1, r.Max.Y+t.at.Y)
}

// join moves the characters of all boxes together. It does not where they would need much more room than they have, as they do if
// there are not as many boxes as the client says, or if what stands there are no characters.
func (t *Text) join(im *image.Gray, pieces []piece, cells []int, letter int, paper uint8) bool {
	boxes := make([]image.Rectangle, len(cells)-1)
	for _, p := range pieces {
		middle := (p.box.Min.X + p.box.Max.X) / 2
		i := 0
		for i < len(boxes)-1 && middle >= cells[i+1] {
			i++
		}
		boxes[i] = boxes[i].Union(p.box)
	}
	var parts []image.Rectangle
	var gaps []int
	gap, width := 0, 0
	for _, b := range boxes {
		if b.Empty() {
			gap += int(emptyGap * float64(letter))
			continue
		}
		parts = append(parts, b)
		gaps = append(gaps, gap+int(joinedGap*float64(letter)))
		width += b.Dx() + gaps[len(gaps)-1]
		gap = 0
	}
	if width > mostJoined*im.Rect.Dx() {
		return false
	}
	t.Joined = true
	t.place(im, parts, gaps, letter, paper)
	return true
}

// place puts parts of a region beside each other, each after a gap, with paper around them all.
func (t *Text) place(im *image.Gray, parts []image.Rectangle, gaps []int, letter int, paper uint8) {
	margin := max(int(paperMargin*float64(letter)), smallest)
	var all image.Rectangle
	width := 2 * margin
	for i, p := range parts {
		all = all.Union(p)
		width += p.Dx() + gaps[i]
	}
	t.Image = image.NewGray(image.Rect(0, 0, width-gaps[0], all.Dy()+2*margin))
	draw.Draw(t.Image, t.Image.Rect, &image.Uniform{C: grey(paper)}, image.Point{}, draw.Src)
	t.at = image.Pt(0, all.Min.Y-margin)
	x := margin - gaps[0]
	for i, p := range parts {
		x += gaps[i]
		p.Min.Y, p.Max.Y = all.Min.Y, all.Max.Y
		draw.Draw(t.Image, image.Rect(x, margin, x+p.Dx(), margin+p.Dy()), im, p.Min, draw.Src)
		t.moved = append(t.moved, move{x, x + p.Dx(), p.Min.X})
		x += p.Dx()
	}
}

// characters returns the pieces of ink that are left and are no specks.
func (p *printed) characters() []piece {
	least := max(2, int(speckSize*float64(p.letter)))
	all := p.pieces()
	characters := slices.DeleteFunc(slices.Clone(all), func(c piece) bool { return max(c.box.Dx(), c.box.Dy()) < least })
	if !slices.ContainsFunc(characters, func(c piece) bool { return c.box.Dy() >= 3*least || c.box.Dx() >= 4*least }) {
		return nil
	}
	return characters
}

// letterHeight returns the height of most letters, or half of the region's where that is not to be seen.
func letterHeight(m mask) int {
	var heights, frames []int
	for _, p := range m.pieces() {
		if m.framed(p) {
			frames = append(frames, p.box.Dy())
			continue
		}
		if p.box.Dy() >= smallest && p.box.Dx() < 4*p.box.Dy() && 10*p.box.Dy() < 9*m.height && p.box.Dy() < 10*p.box.Dx() {
			heights = append(heights, p.box.Dy())
		}
	}
	if len(heights) == 0 {
		height := m.height
		if len(frames) > 0 {
			slices.Sort(frames)
			height = frames[len(frames)/2]
		}
		return max(height/2, 1)
	}
	slices.Sort(heights)
	return heights[len(heights)*3/4]
}

// framed reports whether a piece of ink is a box, as drawn for a character: there is ink along nearly all of its four sides.
func (m mask) framed(p piece) bool {
	const nearly = 0.8
	b := p.box
	if min(b.Dx(), b.Dy()) < 2*smallest {
		return false
	}
	side := func(length int, at func(i, depth int) bool) bool {
		const deep = 2 // pixels that a side may be oblique
		n := 0
		for i := range length {
			if at(i, 0) || at(i, 1) || at(i, deep) {
				n++
			}
		}
		return float64(n) >= nearly*float64(length)
	}
	return side(b.Dx(), func(i, d int) bool { return m.at(b.Min.X+i, b.Min.Y+d) }) &&
		side(b.Dx(), func(i, d int) bool { return m.at(b.Min.X+i, b.Max.Y-1-d) }) &&
		side(b.Dy(), func(i, d int) bool { return m.at(b.Min.X+d, b.Min.Y+i) }) &&
		side(b.Dy(), func(i, d int) bool { return m.at(b.Max.X-1-d, b.Min.Y+i) })
}
