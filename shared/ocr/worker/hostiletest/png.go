package hostiletest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/lethe-ocr/lethe/shared/fault"
)

const pngMark = "\x89PNG\r\n\x1a\n"

// chunk writes a chunk with the right length and sum (PNG, section 5.3).
func chunk(kind string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, kind...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// pngHeader is an IHDR of width, height, depth, colour type and interlace method.
func pngHeader(w, h uint32, depth, colour, interlace byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, w)
	b = binary.BigEndian.AppendUint32(b, h)
	return chunk("IHDR", append(b, depth, colour, 0, 0, interlace))
}

// filtered puts a filter byte before each row.
func filtered(pixels []byte, stride int, filter byte) []byte {
	var b []byte
	for row := range slices.Chunk(pixels, stride) {
		b = append(append(b, filter), row...)
	}
	return b
}

func pngData() []byte { return deflated(filtered(rows(), width, 0)) }

// pngOf joins chunks to a file with an end.
func pngOf(chunks ...[]byte) []byte {
	return slices.Concat([]byte(pngMark), slices.Concat(chunks...), chunk("IEND", nil))
}

func goodPNG() []byte {
	return pngOf(pngHeader(width, height, 8, 0, 0), chunk("IDAT", pngData()))
}

func pngs() []Document {
	f := family{name: "PNG"}
	good, header, data := goodPNG(), pngHeader(width, height, 8, 0, 0), chunk("IDAT", pngData())
	f.cut(good, 8, 4, 8, 12, 16, 20, 29, 33, 41, len(good)-12)
	f.flip(append(lenient(), fault.PageTooLarge), good, 10, 8, 60)
	const sum = 29 // of the header, behind the mark, its length, its name and 13 bytes
	mend := func(bad []byte) { binary.BigEndian.PutUint32(bad[sum:], crc32.ChecksumIEEE(bad[12:sum])) }
	f.extremes(good, 16, 24, 4, mend) // width and height
	f.extremes(good, 23, 29, 2, mend) // depth, colour type, methods
	f.add(append(refused(), fault.PageTooLarge), "negative width", pngOf(pngHeader(1<<31, height, 8, 0, 0), data))
	f.add(refused(), "depth 3", pngOf(pngHeader(width, height, 3, 0, 0), data))
	f.add(lenient(), "interlaced without being it", pngOf(pngHeader(width, height, 8, 0, 1), data))
	f.add(lenient(), "more rows than data", pngOf(pngHeader(width, 40_000, 8, 0, 0), data))
	f.add(lenient(), "claims red, green, blue and alpha", pngOf(pngHeader(width, height, 8, 6, 0), data))
	f.add(refused(), "header of 12 bytes", pngOf(chunk("IHDR", header[8:20]), data))
	f.add(lenient(), "header twice", pngOf(header, header, data))
	f.add(refused(), "header missing", pngOf(data))
	for _, c := range []struct {
		name   string
		chunks [][]byte
	}{
		{"no data", nil},
		{"empty data", [][]byte{chunk("IDAT", nil)}},
		{"data that is no zlib", [][]byte{chunk("IDAT", noise(200))}},
		{"data with a wrong sum", [][]byte{with(data, len(data)-2, 0xde, 0xad)}},
		{"zlib with a dictionary", [][]byte{chunk("IDAT", with(pngData(), 0, 0x78, 0xbb))}},
		{"zlib with a wrong sum", [][]byte{chunk("IDAT", with(pngData(), len(pngData())-4, 1, 2, 3, 4))}},
		{"filter 5", [][]byte{chunk("IDAT", deflated(filtered(rows(), width, 5)))}},
		{"filter 255", [][]byte{chunk("IDAT", deflated(filtered(rows(), width, 255)))}},
		{"data in two heaps", [][]byte{chunk("IDAT", pngData()[:20]), chunk("tEXt", []byte("a\x00b")), chunk("IDAT", pngData()[20:])}},
		{"data a byte each", bytewise(pngData())},
		{"chunk that claims 4 GiB", [][]byte{with(data, 0, 0xff, 0xff, 0xff, 0xff)}},
		{"chunk that claims 2 GiB", [][]byte{with(data, 0, 0x7f, 0xff, 0xff, 0xff)}},
		{"chunk a byte too long", [][]byte{with(data, 0, 0, 0, byte((len(data)-11)>>8), byte(len(data)-11))}},
		{"unknown critical chunk", [][]byte{chunk("QQQQ", noise(30)), data}},
		{"chunk whose name is NUL", [][]byte{chunk("\x00\x00\x00\x00", nil), data}},
		{"end before the data", [][]byte{chunk("IEND", nil), data}},
		{"palette of 257 entries", [][]byte{chunk("PLTE", make([]byte, 3*257)), data}},
		{"palette of half an entry", [][]byte{chunk("PLTE", make([]byte, 4)), data}},
	} {
		f.add(lenient(), c.name, pngOf(append([][]byte{header}, c.chunks...)...))
	}
	f.add(lenient(), "palette index out of range", pngOf(pngHeader(width, height, 8, 3, 0), chunk("PLTE", []byte{0, 0, 0}), data))
	f.add(lenient(), "end missing", slices.Concat([]byte(pngMark), header, data))
	return f.all
}

