package pdf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
)

// The font of invisible text has one glyph without ink for every character. It is small in its em: programs that extract text
// judge by the size of the font which words follow each other, and letters that fill half of it keep words together that are
// set wide apart. The box of the glyph is what they highlight. The descent is not quite zero because they take zero for a
// missing value.
const (
	fontName    = "LetheGlyphless"
	fontAdvance = 350
	fontAscent  = 500
	fontDescent = -1
	fontEm      = 1000
)

// The glyphs of the font, each with the width that its characters advance by.
const (
	noGlyph = iota
	letterGlyph
	thinGlyph
	anchorGlyph
)

var advances = [...]int{noGlyph: fontAdvance, letterGlyph: fontAdvance, thinGlyph: 4, anchorGlyph: 0}

// fontFile returns a TrueType font with empty glyphs, but for that of letters, a contour of two points without area that gives
// it a box (OpenType 1.9, required tables of TrueType outlines as ISO 32000-1, section 9.9, asks for in embedded fonts).
func fontFile() []byte {
	be := binary.BigEndian
	u16 := func(values ...int) []byte {
		var b []byte
		for _, v := range values {
			b = be.AppendUint16(b, uint16(v)) //nolint:gosec // two's complement is what the tables hold
		}
		return b
	}
	name := utf16Bytes(fontName)
	record := func(id int) []byte { return u16(3, 1, 0x409, id, len(name), 0) }
	// One contour, its box, its last point, no instructions; the first point is at the origin, the second across from it.
	letter := slices.Concat(u16(1, 0, 0, fontAdvance, fontAscent, 1, 0), []byte{0x31, 0x01}, u16(fontAdvance, fontAscent))
	var metrics []byte
	for _, advance := range advances {
		metrics = append(metrics, u16(advance, 0)...)
	}
	half := len(letter) / 2 // offsets of glyphs count words
	tables := []struct {
		tag  string
		data []byte
	}{
		// Sorted by tag. head holds the checksum adjustment at offset 8.
		{"cmap", u16(0, 1, 3, 1, 0, 12, 4, 24, 0, 2, 2, 0, 0, 0xFFFF, 0, 0xFFFF, 1, 0)},
		{"glyf", letter},
		{"head", append(u16(1, 0, 1, 0, 0, 0, 0x5F0F, 0x3CF5, 0, fontEm), append(make([]byte, 16),
			u16(0, 0, fontAdvance, fontAscent, 0, 8, 2, 0, 0)...)...)},
		{"hhea", append(u16(1, 0, fontAscent, fontDescent, 0, fontAdvance, 0, 0, fontAdvance, 1, 0, 0, 0, 0, 0, 0, 0), u16(len(advances))...)},
		{"hmtx", metrics},
		{"loca", u16(0, 0, half, half, half)},
		{"maxp", u16(1, 0, len(advances), 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)},
		{"name", slices.Concat(u16(0, 3, 6+3*12), record(1), record(4), record(6), name)},
		{"post", append(u16(3, 0, 0, 0, 0, 0), make([]byte, 20)...)},
	}
	var body bytes.Buffer
	head := u16(1, 0, len(tables), 128, 3, 16*len(tables)-128)
	offset := len(head) + 16*len(tables)
	directory := bytes.NewBuffer(head)
	adjust := 0
	for _, t := range tables {
		if t.tag == "head" {
			adjust = offset + body.Len() + 8
		}
		directory.WriteString(t.tag)
		directory.Write(be.AppendUint32(nil, checksum(t.data)))
		directory.Write(be.AppendUint32(nil, uint32(offset+body.Len()))) //nolint:gosec // below a KiB
		directory.Write(be.AppendUint32(nil, uint32(len(t.data))))       //nolint:gosec // below a KiB
		body.Write(t.data)
		body.Write(make([]byte, -len(t.data)&3))
	}
	font := append(directory.Bytes(), body.Bytes()...)
	be.PutUint32(font[adjust:], 0xB1B0AFBA-checksum(font))
	return font
}

