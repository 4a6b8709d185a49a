//go:build cgo

package reading_test

import (
	"context"
	"errors"
	"image"
	"image/color"
	"math"
	"strings"
	"testing"

	"golang.org/x/image/draw"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/reading"
)

// readFields reads fields of a picture at 200 dpi.
func readFields(t *testing.T, r *reading.Reader, img *image.Gray, opt ocr.Options, fields ...ocr.FieldRequest) []ocr.Field {
	t.Helper()
	opt.Languages, opt.Fields = []string{"eng"}, fields
	page, err := r.Read(t.Context(), grey(t, img), 200, 200, opt)
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Fields) != len(fields) || len(page.Blocks) > 0 {
		t.Fatalf("%d fields and %d blocks", len(page.Fields), len(page.Blocks))
	}
	return page.Fields
}

// lineTexts are the lines of a field, with spaces between words.
func lineTexts(f ocr.Field) string {
	var lines []string
	for i := range f.Lines {
		var line strings.Builder
		for j, w := range f.Lines[i].Words {
			if j > 0 && f.Lines[i].SpaceBefore(j) {
				line.WriteByte(' ')
			}
			line.WriteString(w.Text)
		}
		lines = append(lines, line.String())
	}
	return strings.Join(lines, "\n")
}

func TestFieldsAreReadAsTheyAreAskedFor(t *testing.T) {
	r := newReader(t)
	img := drawn(t, 900, 500, 30, map[image.Point][]string{{60, 30}: {"Invoice 2026-001", "paid in full"}, {60, 250}: {"7"}, {60, 330}: {"O0l15 S8"}})
	two, one := ocr.Box{X0: 40, Y0: 30, X1: 600, Y1: 150}, ocr.Box{X0: 40, Y0: 40, X1: 600, Y1: 90}
	fields := readFields(t, r, img, ocr.Options{},
		ocr.FieldRequest{Kind: ocr.TextField, Box: two},
		ocr.FieldRequest{Kind: ocr.TextField, Box: one, OneLine: true},
		ocr.FieldRequest{Kind: ocr.TextField, Box: one, OneWordPerLine: true},
		ocr.FieldRequest{Kind: ocr.TextField, Box: ocr.Box{X0: 40, Y0: 240, X1: 200, Y1: 310}, OneLine: true},
		ocr.FieldRequest{Kind: ocr.TextField, Box: ocr.Box{X0: 40, Y0: 430, X1: 600, Y1: 490}},
		ocr.FieldRequest{Kind: ocr.TextField},
	)
	for i, want := range []string{"Invoice 2026-001\npaid in full", "Invoice 2026-001", "Invoice2026-001", "7", ""} {
		if got := lineTexts(fields[i]); got != want {
			t.Errorf("field %d: %q, want %q", i, got, want)
		}
	}
	if fields[4].Confidence != 100 || len(fields[4].Lines) > 0 {
		t.Errorf("an empty field: %+v", fields[4])
	}
	if whole := lineTexts(fields[5]); !strings.Contains(whole, "Invoice 2026-001") || fields[5].Box != (ocr.Box{X1: 900, Y1: 500}) {
		t.Errorf("the whole page: %q at %v", whole, fields[5].Box)
	}
}

func TestLettersAndPatternsDecideBetweenWhatMayBeRead(t *testing.T) {
	r := newReader(t)
	img := drawn(t, 900, 300, 30, map[image.Point][]string{{60, 30}: {"1O5S8B2Z"}, {60, 150}: {"AB 1234"}})
	box, other := ocr.Box{X0: 40, Y0: 30, X1: 600, Y1: 100}, ocr.Box{X0: 40, Y0: 150, X1: 600, Y1: 230}
	fields := readFields(t, r, img, ocr.Options{},
		ocr.FieldRequest{Kind: ocr.TextField, Box: box, OneLine: true, Letters: "0123456789"},
		ocr.FieldRequest{Kind: ocr.TextField, Box: box, OneLine: true, Pattern: "[0-9]{8}"},
		ocr.FieldRequest{Kind: ocr.TextField, Box: box, OneLine: true, Pattern: "[a-f]+"},
		ocr.FieldRequest{Kind: ocr.TextField, Box: other, OneLine: true, Pattern: `[A-Z]{2}\s[0-9]{4}`},
	)
	for i, want := range []string{"10558822", "10558822"} {
		got := lineTexts(fields[i])
		if strings.Trim(got, "0123456789") != "" || len(got) < 6 {
			t.Errorf("field %d: %q, want %q or nearly so", i, got, want)
		}
	}
	if got := fields[2]; lineTexts(got) == "" || got.Confidence > 60 {
		t.Errorf("a pattern that nothing matches: %q, %v", lineTexts(got), got.Confidence)
	}
	if got := fields[3]; lineTexts(got) != "AB 1234" || got.Confidence < 60 {
		t.Errorf("a pattern with a space: %q, %v", lineTexts(got), got.Confidence)
	}
	if page := readFields(t, r, img, ocr.Options{Letters: "0123456789"}, ocr.FieldRequest{Kind: ocr.TextField, Box: other, OneLine: true}); strings.Trim(lineTexts(page[0]), "0123456789 ") != "" {
		t.Errorf("letters of all fields: %q", lineTexts(page[0]))
	}
}

