package hostiletest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"golang.org/x/image/bmp"

	"github.com/lethe-ocr/lethe/shared/fault"
)

func goodBMP() []byte {
	var b bytes.Buffer
	_ = bmp.Encode(&b, picture()) // a buffer takes everything
	return b.Bytes()
}

func bmps() []Document {
	f := family{name: "BMP"}
	good := goodBMP()
	f.cut(good, 18, 1, 10, 18, 40, 53, 54, 400)
	f.flip(append(lenient(), fault.PageTooLarge, fault.DocumentUnknownType), good, 12, 2, 54)
	f.extremes(good, 2, 54, 4, nil)
	f.extremes(good, 26, 34, 2, nil) // planes, bits of a pixel, compression
	word := func(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }
	const size = 18
	f.add(tooLarge(), "60,000 pixels square", with(good, size, append(word(60_000), word(60_000)...)...))
	f.add(lenient(), "99 megapixels without data", with(good, size, append(word(9_900), word(10_000)...)...))
	f.add(lenient(), "65535 × 1", with(good, size, append(word(65_535), word(1)...)...))
	for bits := range 6 {
		f.add(lenient(), fmt.Sprintf("compression %d", bits), with(good, 30, byte(bits)))
	}
	f.add(lenient(), "noise behind the end", slices.Concat(good, noise(100_000)))
	return f.all
}
