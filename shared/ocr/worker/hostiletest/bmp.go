package hostiletest

import (
	"bytes"
	"encoding/binary"
	"slices"

	"golang.org/x/image/bmp"

	"github.com/lethe-ocr/lethe/shared/fault"
)

func goodBMP() []byte {
	var b bytes.Buffer
	_ = bmp.Encode(&b, picture()) // a buffer takes everything
	return b.Bytes()
}

// Places in the headers of a BMP.
const (
	bmpSize        = 2
	bmpOffset      = 10
	bmpHeaderSize  = 14
	bmpWidth       = 18
	bmpHeight      = 22
	bmpPlanes      = 26
	bmpBits        = 28
	bmpCompression = 30
	bmpImageSize   = 34
	bmpResolution  = 38
	bmpColours     = 46
)

func bmps() []Document {
	f := family{name: "BMP"}
	good := goodBMP()
	word := func(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }
	f.cut(good, 18, 1, 10, 18, 40, 53, 54, 400)
	f.flip(append(lenient(), fault.PageTooLarge, fault.DocumentUnknownType), good, 12, 2, 54)
	for _, c := range []struct {
		name string
		at   int
		over []byte
		ends []fault.Code
	}{
		{"no width", bmpWidth, word(0), refused()},
		{"no height", bmpHeight, word(0), refused()},
		{"rows from the top", bmpHeight, word(1<<32 - height), lenient()},
		{"height of -2^31", bmpHeight, word(1 << 31), tooLarge()},
		{"negative width", bmpWidth, word(1<<32 - width), tooLarge()},
		{"60,000 pixels square", bmpWidth, append(word(60_000), word(60_000)...), tooLarge()},
		{"99 megapixels without data", bmpWidth, append(word(9_900), word(10_000)...), lenient()},
		{"65535 × 1", bmpWidth, append(word(65_535), word(1)...), lenient()},
		{"two rows more than there are", bmpHeight, word(height + 2), lenient()},
		{"no planes", bmpPlanes, []byte{0, 0}, lenient()},
		{"9 planes", bmpPlanes, []byte{9, 0}, lenient()},
		{"0 bits", bmpBits, []byte{0, 0}, lenient()},
		{"2 bits", bmpBits, []byte{2, 0}, lenient()},
		{"7 bits", bmpBits, []byte{7, 0}, lenient()},
		{"16 bits", bmpBits, []byte{16, 0}, lenient()},
		{"24 bits of a third of the data", bmpBits, []byte{24, 0}, lenient()},
		{"32 bits of a quarter of the data", bmpBits, []byte{32, 0}, lenient()},
		{"65535 bits", bmpBits, []byte{255, 255}, lenient()},
		{"run lengths of 8 bits", bmpCompression, word(1), lenient()},
		{"run lengths of 4 bits", bmpCompression, word(2), lenient()},
		{"bit fields", bmpCompression, word(3), lenient()},
		{"JPEG inside", bmpCompression, word(4), lenient()},
		{"PNG inside", bmpCompression, word(5), lenient()},
		{"compression 2^31", bmpCompression, word(1 << 31), lenient()},
		{"size of 4 GiB", bmpSize, word(1<<32 - 1), lenient()},
		{"size of nothing", bmpSize, word(0), lenient()},
		{"pixels outside of the file", bmpOffset, word(1<<32 - 16), lenient()},
		{"pixels in the header", bmpOffset, word(2), lenient()},
		{"header of 12 bytes", bmpHeaderSize, word(12), append(refused(), fault.DocumentUnknownType)},
		{"header of 124 bytes", bmpHeaderSize, word(124), lenient()},
		{"header of 4 GiB", bmpHeaderSize, word(1<<32 - 1), append(lenient(), fault.DocumentUnknownType)},
		{"image size of 4 GiB", bmpImageSize, word(1<<32 - 1), lenient()},
		{"2^31-1 pixels a metre", bmpResolution, append(word(1<<31-1), word(1<<31-1)...), lenient()},
		{"negative resolution", bmpResolution, append(word(1<<31), word(1<<31)...), lenient()},
		{"4 billion colours", bmpColours, word(1<<32 - 1), lenient()},
		{"257 colours", bmpColours, word(257), lenient()},
		{"1 colour", bmpColours, word(1), lenient()},
	} {
		f.add(c.ends, c.name, with(good, c.at, c.over...))
	}
	f.add(lenient(), "noise behind the end", slices.Concat(good, noise(100_000)))
	return f.all
}
