package stored

import "encoding/binary"

// The colour spaces of JPEG 2000 that a PDF names itself (ISO/IEC 15444-1, table I.10).
const (
	sRGB      = 16
	jp2Grey   = 17
	byICC     = 2 // a profile says the colours
	bitsOfOne = 7 // one less than the bits of a channel
)

// JP2 returns a file of JPEG 2000 of one or three channels of 8 bits. It reports false for others: with palettes, transparency or
// colour spaces that programs show in different ways.
func JP2(data []byte) (*Picture, bool) {
	p := &Picture{Coding: JPX, Parts: [][]byte{data}, Bits: 8}
	known := false
	good := boxes(data, func(name string, body []byte) bool {
		if name != "jp2h" {
			return true
		}
		return boxes(body, func(name string, body []byte) bool {
			switch name {
			case "ihdr":
				if len(body) < 14 || body[10] != bitsOfOne {
					return false
				}
				p.Height, p.Width = int(binary.BigEndian.Uint32(body)), int(binary.BigEndian.Uint32(body[4:]))
				p.Channels = int(binary.BigEndian.Uint16(body[8:]))
			case "colr":
				if known { // programs choose between two
					return false
				}
				known = len(body) > 3 && body[0] == byICC
				if len(body) >= 7 && body[0] == 1 {
					space := binary.BigEndian.Uint32(body[3:])
					known = space == sRGB && p.Channels == 3 || space == jp2Grey && p.Channels == 1
				}
				return known
			case "pclr", "cmap", "cdef", "bpcc":
				return false
			}
			return true
		})
	})
	if !good || !known || p.Width < 1 || p.Height < 1 || p.Channels != 1 && p.Channels != 3 {
		return nil, false
	}
	return p, true
}

// boxes calls yield for each box until it returns false; then, and for boxes that are none, it returns false.
func boxes(data []byte, yield func(name string, body []byte) bool) bool {
	for len(data) > 0 {
		if len(data) < 8 {
			return false
		}
		size, head := uint64(binary.BigEndian.Uint32(data)), uint64(8)
		switch {
		case size == 0: // to the end
			size = uint64(len(data))
		case size == 1 && len(data) >= 16:
			size, head = binary.BigEndian.Uint64(data[8:]), 16
		}
		if size < head || size > uint64(len(data)) {
			return false
		}
		if !yield(string(data[4:8]), data[head:size]) {
			return false
		}
		data = data[size:]
	}
	return true
}
