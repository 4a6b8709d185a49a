package pdf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
)

// The font of invisible text has one empty glyph, half an em wide and one em high, for every character. Its descent is not
// quite zero because readers take zero for a missing value.
const (
	fontName    = "LetheGlyphless"
	fontAdvance = 500
	fontAscent  = 1000
	fontDescent = -1
	fontEm      = 1000
)

// fontFile returns a TrueType font with two empty glyphs, .notdef and the one that is used (OpenType 1.9, required tables of
// TrueType outlines as ISO 32000-1, section 9.9, asks for in embedded fonts).
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
	tables := []struct {
		tag  string
		data []byte
	}{
		// Sorted by tag. head holds the checksum adjustment at offset 8.
		{"cmap", u16(0, 1, 3, 1, 0, 12, 4, 24, 0, 2, 2, 0, 0, 0xFFFF, 0, 0xFFFF, 1, 0)},
		{"glyf", u16(0)},
		{"head", append(u16(1, 0, 1, 0, 0, 0, 0x5F0F, 0x3CF5, 0, fontEm), append(make([]byte, 16),
			u16(0, 0, fontAdvance, fontEm, 0, 8, 2, 0, 0)...)...)},
		{"hhea", append(u16(1, 0, fontAscent, fontDescent, 0, fontAdvance, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0), u16(1)...)},
		{"hmtx", u16(fontAdvance, 0, 0)},
		{"loca", u16(0, 0, 0)},
		{"maxp", u16(1, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)},
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

// glyphMap is the map from character codes to glyphs: all codes lead to glyph 1.
func glyphMap() []byte { return bytes.Repeat([]byte{0, 1}, 1<<16) }

// Codes of characters beyond the basic plane lie where UTF-16 has its surrogates, which are no characters.
const (
	firstSpare = 0xD800
	spares     = 0x800
)

// codes turns characters into codes of the font. A character of the basic plane is its own code; the others get spare
// codes in the order of their appearance.
type codes struct {
	spare []rune
}

func (c *codes) of(char rune) (uint32, bool) {
	switch {
	case char < 0 || char > 0x10FFFF || char >= firstSpare && char < firstSpare+spares:
		return 0, false
	case char < 1<<16:
		return uint32(char), true
	}
	for i, known := range c.spare {
		if known == char {
			return uint32(firstSpare + i), true
		}
	}
	if len(c.spare) == spares {
		return 0, false
	}
	c.spare = append(c.spare, char)
	return uint32(firstSpare + len(c.spare) - 1), true //nolint:gosec // at most firstSpare + spares
}

// toUnicode returns the CMap that gives the text back (Adobe technical note 5411). A range may not cross a high byte.
func (c *codes) toUnicode() string {
	var b strings.Builder
	b.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n" +
		"/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n" +
		"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	// Operators take at most 100 entries.
	var ranges []string
	for high := range 256 {
		if code := high << 8; code < firstSpare || code >= firstSpare+spares {
			ranges = append(ranges, fmt.Sprintf("<%02X00> <%02XFF> <%02X00>\n", high, high, high))
		}
	}
	section(&b, "bfrange", ranges)
	var chars []string
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
