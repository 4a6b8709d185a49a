// Package fontprogram reads the widths of glyphs, and which glyph stands for what, from font programs that PDFs embed: TrueType, CFF
// and Type 1 (ISO 32000-1, section 9.9). It draws nothing. Programs come from strangers: time and memory are bounded by their
// length, and what is damaged is an error.
package fontprogram

import (
	"encoding/binary"
	"errors"
)

// ErrDamaged says that a font program cannot be read.
var ErrDamaged = errors.New("damaged font program")

// Font is what is known of a font program.
type Font struct {
	CIDKeyed bool            // glyphs of a CFF are found by CID
	Names    map[string]int  // glyphs by name, of Type 1 and CFF
	CIDs     map[int]int     // glyphs by CID, of a CFF that has them
	Codes    map[int]int     // glyphs by the codes of the program's own encoding, of Type 1 and CFF
	Maps     map[Map]Mapping // of TrueType

	widths []float64
}

// Map names a character map by its platform and encoding (OpenType, cmap).
type Map struct{ Platform, Encoding int }

// The maps that PDF knows of.
var (
	MicrosoftUnicode = Map{3, 1}
	MicrosoftSymbol  = Map{3, 0}
	Macintosh        = Map{1, 0}
)

// Mapping is glyphs by character code.
type Mapping map[int]int

// Width returns the advance of a glyph in thousandths of the size; false for one that is not there. It is not a number where it
// was not found out.
func (f *Font) Width(glyph int) (float64, bool) {
	if glyph < 0 || glyph >= len(f.widths) {
		return 0, false
	}
	return f.widths[glyph], true
}

// window reads numbers of a font program; beyond its end they are an error, which sticks.
type window struct {
	data []byte
	bad  bool
}

func (w *window) bytes(at, n int) []byte {
	if at < 0 || n < 0 || at > len(w.data) || n > len(w.data)-at {
		w.bad = true
		return make([]byte, min(max(n, 0), 8))
	}
	return w.data[at : at+n]
}

func (w *window) u8(at int) int  { return int(w.bytes(at, 1)[0]) }
func (w *window) u16(at int) int { return int(binary.BigEndian.Uint16(w.bytes(at, 2))) }
func (w *window) u32(at int) int { return int(binary.BigEndian.Uint32(w.bytes(at, 4))) }
