package hostiletest

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"slices"

	"github.com/lethe-ocr/lethe/shared/fault"
)

func goodGIF() []byte {
	var b bytes.Buffer
	palette := color.Palette{color.Black, color.White}
	img := image.NewPaletted(image.Rect(0, 0, width, height), palette)
	for y := range height {
		for x := range width {
			img.Set(x, y, picture().At(x, y))
		}
	}
	_ = gif.Encode(&b, img, nil) // a buffer takes everything
	return b.Bytes()
}

// gifOf is a GIF of a logical screen with a table of two colours, and what follows.
func gifOf(w, h uint16, parts ...[]byte) []byte {
	b := binary.LittleEndian.AppendUint16([]byte("GIF89a"), w)
	b = append(binary.LittleEndian.AppendUint16(b, h), 0x80, 0, 0, 0, 0, 0, 255, 255, 255)
	return append(append(b, slices.Concat(parts...)...), ';')
}

// gifPicture is an image descriptor at left and top, flags, and data behind a code size.
func gifPicture(left, top, w, h uint16, flags, codeSize byte, data []byte) []byte {
	b := []byte{','}
	for _, v := range []uint16{left, top, w, h} {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	return append(append(b, flags, codeSize), gifBlocks(data)...)
}

// gifBlocks cuts data into blocks of up to 255 bytes.
func gifBlocks(data []byte) []byte {
	var b []byte
	for part := range slices.Chunk(data, 255) {
		b = append(append(b, byte(len(part))), part...)
	}
	return append(b, 0)
}

// codes is LZW data of two-bit codes to begin with: clear and then codes that each repeat more of the same colour.
func codes(n int) []byte {
	var out []byte
	var acc, have uint
	put := func(code, bits uint) {
		acc |= code << have
		for have += bits; have >= 8; have -= 8 {
			out = append(out, byte(acc))
			acc >>= 8
		}
	}
	next, bits := uint(6), uint(3)
	put(4, bits)
	put(0, bits)
	for range n {
		if next == 4096 {
			put(4, bits)
			next, bits = 6, 3
			put(0, bits)
			continue
		}
		put(next, bits) // the code that is defined by its own use: one pixel longer each time
		if next++; next == 1<<bits && bits < 12 {
			bits++
		}
	}
	put(5, bits)
	put(0, 8)
	return out
}

func gifs() []Document {
	f := family{name: "GIF"}
	good := goodGIF()
	f.cut(good, 6, 4, 6, 10, 13, 20)
	f.flip(append(lenient(), fault.PageTooLarge), good, 10, 6, 40)
	f.extremes(good, 6, 26, 2, nil) // the screen, colours, the start of the picture
	f.extremes(good, 13+6, 13+6+12, 2, nil)
	few := codes(200)
	for _, c := range []struct {
		name string
		data []byte
		ends []fault.Code
	}{
		{"nothing but a screen", gifOf(10, 10)[:19], refused()},
		{"picture of 65,535 pixels square", gifOf(10, 10, gifPicture(0, 0, 65_535, 65_535, 0, 2, few)), tooLarge()},
		{"screen of 65,535 pixels square", gifOf(65_535, 65_535, gifPicture(0, 0, 20, 10, 0, 2, few)), lenient()},
		{"1 × 1", gifOf(1, 1, gifPicture(0, 0, 1, 1, 0, 2, codes(0))), lenient()},
		{"65535 × 1", gifOf(65_535, 1, gifPicture(0, 0, 65_535, 1, 0, 2, codes(400))), lenient()},
		{"no code", gifOf(20, 10, gifPicture(0, 0, 20, 10, 0, 2, nil)), lenient()},
		{"codes of noise", gifOf(20, 10, gifPicture(0, 0, 20, 10, 0, 8, noise(600))), lenient()},
		{"codes that are not defined", gifOf(20, 10, gifPicture(0, 0, 20, 10, 0, 2, bytes.Repeat([]byte{255}, 300))), lenient()},
		{"codes for far more pixels", gifOf(20, 10, gifPicture(0, 0, 20, 10, 0, 2, codes(300_000))), lenient()},
		{"block without end", gifOf(20, 10, []byte{'!', 0xfe, 255}), refused()},
		{"picture that is cut off in a block", gifOf(20, 10, gifPicture(0, 0, 20, 10, 0, 2, few)[:30]), lenient()},
		{"2 MiB of comment", gifOf(20, 10, []byte{'!', 0xfe}, gifBlocks(noise(2<<20)), gifPicture(0, 0, 20, 10, 0, 2, few)), lenient()},
		{"100,000 empty extensions", gifOf(20, 10, bytes.Repeat([]byte{'!', 0xfe, 0}, 100_000), gifPicture(0, 0, 20, 10, 0, 2, few)), lenient()},
		{"20,000 pictures", gifOf(20, 10, bytes.Repeat(gifPicture(0, 0, 20, 10, 0, 2, few), 20_000)), lenient()},
		{"second picture of 65,535 pixels square", gifOf(20, 10, gifPicture(0, 0, 20, 10, 0, 2, few), gifPicture(0, 0, 65_535, 65_535, 0, 2, few)), lenient()},
		{"colours missing", slices.Concat([]byte("GIF87a\x14\x00\x0a\x00\x00\x00\x00"), gifPicture(0, 0, 20, 10, 0, 2, few), []byte(";")), lenient()},
		{"application loop of noise", gifOf(20, 10, []byte{'!', 0xff, 11}, noise(11), gifBlocks(noise(700)), gifPicture(0, 0, 20, 10, 0, 2, few)), lenient()},
	} {
		f.add(c.ends, c.name, c.data)
	}
	f.lazy(costly(), "96 megapixels of one colour", func() []byte {
		return gifOf(9_800, 9_800, gifPicture(0, 0, 9_800, 9_800, 0, 2, codes(60_000)))
	})
	return f.all
}
