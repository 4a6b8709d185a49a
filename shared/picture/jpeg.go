package picture

import (
	"encoding/binary"

	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// foreignJPEG says why a JPEG that is whole is not read: it is coded as the decoder cannot (ITU-T T.81, table B.1), or has
// pixels of a kind that it lacks. Nil if it is read, or if no frame header is found.
func foreignJPEG(data []byte) error {
	const (
		baseline, extended, progressive = 0xc0, 0xc1, 0xc2
		arithmetic, both                = 0xc9, 0xca // sequential and progressive
		lossless, last                  = 0xc3, 0xcf
		tables, reserved, conditioning  = 0xc4, 0xc8, 0xcc // no frames, among them
		losslessLS                      = 0xf7             // of JPEG-LS
		frameHeader                     = 6
	)
	var why error
	segments(data, func(marker byte, body []byte) bool {
		switch marker {
		case baseline, extended, progressive, arithmetic, both:
			if len(body) >= frameHeader && (body[0] != 8 || body[5] == 2 || body[5] > 4) { // bits, colours
				why = refusal.New(refusal.PixelsUnknown)
			}
			return false
		case tables, reserved, conditioning:
			return true
		}
		if marker >= lossless && marker <= last || marker == losslessLS {
			why = refusal.New(refusal.CompressionUnknown)
		}
		return why == nil
	})
	return why
}

// segments calls yield for each segment of a JPEG before its pixels until it returns false. One that is cut off is given as
// far as it is there.
func segments(data []byte, yield func(marker byte, body []byte) bool) {
	const prefix, scan, head = 0xff, 0xda, 4
	for at := 2; at+head <= len(data) && data[at] == prefix && data[at+1] != scan; {
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
