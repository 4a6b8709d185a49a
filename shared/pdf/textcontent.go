package pdf

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// textContent is a text object that is being written.
type textContent struct {
	out              bytes.Buffer
	font             *font
	resource         string
	place            matrix // points of the displayed page → user space
	middleX, middleY float64
	slanted          bool   // the lines of the page are anchored
	size             string // of the font that is selected
	stretched        string // the percentage by which glyphs are

	// Of the line that is being written:
	unit        float64 // of its size, a thousandth
	origin, pen float64 // where the last Td led along the line, and where the next glyph would stand
	shown       int     // text objects
}

// Programs that extract text have an order of their own, whatever that of the content is. PDFium puts what stands at one height
// of the page from left to right, so that lines that are read from right to left because they are upside down, and lines of
// which one begins where the one before ended, need care.

// line sets a line. A word is stretched to the room that it takes on the page, and so is the space behind it.
func (c *textContent) line(l setLine) {
	size := rounded(l.size(), sizeDigits)
	if size != c.size {
		fmt.Fprintf(&c.out, "/%s %s Tf ", c.resource, size)
		c.size = size
	}
	edge, slant := l.nearest()
	anchored := c.slanted && slant != 0
	written, _ := strconv.ParseFloat(size, 64) // it was a number
	c.unit, c.origin, c.pen, c.shown = written/fontEm, l.words[0].from, l.words[0].from, 0
	x, y := l.at(c.origin, l.level)
	m := matrix{l.x, l.y, l.y, -l.x, x, y}.then(c.place)
	c.numbers(turnDigits, m.a, m.b, m.c, m.d)
	c.numbers(c.placeDigits(), m.e, m.f)
	c.out.WriteString("Tm\n")

	show := c.stretch
	if edge.x < 0 {
		l.words = merged(l.words)
		end := l.words[len(l.words)-1].to
		show = func(codes []uint32, from, to float64) { c.ordered(codes, from, to, end) }
	}
	word := func(_ []rune, codes []uint32, from, to float64) { show(codes, from, to) }
	if anchored {
		word = func(text []rune, codes []uint32, from, to float64) {
			if slices.Max(text) > math.MaxUint16 { // PDFium would lose it
				show(codes, from, to)
				return
			}
			c.anchored(l, text, from, edge.x < 0, func() { show(codes, from, to) })
		}
	}
	for i, w := range l.words {
		codes := c.font.encode(w.text)
		if w.blank {
			codes = []uint32{wideSpace}
		}
		last := i+1 == len(l.words)
		switch {
		case !last && w.gap == joined:
		case edge.x <= 0: // a space on its own would come where PDFium has it, or be lost to poppler
			w.text, codes = append(slices.Clip(w.text), ' '), append(codes, thinSpace)
		case len(codes) == 1: // PDFium sees no direction in one glyph
			codes = append(codes, thinSpace)
		}
		word(w.text, codes, w.from, w.to)
		if last {
			break
		}
		from, to := w.to, l.words[i+1].from
		switch {
		case w.gap == wideGap && !anchored:
			show([]uint32{thinSpace, wideSpace, thinSpace}, from, to)
		case w.gap == wideGap && edge.y != 0:
			word([]rune("  "), []uint32{wideSpace, thinSpace}, from, to)
		case w.gap == wideGap:
			thin := (to - from) * float64(advances[thinGlyph]) / float64(advances[letterGlyph])
			show([]uint32{thinSpace, thinSpace}, from, from+thin)
			word([]rune("  "), []uint32{wideSpace}, from+thin, to-thin)
			show([]uint32{thinSpace, thinSpace}, to-thin, to)
		case w.gap == space && edge.x > 0: // one glyph: MuPDF shows every space
			show([]uint32{' '}, from, to)
		}
	}
	if c.slanted { // the next line may begin at the height where this one ends
		last := l.words[len(l.words)-1]
		c.move(last.from, 2*l.size()+math.Abs(slant)*(last.to-l.words[0].from))
		c.show([]uint32{thinSpace, ' '}, l.size()/2)
		c.out.WriteByte('\n')
	}
}

// merged returns words without those that follow another without a space, as one.
func merged(words []setWord) []setWord {
	var whole []setWord
	for i, w := range words {
		if i == 0 || words[i-1].gap != joined {
			whole = append(whole, w)
			continue
		}
		before := &whole[len(whole)-1]
		before.text, before.to, before.gap = slices.Concat(before.text, w.text), w.to, w.gap
	}
	return whole
}

// Digits behind the point. Errors do not add up along a line: each number makes up for what the one before lacked.
const (
	turnDigits = 4 // of the directions of a line
	sizeDigits = 2
)

// slack is by how much glyphs may stand beside their place, as a part of the size of the font. No program sees it.
const slack = 0.03

// placeDigits is of points, the fewer the larger the font is.
func (c *textContent) placeDigits() int {
	if c.unit*fontEm >= 10 {
		return 1
	}
	return 2
}

// move leads to a place along the line and above it.
func (c *textContent) move(along, above float64) {
	c.step(along-c.origin, above)
	c.pen = c.origin
}

