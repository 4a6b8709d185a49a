package hostiletest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image/jpeg"
	"slices"

	"github.com/lethe-ocr/lethe/shared/fault"
)

func goodJPEG() []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, picture(), nil) // a buffer takes everything
	return b.Bytes()
}

// segment writes a marker segment with its length.
func segment(marker byte, data []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(2+len(data))), data...)
}

// component is one entry of a frame header: id, sampling factors, quantisation table.
func component(id, sampling byte) []byte { return []byte{id, sampling, 0} }

// frame is a frame header (ITU-T T.81, B.2.2).
func frame(marker, precision byte, h, w uint16, components ...[]byte) []byte {
	b := binary.BigEndian.AppendUint16([]byte{precision}, h)
	b = append(binary.BigEndian.AppendUint16(b, w), byte(len(components)))
	return segment(marker, append(b, slices.Concat(components...)...))
}

// start is a scan header for components with the Huffman tables 0, covering the coefficients from first to last.
func start(first, last, bits byte, ids ...byte) []byte {
	b := []byte{byte(len(ids))}
	for _, id := range ids {
		b = append(b, id, 0)
	}
	return segment(0xda, append(b, first, last, bits))
}

// tables are a quantisation table of ones and two Huffman tables of one code of one bit each: DC difference 0, end of block.
func tables() []byte {
	one := append([]byte{0}, bytes.Repeat([]byte{1}, 64)...)
	dc := append([]byte{0x00, 1}, make([]byte, 16)...)
	ac := append([]byte{0x10, 1}, make([]byte, 16)...)
	return slices.Concat(segment(0xdb, one), segment(0xc4, dc), segment(0xc4, ac))
}

// flat is a JPEG of grey blocks: every bit of the scan is zero.
func flat(header, scan []byte, bits int) []byte {
	return slices.Concat([]byte{0xff, 0xd8}, tables(), header, scan, make([]byte, (bits+7)/8), []byte{0xff, 0xd9})
}

