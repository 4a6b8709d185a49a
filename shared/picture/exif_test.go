//go:build cgo

package picture_test

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// The types of Exif values.
const (
	exifByte  = 1
	exifShort = 3
	exifLong  = 4
)

// exifOf writes a block of Exif with an orientation behind so many other tags.
func exifOf(order binary.AppendByteOrder, kind uint16, orientation uint32, others int) []byte {
	mark := "MM"
	if order.String() == "LittleEndian" {
		mark = "II"
	}
	b := order.AppendUint32(order.AppendUint16([]byte(mark), 42), 8)
	b = order.AppendUint16(b, uint16(1+others))
	for i := range others {
		b = order.AppendUint16(order.AppendUint16(b, uint16(0x100+i)), exifShort)
		b = order.AppendUint32(order.AppendUint32(b, 1), 7)
	}
	b = order.AppendUint32(order.AppendUint16(order.AppendUint16(b, 0x112), kind), 1)
	switch kind {
	case exifByte:
		b = append(b, byte(orientation), 0, 0, 0)
	case exifShort:
		b = append(order.AppendUint16(b, uint16(orientation)), 0, 0)
	default:
		b = order.AppendUint32(b, orientation)
	}
	return append(b, 0, 0, 0, 0)
}

func TestOrientationIsFoundWhereverAndHoweverItIsWritten(t *testing.T) {
	be, le := binary.BigEndian, binary.LittleEndian
	const prefix = "Exif\x00\x00"
	segment := func(marker byte, body string) []byte {
		return append(be.AppendUint16([]byte{0xff, marker}, uint16(2+len(body))), body...)
	}
	exif := func(b []byte) []byte { return segment(0xe1, prefix+string(b)) }
	plain := asJPEG(t, letter(t))
	jpeg := func(segments ...[]byte) []byte {
		return slices.Concat(plain[:2], slices.Concat(segments...), plain[2:])
	}
	six := exifOf(le, exifShort, 6, 2)
	xmp := segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta/>")
	for name, c := range map[string]struct {
		data []byte
		want int
	}{
		"big-endian":                 {jpeg(exif(exifOf(be, exifShort, 6, 0))), 6},
		"little-endian":              {jpeg(exif(exifOf(le, exifShort, 6, 0))), 6},
		"a byte":                     {jpeg(exif(exifOf(le, exifByte, 6, 0))), 6},
		"a long number":              {jpeg(exif(exifOf(be, exifLong, 6, 1))), 6},
		"behind XMP":                 {jpeg(xmp, exif(six)), 6},
		"before XMP":                 {jpeg(exif(six), xmp), 6},
		"behind JFIF and a comment":  {jpeg(segment(0xe0, "JFIF\x00\x01\x01\x01\x00\x48\x00\x48\x00\x00"), segment(0xfe, "scan"), exif(six)), 6},
		"behind a colour profile":    {jpeg(segment(0xe2, "ICC_PROFILE\x00\x01\x01"+string(make([]byte, 5000))), exif(six)), 6},
		"behind fill bytes":          {jpeg([]byte{0xff, 0xff}, exif(six)), 6},
		"behind an empty one":        {jpeg(exif(nil), exif(six)), 6},
		"before another":             {jpeg(exif(six), exif(exifOf(le, exifShort, 3, 0))), 6},
		"a value that means nothing": {jpeg(exif(exifOf(le, exifShort, 9, 0))), 1},
		"none":                       {plain, 1},
		"a segment that is cut off":  {slices.Concat(plain[:2], []byte{0xff, 0xe1, 0xff, 0xff}, []byte(prefix)), 1},
	} {
		if got := picture.Orientation(c.data, ocr.JPEG); got != c.want {
			t.Errorf("JPEG, %s: %d, want %d", name, got, c.want)
		}
	}
	png, webp := asPNG(t, letter(t)), asWebP(t, letter(t))
	const header, end, riff = 33, 12, 12
	for name, block := range map[string][]byte{"": six, " with the prefix of JPEG": append([]byte(prefix), six...), " as a long number": exifOf(be, exifLong, 6, 0)} {
		named := append([]byte("eXIf"), block...)
		chunk := be.AppendUint32(append(be.AppendUint32(nil, uint32(len(block))), named...), crc32.ChecksumIEEE(named))
		for where, at := range map[string]int{"before": header, "behind": len(png) - end} {
			if got := picture.Orientation(slices.Concat(png[:at], chunk, png[at:]), ocr.PNG); got != 6 {
				t.Errorf("PNG%s, %s the pixels: %d", name, where, got)
			}
		}
		body := slices.Concat([]byte("VP8X\x0a\x00\x00\x00\x08\x00\x00\x00"), []byte{899 & 255, 899 >> 8, 0, 699 & 255, 699 >> 8, 0}, webp[riff:])
		body = le.AppendUint32(append(body, "EXIF"...), uint32(len(block)))
		body = append(append(body, block...), make([]byte, len(block)%2)...)
		file := slices.Concat(le.AppendUint32([]byte("RIFF"), uint32(4+len(body))), []byte("WEBP"), body)
		if got := picture.Orientation(file, ocr.WebP); got != 6 {
			t.Errorf("WebP%s: %d", name, got)
		}
		if p := pixels(t, decode(t, file, ocr.WebP, 0)); p.Width != 700 || p.Height != 900 {
			t.Errorf("WebP%s is displayed as %d x %d", name, p.Width, p.Height)
		}
	}
}
