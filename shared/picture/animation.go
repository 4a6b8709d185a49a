//go:build cgo

package picture

import (
	"github.com/lethe-ocr/lethe/shared/ocr"
)

// mostFrames bounds how many frames are counted.
const mostFrames = 10_000

// LeftOut returns how many pictures of an animation follow the one that is read, at most mostFrames.
func LeftOut(data []byte, mediaType string) int {
	pictures := 0
	switch mediaType {
	case ocr.GIF:
		pictures = picturesOfGIF(data)
	case ocr.WebP:
		if len(data) >= riffHeader {
			chunks(data[riffHeader:], func(name string, _, _ []byte) bool {
				if name == "ANMF" {
					pictures++
				}
				return pictures <= mostFrames
			})
		}
	case ocr.PNG:
		pictures = 1 + framesAfterPNG(data)
	}
	return max(0, min(pictures-1, mostFrames))
}

func picturesOfGIF(data []byte) int {
	_, at, ok := gifPicture(data)
	if !ok {
		return 0
	}
	pictures := 1
	for at+9 < len(data) && pictures <= mostFrames {
		switch data[at] {
		case '!':
			at = gifBlocks(data, at+2)
		case ',':
			pictures++
			at = gifBlocks(data, at+10+gifColours(data[at+9])+1)
		default:
			return pictures
		}
	}
	return pictures
}

// framesAfterPNG counts the frames of an animation that follow the picture itself (PNG, third edition, section 11.3.6).
func framesAfterPNG(data []byte) int {
	frames, seen := 0, false
	pngChunks(data, func(name string, _ []byte) bool {
		seen = seen || name == "IDAT"
		if seen && name == "fcTL" {
			frames++
		}
		return frames < mostFrames
	})
	return frames
}
