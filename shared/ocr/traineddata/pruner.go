package traineddata

import (
	"encoding/binary"
	"slices"
)

// The templates of the classifier that finds a page's way up begin with pruners. Each says of 32 classes how well every cell of a cube
// fits: two bits for each class, in two words of a cell. Packed, the cells of a class stand together, four in a byte: neighbours are
// mostly alike.

const (
	templates       = 3 // part of a file
	templatesHeader = 16
	templatesKind   = -4 // of the only version that is packed
	cells           = 24 * 24 * 24
	prunerSize      = 2 * 4 * cells // bytes
)

func packPruners(file []byte) (h packed, plain, parts []byte, err error) {
	begin, end, ok := part(file, templates)
	if !ok || end-begin < templatesHeader || int32(binary.LittleEndian.Uint32(file[begin+4:])) != templatesKind { // #nosec G115 -- a negative number
		return h, nil, nil, errNotPackable
	}
	cut, count := begin+templatesHeader, int(binary.LittleEndian.Uint32(file[begin+8:]))
	size := count * prunerSize
	if count == 0 || count > (end-cut)/prunerSize {
		return h, nil, nil, errNotPackable
	}
	parts = make([]byte, size)
	for n := range count {
		pruner, classes := file[cut+n*prunerSize:][:prunerSize], parts[n*prunerSize:][:prunerSize]
		for cell := range cells {
			for class := range 32 {
				bits := binary.LittleEndian.Uint32(pruner[8*cell+4*(class/16):]) >> (2 * (class % 16)) & 3
				classes[class*cells/4+cell/4] |= byte(bits << (2 * (cell % 4))) // #nosec G115 -- two bits
			}
		}
	}
	h = packed{Magic: magic, Plain: uint32(len(file) - size), Cut: uint32(cut), Count: uint32(count)} // #nosec G115 -- looked at by part
	return h, slices.Concat(file[:cut], file[cut+size:]), parts, nil
}

// unpackPruners writes pruners.
func unpackPruners(pruners, parts []byte) error {
	if len(parts) != len(pruners) {
		return errPacked
	}
	var spread [256]uint64 // the four cells of a byte, 16 bits apart
	for b := range spread {
		for cell := range 4 {
			spread[b] |= uint64(b>>(2*cell)&3) << (16 * cell) // #nosec G115 -- two bits
		}
	}
	for len(parts) > 0 {
		for half := range 2 {
			classes := parts[half*prunerSize/2:][:prunerSize/2]
			for four := range cells / 4 {
				var low, high uint64 // of four words
				for class := range 8 {
					low |= spread[classes[class*cells/4+four]] << (2 * class)
					high |= spread[classes[(class+8)*cells/4+four]] << (2 * class)
				}
				for cell := range 4 {
					word := pruners[8*(4*four+cell)+4*half:]
					binary.LittleEndian.PutUint16(word, uint16(low>>(16*cell)))      // #nosec G115 -- 16 bits of it
					binary.LittleEndian.PutUint16(word[2:], uint16(high>>(16*cell))) // #nosec G115 -- as before
				}
			}
		}
		pruners, parts = pruners[prunerSize:], parts[prunerSize:]
	}
	return nil
}
