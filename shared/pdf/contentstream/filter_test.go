package contentstream

import (
	"bytes"
	"compress/zlib"
	"encoding/ascii85"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sample = "BT /F 12 Tf 72 720 Td (a a a a a a a a a) Tj ET"

func deflated(s string) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write([]byte(s)) // to memory
	_ = z.Close()
	return b.Bytes()
}

func base85(s []byte) []byte {
	out := make([]byte, ascii85.MaxEncodedLen(len(s)))
	return append(out[:ascii85.Encode(out, s)], "~>"...)
}

func TestFiltersOfTextAreDecoded(t *testing.T) {
	packed := deflated(sample)
	for name, c := range map[string]struct {
		data    []byte
		filters []Filter
	}{
		"none":              {[]byte(sample), nil},
		"flate":             {packed, []Filter{{Name: "FlateDecode"}}},
		"flate, bad sum":    {append(packed[:len(packed)-1:len(packed)-1], 0), []Filter{{Name: "Fl"}}},
		"flate, no sum":     {packed[:len(packed)-4], []Filter{{Name: "Fl"}}},
		"base 85":           {base85([]byte(sample)), []Filter{{Name: "ASCII85Decode"}}},
		"base 85 and flate": {base85(packed), []Filter{{Name: "A85"}, {Name: "FlateDecode"}}},
		"hexadecimal":       {[]byte(strings.ToUpper(hex.EncodeToString([]byte(sample))) + " >"), []Filter{{Name: "ASCIIHexDecode"}}},
		"runs":              {append(append([]byte{byte(len(sample) - 1)}, sample...), 128, 9), []Filter{{Name: "RunLengthDecode"}}},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := Decode(c.data, c.filters, 1<<10)
			if diff := cmp.Diff(sample, string(out)); diff != "" || err != nil {
				t.Error(err, diff)
			}
		})
	}
	if out, err := Decode(nil, []Filter{{Name: "FlateDecode"}}, 99); len(out) != 0 || err != nil {
		t.Errorf("an empty stream: %q, %v", out, err)
	}
	// The example of ISO 32000-1, section 7.4.4.2.
	out, err := Decode([]byte{0x80, 0x0B, 0x60, 0x50, 0x22, 0x0C, 0x0C, 0x85, 0x01}, []Filter{{Name: "LZWDecode"}}, 99)
	if diff := cmp.Diff([]byte{45, 45, 45, 45, 45, 65, 45, 45, 45, 66}, out); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestStreamsBeyondTheLimitsAreRefused(t *testing.T) {
	bomb := deflated(string(make([]byte, 1<<20)))
	for name, c := range map[string]struct {
		data    []byte
		filters []Filter
		want    error
	}{
		"too long":      {make([]byte, 1<<17), nil, ErrTooLong},
		"bomb":          {bomb, []Filter{{Name: "FlateDecode"}}, ErrTooLong},
		"bomb in bomb":  {deflated(string(bomb)), []Filter{{Name: "FlateDecode"}, {Name: "FlateDecode"}}, ErrTooLong},
		"many filters":  {nil, make([]Filter, 9), ErrFilter},
		"a picture":     {[]byte(sample), []Filter{{Name: "DCTDecode"}}, ErrFilter},
		"predicted":     {deflated(sample), []Filter{{Name: "FlateDecode", Predicted: true}}, ErrFilter},
		"not deflated":  {[]byte(sample), []Filter{{Name: "FlateDecode"}}, ErrDamaged},
		"cut off":       {deflated(sample)[:20], []Filter{{Name: "FlateDecode"}}, ErrDamaged},
		"not base 85":   {[]byte("{|}~>"), []Filter{{Name: "A85"}}, ErrDamaged},
		"damaged codes": {[]byte{0xff, 0xff, 0xff}, []Filter{{Name: "LZW"}}, ErrDamaged},
	} {
		if out, err := Decode(c.data, c.filters, 1<<16); !errors.Is(err, c.want) {
			t.Errorf("%s: %d bytes, %v", name, len(out), err)
		}
	}
}