func TestVariantsOfCharactersAreGivenWhereAskedFor(t *testing.T) {
	r := newReader(t)
	img := drawn(t, 900, 200, 30, map[image.Point][]string{{60, 30}: {"O0I1l rn m"}})
	count := func(f ocr.Field) (n int) {
		for _, l := range f.Lines {
			for _, w := range l.Words {
				for _, c := range w.Characters {
					n += len(c.Variants)
				}
			}
		}
		return n
	}
	q := ocr.FieldRequest{Kind: ocr.TextField, OneLine: true, Pattern: ".+"}
	if n := count(readFields(t, r, img, ocr.Options{}, q)[0]); n > 0 {
		t.Errorf("%d that nobody asked for", n)
	}
	if n := count(readFields(t, r, img, ocr.Options{Features: ocr.Features{Alternatives: true}}, q)[0]); n == 0 {
		t.Error("there are none")
	}
}

func TestMarksAndWhatIsOutsideThePage(t *testing.T) {
	r := newReader(t)
	img := drawn(t, 300, 200, 30, nil)
	for _, x := range []int{50, 150} { // two squares, of which the second is marked
		draw.Draw(img, image.Rect(x, 50, x+40, 90), image.Black, image.Point{}, draw.Src)
		draw.Draw(img, image.Rect(x+3, 53, x+37, 87), image.White, image.Point{}, draw.Src)
	}
	for i := range 28 {
		for _, x := range []int{156 + i, 184 - i} {
			draw.Draw(img, image.Rect(x-1, 55+i, x+2, 58+i), image.NewUniform(color.Gray{Y: 60}), image.Point{}, draw.Src)
		}
	}
	box := func(x int) ocr.Box { return ocr.Box{X0: x - 5, Y0: 45, X1: x + 45, Y1: 95} }
	fields := readFields(t, r, img, ocr.Options{},
		ocr.FieldRequest{ID: "a", Kind: ocr.CheckmarkField, Frame: ocr.SquareFrame, Box: box(50)},
		ocr.FieldRequest{ID: "b", Kind: ocr.CheckmarkField, Frame: ocr.SquareFrame, Box: box(150), Correctable: true},
		ocr.FieldRequest{ID: "c", Kind: ocr.CheckmarkField, Box: ocr.Box{X0: 900, Y0: 0, X1: 950, Y1: 50}},
		ocr.FieldRequest{ID: "d", Kind: ocr.TextField, Box: ocr.Box{X0: math.MinInt, Y0: math.MinInt, X1: -1, Y1: math.MaxInt}},
		ocr.FieldRequest{ID: "e", Kind: ocr.BarcodeField, Box: ocr.Box{X0: math.MinInt, Y0: math.MinInt, X1: math.MaxInt, Y1: math.MaxInt}},
		ocr.FieldRequest{ID: "f", Kind: ocr.TextField, Box: ocr.Box{X0: 299, Y0: 199, X1: 400, Y1: 400}},
	)
	for i, want := range []ocr.Mark{ocr.MarkUnchecked, ocr.MarkChecked, ocr.MarkUnchecked, "", "", ""} {
		if f := fields[i]; f.Mark != want || f.ID != string(rune('a'+i)) || i < 2 && f.Confidence < 60 {
			t.Errorf("field %d: %+v", i, f)
		}
	}
	if !fields[2].Box.Empty() || !fields[3].Box.Empty() || fields[4].Box != (ocr.Box{X1: 300, Y1: 200}) {
		t.Errorf("regions: %v, %v, %v", fields[2].Box, fields[3].Box, fields[4].Box)
	}
}

func TestFieldsOfAPageWithOblongPixelsAreReadWhereTheyAre(t *testing.T) {
	r := newReader(t)
	square := drawn(t, 900, 200, 40, map[image.Point][]string{{60, 30}: {"Northfield"}})
	oblong := image.NewGray(image.Rect(0, 0, 900, 100))
	draw.BiLinear.Scale(oblong, oblong.Rect, square, square.Rect, draw.Src, nil)
	page, err := r.Read(t.Context(), grey(t, oblong), 200, 100, ocr.Options{Languages: []string{"eng"}, Fields: []ocr.FieldRequest{
		{Kind: ocr.TextField, OneLine: true, Box: ocr.Box{X0: 40, Y0: 10, X1: 500, Y1: 60}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	f := page.Fields[0]
	if lineTexts(f) != "Northfield" {
		t.Fatalf("%+v", f)
	}
	if b := f.Lines[0].Box; b.X0 < 50 || b.X0 > 75 || b.Y0 < 15 || b.Y1 > 55 {
		t.Errorf("it is at %v", b)
	}
}

func TestFieldsStopOnceTheyAreNotWanted(t *testing.T) {
	r := newReader(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := r.Read(ctx, grey(t, letter(t)), 200, 200, ocr.Options{Languages: []string{"eng"}, Fields: make([]ocr.FieldRequest, 5)})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