func jpegs() []Document {
	f := family{name: "JPEG"}
	good := goodJPEG()
	sof := sofOf(good)
	sos := bytes.Index(good, []byte{0xff, 0xda})
	f.cut(good, 3, 2, 4, 20, sof+4, sof+9, sos+2, sos+12)
	f.flip(lenient(), good, 14, 2, sos+14)
	f.flip(lenient(), good, 4, sos+14, len(good))
	f.extremes(good, sof, sof+14, 2, nil)
	f.extremes(good, sof+1, sof+14, 2, nil)
	f.extremes(good, sos, sos+12, 2, nil)
	f.add(tooLarge(), "65,500 pixels square", with(good, sof+5, 255, 220, 255, 220))
	for _, marker := range []byte{0xc2, 0xc3, 0xc5, 0xc9, 0xe5} { // progressive, lossless, hierarchical, arithmetic, nothing
		f.add(lenient(), fmt.Sprintf("frame called %x", marker), with(good, sof+1, marker))
	}
	const blocks = (width / 8) * (height / 8)
	grey := component(1, 0x11)
	inks := [][]byte{component(1, 0x11), component(2, 0x11), component(3, 0x11), component(4, 0x11)}
	for _, c := range []struct {
		name string
		data []byte
		ends []fault.Code
	}{
		{"flat grey", flat(frame(0xc0, 8, height, width, grey), start(0, 63, 0, 1), 2*blocks), fine()},
		{"1 × 1", flat(frame(0xc0, 8, 1, 1, grey), start(0, 63, 0, 1), 2), fine()},
		{"65500 × 1", flat(frame(0xc0, 8, 1, 65_500, grey), start(0, 63, 0, 1), 2*8188), fine()},
		{"four inks", flat(frame(0xc0, 8, height, width, inks...), start(0, 63, 0, 1, 2, 3, 4), 8*blocks), lenient()},
		{"four inks as luma and chroma", flat(slices.Concat(adobe(2), frame(0xc0, 8, height, width, inks...)), start(0, 63, 0, 1, 2, 3, 4), 8*blocks), lenient()},
		{"chroma finer than luma", flat(frame(0xc0, 8, height, width, component(1, 0x11), component(2, 0x44), component(3, 0x14)), start(0, 63, 0, 1, 2, 3), 999), lenient()},
		{"a second frame of 65,500 pixels square", flat(slices.Concat(frame(0xc0, 8, height, width, grey), frame(0xc0, 8, 65_500, 65_500, grey)), start(0, 63, 0, 1), 2*blocks), append(lenient(), fault.PageTooLarge)},
		{"Huffman codes beyond 16 bits", slices.Concat([]byte{0xff, 0xd8}, segment(0xc4, append([]byte{0}, bytes.Repeat([]byte{255}, 16+255)...)), good[2:]), lenient()},
		{"quantisation table of zeros", flat(slices.Concat(segment(0xdb, make([]byte, 65)), frame(0xc0, 8, height, width, grey)), start(0, 63, 0, 1), 2*blocks), lenient()},
		{"restart interval 1 without restarts", flat(slices.Concat(segment(0xdd, []byte{0, 1}), frame(0xc0, 8, height, width, grey)), start(0, 63, 0, 1), 2*blocks), lenient()},
		{"restarts out of order", slices.Concat(good[:sos+14], bytes.Repeat([]byte{0xff, 0xd5, 0xff, 0xd1}, 500), good[sos+14:]), lenient()},
		{"1 MiB of fill bytes", slices.Concat([]byte{0xff, 0xd8}, bytes.Repeat([]byte{255}, 1<<20), good[3:]), lenient()},
		{"start marker a thousand times", slices.Concat(bytes.Repeat([]byte{0xff, 0xd8}, 1000), good[2:]), append(lenient(), fault.DocumentUnknownType)},
		{"noise after the start", append([]byte{0xff, 0xd8, 0xff}, noise(5000)...), refused()},
		{"scan of all ones", slices.Concat(good[:sos+14], bytes.Repeat([]byte{255, 0}, 5000), []byte{0xff, 0xd9}), lenient()},
	} {
		f.add(c.ends, c.name, c.data)
	}
	scans := func(h, w uint16, n int) func() []byte {
		return func() []byte {
			b := slices.Concat([]byte{0xff, 0xd8}, tables(), frame(0xc2, 8, h, w, grey), start(0, 0, 0, 1))
			return slices.Concat(b, bytes.Repeat(start(1, 63, 0, 1), n), []byte{0xff, 0xd9})
		}
	}
	f.lazy(lenient(), "10,000 scans of a small picture", scans(height, width, 10_000))
	f.lazy(costly(), "5,000 scans of 96 megapixels", scans(9_800, 9_800, 5_000))
	f.lazy(costly(), "96 megapixels of nothing", func() []byte {
		return flat(frame(0xc0, 8, 9_800, 9_800, component(1, 0x11), component(2, 0x11), component(3, 0x11)), start(0, 63, 0, 1, 2, 3), 64)
	})
	return f.all
}

// adobe is the segment that says how colours are stored.
func adobe(transform byte) []byte {
	return segment(0xee, append([]byte("Adobe\x00\x64\x00\x00\x00\x00"), transform))
}

