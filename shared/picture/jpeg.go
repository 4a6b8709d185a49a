//go:build cgo

package picture

import (
	"bytes"
	"encoding/binary"

	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// Markers of a JPEG (ITU-T T.81, table B.1).
const (
	baseline, extended, progressive = 0xc0, 0xc1, 0xc2
	arithmetic, arithmeticInSteps   = 0xc9, 0xca
	lossless, lastFrame             = 0xc3, 0xcf
	huffman, reserved, conditioning = 0xc4, 0xc8, 0xcc // no frames, among them
	startOfScan                     = 0xda
	application14                   = 0xee
	losslessLS                      = 0xf7 // of JPEG-LS
)

// jpegFrameHeader is the least length of a frame's header, of which bytes tell the bits of a colour and the number of colours.
const jpegFrameHeader, jpegFrameBits, jpegFrameColours = 6, 0, 5

// foreignJPEG says why a JPEG that is whole is not read: it is coded as the decoder cannot or has
// pixels of a kind that it lacks. Nil if it is read, or if no frame header is found.
func foreignJPEG(data []byte) error {
	var why error
	segments(data, func(marker byte, body []byte) bool {
		switch marker {
		case baseline, extended, progressive, arithmetic, arithmeticInSteps:
			if len(body) >= jpegFrameHeader && (body[jpegFrameBits] != 8 || body[jpegFrameColours] == 2 || body[jpegFrameColours] > 4) {
				why = refusal.New(refusal.PixelsUnknown)
			}
			return false
		case huffman, reserved, conditioning:
			return true
		}
		if marker >= lossless && marker <= lastFrame || marker == losslessLS {
			why = refusal.New(refusal.CompressionUnknown)
		}
		return why == nil
	})
	return why
}

// plainInks reports whether a JPEG has four inks and no mark of Adobe's programs, which store the opposite of them.
func plainInks(data []byte) bool {
	inks, adobe := false, false
	segments(data, func(marker byte, body []byte) bool {
		switch marker {
		case baseline, extended, progressive, arithmetic, arithmeticInSteps:
			inks = len(body) >= jpegFrameHeader && body[jpegFrameColours] == 4
		case application14:
			adobe = adobe || bytes.HasPrefix(body, []byte("Adobe"))
		}
		return true
	})
	return inks && !adobe
}

// segments calls yield for each segment of a JPEG before its pixels until it returns false. One that is cut off is given as
// far as it is there.
func segments(data []byte, yield func(marker byte, body []byte) bool) {
	const prefix, head = 0xff, 4
	for at := 2; at+head <= len(data) && data[at] == prefix && data[at+1] != startOfScan; {
		if data[at+1] == prefix { // fill
			at++
			continue
		}
		end := at + 2 + int(binary.BigEndian.Uint16(data[at+2:]))
		if end < at+head || !yield(data[at+1], data[at+head:max(at+head, min(end, len(data)))]) {
			return
		}
		at = end
	}
}
