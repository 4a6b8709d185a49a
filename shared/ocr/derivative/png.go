package derivative

import (
	"bufio"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"io"
)

// writePNG writes a PNG (ISO/IEC 15948) row by row: the standard library writes neither resolutions nor grey of less than
// 8 bits.
func writePNG(w io.Writer, page Page, sheet *Sheet) error {
	d := page.Depth
	colour := map[int]byte{1: 0, 2: 4, 3: 2, 4: 6}[d.Samples] // the colour types of section 11.2.2
	if d.Palette {
		colour = 3
	}
	header := binary.BigEndian.AppendUint32(nil, uint32(page.Width))    // #nosec G115 -- Check bounds it
	header = binary.BigEndian.AppendUint32(header, uint32(page.Height)) // #nosec G115 -- Check bounds it
	header = append(header, byte(d.Bits), colour, 0, 0, 0)              // #nosec G115 -- at most 16
	chunks := pngChunks{w: w}
	if _, err := io.WriteString(w, "\x89PNG\r\n\x1a\n"); err != nil {
		return err
	}
	chunks.write("IHDR", header)
	if page.DPIX > 0 && page.DPIY > 0 {
		size := binary.BigEndian.AppendUint32(nil, perMetre(page.DPIX))
		size = binary.BigEndian.AppendUint32(size, perMetre(page.DPIY))
		chunks.write("pHYs", append(size, 1))
	}
	if d.Palette {
		var palette []byte
		for i := range 1 << d.Bits {
			grey := ramp(i, d.Bits)
			palette = append(palette, grey, grey, grey)
		}
		chunks.write("PLTE", palette)
	}
	if err := chunks.pixels(d, sheet); err != nil {
		return err
	}
	chunks.write("IEND", nil)
	return chunks.err
}

// pngChunks writes chunks; the first error sticks.
type pngChunks struct {
	w   io.Writer
	err error
}

func (c *pngChunks) write(kind string, data []byte) {
	if c.err != nil {
		return
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data))) // #nosec G115 -- at most the buffer of pixels
	b = append(append(b, kind...), data...)
	_, c.err = c.w.Write(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:])))
}

// Write writes a part of the compressed pixels.
func (c *pngChunks) Write(data []byte) (int, error) {
	c.write("IDAT", data)
	return len(data), c.err
}

func (c *pngChunks) pixels(d Depth, sheet *Sheet) error {
	buffer := bufio.NewWriterSize(c, 32<<10)
	z := zlib.NewWriter(buffer)
	var above, line []byte
	err := d.rows(sheet, func(row []byte) error {
		if above == nil {
			above = make([]byte, len(row))
		}
		line = append(line[:0], 2) // the filter Up: most rows are like the one above
		for i, v := range row {
			line = append(line, v-above[i])
		}
		copy(above, row)
		_, err := z.Write(line)
		return err
	})
	if err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return buffer.Flush()
}
