package hostiletest

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// box is a JP2 box (ISO/IEC 15444-1, I.4).
func box(kind string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(8+len(data)))
	return append(append(b, kind...), data...)
}

const jp2Start = "\x00\x00\x00\x0cjP  \r\n\x87\n\x00\x00\x00\x14ftypjp2 \x00\x00\x00\x00jp2 "

// jp2Of is a file of a header and a code stream.
func jp2Of(header, stream []byte) []byte {
	return slices.Concat([]byte(jp2Start), header, box("jp2c", stream))
}

// jp2Header says width, height, components, and grey.
func jp2Header(w, h uint32, components uint16, more ...[]byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, h)
	b = binary.BigEndian.AppendUint32(b, w)
	b = append(binary.BigEndian.AppendUint16(b, components), 7, 7, 0, 0)
	return box("jp2h", slices.Concat(box("ihdr", b), slices.Concat(more...), box("colr", []byte{1, 0, 0, 0, 0, 0, 17})))
}

// codeStream is a code stream whose blocks are all empty, which is grey. Its fields are the ones that lie.
type codeStream struct {
	w, h         uint32
	tileW, tileH uint32
	components   uint16
	layers       uint16
	more         []byte
	tiles        int // that are there
	data         []byte
}

func plainStream() codeStream {
	return codeStream{
		w: width, h: height, tileW: width, tileH: height, components: 1, layers: 1, tiles: 1, data: make([]byte, 16),
	}
}

func (c codeStream) bytes() []byte {
	b := []byte{0xff, 0x4f}
	size := binary.BigEndian.AppendUint16(nil, 0)
	for _, v := range []uint32{c.w, c.h, 0, 0, c.tileW, c.tileH, 0, 0} {
		size = binary.BigEndian.AppendUint32(size, v)
	}
	size = binary.BigEndian.AppendUint16(size, c.components)
	for range min(c.components, 16_384) {
		size = append(size, 7, 1, 1)
	}
	b = append(b, segment(0x51, size)...)
	coding := []byte{0, 0, byte(c.layers >> 8), byte(c.layers), 0, 2, 4, 4, 0, 1}
	b = append(b, segment(0x52, coding)...)
	b = append(b, segment(0x5c, append([]byte{0x40}, slices.Repeat([]byte{0x48}, 7)...))...)
	b = append(b, c.more...)
	for i := range c.tiles {
		tile := binary.BigEndian.AppendUint16([]byte{0xff, 0x90, 0, 10}, uint16(i))
		tile = binary.BigEndian.AppendUint32(tile, uint32(14+len(c.data)))
		b = append(append(append(b, tile...), 0, 1, 0xff, 0x93), c.data...)
	}
	return append(b, 0xff, 0xd9)
}

func goodJP2() []byte { return jp2Of(jp2Header(width, height, 1), plainStream().bytes()) }

func jp2s() []Document {
	f := family{name: "JPEG 2000"}
	good := goodJP2()
	f.cut(good, 24, 8, 12, 24, 32, 60, 85, 100, 130)
	f.flip(append(lenient(), fault.PageTooLarge, fault.DocumentUnknownType, fault.PageMemory), good, 16, 8, len(good)-18)
	f.extremes(good, 12, len(good)-20, 4, nil)
	f.add(fine(), "flat grey", good)
	lie := func(ends []fault.Code, name string, change func(*codeStream)) {
		c := plainStream()
		change(&c)
		f.lazy(ends, name, func() []byte { return jp2Of(jp2Header(c.w, c.h, c.components), c.bytes()) })
	}
	lie(costly(), "99 megapixels of nothing", func(c *codeStream) { c.w, c.h, c.tileW, c.tileH = 9_900, 10_000, 9_900, 10_000 })
	lie(costly(), "99 megapixels in tiles of one", func(c *codeStream) { c.w, c.h, c.tileW, c.tileH = 9_900, 10_000, 1, 1 })
	lie(costly(), "16,384 components", func(c *codeStream) { c.components = 16_384 })
	lie(costly(), "64 components of 9 megapixels", func(c *codeStream) { c.components, c.w, c.h, c.tileW, c.tileH = 64, 3000, 3000, 3000, 3000 })
	lie(costly(), "65,535 layers", func(c *codeStream) { c.layers = 65_535 })
	lie(lenient(), "no tile", func(c *codeStream) { c.tiles = 0 })
	lie(lenient(), "9 tiles of one", func(c *codeStream) { c.tiles = 9 })
	lie(lenient(), "packets of noise", func(c *codeStream) { c.data = noise(2000) })
	lie(lenient(), "packets of ones", func(c *codeStream) { c.data = slices.Repeat([]byte{0xff, 0x7f}, 1000) })
	lie(lenient(), "10,000 comments", func(c *codeStream) { c.more = slices.Repeat(segment(0x64, noise(20)), 10_000) })
	lie(lenient(), "packed headers of noise", func(c *codeStream) { c.more = segment(0x60, noise(300)) })
	lie(lenient(), "progression changes of noise", func(c *codeStream) { c.more = segment(0x5f, noise(210)) })
	lie(lenient(), "region of interest of 255 bits", func(c *codeStream) { c.more = segment(0x5e, []byte{0, 0, 255}) })
	lie(lenient(), "quantisation of nothing", func(c *codeStream) { c.more = segment(0x5c, nil) })
	plain := plainStream().bytes()
	for name, data := range map[string][]byte{
		"no header":                         jp2Of(nil, plain),
		"palette of 1,024 entries":          jp2Of(jp2Header(width, height, 1, box("pclr", append([]byte{4, 0, 3, 7, 7, 7}, noise(3072)...)), box("cmap", []byte{0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 1, 2})), plain),
		"palette of a component that is no": jp2Of(jp2Header(width, height, 1, box("pclr", []byte{0, 1, 1, 7, 0}), box("cmap", []byte{9, 9, 1, 9})), plain),
		"channels of noise":                 jp2Of(jp2Header(width, height, 1, box("cdef", noise(200))), plain),
		"colour profile of noise":           jp2Of(jp2Header(width, height, 1, box("colr", append([]byte{2, 0, 0}, noise(500)...))), plain),
		"box of 2^63 bytes":                 slices.Concat([]byte(jp2Start), []byte("\x00\x00\x00\x01free\x7f\xff\xff\xff\xff\xff\xff\xff"), box("jp2c", plain)),
		"code stream to the end":            slices.Concat([]byte(jp2Start), jp2Header(width, height, 1), []byte("\x00\x00\x00\x00jp2c"), plain),
		"no code stream":                    slices.Concat([]byte(jp2Start), jp2Header(width, height, 1)),
		"code stream of noise":              jp2Of(jp2Header(width, height, 1), noise(500)),
		"boxes 5,000 deep":                  slices.Concat([]byte(jp2Start), deepBoxes(5_000), jp2Header(width, height, 1), box("jp2c", plain)),
		"50,000 boxes":                      slices.Concat([]byte(jp2Start), slices.Repeat(box("free", nil), 50_000), jp2Header(width, height, 1), box("jp2c", plain)),
	} {
		f.add(lenient(), name, data)
	}
	sorted(f.all)
	f.add(foreign(), fmt.Sprintf("code stream of %d bytes without boxes", len(plain)), plain)
	return f.all
}

func deepBoxes(n int) []byte {
	var b []byte
	for range n {
		b = box("asoc", b)
	}
	return b
}
