//go:build cgo

package picture_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// animatedGIF repeats a picture.
func animatedGIF(t *testing.T, frames int) []byte {
	t.Helper()
	img := image.NewPaletted(image.Rect(0, 0, 40, 30), color.Palette{color.White, color.Black})
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &gif.GIF{Image: slices.Repeat([]*image.Paletted{img}, frames), Delay: make([]int, frames)}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// animatedPNG adds frames behind the picture of a PNG, which is the first of them or stands alone.
func animatedPNG(t *testing.T, plain []byte, more int, counts bool) []byte {
	t.Helper()
	chunk := func(name string, body []byte) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
		named := append([]byte(name), body...)
		return binary.BigEndian.AppendUint32(append(b, named...), crc32.ChecksumIEEE(named))
	}
	control := make([]byte, 26)
	const header, end = 33, 12
	b := append(slices.Clone(plain[:header]), chunk("acTL", make([]byte, 8))...)
	if counts {
		b = append(b, chunk("fcTL", control)...)
	}
	b = append(b, plain[header:len(plain)-end]...)
	for range more {
		b = append(append(b, chunk("fcTL", control)...), chunk("fdAT", make([]byte, 9))...)
	}
	return append(b, plain[len(plain)-end:]...)
}

func TestPicturesThatAnAnimationGoesOnWithAreCounted(t *testing.T) {
	plain := asPNG(t, letter(t))
	cases := []struct {
		name      string
		data      []byte
		mediaType string
		want      int
	}{
		{"GIF", animatedGIF(t, 1), ocr.GIF, 0},
		{"animated GIF", animatedGIF(t, 7), ocr.GIF, 6},
		{"animated GIF that is cut off", animatedGIF(t, 7)[:len(animatedGIF(t, 7))-10], ocr.GIF, 6},
		{"PNG", plain, ocr.PNG, 0},
		{"animated PNG", animatedPNG(t, plain, 3, true), ocr.PNG, 3},
		{"animated PNG with a picture of its own", animatedPNG(t, plain, 2, false), ocr.PNG, 2},
		{"WebP without a chunk", []byte("RIFF\x04\x00\x00\x00WEBP"), ocr.WebP, 0},
		{"nothing", nil, ocr.WebP, 0},
		{"another type", animatedGIF(t, 7), ocr.TIFF, 0},
	}
	for _, c := range cases {
		if got := picture.LeftOut(c.data, c.mediaType); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	dir, args := t.TempDir(), []string{"-d", "100"}
	for _, name := range []string{"1.png", "2.png", "3.png"} {
		file := filepath.Join(dir, name)
		img := letter(t)
		img.Pix[int(name[0])] = 0 // else one frame says it all
		if err := os.WriteFile(file, asPNG(t, img), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, file)
	}
	if got := picture.LeftOut(ocrtest.Convert(t, nil, "none", "out.webp", "img2webp", append(args, "-o", "out.webp")...), ocr.WebP); got != 2 {
		t.Errorf("animated WebP: %d, want 2", got)
	}
	if got := picture.LeftOut(asWebP(t, letter(t)), ocr.WebP); got != 0 {
		t.Errorf("WebP: %d, want 0", got)
	}
}

func TestAnimatedPNGIsReadAsItsPicture(t *testing.T) {
	data := animatedPNG(t, asPNG(t, letter(t)), 2, true)
	if off := difference(pixels(t, decode(t, data, ocr.PNG, 0)), letter(t)); off > 1 {
		t.Errorf("a pixel is %.1f off on average", off)
	}
}
