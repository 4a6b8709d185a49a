//go:build cgo

package picture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// coloured is letter in three colours.
func coloured(t *testing.T) *image.RGBA {
	t.Helper()
	grey := letter(t)
	img := image.NewRGBA(grey.Rect)
	draw.Draw(img, img.Rect, grey, image.Point{}, draw.Src)
	draw.Draw(img, image.Rect(300, 0, 600, 700), image.NewUniform(color.RGBA{R: 255, G: 240, B: 220, A: 255}), image.Point{}, draw.Over)
	return img
}

func TestTIFFIsReadHoweverItIsLaidOut(t *testing.T) {
	grey, colour := asTIFF(t, letter(t)), asTIFF(t, coloured(t))
	for _, c := range []struct {
		name string
		from []byte
		args []string
	}{
		{"tiles", grey, []string{"-t", "-w", "256", "-l", "128", "-c", "lzw"}},
		{"tiles of colour", colour, []string{"-t", "-w", "64", "-l", "64", "-c", "zip"}},
		{"planes", colour, []string{"-p", "separate", "-c", "lzw"}},
		{"planes in tiles", colour, []string{"-p", "separate", "-t", "-w", "256", "-l", "256"}},
		{"one strip", colour, []string{"-r", "700"}},
		{"big-endian", colour, []string{"-B"}},
		{"BigTIFF", grey, []string{"-8"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := pixels(t, decode(t, c.from, ocr.TIFF, 0))
			laid := ocrtest.Convert(t, c.from, "in.tif", "out.tif", "tiffcp", append(c.args, "in.tif", "out.tif")...)
			got := pixels(t, decode(t, laid, ocr.TIFF, 0))
			if got.Width != want.Width || got.Height != want.Height {
				t.Fatalf("%d x %d", got.Width, got.Height)
			}
			for i := range want.Width * want.Height {
				for c := range want.Channels {
					// A grey picture may come in colour.
					if got.Data[i*got.Channels+min(c, got.Channels-1)] != want.Data[i*want.Channels+c] {
						t.Fatalf("pixel %d differs", i)
					}
				}
			}
			for orientation := 2; orientation <= 8; orientation++ {
				turned := ocrtest.Convert(t, laid, "out.tif", "out.tif", "tiffset", "-s", "274", strconv.Itoa(orientation), "out.tif")
				plain := ocrtest.Convert(t, c.from, "in.tif", "in.tif", "tiffset", "-s", "274", strconv.Itoa(orientation), "in.tif")
				a, b := pixels(t, decode(t, turned, ocr.TIFF, 0)), pixels(t, decode(t, plain, ocr.TIFF, 0))
				if a.Width != b.Width || a.Data[0] != b.Data[0] || a.Data[len(a.Data)-1] != b.Data[len(b.Data)-1] ||
					a.Data[(a.Width*300+200)*a.Channels] != b.Data[(b.Width*300+200)*b.Channels] {
					t.Errorf("orientation %d differs from the same picture in strips", orientation)
				}
			}
		})
	}
}

func TestUnknownCompressionIsUnsupportedAndNotDamage(t *testing.T) {
	const unassigned = 40_000
	data := tiffFile(binary.LittleEndian, 0, tiffPage{width: 3, height: 2, compression: unassigned, pixels: make([]byte, 6)})
	if _, err := picture.Decode(data, ocr.TIFF, 0, ocr.DefaultLimits()); !errors.Is(err, fault.PageUnsupported) {
		t.Errorf("got %v", err)
	}
}

