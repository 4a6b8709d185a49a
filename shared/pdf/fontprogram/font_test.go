package fontprogram

import (
	"encoding/binary"
	"math"
	"testing"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

func TestTrueTypeHasTheWidthsAndGlyphsThatAnotherReaderFinds(t *testing.T) {
	f, err := TrueType(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	other, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	var buffer sfnt.Buffer
	for char := ' '; char <= '\u017f'; char++ {
		glyph, err := other.GlyphIndex(&buffer, char)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Maps[MicrosoftUnicode][int(char)]; got != int(glyph) {
			t.Errorf("%q has the glyph %d, want %d", char, got, glyph)
		}
		advance, err := other.GlyphAdvance(&buffer, glyph, fixed.I(1000), font.HintingNone)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := f.Width(int(glyph)); !ok || math.Abs(got-float64(advance)/64) > 0.1 {
			t.Errorf("%q is %v wide, want %v", char, got, float64(advance)/64)
		}
	}
}

// overlapping is a font with as many maps as are looked at, all of which are one of groups that each have all codes.
func overlapping() []byte {
	const tables, records, groups = 5, 32, 1 << 16
	be := binary.BigEndian
	var body []byte
	data := be.AppendUint32(nil, 0x00010000)
	data = be.AppendUint16(data, tables)
	data = append(data, make([]byte, 6)...)
	add := func(name string, table []byte) {
		data = append(data, name...)
		data = be.AppendUint32(data, 0)
		data = be.AppendUint32(data, uint32(12+16*tables+len(body))) // #nosec G115 -- below a MiB
		data = be.AppendUint32(data, uint32(len(table)))             // #nosec G115 -- below a MiB
		body = append(body, table...)
	}
	head, hhea, maxp := make([]byte, 54), make([]byte, 36), make([]byte, 6)
	be.PutUint16(head[18:], 1000)
	be.PutUint16(hhea[34:], 1)
	be.PutUint16(maxp[4:], 1)
	add("head", head)
	add("hhea", hhea)
	add("hmtx", make([]byte, 4))
	add("maxp", maxp)
	cmap := be.AppendUint16(nil, 0)
	cmap = be.AppendUint16(cmap, records)
	for i := range records {
		cmap = be.AppendUint16(be.AppendUint16(cmap, 3), uint16(i))
		cmap = be.AppendUint32(cmap, 4+8*records)
	}
	cmap = be.AppendUint16(cmap, 12)
	cmap = append(cmap, make([]byte, 10)...)
	cmap = be.AppendUint32(cmap, groups)
	for range groups {
		cmap = be.AppendUint32(be.AppendUint32(be.AppendUint32(cmap, 0), groups-1), 1)
	}
	add("cmap", cmap)
	return append(data, body...)
}

// Without a bound it takes hours.
func TestMapsWhosePartsOverlapAreReadToABound(t *testing.T) {
	f, err := TrueType(overlapping())
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Maps[MicrosoftUnicode][7]; got != 8 {
		t.Errorf("glyph %d", got)
	}
}

func FuzzPrograms(f *testing.F) {
	f.Add(goregular.TTF)
	f.Add([]byte("\x01\x00\x04\x01\x00\x01\x01\x01\x02F\x00\x01\x01\x01\x03\x9e\x11\x00\x00\x00\x00\x01\x01\x01\x02\x0e"))
	f.Add([]byte("%!PS-AdobeFont\n/FontMatrix [0.001 0 0 0.001 0 0]\n/Encoding StandardEncoding def\ncurrentfile eexec\n0123456789"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for name, read := range map[string]func([]byte) (*Font, error){"TrueType": TrueType, "CFF": CFF, "Type 1": Type1} {
			p, err := read(data)
			if (p == nil) == (err == nil) {
				t.Fatalf("%s: %v and %v", name, p, err)
			}
			if p == nil {
				continue
			}
			for glyph := range 300 {
				p.Width(glyph)
			}
		}
	})
}
