package derivative

import (
	"encoding/binary"
	"io"
)

// writeBMP writes a bitmap with a BITMAPINFOHEADER, uncompressed, rows from the bottom, each a multiple of 4 bytes long.
func writeBMP(w io.Writer, page Page, sheet *Sheet) error {
	d := page.Depth
	depth := d.Bits * d.Samples
	if d.Bits == 5 {
		depth = 16 // five bits of each colour and one that is not used
	}
	colours := 0
	if d.Palette {
		colours = 1 << d.Bits
	}
	stride := (page.Width*depth + 31) / 32 * 4
	const headers = 14 + 40
	le := binary.LittleEndian
	put := func(b []byte, values ...int) []byte {
		for _, v := range values {
			b = le.AppendUint32(b, uint32(v)) // #nosec G115 -- sides are at most 65,535, and readers ignore sizes that wrap
		}
		return b
	}
	b := put([]byte("BM"), headers+4*colours+stride*page.Height, 0, headers+4*colours)
	b = put(b, 40, page.Width, page.Height)
	b = le.AppendUint16(b, 1)
	b = le.AppendUint16(b, uint16(depth)) // #nosec G115 -- at most 32
	b = put(b, 0, stride*page.Height, int(perMetre(page.DPIX)), int(perMetre(page.DPIY)), colours, 0)
	for i := range colours {
		grey := ramp(i, d.Bits)
		b = append(b, grey, grey, grey, 0)
	}
	if _, err := w.Write(b); err != nil {
		return err
	}
	row := make([]byte, page.Width)
	var stored []byte
	for y := page.Height - 1; y >= 0; y-- {
		sheet.Row(y, row)
		stored = stored[:0]
		if d.Bits == 5 {
			for _, v := range row {
				stored = append(stored, v, v>>1)
			}
		} else {
			stored = d.appendRow(stored, row)
		}
		for len(stored) < stride {
			stored = append(stored, 0)
		}
		if _, err := w.Write(stored); err != nil {
			return err
		}
	}
	return nil
}
