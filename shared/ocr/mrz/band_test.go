package mrz

import (
	"image"
	"math/rand/v2"
	"testing"
)

// inked returns the pieces of ink of rows of characters at a pitch, each row lower than the one before and slanted.
func inked(rows, cells int, pitch, slope float64) []image.Rectangle {
	var ink []image.Rectangle
	for r := range rows {
		for c := range cells {
			x, y := 60+float64(c)*pitch, 300+float64(r)*2.5*pitch+slope*float64(c)*pitch
			w, h := int(0.7*pitch), int(pitch)
			if c%3 == 0 { // a filler
				h = int(0.7 * pitch)
			}
			ink = append(ink, image.Rect(int(x)-w/2, int(y)-h/2, int(x)-w/2+w, int(y)-h/2+h))
		}
	}
	return ink
}

func TestRowsWithRoomForTheCharactersOfAFormatAreABand(t *testing.T) {
	for _, c := range []struct{ rows, cells int }{{3, 30}, {2, 36}, {2, 44}} {
		for _, slope := range []float64{0, 0.05, -0.05} {
			bands := Bands(inked(c.rows, c.cells, 16, slope))
			if len(bands) != 1 || len(bands[0]) != c.rows {
				t.Fatalf("%d rows of %d, slope %v: %+v", c.rows, c.cells, slope, bands)
			}
			for i, row := range bands[0] {
				if row.Cells != c.cells || row.X0 < 58 || row.X0 > 62 || row.Y0 < 300+40*float64(i)-4 || row.Y0 > 300+40*float64(i)+4 {
					t.Errorf("%d rows of %d, slope %v: row %d is %+v", c.rows, c.cells, slope, i, row)
				}
			}
		}
	}
}

func TestARowWithACharacterMissingIsAsLongAsTheOthers(t *testing.T) {
	ink := inked(2, 44, 16, 0)
	bands := Bands(append(ink[:44:44], ink[46:]...)) // without the first two of the second row
	if len(bands) != 1 || len(bands[0]) != 2 || bands[0][1].Cells != 44 || bands[0][1].X0 != bands[0][0].X0 {
		t.Errorf("%+v", bands)
	}
}

func TestOtherRowsAreNoBand(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1)) // a fixed seed is the point
	var prose []image.Rectangle
	for line := range 40 {
		for x := 60; x < 800; {
			w := 5 + random.IntN(10)
			prose = append(prose, image.Rect(x, 100+30*line, x+w, 116+30*line))
			x += w + 2 + random.IntN(8)
		}
	}
	for name, ink := range map[string][]image.Rectangle{
		"none": nil, "a single row": inked(1, 44, 16, 0), "rows of another length": inked(3, 60, 12, 0), "prose": prose,
	} {
		if bands := Bands(ink); len(bands) > 0 {
			t.Errorf("%s: %+v", name, bands)
		}
	}
}

func FuzzBands(f *testing.F) {
	f.Add(uint64(1), 200, 500)
	f.Add(uint64(2), 5000, 30)
	f.Fuzz(func(t *testing.T, seed uint64, n, side int) {
		random := rand.New(rand.NewPCG(seed, 0)) // the fuzzer's
		side = min(max(side, 1), 40_000)
		var ink []image.Rectangle
		for range min(max(n, 0), 5000) {
			x, y := random.IntN(side), random.IntN(side)
			ink = append(ink, image.Rect(x, y, x+1+random.IntN(30), y+1+random.IntN(30)))
		}
		for _, band := range Bands(ink) {
			if len(band) < 2 || len(band) > mostRows {
				t.Errorf("a band of %d rows", len(band))
			}
			for _, r := range band {
				if r.Cells != band[0].Cells || r.Cells > 45 || !(r.Pitch > 0) || !(r.Height > 0) || !(r.X1 > r.X0) {
					t.Errorf("row %+v", r)
				}
			}
		}
	})
}
