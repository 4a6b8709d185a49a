package derivative

import (
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"io"
)

// writeJPEG writes a JPEG with a JFIF header and, where the original had one, the orientation as the only tag of an Exif
// segment.
func writeJPEG(w io.Writer, page Page, sheet *Sheet) error {
	be := binary.BigEndian
	unit, x, y := byte(1), page.DPIX, page.DPIY
	if x == 0 || y == 0 {
		unit, x, y = 0, 1, 1
	}
	// JFIF 1.02: the densities; no thumbnail.
	head := append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x02"), unit)
	head = be.AppendUint16(head, uint16(x))               // #nosec G115 -- Check bounds it
	head = append(be.AppendUint16(head, uint16(y)), 0, 0) // #nosec G115 -- Check bounds it
	if page.Orientation > 0 {
		// Exif 2.3, section 4.6.4: a big-endian TIFF with one entry, tag 0x0112, a SHORT.
		head = append(head, "\xff\xe1\x00\x22Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01"...)
		head = append(head, 0, byte(page.Orientation), 0, 0, 0, 0, 0, 0) // #nosec G115 -- at most 8
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	area := image.Rect(0, 0, page.Width, page.Height)
	var img image.Image = &image.Gray{Pix: sheet.Grey(), Stride: page.Width, Rect: area}
	if page.Depth.Samples == 3 {
		img = colourless(sheet.Grey(), area)
	}
	// The encoder starts with a marker that is written already.
	return jpeg.Encode(&skipper{w: w, left: 2}, img, nil)
}

// colourless returns a picture whose three components are grey, as JPEG stores them.
func colourless(grey []byte, area image.Rectangle) *image.YCbCr {
	img := &image.YCbCr{
		Y: grey, YStride: area.Dx(), CStride: (area.Dx() + 1) / 2, SubsampleRatio: image.YCbCrSubsampleRatio420, Rect: area,
	}
	img.Cb = make([]byte, img.CStride*((area.Dy()+1)/2))
	for i := range img.Cb {
		img.Cb[i] = 128
	}
	img.Cr = img.Cb
	return img
}

// skipper leaves out the first bytes.
type skipper struct {
	w    io.Writer
	left int
}

// Write counts what is left out as written.
func (s *skipper) Write(b []byte) (int, error) {
	out := min(s.left, len(b))
	s.left -= out
	n, err := s.w.Write(b[out:])
	return n + out, err
}

// writeGIF writes a GIF of one picture that fills its screen.
func writeGIF(w io.Writer, page Page, sheet *Sheet) error {
	var palette color.Palette
	for i := range 1 << page.Depth.Bits {
		palette = append(palette, color.Gray{Y: ramp(i, page.Depth.Bits)})
	}
	pixels := sheet.Grey()
	for i, v := range pixels {
		pixels[i] = v >> (8 - page.Depth.Bits)
	}
	return gif.Encode(w, &image.Paletted{
		Pix: pixels, Stride: page.Width, Rect: image.Rect(0, 0, page.Width, page.Height), Palette: palette,
	}, nil)
}
