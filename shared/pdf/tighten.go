package pdf

// tighten ends boxes where the next glyph begins, in fonts that give the same box to all their glyphs: as fonts of Type 3
// may (ISO 32000-1, section 9.6.5), whose boxes PDFium reports as they are. Boxes of ink hardly ever lie on each other by a
// quarter and also end on the same two lines. A glyph that is drawn twice, to look bold, hardly moves.
func tighten(glyphs []glyph) {
	last, spaced := -1, false // the last glyph with a box, and whether PDFium made up a space after it
	for i, b := range glyphs {
		if b.box.area() == 0 {
			spaced = true
			continue
		}
		share := 1.0 // of the way to the next glyph
		if spaced {
			share = 0.6
		}
		if last >= 0 && glyphs[last].angle == b.angle {
			a := &glyphs[last].box
			switch {
			case a.y0 == b.box.y0 && a.y1 == b.box.y1:
				trim(&a.x0, &a.x1, b.box.x0, b.box.x1, share)
			case a.x0 == b.box.x0 && a.x1 == b.box.x1:
				trim(&a.y0, &a.y1, b.box.y0, b.box.y1, share)
			}
		}
		last, spaced = i, false
	}
}

// trim shortens the range from a0 to a1 where another overlaps it that begins or ends well inside.
func trim(a0, a1 *float64, b0, b1, share float64) {
	const overlap, step = 0.25, 0.1 // of the width of a box
	width := *a1 - *a0
	switch {
	case b0 > *a0+step*width && b0 < *a1-overlap*width:
		*a1 = *a0 + share*(b0-*a0)
	case b1 < *a1-step*width && b1 > *a0+overlap*width:
		*a0 = *a1 - share*(*a1-b1)
	}
}
