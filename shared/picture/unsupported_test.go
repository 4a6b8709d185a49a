//go:build cgo

package picture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"maps"
	"slices"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// fields of a TIFF page and their values.
type fields map[uint16][]uint16

// tiffOf writes a page of 64 by 48 pixels in one strip, or as the fields say.
func tiffOf(change fields, pixels []byte) []byte {
	const width, height = 64, 48
	all := fields{256: {width}, 257: {height}, 258: {8}, 259: {1}, 262: {1}, 273: {8}, 277: {1}, 278: {height}, 279: {uint16(len(pixels))}}
	maps.Copy(all, change)
	order := binary.LittleEndian
	tail := append([]byte{}, pixels...)
	var directory []byte
	for _, tag := range slices.Sorted(maps.Keys(all)) {
		var value []byte
		for _, v := range all[tag] {
			value = order.AppendUint16(value, v)
		}
		directory = order.AppendUint16(order.AppendUint16(directory, tag), 3) // SHORT
		directory = order.AppendUint32(directory, uint32(len(all[tag])))
		if len(value) > 4 {
			directory = order.AppendUint32(directory, uint32(8+len(tail)))
			tail = append(tail, value...)
		} else {
			directory = append(directory, append(value, make([]byte, 4-len(value))...)...)
		}
	}
	b := order.AppendUint32(append([]byte("II"), 42, 0), uint32(8+len(tail)))
	b = order.AppendUint16(append(b, tail...), uint16(len(all)))
	return append(append(b, directory...), 0, 0, 0, 0)
}

// got returns the code that a picture's first page is refused with, or nothing.
func got(data []byte, mediaType string) error {
	im, err := picture.Decode(data, mediaType, 0, ocr.DefaultLimits())
	if err == nil {
		im.Close()
	}
	return err
}

