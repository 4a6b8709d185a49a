//go:build cgo

package picture

import (
	"encoding/binary"
	"math"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/derivative"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// The tags of an image file directory that matter before decoding (TIFF 6.0, section 8).
const (
	tagSubfileType     = 254
	tagWidth           = 256
	tagHeight          = 257
	tagBitsPerSample   = 258
	tagPhotometric     = 262
	tagStripOffsets    = 273
	tagOrientation     = 274
	tagSamplesPerPixel = 277
	tagStripCounts     = 279
	tagXResolution     = 282
	tagYResolution     = 283
	tagResolutionUnit  = 296
	tagTileOffsets     = 324
)

// The units of a resolution (TIFF 6.0, ResolutionUnit).
const (
	unitInch       = 2
	unitCentimetre = 3
)

// paletteColour is a value of PhotometricInterpretation.
const paletteColour = 3

// tiffFile reads directories of classic TIFF and BigTIFF.
type tiffFile struct {
	File
	order binary.ByteOrder
	big   bool
}

// directory is what one image file directory says.
type directory struct {
	header
	auxiliary bool   // a thumbnail or a mask
	next      uint64 // position of the next directory; zero if there is none
}

// tiffHeaders walks the chain of directories. A chain that breaks off yields a last page without a size, so that the
// loss is seen; a chain that comes back to itself makes the document damaged.
func tiffHeaders(of File, limits ocr.Limits) ([]header, error) {
	f, at, ok := openTIFF(of)
	if !ok {
		return nil, refusal.New(refusal.TIFFDamaged)
	}
	var pages, auxiliary []header
	seen := map[uint64]bool{}
	for index := 0; at != 0; index++ {
		if seen[at] {
			return nil, refusal.New(refusal.TIFFCircle)
		}
		seen[at] = true
		if index >= limits.Pages {
			return nil, refusal.MorePages(limits.Pages)
		}
		d, ok := f.directory(at)
		if !ok && index == 0 && d.next == 0 {
			return nil, refusal.New(refusal.TIFFFirstPage)
		}
		d.index = index
		if d.auxiliary {
			auxiliary = append(auxiliary, d.header)
		} else {
			pages = append(pages, d.header)
		}
		at = d.next
	}
	if len(pages) == 0 {
		pages = auxiliary
	}
	if len(pages) == 0 {
		return nil, refusal.New(refusal.TIFFEmpty)
	}
	return pages, nil
}

func openTIFF(of File) (f tiffFile, first uint64, ok bool) {
	f.File = of
	data, ok := f.slice(0, 16)
	if !ok {
		return f, 0, false
	}
	switch string(data[:2]) {
	case "II":
		f.order = binary.LittleEndian
	case "MM":
		f.order = binary.BigEndian
	default:
		return f, 0, false
	}
	switch f.order.Uint16(data[2:]) {
	case 42:
		return f, uint64(f.order.Uint32(data[4:])), true
	case 43:
		f.big = true
		return f, f.order.Uint64(data[8:]), f.order.Uint16(data[4:]) == 8
	}
	return f, 0, false
}

// has reports whether n bytes at a position are in the file.
func (f tiffFile) has(at, n uint64) bool {
	size := uint64(len(f.Data))
	return at <= size && n <= size-at
}

// slice returns n bytes at a position, or false if they are not all in the file.
func (f tiffFile) slice(at, n uint64) ([]byte, bool) {
	if !f.has(at, n) || f.Fill != nil && n > 0 && !f.Fill(int64(at), int64(n)) { // #nosec G115 -- within the file
		return nil, false
	}
	return f.Data[at : at+n], true
}

// directory reads one directory. It is false, and has no size, when the directory is damaged or asks for more strips than
// there are bytes.
func (f tiffFile) directory(at uint64) (directory, bool) {
	head, entry := uint64(2), uint64(12)
	if f.big {
		head, entry = 8, 20
	}
	b, ok := f.slice(at, head)
	if !ok {
		return directory{}, false
	}
	n := uint64(f.order.Uint16(b))
	if f.big {
		n = f.order.Uint64(b)
	}
	if n == 0 || n > math.MaxUint16 {
		return directory{}, false
	}
	entries, ok := f.slice(at+head, n*entry)
	if !ok {
		return directory{}, false
	}
	d := directory{}
	d.next = f.offset(at + head + n*entry)
	fields := map[uint16]tiffField{}
	for ; len(entries) > 0; entries = entries[entry:] {
		tag := f.order.Uint16(entries)
		if _, twice := fields[tag]; twice {
			continue // the decoder takes the first
		}
		switch tag {
		case tagStripOffsets, tagStripCounts, tagTileOffsets: // only the decoder looks at them
			if at, v, ok := f.place(entries[:entry]); !ok || v.bytes == nil && !f.has(at, v.size) {
				return directory{next: d.next}, false
			}
			fields[tag] = tiffField{}
		case tagSubfileType, tagWidth, tagHeight, tagBitsPerSample, tagPhotometric, tagOrientation, tagSamplesPerPixel, tagXResolution, tagYResolution, tagResolutionUnit:
			if v, ok := f.field(entries[:entry]); ok {
				fields[tag] = v
			}
		}
	}
	bits := f.number(fields[tagBitsPerSample], 1)
	samples := f.number(fields[tagSamplesPerPixel], 1)
	d.foreign = bits > 64 || samples > 8
	d.width = side(f.number(fields[tagWidth], 0))
	d.height = side(f.number(fields[tagHeight], 0))
	d.auxiliary = f.number(fields[tagSubfileType], 0)&(1|4) != 0
	if o := f.number(fields[tagOrientation], 1); o >= 1 && o <= 8 {
		d.orientation = int(o)
	}
	unit := f.number(fields[tagResolutionUnit], unitInch)
	d.dpi, d.dpiY = perInch(f.rational(fields[tagXResolution]), unit), perInch(f.rational(fields[tagYResolution]), unit)
	d.depth = derivative.Depth{
		Bits: int(bits), Samples: int(samples), Palette: samples == 1 && f.number(fields[tagPhotometric], 0) == paletteColour,
	}
	return d, true
}

// offset reads the position of a directory; one outside the file ends the chain.
func (f tiffFile) offset(at uint64) uint64 {
	if f.big {
		if b, ok := f.slice(at, 8); ok {
			return f.order.Uint64(b)
		}
		return 0
	}
	if b, ok := f.slice(at, 4); ok {
		return uint64(f.order.Uint32(b))
	}
	return 0
}

// tiffField is the value of a tag: its type and its bytes.
type tiffField struct {
	kind  uint16
	size  uint64
	bytes []byte
}

// field reads the value of a directory entry.
func (f tiffFile) field(entry []byte) (tiffField, bool) {
	at, v, ok := f.place(entry)
	if ok && v.bytes == nil {
		v.bytes, ok = f.slice(at, v.size)
	}
	return v, ok
}

// place finds the value of a directory entry, which is in the entry itself when it fits, else at a position that need not be in the
// file.
func (f tiffFile) place(entry []byte) (at uint64, v tiffField, ok bool) {
	kind := f.order.Uint16(entry[2:])
	sizes := map[uint16]uint64{1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
	each, ok := sizes[kind]
	if !ok {
		return 0, tiffField{}, false
	}
	count, value := uint64(f.order.Uint32(entry[4:])), entry[8:]
	if f.big {
		count, value = f.order.Uint64(entry[4:]), entry[12:]
	}
	if count > uint64(len(f.Data)) {
		return 0, tiffField{}, false
	}
	v = tiffField{kind: kind, size: count * each}
	if v.size <= uint64(len(value)) {
		v.bytes = value[:v.size]
		return 0, v, true
	}
	at = uint64(f.order.Uint32(value))
	if f.big {
		at = f.order.Uint64(value)
	}
	return at, v, true
}

// number returns the first value as an unsigned integer, or otherwise when there is none.
func (f tiffFile) number(v tiffField, otherwise uint32) uint32 {
	switch {
	case v.kind == 1 && len(v.bytes) >= 1:
		return uint32(v.bytes[0])
	case v.kind == 3 && len(v.bytes) >= 2:
		return uint32(f.order.Uint16(v.bytes))
	case (v.kind == 4 || v.kind == 13) && len(v.bytes) >= 4:
		return f.order.Uint32(v.bytes)
	case v.kind == 16 && len(v.bytes) >= 8:
		return uint32(min(f.order.Uint64(v.bytes), math.MaxUint32))
	default:
		return otherwise
	}
}

// perInch converts a resolution to whole pixels an inch. It is zero for values that mean nothing.
func perInch(value float64, unit uint32) int {
	switch unit {
	case unitInch:
	case unitCentimetre:
		value *= 2.54
	default:
		return 0
	}
	if !(value >= 1 && value < 1e6) { // also NaN
		return 0
	}
	return int(math.Round(value))
}

func (f tiffFile) rational(v tiffField) float64 {
	if v.kind != 5 || len(v.bytes) < 8 {
		return 0
	}
	return float64(f.order.Uint32(v.bytes)) / float64(f.order.Uint32(v.bytes[4:]))
}
