package pdf

import (
	"math"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// accents are the characters that documents draw over or under a letter, and the marks that they stand for there.
var accents = map[rune]rune{
	'`': 0x300, 'ˋ': 0x300, '´': 0x301, 'ˊ': 0x301, '^': 0x302, 'ˆ': 0x302, '~': 0x303, '˜': 0x303, '¯': 0x304, 'ˉ': 0x304,
	'˘': 0x306, '˙': 0x307, '¨': 0x308, '°': 0x30A, '˚': 0x30A, '˝': 0x30B, 'ˇ': 0x30C, '¸': 0x327, '˛': 0x328,
}

// dotless are the letters that lose their dot under an accent.
var dotless = map[rune]rune{'ı': 'i', 'ȷ': 'j'}

// accent returns the mark for which a character stands when it is drawn over a letter; 0 if it is none.
func accent(char rune) rune {
	if char >= 0x300 && char < 0x370 {
		return char
	}
	return accents[char]
}

// grid finds letters by their place.
type grid struct {
	cells map[[2]int][]int
}

const (
	gridCell = 16.0 // points
	gridSpan = 8    // cells a side that a letter takes, or that are looked through for one
	gridDeep = 64   // letters in a cell that are looked at
)

// cellsOf calls use with each cell that a box touches; with none if the box is larger than letters are.
func cellsOf(box rect, use func(cell [2]int)) {
	x0, y0 := math.Floor(box.x0/gridCell), math.Floor(box.y0/gridCell)
	x1, y1 := math.Floor(box.x1/gridCell), math.Floor(box.y1/gridCell)
	if !(math.Abs(x0) < 1e9 && math.Abs(y0) < 1e9 && x1-x0 < gridSpan && y1-y0 < gridSpan) {
		return
	}
	for x := int(x0); x <= int(x1); x++ {
		for y := int(y0); y <= int(y1); y++ {
			use([2]int{x, y})
		}
	}
}

func (g grid) add(box rect, letter int) {
	cellsOf(box, func(cell [2]int) {
		if len(g.cells[cell]) < gridDeep {
			g.cells[cell] = append(g.cells[cell], letter)
		}
	})
}

// placeAccents puts each accent that is drawn over or under a letter behind that letter, as a combining mark. Boxes are those
// of the frame in which the text is upright. The spaces that PDFium makes up around an accent go.
func placeAccents(glyphs []glyph, boxes []rect) ([]glyph, []rect) {
	var drawn []int
	for i, g := range glyphs {
		if accent(g.char) != 0 && boxes[i].area() > 0 {
			drawn = append(drawn, i)
		}
	}
	if len(drawn) == 0 {
		return glyphs, boxes
	}
	letters := grid{make(map[[2]int][]int)}
	for i, g := range glyphs {
		if unicode.IsLetter(g.char) && accent(g.char) == 0 && boxes[i].area() > 0 {
			letters.add(boxes[i], i)
		}
	}
	marks := make(map[int][]int) // accents by their letter
	moved := make([]bool, len(glyphs))
	owner := make([]int, len(glyphs)) // letters by their accents
	for _, i := range drawn {
		if letter, ok := letters.under(glyphs, boxes, i); ok {
			marks[letter] = append(marks[letter], i)
			moved[i], owner[i] = true, letter
		}
	}
	placed, placedBoxes := make([]glyph, 0, len(glyphs)), make([]rect, 0, len(boxes))
	last, around := -1, false // the glyph before; an accent between it and this one went, or a space that was made for it
	for i, g := range glyphs {
		if moved[i] {
			n := len(placed)
			for n > 0 && placed[n-1].char == ' ' && placed[n-1].made {
				n--
				around = true
			}
			placed, placedBoxes = placed[:n], placedBoxes[:n]
			around = around || owner[i] != last
			continue
		}
		if around && g.char == ' ' && g.made {
			continue
		}
		if around && last >= 0 {
			// The gap alone decides whether a word ends here.
			placed, placedBoxes = append(placed, glyph{char: ' ', made: true}), append(placedBoxes, rect{})
		}
		around = false
		if !unicode.IsSpace(g.char) {
			last = i
		}
		if len(marks[i]) > 0 {
			if plain, ok := dotless[g.char]; ok {
				g.char = plain
			}
		}
		placed, placedBoxes = append(placed, g), append(placedBoxes, boxes[i])
		for _, m := range marks[i] {
			placed = append(placed, glyph{char: accent(glyphs[m].char), box: glyphs[m].box, angle: g.angle, advance: g.advance})
			placedBoxes = append(placedBoxes, boxes[m])
		}
	}
	return placed, placedBoxes
}

// under returns the letter that an accent belongs to.
func (g grid) under(glyphs []glyph, boxes []rect, at int) (letter int, ok bool) {
	a, mark := boxes[at], accent(glyphs[at].char)
	x, y := (a.x0+a.x1)/2, (a.y0+a.y1)/2
	reach := 3 * max(a.width(), a.height())
	nearest := math.Inf(1)
	cellsOf(rect{x, y - reach, x, y + reach}, func(cell [2]int) {
		for _, i := range g.cells[cell] {
			b := boxes[i]
			if x < b.x0-0.1*b.width() || x > b.x1+0.25*b.width() || a.width() > 1.8*b.width()+a.height() || a.height() > b.height() {
				continue
			}
			off := b.y0 - a.y1 // between the accent and the top of the letter
			if above := y < (b.y0+b.y1)/2; mark == 0x327 || mark == 0x328 {
				if off = a.y0 - b.y1; above {
					continue
				}
			} else if !above {
				continue
			}
			if off < -0.6*b.height() || off > 0.5*b.height() || math.Abs(off) >= nearest || !composes(glyphs[i].char, glyphs[at].char) {
				continue
			}
			letter, nearest, ok = i, math.Abs(off), true
		}
	})
	return letter, ok
}

// composes reports whether a letter and an accent are one character, or at least can be nothing else than a letter with an
// accent, such as in formulas.
func composes(letter, char rune) bool {
	if plain, ok := dotless[letter]; ok {
		letter = plain
	}
	pair := string([]rune{letter, accent(char)})
	one := norm.NFC.String(pair)
	return len([]rune(one)) == 1 || unicode.Is(unicode.M, char) || char > unicode.MaxASCII && char != '°' && char != '´'
}

// ligatures are single characters that are letters to a reader.
var ligatures = map[rune]string{'ﬀ': "ff", 'ﬁ': "fi", 'ﬂ': "fl", 'ﬃ': "ffi", 'ﬄ': "ffl", 'ﬅ': "ſt", 'ﬆ': "st"}

// plainText returns text in normal form C, with ligatures as letters.
func plainText(text []byte) []byte {
	var plain []byte
	for i, r := range string(text) {
		if letters, ok := ligatures[r]; ok {
			if plain == nil {
				plain = append(plain, text[:i]...)
			}
			plain = append(plain, letters...)
		} else if plain != nil {
			plain = append(plain, string(r)...)
		}
	}
	if plain == nil {
		plain = text
	}
	if norm.NFC.IsNormal(plain) {
		return plain
	}
	return norm.NFC.Bytes(plain)
}
