package layer

import (
	"bytes"
	"image"
)

// Glyph is a glyph of the text layer as it stands on the page.
type Glyph struct {
	Box    Rect // of its ink, in pixels; without extent if it is not known
	Word   int  // glyphs of a word follow each other and have the same number
	Letter bool // a letter or a digit, rather than a sign
	Hidden bool // it is known to leave no marks, whatever the pictures show
}

const (
	// Faint is the difference of grey below which nobody sees a glyph, of 255.
	Faint = 12

	// span is the share of a glyph's box that the difference spans in both directions if the glyph is seen.
	span = 0.4

	// tiny is the side in pixels up to which a box says little: it may lie between the pixels.
	tiny = 1.5
)

// state is what is known of a glyph by its own box.
type state uint8

const (
	unsure state = iota
	seen
	hidden
)

// Seen reports for each glyph whether a reader sees it, by the difference that it makes.
func Seen(difference Picture, glyphs []Glyph) []bool {
	verdicts := make([]bool, len(glyphs))
	for i := 0; i < len(glyphs); {
		j := i + 1
		for j < len(glyphs) && glyphs[j].Word == glyphs[i].Word {
			j++
		}
		word(difference, glyphs[i:j], verdicts[i:j])
		i = j
	}
	return verdicts
}

// word decides about the glyphs of one word.
func word(difference Picture, glyphs []Glyph, verdicts []bool) {
	states := make([]state, len(glyphs))
	shown, missing, letters, marked := 0, 0, 0, false
	for i, g := range glyphs {
		var some bool
		states[i], some = look(difference, g)
		marked = marked || some
		switch states[i] {
		case seen:
			shown++
		case hidden:
			missing++
		}
		if g.Letter {
			letters++
		}
	}
	doubt := shown > missing || shown == missing && marked && letters == 0
	for i := range glyphs {
		verdicts[i] = states[i] == seen || states[i] == unsure && doubt
	}
}

// look decides about a glyph by its box alone, and reports whether there is any difference at its place.
func look(difference Picture, g Glyph) (state, bool) {
	if g.Hidden {
		return hidden, false
	}
	small := g.Box.width() < tiny && g.Box.height() < tiny
	margin := 0.0
	if g.Box.width() < tiny || g.Box.height() < tiny {
		margin = 1
	}
	box := g.Box.pixels(difference, margin)
	if box.Empty() {
		if small {
			return unsure, false
		}
		return hidden, false // off the page
	}
	found := marks(difference, box)
	switch {
	case found.Empty() && small:
		return unsure, false
	case found.Empty():
		return hidden, false
	case margin == 0 && (float64(found.Dx()) < span*float64(box.Dx()) || float64(found.Dy()) < span*float64(box.Dy())):
		return unsure, true
	default:
		return seen, true
	}
}

// Missing finds differences in the size of letters where no glyph of the layer stands: text that the page draws and the layer
// does not hold, such as codes that a font maps to nothing.
func Missing(difference Picture, glyphs []Glyph) Found {
	const few = 40 // pixels: parts of letters that reach out of their boxes, here and there
	rest := difference
	rest.Pix = bytes.Clone(difference.Pix)
	for _, g := range glyphs {
		box := g.Box.pixels(rest, 2+min(g.Box.width(), g.Box.height())/3)
		for y := box.Min.Y; y < box.Max.Y; y++ {
			clear(rest.row(y)[box.Min.X:box.Max.X])
		}
	}
	found := 0
	for y := range rest.Height {
		for _, d := range rest.row(y) {
			if d >= Faint {
				found++
			}
		}
	}
	if found <= few {
		return Found{}
	}
	return Search(rest)
}

// Ground returns the mean grey of a box.
func Ground(p Picture, r Rect) float64 {
	box := r.pixels(p, 0)
	sum := 0
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for _, grey := range p.row(y)[box.Min.X:box.Max.X] {
			sum += int(grey)
		}
	}
	return float64(sum) / float64(max(1, box.Dx()*box.Dy()))
}

// Drawn reports whether something with edges is drawn in a box, such as letters or a photograph, rather than nothing or a fill.
func Drawn(p Picture, r Rect) bool {
	const share = 0.05 // of the pixels
	box := r.pixels(p, 0)
	found := 0
	for y := box.Min.Y; y < box.Max.Y; y++ {
		row, below := p.row(y)[box.Min.X:box.Max.X], p.row(min(y+1, p.Height-1))[box.Min.X:box.Max.X]
		for _, run := range edges(y, row, below, nil) {
			found += int(run.to - run.from)
		}
	}
	return float64(found) > share*float64(box.Dx()*box.Dy())
}

// marks returns the box around the pixels of a box that differ.
func marks(difference Picture, box image.Rectangle) image.Rectangle {
	found := image.Rectangle{Min: box.Max, Max: box.Min}
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x, d := range difference.row(y)[box.Min.X:box.Max.X] {
			if d < Faint {
				continue
			}
			x += box.Min.X
			found.Min.X, found.Max.X = min(found.Min.X, x), max(found.Max.X, x+1)
			found.Min.Y, found.Max.Y = min(found.Min.Y, y), max(found.Max.Y, y+1)
		}
	}
	return found
}

// Gap returns the length in pixels of the longest part of a box without any difference, along its longer side.
func Gap(difference Picture, r Rect) float64 {
	box := r.pixels(difference, 0)
	along := make([]bool, max(box.Dx(), box.Dy()))
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x, d := range difference.row(y)[box.Min.X:box.Max.X] {
			if d < Faint {
				continue
			}
			if box.Dx() >= box.Dy() {
				along[x] = true
			} else {
				along[y-box.Min.Y] = true
			}
		}
	}
	longest, run := 0, 0
	for _, some := range along {
		if run++; some {
			run = 0
		}
		longest = max(longest, run)
	}
	return float64(longest)
}
