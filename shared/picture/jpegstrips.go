//go:build cgo

package picture

import (
	"bytes"
	"encoding/binary"
)

// joinJPEG makes one JPEG of the strips of a page, each of which is one, and of the tables that they share. No pixel is coded
// anew: the strips become the intervals after which a decoder begins afresh (ISO/IEC 10918-1, section E.1.4). It reports false
// where strips have such intervals of their own or are no baseline JPEG.
func joinJPEG(tables []byte, strips [][]byte, rows int, h header) ([]byte, bool) {
	var out []byte
	shared, _, _ := cutJPEG(tables)
	out = append(out, 0xff, 0xd8)
	out = append(out, shared...)
	for i, strip := range strips {
		head, scan, ok := cutJPEG(strip)
		if !ok || bytes.Contains(head, []byte{0xff, restartInterval, 0, 4}) && len(strips) > 1 {
			return nil, false
		}
		data, ok := scanOf(scan, len(strips) > 1)
		if !ok {
			return nil, false
		}
		if i == 0 {
			first, units, ok := wholeFrame(head, rows, h)
			if !ok || len(strips) > 1 && units > 0xffff {
				return nil, false
			}
			out = append(out, first...)
			if len(strips) > 1 {
				out = append(out, 0xff, restartInterval, 0, 4, byte(units>>8), byte(units)) // #nosec G115 -- 16 bits
			}
			out = append(out, scan[:len(scan)-len(data.after)]...)
		} else {
			out = append(out, 0xff, 0xd0+byte((i-1)%8)) // #nosec G115 -- below 8
		}
		out = append(out, data.coded...)
	}
	return append(out, 0xff, 0xd9), true
}

const restartInterval = 0xdd

// cutJPEG returns the segments of a JPEG before its first scan, and what follows from there.
func cutJPEG(data []byte) (head, rest []byte, ok bool) {
	if len(data) < 4 || data[0] != 0xff || data[1] != 0xd8 {
		return nil, nil, false
	}
	for at := 2; at+4 <= len(data) && data[at] == 0xff; {
		switch data[at+1] {
		case startOfScan:
			return data[2:at], data[at:], true
		case 0xd9:
			return data[2:at], nil, false
		}
		at += 2 + int(binary.BigEndian.Uint16(data[at+2:]))
		if at+2 == len(data) && data[at] == 0xff {
			return data[2:at], nil, false
		}
	}
	return nil, nil, false
}

// scanData is a scan without its header.
type scanData struct{ after, coded []byte }

// scanOf returns the coded data of the only scan. plain refuses data with intervals.
func scanOf(scan []byte, plain bool) (scanData, bool) {
	if len(scan) < 4 {
		return scanData{}, false
	}
	n := 2 + int(binary.BigEndian.Uint16(scan[2:]))
	if n > len(scan) {
		return scanData{}, false
	}
	after := scan[n:]
	for i := 0; i+1 < len(after); i++ {
		if after[i] != 0xff || after[i+1] == 0 {
			continue
		}
		switch m := after[i+1]; {
		case m == 0xd9:
			return scanData{after, after[:i]}, true
		case m >= 0xd0 && m <= 0xd7 && !plain:
		default:
			return scanData{}, false
		}
	}
	return scanData{}, false
}

// wholeFrame returns the segments of the first strip with the height of the page, and how many units of coding a strip has.
func wholeFrame(head []byte, rows int, h header) (segments []byte, units int, ok bool) {
	segments = bytes.Clone(head)
	for at := 0; at+4 <= len(segments) && segments[at] == 0xff; at += 2 + int(binary.BigEndian.Uint16(segments[at+2:])) {
		if m := segments[at+1]; m != baseline && m != extended {
			continue
		}
		body := segments[at+4:]
		if len(body) < jpegFrameHeader+3*h.depth.Samples || int(body[jpegFrameColours]) != h.depth.Samples || body[jpegFrameBits] != 8 ||
			int(binary.BigEndian.Uint16(body[3:])) != h.width || h.height > 0xffff {
			return nil, 0, false
		}
		wide, high := 1, 1
		for c := range h.depth.Samples {
			factors := body[jpegFrameHeader+3*c+1]
			wide, high = max(wide, int(factors>>4)), max(high, int(factors&15))
		}
		if h.depth.Samples == 1 {
			wide, high = 1, 1
		}
		if rows < h.height && rows%(8*high) != 0 {
			return nil, 0, false
		}
		binary.BigEndian.PutUint16(body[1:], uint16(h.height)) // #nosec G115 -- checked
		return segments, ((h.width + 8*wide - 1) / (8 * wide)) * (rows / (8 * high)), true
	}
	return nil, 0, false
}
