//go:build cgo

package picture

import (
	"bytes"
	"encoding/binary"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// Orientation returns the Exif tag Orientation of a JPEG, PNG or WebP, 1 to 8, and 1 if it has none that can be read. Decode
// applies it. Where there are several, the first that says something counts, as in other programs.
func Orientation(data []byte, mediaType string) int {
	found := 1
	exif(data, mediaType, func(body []byte) bool {
		f, at, ok := openTIFF(File{Data: bytes.TrimPrefix(body, []byte(exifPrefix))}) // also where only JPEG has it
		if !ok {
			return true
		}
		d, _ := f.directory(at)
		found = max(d.orientation, 1)
		return d.orientation == 0
	})
	return found
}

// exifPrefix begins a segment of a JPEG that holds Exif (Exif 2.32, 4.5.5).
const exifPrefix = "Exif\x00\x00"

// exif calls yield for each block of Exif until it returns false.
func exif(data []byte, mediaType string, yield func(body []byte) bool) {
	switch mediaType {
	case ocr.JPEG:
		const application1 = 0xe1
		segments(data, func(marker byte, body []byte) bool {
			return marker != application1 || !bytes.HasPrefix(body, []byte(exifPrefix)) || yield(body)
		})
	case ocr.PNG:
		pngChunks(data, func(name string, body []byte) bool { return name != "eXIf" || yield(body) })
	case ocr.WebP:
		if len(data) >= riffHeader {
			chunks(data[riffHeader:], func(name string, body, _ []byte) bool { return name != "EXIF" || yield(body) })
		}
	}
}

// pngChunks calls yield for each whole chunk of a PNG until it returns false (PNG, third edition, 5.3).
func pngChunks(data []byte, yield func(name string, body []byte) bool) {
	const signature, head, check = 8, 8, 4 // bytes
	for at := signature; at+head+check <= len(data); {
		n := side(binary.BigEndian.Uint32(data[at:]))
		if n > len(data)-at-head-check || !yield(string(data[at+4:at+head]), data[at+head:at+head+n]) {
			return
		}
		at += head + n + check
	}
}
