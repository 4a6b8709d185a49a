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
	"image/gif"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/picture"
)

func decode(t *testing.T, data []byte, mediaType string, frame int) *picture.Image {
	t.Helper()
	frames, err := picture.Probe(data, mediaType, ocr.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	im, err := picture.Decode(data, mediaType, frame, ocr.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(im.Close)
	if f := frames[frame]; f.Width != im.Width() || f.Height != im.Height() {
		t.Errorf("%d x %d was announced as %d x %d", im.Width(), im.Height(), f.Width, f.Height)
	}
	return im
}

func pixels(t *testing.T, im *picture.Image) picture.Pixels {
	t.Helper()
	p, err := im.Pixels()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// letter is a page of dark bars of many sizes, which every format keeps.
func letter(t *testing.T) *image.Gray {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 900, 700))
	draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
	for i := range 12 {
		for j := range 16 {
			at := image.Pt(40+50*j, 40+50*i)
			draw.Draw(img, image.Rectangle{at, at.Add(image.Pt(4+2*j, 4+3*i))}, image.Black, image.Point{}, draw.Src)
		}
	}
	return img
}

// difference is the mean difference between the grey values of a decoded picture and what was encoded, in the rows of both.
func difference(got picture.Pixels, want *image.Gray) float64 {
	sum := 0
	for i := range got.Width * got.Height {
		a, b := int(got.Data[i*got.Channels]), int(want.Pix[i])
		sum += max(a-b, b-a)
	}
	return float64(sum) / float64(got.Width*got.Height)
}

func TestEveryTypeIsRead(t *testing.T) {
	img := letter(t)
	for _, c := range []struct {
		name, mediaType string
		data            func(*testing.T) []byte
	}{
		{"PNG", "image/png", func(t *testing.T) []byte { return asPNG(t, img) }},
		{"JPEG", "image/jpeg", func(t *testing.T) []byte { return asJPEG(t, img) }},
		{"GIF", "image/gif", func(t *testing.T) []byte { return asGIF(t, img) }},
		{"BMP", "image/bmp", func(t *testing.T) []byte { return asBMP(t, img) }},
		{"WebP", "image/webp", func(t *testing.T) []byte { return asWebP(t, img) }},
		{"JPEG 2000", "image/jp2", func(t *testing.T) []byte { return asJP2(t, img) }},
		{"TIFF, deflate", "image/tiff", func(t *testing.T) []byte { return asTIFF(t, img) }},
		{"TIFF, LZW", "image/tiff", func(t *testing.T) []byte { return asCompressedTIFF(t, img, "lzw") }},
		{"TIFF, JPEG", "image/tiff", func(t *testing.T) []byte { return asCompressedTIFF(t, img, "jpeg") }},
		{"TIFF, G4", "image/tiff", func(t *testing.T) []byte {
			data := ocrtest.Convert(t, asTIFF(t, img), "in.tif", "bw.tif", "tiffdither", "-t", "128", "in.tif", "bw.tif")
			return ocrtest.Convert(t, data, "in.tif", "out.tif", "tiffcp", "-c", "g4", "in.tif", "out.tif")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			im := decode(t, c.data(t), c.mediaType, 0)
			// tiffdither drops the last row.
			if im.Width() != img.Rect.Dx() || im.Height() < img.Rect.Dy()-1 || im.Height() > img.Rect.Dy() {
				t.Errorf("%d x %d", im.Width(), im.Height())
			}
			if off := difference(pixels(t, im), img); off > 8 {
				t.Errorf("a pixel is %.1f off on average", off)
			}
		})
	}
}

func TestColourDepthsBecomeGreyOrRGBOnWhitePaper(t *testing.T) {
	area := image.Rect(0, 0, 4, 2)
	deep := image.NewGray16(area)
	deep.SetGray16(1, 0, color.Gray16{Y: 0x8000})
	glass := image.NewNRGBA(area)
	glass.SetNRGBA(1, 0, color.NRGBA{R: 255, A: 255})
	glass.SetNRGBA(2, 0, color.NRGBA{A: 128})
	spot := image.NewPaletted(area, color.Palette{color.NRGBA{}, color.NRGBA{B: 255, A: 255}})
	spot.SetColorIndex(1, 0, 1)
	twoTone := image.NewPaletted(area, color.Palette{color.White, color.Black})
	twoTone.SetColorIndex(1, 0, 1)
	for _, c := range []struct {
		name     string
		img      image.Image
		channels int
		first    []byte // the first three pixels
	}{
		{"16 bits", deep, 1, []byte{0, 0x80, 0}},
		{"alpha", glass, 3, []byte{255, 255, 255, 255, 0, 0, 126, 126, 126}},
		{"palette with alpha", spot, 3, []byte{255, 255, 255, 0, 0, 255, 255, 255, 255}},
		{"1 bit", twoTone, 1, []byte{255, 0, 255}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := pixels(t, decode(t, asPNG(t, c.img), "image/png", 0))
			if p.Width != 4 || p.Height != 2 || p.Channels != c.channels || len(p.Data) != 8*c.channels {
				t.Errorf("%d x %d, %d channels, %d bytes", p.Width, p.Height, p.Channels, len(p.Data))
			}
			if diff := cmp.Diff(c.first, p.Data[:3*c.channels]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// displayed is a picture of 3 × 2 pixels after each orientation; stored it is 1 2 3 above 4 5 6.
func displayed() map[uint32]picture.Pixels {
	wide := func(p ...byte) picture.Pixels {
		return picture.Pixels{Width: 3, Height: 2, Channels: 1, Data: p}
	}
	tall := func(p ...byte) picture.Pixels {
		return picture.Pixels{Width: 2, Height: 3, Channels: 1, Data: p}
	}
	return map[uint32]picture.Pixels{
		1: wide(1, 2, 3, 4, 5, 6), 2: wide(3, 2, 1, 6, 5, 4), 3: wide(6, 5, 4, 3, 2, 1), 4: wide(4, 5, 6, 1, 2, 3),
		5: tall(1, 4, 2, 5, 3, 6), 6: tall(4, 1, 5, 2, 6, 3), 7: tall(6, 3, 5, 2, 4, 1), 8: tall(3, 6, 2, 5, 1, 4),
	}
}

func TestOrientationOfTIFFIsApplied(t *testing.T) {
	for orientation, want := range displayed() {
		data := tiffFile(binary.LittleEndian, 0, tiffPage{width: 3, height: 2, orientation: orientation, pixels: []byte{1, 2, 3, 4, 5, 6}})
		if diff := cmp.Diff(want, pixels(t, decode(t, data, "image/tiff", 0))); diff != "" {
			t.Errorf("orientation %d: %s", orientation, diff)
		}
	}
}

func TestOrientationOfJPEGIsApplied(t *testing.T) {
	const block = 16
	img := image.NewGray(image.Rect(0, 0, 3*block, 2*block))
	for i := range img.Pix {
		img.Pix[i] = uint8(40 * (1 + i%img.Stride/block + 3*(i/img.Stride/block)))
	}
	plain := asJPEG(t, img)
	for orientation, want := range displayed() {
		got := pixels(t, decode(t, withEXIF(plain, byte(orientation)), "image/jpeg", 0))
		if got.Width != block*want.Width || got.Height != block*want.Height {
			t.Errorf("orientation %d: %d x %d", orientation, got.Width, got.Height)
			continue
		}
		for i, v := range want.Data {
			x, y := i%want.Width*block+block/2, i/want.Width*block+block/2
			if p := int(got.Data[y*got.Width+x]); max(p-40*int(v), 40*int(v)-p) > 8 {
				t.Errorf("orientation %d: block %d is %d", orientation, i, p)
			}
		}
	}
}

func TestJPEGOfAPDFIsShownAsStored(t *testing.T) {
	data := withEXIF(asJPEG(t, image.NewGray(image.Rect(0, 0, 30, 20))), 6)
	if im := decode(t, data, picture.StoredJPEG, 0); im.Width() != 30 || im.Height() != 20 {
		t.Errorf("%d x %d", im.Width(), im.Height())
	}
}

func TestResolutionThatNoScannerHasIsUnknown(t *testing.T) {
	plain := asPNG(t, letter(t))
	body := append([]byte("pHYs"), 255, 255, 255, 255, 255, 255, 255, 255, 1) // pixels a metre
	chunk := binary.BigEndian.AppendUint32(append([]byte{0, 0, 0, 9}, body...), crc32.ChecksumIEEE(body))
	const header = 33
	data := slices.Concat(plain[:header], chunk, plain[header:])
	im := decode(t, data, "image/png", 0)
	if x, y := im.Resolution(); x != 0 || y != 0 {
		t.Errorf("%d x %d dpi", x, y)
	}
}

func TestHugePicturesAreRefusedAtOnce(t *testing.T) {
	for mediaType, data := range huge(t) {
		start := time.Now()
		if _, err := picture.Probe(data, mediaType, ocr.DefaultLimits()); !errors.Is(err, fault.PageTooLarge) {
			t.Errorf("%s: got %v", mediaType, err)
		}
		if _, err := picture.Decode(data, mediaType, 0, ocr.DefaultLimits()); !errors.Is(err, fault.PageTooLarge) {
			t.Errorf("%s: got %v", mediaType, err)
		}
		if d := time.Since(start); d > time.Second {
			t.Errorf("%s: took %s", mediaType, d)
		}
	}
}

func TestOnlyTheFirstPictureOfAnAnimationIsDecoded(t *testing.T) {
	frames := &gif.GIF{}
	for range 2 {
		frames.Image = append(frames.Image, image.NewPaletted(image.Rect(0, 0, 8, 8), color.Palette{color.White, color.Black}))
		frames.Delay = append(frames.Delay, 1)
	}
	data := encoded(t, func(b *bytes.Buffer) error { return gif.EncodeAll(b, frames) })
	second := bytes.LastIndex(data, []byte{',', 0, 0, 0, 0, 8, 0, 8, 0})
	binary.LittleEndian.PutUint32(data[second+5:], 0xffffffff) // 65,535 × 65,535
	if im := decode(t, data, "image/gif", 0); im.Width() != 8 || im.Height() != 8 {
		t.Errorf("%d x %d", im.Width(), im.Height())
	}
}

func TestPagesOfTIFF(t *testing.T) {
	page := tiffPage{width: 3, height: 2, pixels: make([]byte, 6)}
	large, thumbnail, many := page, page, page
	large.width, large.height = 60_000, 60_000
	thumbnail.subfile = 1
	many.strips = 1 << 30
	limits := ocr.DefaultLimits()
	limits.Pages = 3
	good, stand := picture.Frame{Width: 3, Height: 2}, picture.Frame{Width: 1654, Height: 2339, DPI: 200}
	for _, c := range []struct {
		name string
		data []byte
		want []picture.Frame
		err  error
	}{
		{"three pages", tiffFile(binary.BigEndian, 0, page, page, page), []picture.Frame{good, good, good}, nil},
		{"four pages", tiffFile(binary.LittleEndian, 0, page, page, page, page), nil, fault.DocumentTooManyPages},
		{"a thumbnail first", tiffFile(binary.LittleEndian, 0, thumbnail, page), []picture.Frame{good}, nil},
		{"a thumbnail alone", tiffFile(binary.LittleEndian, 0, thumbnail), []picture.Frame{good}, nil},
		{"a page too large among others", tiffFile(binary.LittleEndian, 0, large, page), []picture.Frame{{Width: 60_000, Height: 60_000}, good}, nil},
		{"more strips than bytes", tiffFile(binary.LittleEndian, 0, many), nil, fault.DocumentDamaged},
		{"more strips than bytes on the first of two pages", tiffFile(binary.LittleEndian, 0, many, page), []picture.Frame{stand, good}, nil},
		{"more strips than bytes on one of two pages", tiffFile(binary.LittleEndian, 0, page, many), []picture.Frame{good, stand}, nil},
		{"a circle", tiffFile(binary.LittleEndian, 8, page, page), nil, fault.DocumentDamaged},
		{"a chain that breaks off", tiffFile(binary.LittleEndian, 1<<20, page), []picture.Frame{good, stand}, nil},
		{"no page", []byte("II*\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), nil, fault.DocumentDamaged},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := picture.Probe(c.data, "image/tiff", limits)
			if !errors.Is(err, c.err) {
				t.Fatalf("got %v, want %v", err, c.err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Fatal(diff)
			}
			for i, f := range got {
				im, err := picture.Decode(c.data, "image/tiff", i, limits)
				if ok := err == nil; ok != (f == good) || !ok && fault.KindOf(err) != fault.Document {
					t.Errorf("page %d: got %v", i, err)
				}
				if err == nil {
					im.Close()
				}
			}
		})
	}
}

func TestTruncatedPicturesGiveAPartOrAFault(t *testing.T) {
	img := letter(t)
	for mediaType, encode := range map[string]func(*testing.T, image.Image) []byte{
		"image/png": asPNG, "image/jpeg": asJPEG, "image/gif": asGIF, "image/bmp": asBMP, "image/tiff": asTIFF,
		"image/webp": asWebP, "image/jp2": asJP2,
	} {
		t.Run(mediaType, func(t *testing.T) {
			whole := encode(t, img)
			for _, percent := range []int{0, 1, 5, 25, 50, 75, 99} {
				data := whole[:len(whole)*percent/100]
				im, err := picture.Decode(data, mediaType, 0, ocr.DefaultLimits())
				if err == nil {
					im.Close()
				} else if fault.KindOf(err) != fault.Document {
					t.Errorf("%d%%: got %v", percent, err)
				}
			}
		})
	}
}

func TestAPictureUnderAnotherNameIsRefused(t *testing.T) {
	for mediaType, data := range map[string][]byte{
		"image/jpeg": asPNG(t, letter(t)), "image/png": asTIFF(t, letter(t)), "image/gif": asBMP(t, letter(t)),
	} {
		if _, err := picture.Decode(data, mediaType, 0, ocr.DefaultLimits()); !errors.Is(err, fault.DocumentDamaged) {
			t.Errorf("%s: got %v", mediaType, err)
		}
	}
	if _, err := picture.Probe([]byte("P5 1 1 255\n0"), "image/x-portable-graymap", ocr.DefaultLimits()); !errors.Is(err, fault.DocumentUnknownType) {
		t.Errorf("got %v", err)
	}
}

func FuzzProbe(f *testing.F) {
	types := []string{"image/tiff", "image/png", "image/jpeg", "image/bmp", "image/gif", "image/webp", "image/jp2"}
	f.Add(0, tiffFile(binary.BigEndian, 8, tiffPage{width: 3, height: 2, orientation: 6, pixels: make([]byte, 6)}))
	f.Add(1, []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00"))
	f.Add(3, []byte("BM"))
	f.Add(4, []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02L\x01\x00;"))
	f.Add(5, []byte("RIFF\x20\x00\x00\x00WEBPVP8L\x14\x00\x00\x00\x2f\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Add(6, []byte("\x00\x00\x00\x00jp2c\xff\x4f\xff\x51\x00\x29\x00\x00\x00\x00\x00\x09\x00\x00\x00\x09"))
	limits := ocr.Limits{Bytes: 1 << 20, Pages: 10, Pixels: 1000}
	f.Fuzz(func(t *testing.T, kind int, data []byte) {
		if kind < 0 || kind >= len(types) {
			t.Skip("no such type")
		}
		frames, err := picture.Probe(data, types[kind], limits)
		if err != nil {
			if fault.KindOf(err) != fault.Document {
				t.Fatal(err)
			}
			return
		}
		if len(frames) < 1 || len(frames) > limits.Pages {
			t.Errorf("%d frames", len(frames))
		}
		within := 0
		for _, f := range frames {
			if f.Width < 1 || f.Height < 1 || f.DPI < 0 {
				t.Errorf("frame %+v", f)
			}
			if f.Width*f.Height <= 1000 {
				within++
			}
		}
		if within == 0 {
			t.Errorf("no frame is within the limits: %v", frames)
		}
	})
}