// step moves by so much along the line and above it.
func (c *textContent) step(along, above float64) {
	x := rounded(along, c.placeDigits())
	c.out.WriteString(x + " " + rounded(above, c.placeDigits()) + " Td ")
	moved, _ := strconv.ParseFloat(x, 64) // it was a number
	c.origin += moved
}

// stretch shows glyphs from one place along the line to another.
func (c *textContent) stretch(codes []uint32, from, to float64) {
	c.reach(from, to-from)
	c.show(codes, to-c.pen)
	c.out.WriteByte('\n')
}

// reach leads to a place along the line, if what comes next and takes so much room would not stand there anyway. Of a full stop,
// little is beside its place sooner than of a word.
func (c *textContent) reach(along, room float64) {
	if math.Abs(along-c.pen) > min(slack*c.unit*fontEm, room/4) {
		c.move(along, 0)
	}
}

// show shows glyphs as wide as the room that they get.
func (c *textContent) show(codes []uint32, room float64) {
	c.pen += c.scale(codes, room) * c.natural(codes)
	c.codes(codes)
	c.out.WriteString("Tj")
	c.shown++
}

// ordered shows glyphs of a line that goes from right to left on the page. PDFium judges by the first glyph of a text object, so
// that an empty one stands before each word, the first nearest to the left, which is the line's end.
func (c *textContent) ordered(codes []uint32, from, to, end float64) {
	const apart = 0.35 // times the size: nearer, PDFium takes a word that comes again for one that is drawn twice
	c.move(end-float64(c.shown)*apart*c.unit*fontEm, 0)
	scale := c.scale(codes, to-from)
	c.out.WriteByte('[')
	c.codes([]uint32{anchor})
	c.out.WriteString(rounded(-(from-c.pen)/(c.unit*scale), 1))
	c.codes(codes)
	c.out.WriteString("]TJ\n")
	c.pen = math.Inf(1)
	c.shown++
}

// natural is how wide glyphs are in points as the font has them.
func (c *textContent) natural(codes []uint32) float64 {
	width := 0
	for _, code := range codes {
		width += advance(code)
	}
	return float64(width) * c.unit
}

// scale stretches the glyphs to come, to a percentage as coarse as nobody sees, because few different ones take few bytes. It
// returns by how much.
func (c *textContent) scale(codes []uint32, room float64) float64 {
	natural := c.natural(codes)
	percent := 100 * room / natural
	text := rounded(percent, 2)
	for _, step := range []float64{0.1, 1, 2, 5, 10} {
		if percent < 2*step || step/2/100*natural > slack*c.unit*fontEm {
			break
		}
		text = rounded(math.Round(percent/step)*step, 1)
	}
	if text != c.stretched {
		c.out.WriteString(text + " Tz")
		c.stretched = text
	}
	written, _ := strconv.ParseFloat(text, 64) // it was a number
	return written / 100
}

// anchored shows a word of a line that is too slanted for poppler, to which words are one line if their first characters stand
// on one baseline parallel to an edge of the page. An empty glyph is raised to where the line would be if the page were turned
// upright, and the text that replaces it and the word is the word. To raise it takes fewer bytes than to move there and back, and
// leaves the pen where it is. What is ordered for PDFium must not be replaced there:
// unlike poppler it looks at the inner one of two replacements, and leaves out one without text.
func (c *textContent) anchored(l setLine, text []rune, from float64, ordered bool, show func()) {
	edge, slant := l.nearest()
	x, y := l.at(from, l.level)
	sin, cos := math.Sincos(-slant)
	dx, dy := x-c.middleX, y-c.middleY
	upright := edge.across(c.middleX+dx*cos-dy*sin, c.middleY+dx*sin+dy*cos)
	x, y = edge.at(0, upright-edge.across(x, y))
	c.out.WriteString("/Span<</ActualText")
	c.out.WriteString(literal(append([]byte{0xFE, 0xFF}, utf16Bytes(string(text))...)))
	c.out.WriteString(">>BDC ")
	c.reach(from, l.size()) // a pen that is off by less is led on by what is shown
	// One digit less is near enough to the baseline, see mostRise.
	c.out.WriteString(rounded(-l.across(x, y), c.placeDigits()-1) + " Ts")
	c.codes([]uint32{anchor})
	c.out.WriteString("Tj 0 Ts ")
	if ordered {
		c.out.WriteString("/Word<</ActualText()>>BDC ")
	}
	show()
	if ordered {
		c.out.WriteString("EMC ")
	}
	c.out.WriteString("EMC\n")
}

func (c *textContent) numbers(digits int, values ...float64) {
	for _, v := range values {
		c.out.WriteString(rounded(v, digits))
		c.out.WriteByte(' ')
	}
}

// codes writes codes as a string.
func (c *textContent) codes(codes []uint32) {
	b := make([]byte, 0, 2*len(codes))
	for _, code := range codes {
		b = append(b, byte(code>>8), byte(code)) // #nosec G115 -- codes have 16 bits
	}
	c.out.WriteString(literal(b))
}