func bytewise(data []byte) [][]byte {
	var all [][]byte
	for _, b := range data {
		all = append(all, chunk("IDAT", []byte{b}))
	}
	return all
}

// pngBombs are good pictures of odd sizes and files whose parts unfold to far more than they are.
func pngBombs() []Document {
	f := family{name: "PNG"}
	header, data := pngHeader(width, height, 8, 0, 0), chunk("IDAT", pngData())
	for _, c := range []struct {
		name          string
		w, h          uint32
		depth, colour byte
		ends          []fault.Code
	}{
		{"1 × 1", 1, 1, 8, 0, fine()},
		{"1 × 1 of 16 bits", 1, 1, 16, 6, fine()},
		{"65535 × 1", 65_535, 1, 8, 0, fine()},
		{"1 × 65535", 1, 65_535, 8, 0, fine()},
		{"65536 × 1", 65_536, 1, 8, 0, tooLarge()},
		{"2 × 30000", 2, 30_000, 1, 0, fine()},
		{"16 bits of red, green, blue and alpha", 200, 100, 16, 6, fine()},
		{"2 bits", 200, 100, 2, 0, fine()},
	} {
		bits := map[byte]int{0: 1, 6: 4}[c.colour] * int(c.depth)
		f.lazy(c.ends, c.name, func() []byte {
			raw := make([]byte, (1+(int(c.w)*bits+7)/8)*int(c.h))
			return pngOf(pngHeader(c.w, c.h, c.depth, c.colour, 0), chunk("IDAT", deflated(raw)))
		})
	}
	bomb := func(ends []fault.Code, name string, w, h uint32, depth, colour, interlace byte, mebibytes int) {
		f.lazy(ends, name, func() []byte {
			return pngOf(pngHeader(w, h, depth, colour, interlace), chunk("IDAT", zeros(mebibytes)))
		})
	}
	bomb(tooLarge(), "500 megapixels in 60 kB", 25_000, 20_000, 1, 0, 0, 60)
	bomb(tooLarge(), "2^31-1 pixels square", 1<<31-1, 1<<31-1, 8, 0, 0, 1)
	bomb(costly(), "99 megapixels of 64 bits", 9_900, 10_000, 16, 6, 0, 756)
	bomb(costly(), "99 megapixels, interlaced", 9_900, 10_000, 8, 0, 1, 95)
	bomb(costly(), "64 MiB of data for one pixel", 1, 1, 8, 0, 0, 64)

	for name, c := range map[string][]byte{
		"text that unfolds to 1 GiB":               chunk("zTXt", slices.Concat([]byte("a\x00\x00"), zeros(1024))),
		"international text that unfolds to 1 GiB": chunk("iTXt", slices.Concat([]byte("a\x00\x01\x00\x00\x00"), zeros(1024))),
		"colour profile that unfolds to 1 GiB":     chunk("iCCP", slices.Concat([]byte("a\x00\x00"), zeros(1024))),
		"text of 8 MiB":                            chunk("tEXt", slices.Concat([]byte("a\x00"), bytes.Repeat([]byte("x"), 8<<20))),
		"20,000 texts":                             bytes.Repeat(chunk("tEXt", []byte("a\x00b")), 20_000),
		"2,000 suggested palettes":                 bytes.Repeat(chunk("sPLT", append([]byte("p\x00\x08"), make([]byte, 600)...)), 2_000),
		"animation of 4 billion frames":            slices.Concat(chunk("acTL", bytes.Repeat([]byte{255}, 8)), chunk("fcTL", make([]byte, 26))),
	} {
		f.add(lenient(), name, pngOf(header, c, data))
	}
	for _, kind := range []string{"acTL", "bKGD", "cHRM", "eXIf", "gAMA", "hIST", "iCCP", "iTXt", "pHYs", "PLTE", "sBIT", "sCAL", "sPLT", "sRGB", "tEXt", "tIME", "tRNS", "zTXt"} {
		f.add(lenient(), "nothing in "+kind, pngOf(header, chunk(kind, nil), data))
		f.add(lenient(), "zeros in "+kind, pngOf(header, chunk(kind, make([]byte, 32)), data))
		f.add(lenient(), "noise in "+kind, pngOf(header, chunk(kind, noise(300)), data))
	}
	sorted(f.all)
	f.add(fine(), fmt.Sprintf("%d MiB behind the end", 2), append(pngOf(header, data), noise(2<<20)...))
	return f.all
}