func TestKindsOfTIFFAreReadOrUnsupportedAndNeverDamaged(t *testing.T) {
	const area = 64 * 48
	alpha, floats := fields{338: {2}}, []uint16{3}
	for _, c := range []struct {
		name   string
		fields fields
		bytes  int // of pixels
		want   error
	}{
		{"1 bit", fields{258: {1}}, area / 8, nil},
		{"4 bits", fields{258: {4}}, area / 2, nil},
		{"16 bits", fields{258: {16}}, area * 2, nil},
		{"10 bits", fields{258: {10}}, area * 10 / 8, fault.PageUnsupported},
		{"32 bits", fields{258: {32}}, area * 4, fault.PageUnsupported},
		{"floating-point", fields{258: {32}, 339: floats}, area * 4, fault.PageUnsupported},
		{"grey and alpha", fields{258: {8, 8}, 277: {2}, 338: {2}}, area * 2, nil},
		{"grey and alpha of 16 bits", fields{258: {16, 16}, 277: {2}, 338: {2}}, area * 4, nil},
		{"RGB", fields{258: {8, 8, 8}, 262: {2}, 277: {3}}, area * 3, nil},
		{"RGB of 16 bits", fields{258: {16, 16, 16}, 262: {2}, 277: {3}}, area * 6, nil},
		{"RGB of floating-point", fields{258: {32, 32, 32}, 262: {2}, 277: {3}, 339: {3, 3, 3}}, area * 12, fault.PageUnsupported},
		{"RGB and more", fields{258: {8, 8, 8, 8, 8}, 262: {2}, 277: {5}, 338: {0, 0}}, area * 5, nil},
		{"CMYK", fields{258: {8, 8, 8, 8}, 262: {5}, 277: {4}}, area * 4, nil},
		{"CMYK of 16 bits", fields{258: {16, 16, 16, 16}, 262: {5}, 277: {4}}, area * 8, fault.PageUnsupported},
		{"Lab", fields{258: {8, 8, 8}, 262: {8}, 277: {3}}, area * 3, nil},
		{"YCbCr", fields{258: {8, 8, 8}, 262: {6}, 277: {3}, 530: {1, 1}}, area * 3, nil},
		{"nine samples", fields{277: {9}}, area * 9, fault.PageUnsupported},
		{"JPEG 2000 within", fields{259: {34712}}, area, fault.PageUnsupported},
		{"JBIG2 within", fields{258: {1}, 259: {34715}}, area, fault.PageUnsupported},
		{"a compression of nobody", fields{259: {40_000}}, area, fault.PageUnsupported},
		{"too few pixels", nil, area / 3, fault.PageDamaged},
		{"too few pixels of RGB", fields{258: {8, 8, 8}, 262: {2}, 277: {3}}, area, fault.PageDamaged},
		{"LZW that is none", fields{259: {5}}, 90, fault.PageDamaged},
	} {
		all := fields{}
		maps.Copy(all, c.fields)
		if c.fields[338] == nil && len(c.fields[258]) == 4 && c.fields[262][0] == 2 {
			maps.Copy(all, alpha)
		}
		pixels := bytes.Repeat([]byte{0xa5, 0x13, 0x77, 0x42, 0xee}, c.bytes/5+1)[:c.bytes]
		if err := got(tiffOf(all, pixels), ocr.TIFF); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestJBIGInTIFFIsReadOrUnsupported(t *testing.T) {
	plain := ocrtest.Convert(t, asTIFF(t, letter(t)), "in.tif", "out.tif", "tiffdither", "in.tif", "out.tif")
	whole := ocrtest.Convert(t, plain, "in.tif", "out.tif", "tiffcp", "-c", "none", "-r", "700", "in.tif", "out.tif") // JBIG has one strip
	data := ocrtest.Convert(t, whole, "in.tif", "out.tif", "tiffcp", "-c", "jbig", "-r", "700", "in.tif", "out.tif")
	im, err := picture.Decode(data, ocr.TIFF, 0, ocr.DefaultLimits())
	if err != nil {
		if !errors.Is(err, fault.PageUnsupported) {
			t.Errorf("got %v", err)
		}
		return
	}
	defer im.Close()
	if off := difference(pixels(t, im), letter(t)); off > 12 {
		t.Errorf("a pixel is %.1f off on average", off)
	}
}

func TestKindsOfJPEGThatTheDecoderLacksAreUnsupported(t *testing.T) {
	good := asJPEG(t, letter(t))
	frame := bytes.Index(good, []byte{0xff, 0xc0})
	for _, marker := range []byte{0xc3, 0xc5, 0xc7, 0xcb, 0xcf, 0xf7} {
		data := bytes.Clone(good)
		data[frame+1] = marker
		if err := got(data, ocr.JPEG); !errors.Is(err, fault.PageUnsupported) {
			t.Errorf("frame %x: %v", marker, err)
		}
	}
	for at, value := range map[int]byte{4: 12, 9: 2} { // bits, colours
		data := bytes.Clone(good)
		data[frame+at] = value
		if err := got(data, ocr.JPEG); !errors.Is(err, fault.PageUnsupported) {
			t.Errorf("%d at %d: %v", value, at, err)
		}
	}
	if err := got(good[:frame+1], ocr.JPEG); !errors.Is(err, fault.DocumentDamaged) {
		t.Errorf("cut off before its frame: %v", err)
	}
}

// bitmapOf writes a BMP of a coloured picture: pixels of 16, 24 or 32 bits, and a header of so many bytes.
func bitmapOf(img image.Image, header, bits int, compression uint32, masks []uint32, fromTop bool) []byte {
	size := img.Bounds().Size()
	le := binary.LittleEndian
	var fields []byte
	if header == 12 {
		for _, v := range []uint16{12, 0, uint16(size.X), uint16(size.Y), 1, uint16(bits)} {
			fields = le.AppendUint16(fields, v)
		}
	} else {
		height := uint32(size.Y)
		if fromTop {
			height = -height
		}
		for _, v := range []uint32{uint32(header), uint32(size.X), height, 1 | uint32(bits)<<16, compression, 0, 2835, 2835, 0, 0} {
			fields = le.AppendUint32(fields, v)
		}
		for _, m := range masks {
			fields = le.AppendUint32(fields, m)
		}
		fields = append(fields, make([]byte, max(0, header-len(fields)))...)
	}
	b := append([]byte("BM\x00\x00\x00\x00\x00\x00\x00\x00"), le.AppendUint32(nil, uint32(14+len(fields)))...)
	b = append(b, fields...)
	if bits == 16 && masks == nil {
		masks = []uint32{0x7c00, 0x3e0, 0x1f}
	}
	if bits == 32 && masks == nil {
		masks = []uint32{0xff0000, 0xff00, 0xff}
	}
	for row := range size.Y {
		y := size.Y - 1 - row
		if fromTop {
			y = row
		}
		start := len(b)
		for x := range size.X {
			red, green, blue, _ := img.At(x, y).RGBA()
			if bits == 24 {
				b = append(b, byte(blue>>8), byte(green>>8), byte(red>>8))
				continue
			}
			var v uint32
			for i, c := range []uint32{red, green, blue} {
				lowest := masks[i] & -masks[i]
				v |= c * (masks[i] / lowest) / 0xffff * lowest
			}
			if b = le.AppendUint16(b, uint16(v)); bits == 32 {
				b = le.AppendUint16(b, uint16(v>>16))
			}
		}
		b = append(b, make([]byte, (4-(len(b)-start)%4)%4)...)
	}
	return b
}

func TestBMPIsReadWhateverItsPixelsAre(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 37, 23))
	for i := range img.Pix {
		img.Pix[i] = uint8(i * 7)
		if i%4 == 3 {
			img.Pix[i] = 255
		}
	}
	usual, alpha := []uint32{0xff0000, 0xff00, 0xff}, []uint32{0xff0000, 0xff00, 0xff, 0xff000000}
	for _, c := range []struct {
		header, bits int
		compression  uint32
		masks        []uint32
		fromTop      bool
		exact        int // how far off a colour may be
	}{
		{12, 24, 0, nil, false, 0},
		{40, 24, 0, nil, false, 0}, {40, 24, 0, nil, true, 0}, {124, 24, 0, nil, false, 0},
		{40, 32, 0, nil, false, 0}, {124, 32, 0, alpha, false, 0},
		{40, 32, 3, usual, false, 0}, {56, 32, 3, alpha, false, 0}, {108, 32, 3, alpha, true, 0}, {124, 32, 3, alpha, false, 0},
		{124, 32, 3, []uint32{0xff, 0xff00, 0xff0000, 0}, false, 0}, {40, 32, 3, []uint32{0x3ff00000, 0xffc00, 0x3ff}, false, 1},
		{40, 16, 0, nil, false, 9}, {40, 16, 3, []uint32{0xf800, 0x7e0, 0x1f}, true, 9}, {124, 16, 3, []uint32{0x7c00, 0x3e0, 0x1f}, false, 9},
	} {
		name := fmt.Sprintf("header of %d, %d bits, compression %d, masks %x", c.header, c.bits, c.compression, c.masks)
		data := bitmapOf(img, c.header, c.bits, c.compression, c.masks, c.fromTop)
		if mediaType, err := ocr.MediaType(data); err != nil || mediaType != ocr.BMP {
			t.Errorf("%s: %s, %v", name, mediaType, err)
		}
		p := pixels(t, decode(t, data, ocr.BMP, 0))
		if p.Width != 37 || p.Height != 23 || p.Channels != 3 {
			t.Fatalf("%s: %d x %d x %d", name, p.Width, p.Height, p.Channels)
		}
		for i := range p.Width * p.Height {
			for channel := range 3 {
				is, want := int(p.Data[3*i+channel]), int(img.Pix[4*i+channel])
				if max(is-want, want-is) > c.exact {
					t.Fatalf("%s: pixel %d is %d, want %d", name, i, is, want)
				}
			}
		}
	}
	packed := bitmapOf(img, 40, 24, 1, nil, false)
	if err := got(packed, ocr.BMP); !errors.Is(err, fault.PageUnsupported) {
		t.Errorf("run lengths: %v", err)
	}
	short := bitmapOf(img, 40, 32, 3, usual, false)
	if err := got(short[:len(short)-200], ocr.BMP); !errors.Is(err, fault.PageDamaged) {
		t.Errorf("cut off: %v", err)
	}
}

