package derivative

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"io"
	"math"
)

// writeTIFF writes classic little-endian TIFF (TIFF 6.0), pages compressed with Deflate, one after the other: in front of
// its pixels each has its directory, whose size is known before it is written.
func writeTIFF(w io.Writer, pages []Page) error {
	at := uint64(8)
	if _, err := w.Write([]byte{'I', 'I', 42, 0, 8, 0, 0, 0}); err != nil {
		return err
	}
	for n, page := range pages {
		var packed bytes.Buffer
		z := zlib.NewWriter(&packed)
		err := page.Depth.rows(Draw(page.Width, page.Height, page.Ink, n), func(row []byte) error {
			_, err := z.Write(row)
			return err
		})
		if err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		if packed.Len()%2 != 0 {
			packed.WriteByte(0) // directories start on even bytes
		}
		d := directory{at: at}
		d.describe(page, packed.Len())
		size := d.size()
		at += size + uint64(packed.Len()) // #nosec G115 -- not negative
		if at > math.MaxUint32 {
			return errors.New("more than 4 GiB")
		}
		next := at
		if n == len(pages)-1 {
			next = 0
		}
		if _, err := w.Write(d.bytes(uint32(next))); err != nil { // #nosec G115 -- checked above
			return err
		}
		if _, err := w.Write(packed.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// directory is an image file directory under way. What does not fit into an entry comes behind the entries.
type directory struct {
	at      uint64 // position in the file
	entries []tiffEntry
}

type tiffEntry struct {
	tag, kind uint16
	count     uint32
	value     []byte
	pixels    bool // the value is where the pixels are
}

// The types of values (TIFF 6.0, section 2).
const (
	tiffShort    = 3
	tiffLong     = 4
	tiffRational = 5
)

func (d *directory) shorts(tag uint16, values ...int) {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint16(b, uint16(v)) // #nosec G115 -- Check bounds them
	}
	d.entries = append(d.entries, tiffEntry{tag: tag, kind: tiffShort, count: uint32(len(values)), value: b}) // #nosec G115 -- at most 768
}

func (d *directory) long(tag uint16, value int) {
	b := binary.LittleEndian.AppendUint32(nil, uint32(value)) // #nosec G115 -- at sums is checked
	d.entries = append(d.entries, tiffEntry{tag: tag, kind: tiffLong, count: 1, value: b})
}

func (d *directory) rational(tag uint16, value int) {
	b := binary.LittleEndian.AppendUint32(nil, uint32(value)) // #nosec G115 -- Check bounds it
	b = binary.LittleEndian.AppendUint32(b, 1)
	d.entries = append(d.entries, tiffEntry{tag: tag, kind: tiffRational, count: 1, value: b})
}

// describe adds the entries of a page, in ascending order of their tags.
func (d *directory) describe(page Page, packed int) {
	const deflate = 8
	depth := page.Depth
	bits := make([]int, depth.Samples)
	for i := range bits {
		bits[i] = depth.Bits
	}
	photometric := 1 // black is zero
	switch {
	case depth.Palette:
		photometric = 3
	case depth.Samples >= 3:
		photometric = 2
	}
	d.long(256, page.Width)
	d.long(257, page.Height)
	d.shorts(258, bits...)
	d.shorts(259, deflate)
	d.shorts(262, photometric)
	d.entries = append(d.entries, tiffEntry{tag: 273, kind: tiffLong, count: 1, value: make([]byte, 4), pixels: true})
	if page.Orientation > 0 {
		d.shorts(274, page.Orientation)
	}
	d.shorts(277, depth.Samples)
	d.long(278, page.Height)
	d.long(279, packed)
	if page.DPIX > 0 && page.DPIY > 0 {
		d.rational(282, page.DPIX)
		d.rational(283, page.DPIY)
		d.shorts(296, 2) // inch
	}
	if depth.Palette {
		var ramps []int
		for range 3 {
			for i := range 1 << depth.Bits {
				ramps = append(ramps, 257*int(ramp(i, depth.Bits)))
			}
		}
		d.shorts(320, ramps...)
	}
	if depth.Samples%2 == 0 {
		d.shorts(338, 2) // alpha that is not multiplied in
	}
}

// size returns the bytes of the directory with its values.
func (d *directory) size() uint64 {
	size := 2 + 12*len(d.entries) + 4
	for _, e := range d.entries {
		if len(e.value) > 4 {
			size += len(e.value)
		}
	}
	return uint64(size) // #nosec G115 -- not negative
}

// bytes returns the directory, followed by another one at next, or by none.
func (d *directory) bytes(next uint32) []byte {
	le := binary.LittleEndian
	b := le.AppendUint16(nil, uint16(len(d.entries))) // #nosec G115 -- at most 15
	outside := d.at + uint64(2+12*len(d.entries)+4)   // #nosec G115 -- not negative
	var values []byte
	for _, e := range d.entries {
		b = le.AppendUint16(b, e.tag)
		b = le.AppendUint16(b, e.kind)
		b = le.AppendUint32(b, e.count)
		switch {
		case e.pixels:
			b = le.AppendUint32(b, uint32(d.at+d.size())) // #nosec G115 -- the caller checks the end of the page
		case len(e.value) > 4:
			b = le.AppendUint32(b, uint32(outside)+uint32(len(values))) // #nosec G115 -- as above
			values = append(values, e.value...)
		default:
			b = append(append(b, e.value...), make([]byte, 4-len(e.value))...)
		}
	}
	return append(le.AppendUint32(b, next), values...)
}
