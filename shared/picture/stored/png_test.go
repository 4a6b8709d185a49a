package stored

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"
)

// encoded is a picture as PNG.
func encoded(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRowsOfAPNGAreTakenOverWhereAPDFCanSayThem(t *testing.T) {
	square := image.Rect(0, 0, 9, 9)
	grey := encoded(t, image.NewGray(square))
	colours := image.NewPaletted(square, color.Palette{color.Black, color.White, color.NRGBA{R: 255, A: 51}})
	opaque := image.NewRGBA(square)
	for i := 3; i < len(opaque.Pix); i += 4 {
		opaque.Pix[i] = 255
	}
	altered := func(at int, value byte) []byte {
		b := bytes.Clone(grey)
		b[at] = value
		return b
	}
	for name, c := range map[string]struct {
		data []byte
		want *Picture // its numbers; nil if it is not taken over
	}{
		"grey":         {grey, &Picture{Bits: 8, Channels: 1}},
		"16 bits":      {encoded(t, image.NewGray16(square)), &Picture{Bits: 16, Channels: 1}},
		"colour":       {encoded(t, opaque), &Picture{Bits: 8, Channels: 3}},
		"palette":      {encoded(t, colours), &Picture{Bits: 2, Channels: 1, Palette: []byte{0, 0, 0, 255, 255, 255, 255, 204, 204, 0, 0, 0}}},
		"transparent":  {encoded(t, image.NewNRGBA(square)), nil},
		"interlaced":   {altered(28, 1), nil},
		"two more":     {altered(23, 11), nil}, // rows than there are
		"two less":     {altered(23, 7), nil},
		"data damaged": {altered(len(grey)-20, grey[len(grey)-20]^0x10), nil}, // in the checksum of the rows
		"cut off":      {grey[:40], nil},
		"no PNG":       {[]byte("PNG"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := PNG(c.data)
			if ok != (c.want != nil) {
				t.Fatalf("taken over: %t", ok)
			}
			if !ok {
				return
			}
			if got.Width != 9 || got.Height != 9 || got.Bits != c.want.Bits || got.Channels != c.want.Channels || !bytes.Equal(got.Palette, c.want.Palette) {
				t.Errorf("got %+v", got)
			}
			if !bytes.Contains(c.data, bytes.Join(got.Parts, nil)) {
				t.Error("other bytes than those of the file")
			}
		})
	}
}

func FuzzTakenOver(f *testing.F) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 3))); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("\x00\x00\x00\x2djp2h\x00\x00\x00\x16ihdr\x00\x00\x00\x09\x00\x00\x00\x09\x00\x03\x07\x07\x00\x00\x00\x00\x00\x0fcolr\x01\x00\x00\x00\x00\x00\x10"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, find := range []func([]byte) (*Picture, bool){PNG, JP2} {
			if p, ok := find(data); ok && (p.Width < 1 || p.Height < 1 || p.Size() > len(data)) {
				t.Errorf("taken over: %+v", p)
			}
		}
	})
}
