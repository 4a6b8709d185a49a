//go:build linux

package reader_test

import (
	"archive/zip"
	"bytes"
	"image"
	"image/jpeg"
	"iter"
	"maps"
	"slices"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/worker/reader"
)

// numbered are pages without text.
func numbered(numbers ...int) iter.Seq2[ocr.Page, error] {
	return func(yield func(ocr.Page, error) bool) {
		for _, n := range numbers {
			if !yield(ocr.Page{Number: n, Origin: ocr.Blank}, nil) {
				return
			}
		}
	}
}

// previews writes the pictures of pages. Each must be a range of bytes of the file.
func previews(t *testing.T, e *reader.Engine, src ocr.Source, pages iter.Seq2[ocr.Page, error]) map[string]image.Image {
	t.Helper()
	var out bytes.Buffer
	if _, err := e.WritePDF(t.Context(), src, ocr.PDFOptions{Kind: ocr.Previews}, pages, &out); err != nil {
		t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	drawn := map[string]image.Image{}
	for _, f := range archive.File {
		at, err := f.DataOffset()
		if err != nil || f.Method != zip.Store {
			t.Fatalf("%s: method %d, %v", f.Name, f.Method, err)
		}
		if drawn[f.Name], err = jpeg.Decode(bytes.NewReader(out.Bytes()[at:][:f.CompressedSize64])); err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		if _, err := f.Open(); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	return drawn
}

// inked reports whether there is ink where a box of a page is on its picture.
func inked(m image.Image, page ocr.Page, b ocr.Box) bool {
	size := m.Bounds().Size()
	for y := b.Y0 * size.Y / page.Height; y <= b.Y1*size.Y/page.Height; y++ {
		for x := b.X0 * size.X / page.Width; x <= b.X1*size.X/page.Width; x++ {
			if r, _, _, _ := m.At(x, y).RGBA(); r < 0x8000 {
				return true
			}
		}
	}
	return false
}

func TestPreviewShowsTheInkUnderEveryWord(t *testing.T) {
	e := layers(t)
	turned := bytes.Replace(born(2), []byte("/Type/Page/"), []byte("/Rotate 90/Type/Page/"), 1)
	for name, data := range map[string][]byte{"as it is": born(2), "turned": turned, "a table": passport()} {
		src := source(t, name, data)
		info, err := e.Inspect(t.Context(), src)
		if err != nil {
			t.Fatal(err)
		}
		for n := 1; n <= info.Pages; n++ {
			page, err := e.Recognise(t.Context(), src, n, english())
			if err != nil || page.Origin != ocr.TextLayer {
				t.Fatalf("%s: %v, %v", name, page.Origin, err)
			}
			m := previews(t, e, src, numbered(n))[ocr.PreviewName(n)]
			if m == nil {
				t.Fatalf("%s: no picture of page %d", name, n)
			}
			if longer := max(m.Bounds().Dx(), m.Bounds().Dy()); longer > ocr.PreviewSide || longer < ocr.PreviewSide-20 {
				t.Errorf("%s: %v", name, m.Bounds())
			}
			for w := range page.Words {
				if !inked(m, page, w.Box) {
					t.Errorf("%s: no ink where %q stands", name, w.Text)
				}
			}
		}
	}
}

func TestPreviewOfAPictureIsSmallAndUprightWithSquarePixels(t *testing.T) {
	e := layers(t)
	sheet := drawn(t) // 1654 x 2339
	for name, c := range map[string]struct {
		data []byte
		want image.Point
	}{
		"JPEG": {asJPEG(t, sheet), image.Pt(1131, 1600)}, "lying JPEG": {lying(t, sheet), image.Pt(1131, 1600)},
		"coarse fax": {faxed(sheet, 98), image.Pt(1131, 1600)}, "small": {asPNG(t, sheet.SubImage(image.Rect(0, 0, 300, 200))), image.Pt(300, 200)},
	} {
		m := previews(t, e, source(t, name, c.data), numbered(1))[ocr.PreviewName(1)]
		if m == nil {
			t.Fatalf("%s: no picture", name)
		}
		if got := m.Bounds().Size(); max(got.X-c.want.X, c.want.X-got.X, got.Y-c.want.Y, c.want.Y-got.Y) > 3 {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestPreviewsHaveThePagesThatWereReadAlone(t *testing.T) {
	e := layers(t)
	pages := func(yield func(ocr.Page, error) bool) {
		_ = yield(ocr.Page{Number: 2, Origin: ocr.Blank}, nil) && yield(ocr.Page{Number: 3, Origin: ocr.Failed}, nil) && yield(ocr.Page{Number: 4, Origin: ocr.Blank}, nil)
	}
	got := slices.Sorted(maps.Keys(previews(t, e, source(t, "born", born(4)), pages)))
	if want := []string{"0002.jpg", "0004.jpg"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	sheet := asPNG(t, drawn(t))
	if got := previews(t, e, source(t, "cut off", sheet[:len(sheet)/2]), numbered(1)); len(got) > 0 {
		t.Errorf("%d pictures", len(got))
	}
}

func TestPreviewsOfSeveralFilesAreNumberedInTheDocument(t *testing.T) {
	e := layers(t)
	src := ocr.Source{ID: "several"}
	for _, f := range []ocr.Source{source(t, "first", born(2)), source(t, "second", asJPEG(t, drawn(t)))} {
		info, err := e.Inspect(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		src.Parts = append(src.Parts, ocr.Part{File: f.File, Pages: info.Pages})
	}
	got := slices.Sorted(maps.Keys(previews(t, e, src, numbered(1, 3))))
	if want := []string{"0001.jpg", "0003.jpg"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