func TestFirstPictureOfAnAnimationIsRead(t *testing.T) {
	dir := t.TempDir()
	first, second := letter(t), image.NewGray(image.Rect(0, 0, 900, 700))
	for name, img := range map[string]image.Image{"1.png": first, "2.png": second} {
		if err := os.WriteFile(filepath.Join(dir, name), asPNG(t, img), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, mode := range []string{"-lossless", "-lossy"} {
		data := ocrtest.Convert(t, nil, "none", "out.webp", "img2webp", mode, "-d", "100", filepath.Join(dir, "1.png"), filepath.Join(dir, "2.png"), "-o", "out.webp")
		if !bytes.Contains(data, []byte("ANMF")) {
			t.Fatal("no animation")
		}
		if off := difference(pixels(t, decode(t, data, ocr.WebP, 0)), first); off > 8 {
			t.Errorf("%s: a pixel is %.1f off on average", mode, off)
		}
		for n := range len(data) { // cut anywhere, it ends in an answer
			if n%97 == 0 {
				if im, err := picture.Decode(data[:n], ocr.WebP, 0, ocr.DefaultLimits()); err == nil {
					im.Close()
				}
			}
		}
	}
}

func TestTransparentColoursAreWhitePaper(t *testing.T) {
	grey := letter(t)
	for name, palette := range map[string]color.Palette{
		"black behind":  {color.NRGBA{}, color.NRGBA{A: 255}},
		"grey behind":   {color.NRGBA{R: 128, G: 128, B: 128}, color.NRGBA{A: 255}},
		"last of three": {color.NRGBA{A: 255}, color.NRGBA{R: 255, A: 255}, color.NRGBA{}},
	} {
		img := image.NewPaletted(grey.Rect, palette)
		none := uint8(slices.IndexFunc(palette, func(c color.Color) bool { _, _, _, a := c.RGBA(); return a == 0 }))
		ink := uint8(slices.IndexFunc(palette, func(c color.Color) bool { r, _, _, a := c.RGBA(); return a != 0 && r == 0 }))
		for i, v := range grey.Pix {
			if img.Pix[i] = ink; v > 128 {
				img.Pix[i] = none
			}
		}
		for mediaType, data := range map[string][]byte{ocr.GIF: asGIF(t, img), ocr.PNG: asPNG(t, img)} {
			if off := difference(pixels(t, decode(t, data, mediaType, 0)), grey); off > 1 {
				t.Errorf("%s, %s: a pixel is %.1f off on average", name, mediaType, off)
			}
		}
	}
}

func TestOrientationOfPNGAndWebPIsApplied(t *testing.T) {
	const block = 16
	img := image.NewGray(image.Rect(0, 0, 3*block, 2*block))
	for i := range img.Pix {
		img.Pix[i] = uint8(40 * (1 + i%img.Stride/block + 3*(i/img.Stride/block)))
	}
	for orientation, want := range displayed() {
		exif := slices.Concat([]byte("MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"), []byte{byte(orientation), 0, 0}, make([]byte, 4))
		plain := asPNG(t, img)
		const header = 33
		body := append([]byte("eXIf"), exif...)
		chunk := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(len(exif))), 0)[:4]
		chunk = binary.BigEndian.AppendUint32(append(chunk, body...), crc32.ChecksumIEEE(body))
		file := filepath.Join(t.TempDir(), "exif")
		if err := os.WriteFile(file, exif, 0o600); err != nil {
			t.Fatal(err)
		}
		for mediaType, data := range map[string][]byte{
			ocr.PNG:  slices.Concat(plain[:header], chunk, plain[header:]),
			ocr.WebP: ocrtest.Convert(t, asWebP(t, img), "in.webp", "out.webp", "webpmux", "-set", "exif", file, "in.webp", "-o", "out.webp"),
		} {
			got := pixels(t, decode(t, data, mediaType, 0))
			if got.Width != block*want.Width || got.Height != block*want.Height {
				t.Errorf("%s, orientation %d: %d x %d", mediaType, orientation, got.Width, got.Height)
				continue
			}
			for i, v := range want.Data {
				x, y := i%want.Width*block+block/2, i/want.Width*block+block/2
				if p := int(got.Data[(y*got.Width+x)*got.Channels]); max(p-40*int(v), 40*int(v)-p) > 8 {
					t.Errorf("%s, orientation %d: block %d is %d", mediaType, orientation, i, p)
				}
			}
		}
	}
}

func TestPixelsNeedNotBeSquare(t *testing.T) {
	plain := asTIFF(t, letter(t))
	for _, c := range []struct {
		x, y, orientation string
		want              picture.Frame
	}{
		{"204", "98", "1", picture.Frame{Width: 900, Height: 700, DPI: 204, DPIY: 98}},
		{"204", "196", "1", picture.Frame{Width: 900, Height: 700, DPI: 204, DPIY: 196}},
		{"204", "391", "3", picture.Frame{Width: 900, Height: 700, DPI: 204, DPIY: 391}},
		{"204", "98", "6", picture.Frame{Width: 700, Height: 900, DPI: 98, DPIY: 204}},
		{"204", "98", "7", picture.Frame{Width: 700, Height: 900, DPI: 98, DPIY: 204}},
		{"200", "202", "1", picture.Frame{Width: 900, Height: 700, DPI: 202}},
		{"3", "300", "1", picture.Frame{Width: 900, Height: 700, DPI: 300}},
	} {
		data := ocrtest.Convert(t, plain, "in.tif", "in.tif", "tiffset", "-s", "282", c.x, "in.tif")
		for tag, value := range map[string]string{"283": c.y, "296": "2", "274": c.orientation} {
			data = ocrtest.Convert(t, data, "in.tif", "in.tif", "tiffset", "-s", tag, value, "in.tif")
		}
		frames, err := picture.Probe(data, ocr.TIFF, ocr.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]picture.Frame{c.want}, frames); diff != "" {
			t.Errorf("%+v: %s", c, diff)
		}
		x, y := decode(t, data, ocr.TIFF, 0).Resolution()
		if wantY := max(c.want.DPIY, c.want.DPI*btoi(c.want.DPIY == 0)); x != c.want.DPI || y != wantY {
			t.Errorf("%+v: decoded with %d x %d dpi", c, x, y)
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestDamagedStripIsNoBlankPaper(t *testing.T) {
	for _, c := range []struct {
		img  image.Image
		args []string
	}{
		{letter(t), []string{"-c", "zip", "-r", "100"}},
		{letter(t), []string{"-c", "zip", "-t", "-w", "256", "-l", "256"}},
		{coloured(t), []string{"-c", "zip", "-p", "separate", "-r", "100"}},
	} {
		data := ocrtest.Convert(t, asTIFF(t, c.img), "in.tif", "out.tif", "tiffcp", append(c.args, "in.tif", "out.tif")...)
		for at := len(data) / 3; at < len(data)/3+400; at++ {
			data[at] = 0xff
		}
		if _, err := picture.Decode(data, ocr.TIFF, 0, ocr.DefaultLimits()); !errors.Is(err, fault.PageDamaged) {
			t.Errorf("%q: got %v", c.args, err)
		}
	}
}
