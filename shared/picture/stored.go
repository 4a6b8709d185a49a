//go:build cgo

package picture

// #include "leptonica.h"
import "C"

import (
	"bytes"
	"math/bits"
	"unsafe"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/picture/stored"
)

// Stored returns the data of a frame, counted from 0, as the file holds it and a PDF can take it over, and the orientation in
// which it is to be shown. Either a JPEG or a picture is returned, or false if the pixels must be stored anew. The frame
// must have been decoded: only what Decode makes nothing of is looked for here.
func Stored(data []byte, mediaType string, frame int, limits ocr.Limits) (jpeg []byte, p *stored.Picture, orientation int, ok bool) {
	return File{Data: data, Type: mediaType}.Stored(frame, limits)
}

func (f File) stored(frame int, limits ocr.Limits) (jpeg []byte, p *stored.Picture, orientation int, ok bool) {
	headers, err := f.headers(limits)
	if err != nil || frame < 0 || frame >= len(headers) || headers[frame].check(limits) != nil {
		return nil, nil, 0, false
	}
	h := headers[frame]
	switch f.Type {
	case ocr.PNG:
		p, ok = stored.PNG(f.Data)
	case ocr.JP2:
		p, ok = stored.JP2(f.Data)
	case ocr.TIFF:
		jpeg, p, ok = storedTIFF(f, h)
	}
	if ok && p != nil && (p.Width != h.width || p.Height != h.height) {
		return nil, nil, 0, false
	}
	return jpeg, p, h.orientation, ok
}

// Fax codes a picture of one bit a pixel as fax of group 4. It reports false for others.
func (im *Image) Fax() (*stored.Picture, bool) {
	if C.pixGetDepth(im.pix) != 1 || C.pixGetColormap(im.pix) != nil {
		return nil, false
	}
	var data *C.l_uint8
	var size C.size_t
	quiet()
	if C.pixWriteMem(&data, &size, im.pix, C.IFF_TIFF_G4) != 0 || data == nil {
		return nil, false
	}
	defer C.lept_free(unsafe.Pointer(data))
	file := File{Data: C.GoBytes(unsafe.Pointer(data), C.int(size)), Type: ocr.TIFF}
	h, err := tiffHeaders(file, ocr.Limits{Pages: 1})
	if err != nil {
		return nil, false
	}
	_, p, ok := storedTIFF(file, h[0])
	return p, ok
}

// More tags of an image file directory, of pictures that are taken over (TIFF 6.0, sections 8, 10, 11 and 22).
const (
	tagCompression = 259
	tagFillOrder   = 266
	tagRowsOfStrip = 278
	tagPlanar      = 284
	tagJPEGTables  = 347
)

// Values of such tags.
const (
	faxT6       = 4 // of Compression
	jpegOfTIFF  = 7
	separate    = 2 // of PlanarConfiguration
	blackIsZero = 1 // of PhotometricInterpretation
	yCbCr       = 6
)

// storedTIFF returns the data of a page that is a JPEG, or fax of group 4 in one strip.
func storedTIFF(of File, h header) ([]byte, *stored.Picture, bool) {
	f, at, ok := openTIFF(of)
	if !ok {
		return nil, nil, false
	}
	for range h.index {
		d, _ := f.directory(at)
		at = d.next
	}
	fields := f.fields(at)
	strips, ok := f.strips(fields)
	if !ok || f.number(fields[tagPlanar], 1) == separate && h.depth.Samples > 1 {
		return nil, nil, false
	}
	compression, shown := f.number(fields[tagCompression], 1), f.number(fields[tagPhotometric], 0)
	switch compression {
	case jpegOfTIFF:
		if h.depth.Bits != 8 || shown != yCbCr && shown != blackIsZero {
			return nil, nil, false
		}
		j, ok := joinJPEG(fields[tagJPEGTables].bytes, strips, int(f.number(fields[tagRowsOfStrip], uint32(h.height))), h) // #nosec G115 -- within the limits
		return j, nil, ok
	case faxT6:
		if len(strips) != 1 || h.depth.Bits != 1 || h.depth.Samples != 1 || shown > blackIsZero {
			return nil, nil, false
		}
		p := &stored.Picture{
			Coding: stored.Fax, Parts: strips, Width: h.width, Height: h.height, Bits: 1, Channels: 1, Inverted: shown == blackIsZero,
		}
		if f.number(fields[tagFillOrder], 1) == 2 {
			turned := bytes.Clone(strips[0])
			for i, b := range turned {
				turned[i] = bits.Reverse8(b)
			}
			p.Parts = [][]byte{turned}
		}
		return nil, p, true
	}
	return nil, nil, false
}

// fields returns the values of a directory by tag, the first of each.
func (f tiffFile) fields(at uint64) map[uint16]tiffField {
	head, entry := uint64(2), uint64(12)
	if f.big {
		head, entry = 8, 20
	}
	fields := map[uint16]tiffField{}
	b, ok := f.slice(at, head)
	if !ok {
		return fields
	}
	n := uint64(f.order.Uint16(b))
	if f.big {
		n = f.order.Uint64(b)
	}
	entries, ok := f.slice(at+head, min(n, 1<<16)*entry)
	for ; ok && len(entries) > 0; entries = entries[entry:] {
		tag := f.order.Uint16(entries)
		if _, twice := fields[tag]; twice {
			continue
		}
		if v, ok := f.field(entries[:entry]); ok {
			fields[tag] = v
		}
	}
	return fields
}

// strips returns the strips of a page, false if they are not all there.
func (f tiffFile) strips(fields map[uint16]tiffField) ([][]byte, bool) {
	at, counts := f.numbers(fields[tagStripOffsets]), f.numbers(fields[tagStripCounts])
	if len(at) == 0 || len(at) != len(counts) {
		return nil, false
	}
	strips := make([][]byte, len(at))
	for i := range at {
		var ok bool
		if strips[i], ok = f.slice(at[i], counts[i]); !ok || len(strips[i]) == 0 {
			return nil, false
		}
	}
	return strips, true
}

// numbers returns all values of a tag as unsigned integers.
func (f tiffFile) numbers(v tiffField) []uint64 {
	size := map[uint16]int{3: 2, 4: 4, 16: 8}[v.kind]
	if size == 0 {
		return nil
	}
	var all []uint64
	for b := v.bytes; len(b) >= size; b = b[size:] {
		switch size {
		case 2:
			all = append(all, uint64(f.order.Uint16(b)))
		case 4:
			all = append(all, uint64(f.order.Uint32(b)))
		default:
			all = append(all, f.order.Uint64(b))
		}
	}
	return all
}
