package picture

// #include "leptonica.h"
import "C"

import (
	"encoding/binary"
	"math"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/derivative"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// maxSide bounds each side of a picture in pixels, whatever the other is: tables of rows and strips grow with it.
const maxSide = 65_535

// header is what the bytes say before anything is decoded.
type header struct {
	width, height int // pixels, as stored; zero if the header is damaged
	dpi           int // as stated; zero if it is not
	orientation   int // values of the Exif tag; zero if it is not stated
	index         int // position in the file, as the decoder counts

	foreign bool // has pixels that no scanner makes and nothing here reads

	depth derivative.Depth
	dpiY  int // of TIFF, whose pixels need not be square; zero if it is not stated
}

// headers reads the headers of all frames. Leptonica reads those of its formats that it can without decoding.
func (f File) headers(limits ocr.Limits) ([]header, error) {
	quiet()
	data, mediaType := f.Data, f.Type
	if len(data) == 0 {
		return nil, refusal.New(refusal.Empty)
	}
	whole := data
	if mediaType == ocr.WebP { // of an animation, Leptonica reads no header
		data = firstOfWebP(data)
	}
	var h header
	var w, ht, bits, samples, palette C.l_int32
	bytes, size := bytesOf(data), C.size_t(len(data))
	ok := false
	switch mediaType {
	case ocr.TIFF:
		return tiffHeaders(f, limits)
	case ocr.PNG:
		ok = C.readHeaderMemPng(bytes, size, &w, &ht, &bits, &samples, &palette) == 0
	case ocr.JPEG, StoredJPEG:
		if err := foreignJPEG(data); err != nil {
			return nil, err
		}
		ok = C.readHeaderMemJpeg(bytes, size, &w, &ht, &samples, nil, nil) == 0
		bits = 8
	case ocr.WebP:
		ok = C.readHeaderMemWebP(bytes, size, &w, &ht, &samples) == 0
		bits = 8
	case ocr.BMP:
		h, ok = bmpHeader(data)
	case ocr.GIF:
		h, ok = gifHeader(data)
	case ocr.JP2:
		h, ok = jp2Header(data)
	default:
		return nil, refusal.New(refusal.TypeUnknown)
	}
	if o := Orientation(whole, mediaType); o > 1 || mediaType == ocr.JPEG {
		h.orientation = o
	}
	if w != 0 || ht != 0 {
		h.width, h.height = int(w), int(ht)
		h.depth = derivative.Depth{Bits: int(bits), Samples: int(samples), Palette: palette != 0}
		h.depth.Lossy = mediaType == ocr.WebP && lossyWebP(data)
		if mediaType == ocr.PNG {
			h.depth.Bits = int(data[24]) // of IHDR; Leptonica says what it makes of them
		}
	}
	if !ok || h.width < 1 || h.height < 1 {
		return nil, refusal.New(refusal.PictureHeader)
	}
	return []header{h}, nil
}

// check compares the size with the limits.
func (h header) check(limits ocr.Limits) error {
	switch {
	case h.foreign:
		return refusal.New(refusal.PixelsUnknown)
	case h.width < 1 || h.height < 1:
		return refusal.New(refusal.PageHeader)
	case h.width > maxSide || h.height > maxSide:
		return refusal.SideTooLong(h.width, h.height, maxSide)
	case int64(h.width)*int64(h.height) > limits.Pixels:
		return refusal.TooManyPixels(h.width, h.height, limits.Pixels)
	}
	return nil
}

func (h header) frame() Frame {
	if h.width < 1 || h.height < 1 {
		return Frame{Width: 1654, Height: 2339, DPI: 200}
	}
	if h.orientation >= 5 {
		h.width, h.height = h.height, h.width
	}
	f := Frame{Width: h.width, Height: h.height}
	x, y := h.resolution()
	if f.DPI = x; x != y {
		f.DPIY = y
	}
	return f
}

// resolution returns the pixels an inch of the picture as displayed; zeros if the header does not say.
func (h header) resolution() (x, y int) {
	x, y = plausible(h.dpi, h.dpiY)
	if h.orientation >= 5 {
		x, y = y, x
	}
	return x, y
}

// side converts a side. What no limit allows becomes a value that none allows either and that fits.
func side(v uint32) int { return int(min(v, math.MaxInt32)) }

// gifHeader reads the size of the first picture, which is what is decoded. The logical screen may be of any size.
func gifHeader(data []byte) (header, bool) {
	at, _, ok := gifPicture(data)
	if !ok {
		return header{}, false
	}
	flags := data[at+9] // of the picture's own colour table, else of the screen's
	if flags&0x80 == 0 {
		flags = data[10]
	}
	return header{
		depth:  derivative.Depth{Bits: int(flags&7) + 1, Samples: 1, Palette: true},
		width:  int(binary.LittleEndian.Uint16(data[at+5:])),
		height: int(binary.LittleEndian.Uint16(data[at+7:])),
	}, true
}

// firstOfGIF cuts an animation after its first picture: Leptonica decodes all of them before it takes that one.
func firstOfGIF(data []byte) []byte {
	_, end, ok := gifPicture(data)
	if !ok || end >= len(data) {
		return data
	}
	return append(append(make([]byte, 0, end+1), data[:end]...), ';')
}

// gifPicture finds the first image descriptor and the end of its data (GIF89a, sections 18 to 24), which is the end of
// the file when the picture is cut off.
func gifPicture(data []byte) (start, end int, ok bool) {
	if len(data) < 13 || string(data[:3]) != "GIF" {
		return 0, 0, false
	}
	for at := 13 + gifColours(data[10]); at < len(data); {
		switch {
		case data[at] == '!':
			at = gifBlocks(data, at+2)
		case data[at] == ',' && at+9 < len(data):
			return at, gifBlocks(data, at+10+gifColours(data[at+9])+1), true
		default:
			return 0, 0, false
		}
	}
	return 0, 0, false
}

// gifTransparency returns the transparent colour of the first picture, if it has one (GIF89a, section 23): Leptonica does not
// ask for it.
func gifTransparency(data []byte) (colour byte, ok bool) {
	start, _, found := gifPicture(data)
	if !found {
		return 0, false
	}
	const control, transparent = 0xf9, 1
	for at := 13 + gifColours(data[10]); at+6 < start; at = gifBlocks(data, at+2) {
		if data[at+1] == control && data[at+2] == 4 {
			colour, ok = data[at+6], data[at+3]&transparent != 0
		}
	}
	return colour, ok
}

// gifColours returns the size of the colour table that flags announce.
func gifColours(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

// gifBlocks returns the position after a chain of data blocks.
func gifBlocks(data []byte, at int) int {
	for at < len(data) {
		n := int(data[at])
		at += 1 + n
		if n == 0 {
			return at
		}
	}
	return len(data)
}

// jp2Header reads the size from the code stream, as the decoder does: the box in front of it may say something else
// (ISO/IEC 15444-1, A.5.1 and I.4).
func jp2Header(data []byte) (header, bool) {
	const start = "\xff\x4f\xff\x51" // SOC, directly followed by SIZ
	for len(data) >= 8 {
		n, skip := uint64(binary.BigEndian.Uint32(data)), uint64(8)
		kind := string(data[4:8])
		if n == 1 && len(data) >= 16 {
			n, skip = binary.BigEndian.Uint64(data[8:]), 16
		}
		if n == 0 || n > uint64(len(data)) {
			n = uint64(len(data))
		}
		if n < skip {
			break
		}
		if body := data[skip:n]; kind == "jp2c" {
			if len(body) < 24 || string(body[:4]) != start {
				break
			}
			at := func(i int) uint32 { return binary.BigEndian.Uint32(body[i:]) }
			right, bottom, left, top := at(8), at(12), at(16), at(20)
			h := header{width: side(right - left), height: side(bottom - top)}
			if len(body) > 42 {
				h.depth = derivative.Depth{Bits: int(body[42]&0x7f) + 1, Samples: int(binary.BigEndian.Uint16(body[40:]))}
			}
			return h, left < right && top < bottom
		}
		data = data[n:]
	}
	return header{}, false
}