// checksum is the sum of big-endian words that the table directory holds.
func checksum(data []byte) uint32 {
	var sum uint32
	for i := 0; i < len(data); i += 4 {
		var word [4]byte
		copy(word[:], data[i:])
		sum += binary.BigEndian.Uint32(word[:])
	}
	return sum
}

// Codes of characters beyond the basic plane lie where UTF-16 has its surrogates, which are no characters. Before them stand
// the codes of three spaces.
const (
	firstSpace = 0xD800
	wideSpace  = firstSpace + iota - 1 // fills a gap as a word of two spaces does
	thinSpace                          // keeps a wide space apart from words
	anchor                             // stands where a word is looked for and has no width
	firstSpare
	lastSpare = 0xDFFF
)

// glyphMap is the map from character codes to glyphs.
func glyphMap() []byte {
	glyphs := bytes.Repeat([]byte{0, letterGlyph}, 1<<16)
	glyphs[2*thinSpace+1], glyphs[2*anchor+1] = thinGlyph, anchorGlyph
	return glyphs
}

// advance returns the width of a code, in thousandths of the size.
func advance(code uint32) int {
	switch code {
	case thinSpace:
		return advances[thinGlyph]
	case anchor:
		return advances[anchorGlyph]
	}
	return advances[letterGlyph]
}

// widths lists the widths of codes that are not the font's default.
func widths() string {
	return fmt.Sprintf("%d[%d %d]", thinSpace, advances[thinGlyph], advances[anchorGlyph])
}

// codes turns characters into codes of the font. A character of the basic plane is its own code; the others get spare
// codes in the order of their appearance.
type codes struct {
	spare []rune
	high  [256]bool // first bytes of codes that were given out
}

func (c *codes) of(char rune) (uint32, bool) {
	switch {
	case char < 0 || char > 0x10FFFF || char >= firstSpace && char <= lastSpare:
		return 0, false
	case char < 1<<16:
		c.high[char>>8] = true
		return uint32(char), true
	}
	for i, known := range c.spare {
		if known == char {
			return uint32(firstSpare + i), true
		}
	}
	if firstSpare+len(c.spare) > lastSpare {
		return 0, false
	}
	c.spare = append(c.spare, char)
	return uint32(firstSpare + len(c.spare) - 1), true //nolint:gosec // at most lastSpare
}

// toUnicode returns the CMap that gives the text back (Adobe technical note 5411), of what was given out. A range may not cross a
// high byte.
func (c *codes) toUnicode() string {
	var b strings.Builder
	b.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n" +
		"/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n" +
		"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	// Operators take at most 100 entries.
	var ranges []string
	for high, used := range c.high {
		if used || high == 0 || high == 0xff { // where spaces are, and what stands for a character without a code
			ranges = append(ranges, fmt.Sprintf("<%02X00> <%02XFF> <%02X00>\n", high, high, high))
		}
	}
	section(&b, "bfrange", ranges)
	chars := []string{
		fmt.Sprintf("<%04X> <00200020>\n", wideSpace), fmt.Sprintf("<%04X> <0020>\n", thinSpace), fmt.Sprintf("<%04X> <0020>\n", anchor),
	}
	for i, char := range c.spare {
		chars = append(chars, fmt.Sprintf("<%04X> <%X>\n", firstSpare+i, utf16Bytes(string(char))))
	}
	section(&b, "bfchar", chars)
	b.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")
	return b.String()
}

func section(b *strings.Builder, operator string, entries []string) {
	for len(entries) > 0 {
		n := min(100, len(entries))
		fmt.Fprintf(b, "%d begin%s\n%send%s\n", n, operator, strings.Join(entries[:n], ""), operator)
		entries = entries[n:]
	}
}

func utf16Bytes(s string) []byte {
	var b []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		b = binary.BigEndian.AppendUint16(b, unit)
	}
	return b
}
