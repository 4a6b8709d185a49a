package pdf

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/derivative"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

func TestGeometryOfPagesIsKept(t *testing.T) {
	crop := func(l, b, r, t float64) *derivative.Rect { return &derivative.Rect{l, b, r, t} }
	for _, c := range []struct {
		name          string
		page, parents string // entries of the page and of the tree
		want          derivative.Boxes
	}{
		{name: "own media box", page: "/MediaBox[0 0 612 792]", want: derivative.Boxes{Media: derivative.Rect{0, 0, 612, 792}}},
		{
			name: "everything of its own", page: "/MediaBox[-10 20 595.28 841.89]/CropBox[10 30 400.5 500]/Rotate 270",
			want: derivative.Boxes{Media: derivative.Rect{-10, 20, 595.28, 841.89}, Crop: crop(10, 30, 400.5, 500), Rotate: 270},
		},
		{name: "turned backwards", page: "/MediaBox[0 0 612 792]/Rotate -90", want: derivative.Boxes{Media: derivative.Rect{0, 0, 612, 792}, Rotate: 270}},
		{name: "sides in another order", page: "/MediaBox[612 792 0 0]", want: derivative.Boxes{Media: derivative.Rect{0, 0, 612, 792}}},
		{name: "inherited media box", parents: "/MediaBox[0 0 300 400]", want: derivative.Boxes{Media: derivative.Rect{0, 0, 300, 400}}},
		{
			name: "everything inherited", parents: "/MediaBox[0 0 300 400]/CropBox[50 50 250 350]/Rotate 90",
			want: derivative.Boxes{Media: derivative.Rect{0, 0, 300, 400}, Crop: crop(50, 50, 250, 350), Rotate: 90},
		},
		{
			name: "inherited media box alone", page: "/CropBox[50 50 250 350]", parents: "/MediaBox[0 0 300 400]",
			want: derivative.Boxes{Media: derivative.Rect{0, 0, 300, 400}, Crop: crop(50, 50, 250, 350)},
		},
		{
			name: "inherited crop box alone", page: "/MediaBox[0 0 300 400]", parents: "/CropBox[50 50 250 350]",
			want: derivative.Boxes{Media: derivative.Rect{0, 0, 300, 400}, Crop: crop(50, 50, 250, 350)},
		},
		{name: "no box at all", want: derivative.Boxes{Media: derivative.Rect{0, 0, 612, 792}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := pdftest.Build("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1"+c.parents+">>",
				"<</Type/Page/Parent 2 0 R/Contents 4 0 R"+c.page+">>", pdftest.Stream("", []byte("60 60 30 30 re f")))
			original, err := open(t, data).Survey(1, ocr.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, *original.Boxes); diff != "" {
				t.Error(diff)
			}
			var b bytes.Buffer
			if err := WriteSheets(&b, []derivative.Page{original, original}, ocr.DefaultLimits()); err != nil {
				t.Fatal(err)
			}
			written := open(t, b.Bytes())
			if written.Pages() != 2 {
				t.Errorf("%d pages", written.Pages())
			}
			got, err := written.Survey(2, ocr.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, *got.Boxes); diff != "" {
				t.Errorf("in the derivative: %s", diff)
			}
			w, h, err := open(t, data).Size(1)
			if err != nil {
				t.Fatal(err)
			}
			if dw, dh, err := written.Size(1); err != nil || dw != w || dh != h {
				t.Errorf("shown with %v x %v points instead of %v x %v: %v", dw, dh, w, h, err)
			}
		})
	}
}

func TestSheetsKeepTheSharesOfInk(t *testing.T) {
	original, err := open(t, onePage(letter, prose())).Survey(1, ocr.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if original.Ink.Density == 0 || original.Ink.Lines == 0 {
		t.Fatalf("a page of text has %+v", original.Ink)
	}
	var b bytes.Buffer
	if err := WriteSheets(&b, []derivative.Page{original}, ocr.DefaultLimits()); err != nil {
		t.Fatal(err)
	}
	got, err := open(t, b.Bytes()).Survey(1, ocr.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if d := got.Ink.Density - original.Ink.Density; d < -1 || d > 1 {
		t.Errorf("%+v became %+v", original.Ink, got.Ink)
	}
}

func TestSheetsOfHugePagesKeepToTheLimitOfPixels(t *testing.T) {
	page := derivative.Page{
		Boxes: &derivative.Boxes{Media: derivative.Rect{0, 0, 1_000_000, 1_000_000}}, Ink: derivative.Ink{Density: 4, Lines: 8, Height: 7},
	}
	limits := ocr.DefaultLimits()
	limits.Pixels = 1_000_000
	var b bytes.Buffer
	if err := WriteSheets(&b, []derivative.Page{page}, limits); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "/Width 1000/Height 1000/") {
		t.Error("the picture has another size than 1000 x 1000")
	}
}

func TestPagesThatCannotBeRenderedHaveNoDerivative(t *testing.T) {
	if _, err := open(t, onePage("/MediaBox[0 0 600000 600000]", "")).Survey(1, ocr.DefaultLimits()); !errors.Is(err, fault.PageTooLarge) {
		t.Errorf("got %v", err)
	}
}
