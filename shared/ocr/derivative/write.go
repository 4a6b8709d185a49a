package derivative

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

var errFormat = errors.New("derivatives of this type are not written here")

// Write writes the derivative of a picture in a format that needs no native library: TIFF, PNG, JPEG, BMP or GIF. The
// pages must have passed Check.
func Write(w io.Writer, plan Plan) error {
	out := bufio.NewWriterSize(w, 64<<10)
	if err := write(out, plan); err != nil {
		return fmt.Errorf("write derivative: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write derivative: %w", err)
	}
	return nil
}

func write(w io.Writer, plan Plan) error {
	if plan.Type == ocr.TIFF {
		return writeTIFF(w, plan.Pages)
	}
	if len(plan.Pages) != 1 {
		return errors.New("only TIFF has several pages")
	}
	page := plan.Pages[0]
	sheet := Draw(page.Width, page.Height, page.Ink, 0)
	switch plan.Type {
	case ocr.PNG:
		return writePNG(w, page, sheet)
	case ocr.JPEG:
		return writeJPEG(w, page, sheet)
	case ocr.BMP:
		return writeBMP(w, page, sheet)
	case ocr.GIF:
		return writeGIF(w, page, sheet)
	default:
		return errFormat
	}
}

// rows calls each with the rows of a sheet as they are stored in PNG and TIFF. The slice is used again for the next one.
func (d Depth) rows(s *Sheet, each func([]byte) error) error {
	row := make([]byte, s.width)
	var stored []byte
	for y := range s.height {
		s.Row(y, row)
		stored = d.appendRow(stored[:0], row)
		if err := each(stored); err != nil {
			return err
		}
	}
	return nil
}

// appendRow appends a row as stored: samples side by side, the highest value for paper, zero for ink. A second or a fourth
// sample is alpha, and has the highest value.
func (d Depth) appendRow(dst, row []byte) []byte {
	if d.Bits < 8 {
		return appendBits(dst, row, d.Samples, d.Bits)
	}
	shown := d.Samples
	if d.Samples%2 == 0 {
		shown--
	}
	for _, v := range row {
		for i := range d.Samples {
			value := v
			if i >= shown {
				value = 255
			}
			for range d.Bits / 8 {
				dst = append(dst, value)
			}
		}
	}
	return dst
}

// ramp returns the grey of entry i of a palette for pixels of so many bits: from black to white.
func ramp(i, bits int) byte {
	return byte(255 * i / (1<<bits - 1)) // #nosec G115 -- at most 255
}

// perMetre converts pixels an inch, as PNG and BMP store them.
func perMetre(dpi int) uint32 {
	return uint32((dpi*10_000 + 127) / 254) // #nosec G115 -- Check bounds dpi
}
