//go:build cgo

package picture_test

import (
	"bytes"
	"image"
	"slices"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// inked returns a JPEG of four inks, each in a scan of its own, with segments before its first scan.
func inked(t *testing.T, inks [4]*image.Gray, extra []byte) []byte {
	t.Helper()
	var head, scans []byte
	for i, ink := range inks {
		data := asJPEG(t, ink) // one colour; the tables of all are the same
		scan := bytes.Index(data, []byte{0xff, 0xda})
		if i == 0 {
			frame := bytes.Index(data, []byte{0xff, 0xc0})
			head = append(slices.Clone(data[:frame]), 0xff, 0xc0, 0, 8+3*4, 8)
			head = append(append(head, data[frame+5:frame+9]...), 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0)
			head = append(append(head, data[frame+2+8+3:scan]...), extra...)
		}
		own := slices.Clone(data[scan : len(data)-2])
		own[5] = byte(i + 1)
		scans = append(scans, own...)
	}
	return slices.Concat(head, scans, []byte{0xff, 0xd9})
}

func TestJPEGOfFourInksIsReadAsItIsMeant(t *testing.T) {
	black, none, all := image.NewGray(letter(t).Rect), image.NewGray(letter(t).Rect), letter(t)
	full := image.NewGray(letter(t).Rect)
	for i, v := range all.Pix {
		black.Pix[i], full.Pix[i] = 255-v, 255
	}
	adobe := append([]byte{0xff, 0xee, 0, 14}, "Adobe\x00\x64\x00\x00\x00\x00\x00"...)
	comment := []byte{0xff, 0xfe, 0, 4, 'h', 'i'}
	for name, data := range map[string][]byte{
		"without a mark":         inked(t, [4]*image.Gray{none, none, none, black}, nil),
		"with another mark":      inked(t, [4]*image.Gray{none, none, none, black}, comment),
		"with that of Adobe":     inked(t, [4]*image.Gray{full, full, full, all}, adobe),
		"with it behind another": inked(t, [4]*image.Gray{full, full, full, all}, slices.Concat(comment, adobe)),
	} {
		if off := difference(pixels(t, decode(t, data, ocr.JPEG, 0)), all); off > 4 {
			t.Errorf("%s: a pixel is %.1f off on average", name, off)
		}
	}
	whole := inked(t, [4]*image.Gray{none, none, none, black}, nil)
	for n := 2; n < len(whole); n += 997 { // cut anywhere, it ends in an answer
		_ = got(whole[:n], ocr.JPEG)
	}
}