func TestPalettesOfOS2AreRead(t *testing.T) {
	grey := letter(t)
	plain := asBMP(t, grey) // 8 bits with a palette of four bytes a colour
	const was, is = 14 + 40, 14 + 12
	old := append([]byte{}, plain[:14]...)
	binary.LittleEndian.PutUint32(old[10:], is+3*256)
	for _, v := range []uint16{12, 0, uint16(grey.Rect.Dx()), uint16(grey.Rect.Dy()), 1, 8} {
		old = binary.LittleEndian.AppendUint16(old, v)
	}
	for i := range 256 {
		old = append(old, plain[was+4*i:was+4*i+3]...)
	}
	old = append(old, plain[was+4*256:]...)
	if off := difference(pixels(t, decode(t, old, ocr.BMP, 0)), grey); off > 0 {
		t.Errorf("a pixel is %.1f off on average", off)
	}
}

func TestOnePageMayBeUnsupportedAndAnotherDamaged(t *testing.T) {
	good := make([]byte, 6)
	data := tiffFile(binary.LittleEndian, 0,
		tiffPage{width: 3, height: 2, pixels: good},
		tiffPage{width: 3, height: 2, compression: 34712, pixels: good},
		tiffPage{width: 3, height: 2, compression: 5, pixels: []byte{0xff, 0xff, 0xff}},
		tiffPage{width: 3, height: 2, pixels: good})
	for i, want := range []error{nil, fault.PageUnsupported, fault.PageDamaged, nil} {
		im, err := picture.Decode(data, ocr.TIFF, i, ocr.DefaultLimits())
		if err == nil {
			im.Close()
		}
		if !errors.Is(err, want) {
			t.Errorf("page %d: %v, want %v", i+1, err, want)
		}
	}
}
