package hostiletest

import (
	"encoding/binary"
	"slices"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// riff is a RIFF chunk with its padding.
func riff(kind string, data []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(data)))
	b = append(b, data...)
	if len(data)%2 != 0 {
		b = append(b, 0)
	}
	return b
}

func webpOf(chunks ...[]byte) []byte {
	return riff("RIFF", append([]byte("WEBP"), slices.Concat(chunks...)...))
}

// bits collects bits, the lowest first.
type bits struct {
	out []byte
	n   uint
}

func (b *bits) put(value, count uint) {
	for i := range count {
		if b.n%8 == 0 {
			b.out = append(b.out, 0)
		}
		b.out[b.n/8] |= byte(value >> i & 1 << (b.n % 8))
		b.n++
	}
}

// lossless is a VP8L picture (WebP lossless bitstream specification, sections 3 to 6): without pixels each code has one
// symbol, so that a picture of any size takes no data at all; else a pixel is a bit that says black or white.
func lossless(w, h uint, pixels []byte) []byte {
	b := &bits{}
	b.put(0x2f, 8)
	b.put(w-1, 14)
	b.put(h-1, 14)
	b.put(0, 1+3) // no alpha, version 0
	b.put(0, 1)   // no transform
	b.put(0, 1)   // no colour cache
	b.put(0, 1)   // one group of codes
	if pixels == nil {
		b.put(1|0<<1|1<<2|255<<3, 11) // green: one symbol of 8 bits
	} else {
		b.put(1|1<<1|0<<2|0<<3, 4) // green: two symbols, the first of them 0
		b.put(255, 8)
	}
	for range 2 {
		b.put(1|0<<1|1<<2|255<<3, 11) // red, blue
	}
	b.put(1|0<<1|1<<2|255<<3, 11) // alpha
	b.put(1, 4)                   // distance: the symbol 0
	for _, p := range pixels {
		b.put(uint(p>>7), 1)
	}
	return b.out
}

func goodWebP() []byte { return webpOf(riff("VP8L", lossless(width, height, rows()))) }

// lossy is the head of a key frame (RFC 6386, section 9.1) and data that a range decoder takes for something.
func lossy(w, h uint16, data []byte) []byte {
	size := uint32(len(data))
	tag := 0 | 1<<4 | size<<5 // a key frame that is shown; its first partition is all of it
	b := []byte{byte(tag), byte(tag >> 8), byte(tag >> 16), 0x9d, 0x01, 0x2a}
	b = binary.LittleEndian.AppendUint16(b, w)
	return append(binary.LittleEndian.AppendUint16(b, h), data...)
}

// extended is the chunk of an extended file: flags and the canvas.
func extended(flags byte, w, h uint32) []byte {
	return riff("VP8X", []byte{flags, 0, 0, 0, byte(w - 1), byte((w - 1) >> 8), byte((w - 1) >> 16), byte(h - 1), byte((h - 1) >> 8), byte((h - 1) >> 16)})
}

func webps() []Document {
	f := family{name: "WebP"}
	good := goodWebP()
	picture := riff("VP8L", lossless(width, height, rows()))
	f.cut(good, 16, 4, 12, 16, 20, 21, 25, 30)
	f.flip(append(lenient(), fault.PageTooLarge, fault.DocumentUnknownType), good, 14, 4, 40)
	f.extremes(good, 4, 40, 2, nil)
	f.extremes(webpOf(riff("VP8 ", lossy(width, height, noise(900)))), 12, 30, 2, nil)
	f.extremes(webpOf(extended(0x3f, width, height), picture), 12, 30, 2, nil)
	for _, c := range []struct {
		name string
		data []byte
		ends []fault.Code
	}{
		{"268 megapixels in 40 bytes", webpOf(riff("VP8L", lossless(16_384, 16_384, nil))), tooLarge()},
		{"1 × 1", webpOf(riff("VP8L", lossless(1, 1, nil))), fine()},
		{"16384 × 1", webpOf(riff("VP8L", lossless(16_384, 1, nil))), fine()},
		{"1 × 16384", webpOf(riff("VP8L", lossless(1, 16_384, nil))), fine()},
		{"picture of noise", webpOf(riff("VP8L", append(lossless(width, height, nil)[:5], noise(3000)...))), lenient()},
		{"picture of ones", webpOf(riff("VP8L", append(lossless(width, height, nil)[:5], slices.Repeat([]byte{255}, 300)...))), lenient()},
		{"lossy picture of zeros", webpOf(riff("VP8 ", lossy(width, height, make([]byte, 900)))), lenient()},
		{"lossy picture, 268 megapixels", webpOf(riff("VP8 ", lossy(16_383, 16_383, noise(900)))), tooLarge()},
		{"no picture", webpOf(), append(refused(), fault.DocumentUnknownType)},
		{"unknown chunk", webpOf(riff("ABCD", noise(77)), picture), lenient()},
		{"canvas of 2^24 pixels square", webpOf(extended(0, 1<<24, 1<<24), picture), append(refused(), fault.PageTooLarge)},
		{"alpha of noise", webpOf(extended(0x10, width, height), riff("ALPH", noise(333)), riff("VP8 ", lossy(width, height, make([]byte, 900)))), lenient()},
		{"colour profile of noise", webpOf(extended(0x20, width, height), riff("ICCP", noise(333)), picture), lenient()},
		{"Exif and XMP of noise", webpOf(extended(0x0c, width, height), picture, riff("EXIF", noise(333)), riff("XMP ", []byte(laughs()))), lenient()},
		{"animation without frames", webpOf(extended(0x02, width, height), riff("ANIM", make([]byte, 6))), lenient()},
		{"animation of 5,000 frames", webpOf(extended(0x02, width, height), riff("ANIM", make([]byte, 6)), slices.Repeat(riff("ANMF", append(make([]byte, 16), picture...)), 5_000)), lenient()},
		{"animation whose frame is outside", webpOf(extended(0x02, width, height), riff("ANIM", make([]byte, 6)), riff("ANMF", append(slices.Repeat([]byte{255}, 16), picture...))), lenient()},
		{"noise behind the end", slices.Concat(good, noise(50_000)), lenient()},
	} {
		f.add(c.ends, c.name, c.data)
	}
	f.lazy(costly(), "99 megapixels in 40 bytes", func() []byte { return webpOf(riff("VP8L", lossless(9_900, 10_000, nil))) })
	return f.all
}
