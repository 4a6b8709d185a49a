//go:build linux

package reader_test

import (
	"image"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// Languages are chosen by a look at a page before it is read. What is known of its fonts by then, and what is drawn, must not
// make it another page.
func TestPagesAreReadTheSameAfterALookAtThem(t *testing.T) {
	p := newPool(t, nil)
	kinds := pdftest.Kinds(func(text string) *image.Gray {
		img, err := ocrtest.Draw(text, ocrtest.Clean(), 1)
		if err != nil {
			t.Fatal(err)
		}
		return img
	})
	kinds = append(kinds, pdftest.Kind{Name: "born digital", Data: born(1)}, pdftest.Kind{Name: "picture", Data: asPNG(t, drawn(t))})
	for _, k := range kinds {
		opt := english()
		opt.Characters = true
		read := func(id string, looked bool) ocr.Page {
			src := source(t, k.Name+id, k.Data)
			if looked {
				page, err := p.Recognise(t.Context(), src, 1, ocr.Options{Languages: p.Languages(), Profile: ocr.Accurate, Choose: true})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff([]string{"eng"}, page.Languages); diff != "" {
					t.Errorf("%s: the look finds other languages: %s", k.Name, diff)
				}
			}
			page, err := p.Recognise(t.Context(), src, 1, opt)
			if err != nil {
				t.Fatal(err)
			}
			return page
		}
		if diff := cmp.Diff(read(", read", false), read(", looked at", true)); diff != "" {
			t.Errorf("%s: %s", k.Name, diff)
		}
	}
}
