//go:build cgo

package picture

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/lethe-ocr/lethe/shared/ocr/derivative"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// Sizes of the headers of a BMP, and where its fields are.
const (
	bmpFileHeader = 14
	bmpCoreHeader = 12 // of OS/2
	bmpInfoHeader = 40 // of Windows; later ones are longer and begin alike
	bmpPixels     = 10 // where the position of the pixels is
	bmpMasks      = bmpFileHeader + bmpInfoHeader
)

// The compressions of a BMP.
const (
	bmpPlain     = 0
	bmpBitFields = 3
)

// bitmap is what the headers of a BMP say.
type bitmap struct {
	width, height int
	fromTop       bool
	bits          int
	compression   uint32
	masks         [3]uint32 // of red, green and blue, where a pixel is one number
	header        int       // size of the second header
	pixels        int       // where they begin
}

func readBMP(data []byte) (b bitmap, ok bool) {
	if len(data) < bmpFileHeader+bmpCoreHeader || string(data[:2]) != "BM" {
		return b, false
	}
	pixels, header := binary.LittleEndian.Uint32(data[bmpPixels:]), binary.LittleEndian.Uint32(data[bmpFileHeader:])
	b.pixels, b.header = side(pixels), side(header)
	fields := data[bmpFileHeader:]
	switch {
	case b.header == bmpCoreHeader:
		b.width, b.height = int(binary.LittleEndian.Uint16(fields[4:])), int(binary.LittleEndian.Uint16(fields[6:]))
		b.bits = int(binary.LittleEndian.Uint16(fields[10:]))
		return b, true
	case b.header < bmpInfoHeader || len(fields) < bmpInfoHeader:
		return b, false
	}
	height := int32(binary.LittleEndian.Uint32(fields[8:])) // #nosec G115 -- the field is signed
	b.width, b.height, b.fromTop = side(binary.LittleEndian.Uint32(fields[4:])), max(int(height), -int(height)), height < 0
	b.bits, b.compression = int(binary.LittleEndian.Uint16(fields[14:])), binary.LittleEndian.Uint32(fields[16:])
	switch b.bits {
	case 16:
		b.masks = [3]uint32{0x7c00, 0x03e0, 0x001f}
	case 32: // whose colours Leptonica would take the wrong way round
		b.masks = [3]uint32{0xff0000, 0xff00, 0xff}
	}
	if b.compression == bmpBitFields && len(data) >= bmpMasks+4*len(b.masks) {
		for i := range b.masks {
			b.masks[i] = binary.LittleEndian.Uint32(data[bmpMasks+4*i:])
		}
	}
	return b, true
}

// bmpHeader reads a header of any kind. A negative height means rows from the top.
func bmpHeader(data []byte) (header, bool) {
	b, ok := readBMP(data)
	if !ok {
		return header{}, false
	}
	h := header{width: b.width, height: b.height}
	switch {
	case b.masks != [3]uint32{}:
		h.depth = derivative.Depth{Bits: max(1, bits.OnesCount32(b.masks[0])), Samples: 3}
	case b.bits >= 24:
		h.depth = derivative.Depth{Bits: 8, Samples: b.bits / 8}
	default:
		h.depth = derivative.Depth{Bits: b.bits, Samples: 1, Palette: true}
	}
	return h, true
}

// plainBMP returns a file of the only kind that Leptonica reads right: a header of Windows, and pixels that are places of a
// palette or bytes of blue, green and red.
func plainBMP(data []byte) ([]byte, error) {
	b, ok := readBMP(data)
	switch {
	case !ok:
		return data, nil // damaged, which its decoder says
	case b.compression != bmpPlain && b.compression != bmpBitFields:
		return nil, refusal.New(refusal.CompressionUnknown)
	case b.masks != [3]uint32{}:
		return b.unmasked(data)
	case b.header == bmpCoreHeader:
		return b.modern(data), nil
	default:
		return data, nil
	}
}

// written returns the headers of a plain file.
func (b bitmap) written(pixels int) []byte {
	height := b.height
	if b.fromTop {
		height = -height
	}
	h := binary.LittleEndian.AppendUint32([]byte("BM\x00\x00\x00\x00\x00\x00\x00\x00"), uint32(pixels)) // #nosec G115 -- small
	h = binary.LittleEndian.AppendUint32(h, bmpInfoHeader)
	h = binary.LittleEndian.AppendUint32(h, uint32(b.width))      // #nosec G115 -- within the limits
	h = binary.LittleEndian.AppendUint32(h, uint32(height))       // #nosec G115 -- within the limits, signed
	h = binary.LittleEndian.AppendUint32(h, 1|uint32(b.bits)<<16) // #nosec G115 -- planes and bits, of 16 bits each
	return append(h, make([]byte, bmpMasks-len(h))...)
}

// modern gives a file of OS/2 a header of Windows, whose palette has four bytes a colour instead of three.
func (b bitmap) modern(data []byte) []byte {
	const old, colour = bmpFileHeader + bmpCoreHeader, 3
	at := min(max(b.pixels, old), len(data))
	var palette []byte
	if b.bits <= 8 {
		for c := range slices.Chunk(data[old:at], colour) {
			palette = append(append(palette, c...), make([]byte, 4-len(c))...)
		}
	}
	return slices.Concat(b.written(bmpMasks+len(palette)), palette, data[at:])
}

// unmasked unpacks pixels of 16 or 32 bits into a byte for each colour.
func (b bitmap) unmasked(data []byte) ([]byte, error) {
	if b.bits != 16 && b.bits != 32 {
		return nil, refusal.New(refusal.PixelsUnknown)
	}
	each, was := b.bits/8, (b.width*b.bits/8+3)/4*4
	row := (b.width*3 + 3) / 4 * 4
	if b.pixels > len(data) || was > 0 && (len(data)-b.pixels)/was < b.height {
		return nil, refusal.New(refusal.PageDamaged)
	}
	plain := b
	plain.bits = 24
	out := plain.written(bmpMasks)
	out = append(out, make([]byte, row*b.height)...)
	for y := range b.height {
		from, to := data[b.pixels+y*was:], out[bmpMasks+y*row:]
		for x := range b.width {
			v := uint32(binary.LittleEndian.Uint16(from[x*each:]))
			if each == 4 {
				v = binary.LittleEndian.Uint32(from[x*each:])
			}
			for i, mask := range b.masks {
				to[3*x+2-i] = colour(v, mask)
			}
		}
	}
	return out, nil
}

// colour returns the part of a number that a mask covers as a value of 8 bits.
func colour(v, mask uint32) byte {
	if mask == 0 {
		return 0
	}
	shift := bits.TrailingZeros32(mask)
	most := uint64(mask >> shift)
	return byte(uint64(v&mask>>shift) * 255 / most) // #nosec G115 -- at most 255
}
