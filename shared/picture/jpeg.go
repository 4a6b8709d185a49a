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
		scan                            = 0xda
		frameHeader                     = 6
	)
	for at := 2; at+4 <= len(data); {
		if data[at] != 0xff {
			return nil
		}
		marker := data[at+1]
		if marker == 0xff { // fill
			at++
			continue
		}
		body := data[at+4:]
		switch marker {
		case scan:
			return nil
		case baseline, extended, progressive, arithmetic, both:
			if len(body) < frameHeader {
				return nil
			}
			if bits, colours := body[0], body[5]; bits != 8 || colours == 2 || colours > 4 {
				return refusal.New(refusal.PixelsUnknown)
			}
			return nil
		case tables, reserved, conditioning:
		default:
			if marker >= lossless && marker <= last || marker == losslessLS {
				return refusal.New(refusal.CompressionUnknown)
			}
		}
		at += 2 + int(binary.BigEndian.Uint16(data[at+2:]))
	}
	return nil
}