// jpegMetadata are good pictures behind segments that readers of metadata trip over.
func jpegMetadata() []Document {
	f := family{name: "JPEG"}
	good := goodJPEG()
	exif := func(body string) []byte { return segment(0xe1, []byte("Exif\x00\x00"+body)) }
	const head = "MM\x00\x2a\x00\x00\x00\x08"
	entry := func(tag, kind, count, value string) string { return tag + "\x00" + kind + count + value }
	orientation := func(v string) string {
		return head + "\x00\x01" + entry("\x01\x12", "\x03", "\x00\x00\x00\x01", v+"\x00\x00") + "\x00\x00\x00\x00"
	}
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"Exif whose directory comes back to itself", exif(head + "\x00\x00\x00\x00\x00\x08")},
		{"Exif whose sub-directory is itself", exif(head + "\x00\x01" + entry("\x87\x69", "\x04", "\x00\x00\x00\x01", "\x00\x00\x00\x08") + "\x00\x00\x00\x00")},
		{"Exif of 65,535 entries", exif(head + "\xff\xff" + string(make([]byte, 60_000)))},
		{"Exif value of 4 GiB", exif(head + "\x00\x01" + entry("\x01\x0e", "\x02", "\xff\xff\xff\xff", "\x00\x00\x00\x1a"))},
		{"Exif resolution of 0/0", exif(head + "\x00\x01" + entry("\x01\x1a", "\x05", "\x00\x00\x00\x01", "\x00\x00\x00\x1a") + "\x00\x00\x00\x00" + string(make([]byte, 8)))},
		{"a hundred Exif segments", bytes.Repeat(exif(orientation("\x00\x06")), 100)},
		{"JFIF with a thumbnail that is not there", segment(0xe0, []byte("JFIF\x00\x01\x02\x01\x00\x48\x00\x48\xff\xff"))},
		{"255 parts of a colour profile", bytes.Repeat(segment(0xe2, append([]byte("ICC_PROFILE\x00\x01\xff"), noise(9000)...)), 255)},
		{"XMP that unfolds", segment(0xe1, []byte("http://ns.adobe.com/xap/1.0/\x00"+laughs()))},
		{"4 MiB of comments", bytes.Repeat(segment(0xfe, bytes.Repeat([]byte("x"), 65_000)), 64)},
		{"50,000 empty comments", bytes.Repeat(segment(0xfe, nil), 50_000)},
		{"segment of one byte", []byte{0xff, 0xe3, 0, 1}},
		{"segment of no byte", []byte{0xff, 0xe3, 0, 0}},
		{"segment longer than the file", []byte{0xff, 0xe3, 0xff, 0xff}},
	} {
		f.add(lenient(), c.name, slices.Concat(good[:2], c.data, good[2:]))
	}
	for _, name := range []string{"JFIF\x00", "Exif\x00\x00", "ICC_PROFILE\x00", "MPF\x00", "Adobe", "Photoshop 3.0\x008BIM", "http://ns.adobe.com/xap/1.0/\x00", "http://ns.adobe.com/xmp/extension/\x00"} {
		for _, marker := range []byte{0xe0, 0xe1, 0xe2, 0xed, 0xee} {
			f.add(lenient(), fmt.Sprintf("%q of noise in %x", name, marker), slices.Concat(good[:2], segment(marker, append([]byte(name), noise(300)...)), good[2:]))
		}
		f.add(lenient(), fmt.Sprintf("%q of nothing", name), slices.Concat(good[:2], segment(0xe1, []byte(name)), good[2:]))
	}
	turned := slices.Concat(good[:2], exif(orientation("\x00\x06")), good[2:])
	f.extremes(turned, 12, 40, 2, nil)
	f.add(fine(), fmt.Sprintf("%d MiB behind the end", 1), append(slices.Clone(good), noise(1<<20)...))
	f.add(fine(), "a second picture behind the end", slices.Concat(good, good))
	return f.all
}

// laughs is XML whose entities unfold to gigabytes.
func laughs() string {
	b := "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY e0 \"ha\">"
	for i := 1; i < 30; i++ {
		b += fmt.Sprintf("<!ENTITY e%d \"&e%d;&e%d;\">", i, i-1, i-1)
	}
	return b + "<!ENTITY f SYSTEM \"file:///etc/passwd\">]><a>&e29;&f;</a>"
}

// sofOf finds the frame header.
func sofOf(data []byte) int { return bytes.Index(data, []byte{0xff, 0xc0}) }
