package ocr_test

import (
	"bytes"
	"errors"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
)

// encoded returns what an encoder writes for a small picture.
func encoded(t testing.TB, encode func(*bytes.Buffer, image.Image) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func samples(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"application/pdf": []byte("%PDF-1.7\n"),
		"image/png":       encoded(t, func(b *bytes.Buffer, m image.Image) error { return png.Encode(b, m) }),
		"image/jpeg":      encoded(t, func(b *bytes.Buffer, m image.Image) error { return jpeg.Encode(b, m, nil) }),
		"image/gif":       encoded(t, func(b *bytes.Buffer, m image.Image) error { return gif.Encode(b, m, nil) }),
		"image/bmp":       encoded(t, func(b *bytes.Buffer, m image.Image) error { return bmp.Encode(b, m) }),
		"image/tiff":      encoded(t, func(b *bytes.Buffer, m image.Image) error { return tiff.Encode(b, m, nil) }),
		"image/webp":      []byte("RIFF\x24\x00\x00\x00WEBPVP8 \x18\x00\x00\x00"),
		"image/jp2":       []byte("\x00\x00\x00\x0CjP  \r\n\x87\n\x00\x00\x00\x14ftypjp2 \x00\x00\x00\x00jp2 "),
	}
}

func TestTypeIsFoundInTheContent(t *testing.T) {
	for want, data := range samples(t) {
		got, err := ocr.MediaType(data)
		if err != nil || got != want {
			t.Errorf("MediaType = %q, %v; want %q", got, err, want)
		}
	}
}

func TestTypeOfBigTIFF(t *testing.T) {
	for _, head := range []string{"II\x2b\x00\x08\x00\x00\x00", "MM\x00\x2b\x00\x08\x00\x00"} {
		if got, err := ocr.MediaType([]byte(head)); err != nil || got != "image/tiff" {
			t.Errorf("%q: MediaType = %q, %v", head, got, err)
		}
	}
}

func TestTypeOfPDFAfterJunk(t *testing.T) {
	for _, junk := range []string{"\n\n", "HTTP/1.1 200 OK\r\n\r\n", "\xEF\xBB\xBF", strings.Repeat("x", 1019)} {
		got, err := ocr.MediaType([]byte(junk + "%PDF-1.4\n"))
		if err != nil || got != "application/pdf" {
			t.Errorf("after %d bytes: MediaType = %q, %v", len(junk), got, err)
		}
	}
}

func TestTypeRefusesWhatIsNotRead(t *testing.T) {
	cases := []struct {
		name string
		head []byte
		want fault.Code
	}{
		{"nothing", nil, fault.DocumentEmpty},
		{"text", []byte("hello"), fault.DocumentUnknownType},
		{"web page", []byte("<!DOCTYPE html><html><body>%PDF</body></html>"), fault.DocumentUnknownType},
		{"archive", []byte("PK\x03\x04\x14\x00"), fault.DocumentUnknownType},
		{"header too late", []byte(strings.Repeat("x", 1024) + "%PDF-1.4"), fault.DocumentUnknownType},
		{"drawing", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), fault.DocumentUnknownType},
	}
	for _, c := range cases {
		if got, err := ocr.MediaType(c.head); !errors.Is(err, c.want) {
			t.Errorf("%s: MediaType = %q, %v; want %v", c.name, got, err, c.want)
		}
	}
}

func FuzzMediaType(f *testing.F) {
	for _, data := range samples(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, head []byte) {
		got, err := ocr.MediaType(head)
		if (got == "") == (err == nil) {
			t.Errorf("MediaType = %q, %v", got, err)
		}
		if err != nil && fault.KindOf(err) != fault.Document {
			t.Errorf("kind of %v", err)
		}
	})
}
