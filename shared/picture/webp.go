//go:build cgo

package picture

import (
	"encoding/binary"
	"slices"
)

// A WebP is a RIFF container (RFC 9649, section 2): chunks of a name, a size and their content, padded to an even size.
const riffHeader, chunkHeader, frameHeader = 12, 8, 16

// chunks calls yield for each chunk in order until it returns false. A chunk that is cut off is given as far as it is there.
func chunks(data []byte, yield func(name string, body, whole []byte) bool) {
	for len(data) >= chunkHeader {
		n := min(uint64(binary.LittleEndian.Uint32(data[4:])), uint64(len(data)-chunkHeader)) // #nosec G115 -- not negative
		end := min(chunkHeader+n+n%2, uint64(len(data)))
		if !yield(string(data[:4]), data[chunkHeader:chunkHeader+n], data[:end]) {
			return
		}
		data = data[end:]
	}
}

// firstOfWebP returns the first picture of an animation as a file of its own, and any other file as it is.
func firstOfWebP(data []byte) []byte {
	if len(data) < riffHeader {
		return data
	}
	first := data
	chunks(data[riffHeader:], func(name string, body, _ []byte) bool {
		if name != "ANMF" || len(body) < frameHeader {
			return true
		}
		const alpha = 1 << 4
		size, pixels, flags := body[6:12], body[frameHeader:], byte(0) // width and height less one, of 24 bits each
		chunks(pixels, func(name string, _, _ []byte) bool {
			if name == "ALPH" {
				flags |= alpha
			}
			return true
		})
		extended := slices.Concat([]byte("VP8X\x0a\x00\x00\x00"), []byte{flags, 0, 0, 0}, size)
		first = binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len("WEBP")+len(extended)+len(pixels))) // #nosec G115 -- parts of a file
		first = slices.Concat(first, []byte("WEBP"), extended, pixels)
		return false
	})
	return first
}

// lossyWebP reports whether the first chunk of pixels is of the lossy codec.
func lossyWebP(data []byte) (lossy bool) {
	if len(data) >= riffHeader {
		chunks(data[riffHeader:], func(name string, _, _ []byte) bool {
			lossy = name == "VP8 "
			return !lossy && name != "VP8L"
		})
	}
	return lossy
}
