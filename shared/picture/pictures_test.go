//go:build cgo

package picture_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"slices"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
)

// The encoders of these tests. Each skips the test by name when it needs a tool that is missing.

func asPNG(t *testing.T, img image.Image) []byte {
	t.Helper()
	return encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, img) })
}

func asJPEG(t *testing.T, img image.Image) []byte {
	t.Helper()
	return encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, img, &jpeg.Options{Quality: 90}) })
}

func asGIF(t *testing.T, img image.Image) []byte {
	t.Helper()
	return encoded(t, func(b *bytes.Buffer) error { return gif.Encode(b, img, nil) })
}

func asBMP(t *testing.T, img image.Image) []byte {
	t.Helper()
	return encoded(t, func(b *bytes.Buffer) error { return bmp.Encode(b, img) })
}

func asTIFF(t *testing.T, img image.Image) []byte {
	t.Helper()
	return encoded(t, func(b *bytes.Buffer) error { return tiff.Encode(b, img, &tiff.Options{Compression: tiff.Deflate}) })
}

func asWebP(t *testing.T, img image.Image) []byte {
	t.Helper()
	return ocrtest.Convert(t, asPNG(t, img), "in.png", "out.webp", "cwebp", "-quiet", "in.png", "-o", "out.webp")
}

func asJP2(t *testing.T, img image.Image) []byte {
	t.Helper()
	return ocrtest.Convert(t, asPNG(t, img), "in.png", "out.jp2", "opj_compress", "-i", "in.png", "-o", "out.jp2")
}

func asCompressedTIFF(t *testing.T, img image.Image, compression string) []byte {
	t.Helper()
	return ocrtest.Convert(t, asTIFF(t, img), "in.tif", "out.tif", "tiffcp", "-c", compression, "in.tif", "out.tif")
}

func encoded(t *testing.T, encode func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withEXIF inserts an orientation into a JPEG (Exif 2.32, 4.5 and 4.6).
func withEXIF(jpeg []byte, orientation byte) []byte {
	body := slices.Concat([]byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01"),
		[]byte{0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0}, make([]byte, 4))
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(2+len(body)))
	return slices.Concat(jpeg[:2], segment, body, jpeg[2:])
}

// tiffPage is one directory of a TIFF with 8 bits a pixel and one strip.
type tiffPage struct {
	width, height uint32
	orientation   uint32
	compression   uint32 // zero is none
	subfile       uint32
	strips        uint32 // how many strips the directory claims; zero is one
	pixels        []byte
}

// tiffFile writes pages one after the other; last is where the chain goes on behind the last one.
func tiffFile(order binary.AppendByteOrder, last uint32, pages ...tiffPage) []byte {
	mark := "II"
	if order.String() == "BigEndian" {
		mark = "MM"
	}
	b := order.AppendUint16([]byte(mark), 42)
	b = order.AppendUint32(b, 8)
	for i, p := range pages {
		const entries = 10
		pixels := uint32(len(b) + 2 + entries*12 + 4)
		next := pixels + uint32(len(p.pixels))
		if i == len(pages)-1 {
			next = last
		}
		b = order.AppendUint16(b, entries)
		for _, e := range [entries][3]uint32{
			{254, 1, p.subfile}, {256, 1, p.width}, {257, 1, p.height}, {258, 1, 8}, {259, 1, max(p.compression, 1)}, {262, 1, 1},
			{273, max(p.strips, 1), pixels}, {274, 1, max(p.orientation, 1)}, {278, 1, p.height}, {279, 1, uint32(len(p.pixels))},
		} {
			b = order.AppendUint16(b, uint16(e[0]))
			b = order.AppendUint16(b, 4) // LONG
			b = order.AppendUint32(b, e[1])
			b = order.AppendUint32(b, e[2])
		}
		b = order.AppendUint32(b, next)
		b = append(b, p.pixels...)
	}
	return b
}

// huge returns the start of a file of each type that claims far more pixels than it holds.
func huge(t *testing.T) map[string][]byte {
	t.Helper()
	dot := image.NewGray(image.Rect(0, 0, 8, 8))
	pngData := asPNG(t, dot)
	binary.BigEndian.PutUint32(pngData[16:], 60_000)
	binary.BigEndian.PutUint32(pngData[20:], 60_000)
	binary.BigEndian.PutUint32(pngData[29:], crc32.ChecksumIEEE(pngData[12:29]))
	jpegData := asJPEG(t, dot)
	sof := bytes.Index(jpegData, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint32(jpegData[sof+5:], 0xfde8fde8) // 65,000 × 65,000
	gifData := asGIF(t, dot)
	descriptor := bytes.LastIndexByte(gifData[:len(gifData)-10], ',')
	binary.LittleEndian.PutUint32(gifData[descriptor+5:], 0xffffffff)
	bmpData := asBMP(t, dot)
	binary.LittleEndian.PutUint32(bmpData[18:], 60_000)
	binary.LittleEndian.PutUint32(bmpData[22:], 60_000)
	webp := binary.LittleEndian.AppendUint32([]byte("RIFF\x20\x00\x00\x00WEBPVP8L\x14\x00\x00\x00\x2f"), 0x0fffffff) // 16,384 × 16,384
	jp2 := slices.Concat(
		[]byte("\x00\x00\x00\x0cjP  \r\n\x87\n\x00\x00\x00\x14ftypjp2 \x00\x00\x00\x00jp2 "),
		[]byte("\x00\x00\x00\x00jp2c\xff\x4f\xff\x51\x00\x29\x00\x00\x00\x00\xff\x00\x00\x00\xff\x00"), make([]byte, 64))
	return map[string][]byte{
		"image/png": pngData, "image/jpeg": jpegData, "image/gif": gifData, "image/bmp": bmpData,
		"image/webp": append(webp, make([]byte, 32)...), "image/jp2": jp2,
		"image/tiff": tiffFile(binary.LittleEndian, 0, tiffPage{width: 60_000, height: 60_000}),
	}
}
