//go:build linux

package reader_test

import (
	"errors"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
)

// saidBy is the text of a field.
func saidBy(f ocr.Field) string {
	return text(ocr.Page{Blocks: []ocr.Block{{Paragraphs: []ocr.Paragraph{{Lines: f.Lines}}}}})
}

// A field is asked for where the words of the whole page are, and so they must be in the same pixels.
func TestFieldsOfATextLayerAreReadWhereItsWordsAre(t *testing.T) {
	e := newPool(t, nil)
	whole, err := e.Recognise(t.Context(), source(t, "passport", passport()), 1, english())
	if err != nil {
		t.Fatal(err)
	}
	opt := english()
	for w := range whole.Words {
		if len(w.Text) > 4 && len(w.Text) < 12 {
			const around = 6
			b := ocr.Box{X0: w.Box.X0 - around, Y0: w.Box.Y0 - around, X1: w.Box.X1 + around, Y1: w.Box.Y1 + around}
			opt.Fields = append(opt.Fields, ocr.FieldRequest{ID: w.Text, Kind: ocr.TextField, Box: b, OneLine: true})
		}
	}
	page, err := e.Recognise(t.Context(), source(t, "passport", passport()), 1, opt)
	if err != nil {
		t.Fatal(err)
	}
	if page.Width != whole.Width || page.Height != whole.Height || page.DPI != whole.DPI || page.Number != 1 || len(page.Fields) < 4 {
		t.Fatalf("the page is %d × %d at %d, with %d fields; whole it is %d × %d at %d",
			page.Width, page.Height, page.DPI, len(page.Fields), whole.Width, whole.Height, whole.DPI)
	}
	for _, f := range page.Fields {
		if saidBy(f) != f.ID {
			t.Errorf("%q is read as %q", f.ID, saidBy(f))
		}
	}
}

func TestPoolsReadFieldsAndRefuseThoseThatCannotBe(t *testing.T) {
	p := newPool(t, nil)
	opt := english()
	opt.Fields = []ocr.FieldRequest{
		{ID: "a", Kind: ocr.TextField, Box: ocr.Box{X0: 5000, Y0: 5000, X1: 6000, Y1: 6000}},
		{ID: "b", Kind: ocr.CheckmarkField, Box: ocr.Box{X0: 1, Y0: 1, X1: 40, Y1: 40}, Frame: ocr.SquareFrame},
		{ID: "c", Kind: ocr.BarcodeField},
	}
	page, err := p.Recognise(t.Context(), source(t, "passport", passport()), 1, opt)
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Fields) != 3 || page.Fields[1].Mark != ocr.MarkUnchecked || !page.Fields[0].Box.Empty() {
		t.Errorf("fields: %+v", page.Fields)
	}
	opt.Fields[0].Pattern = "("
	if _, err := p.Recognise(t.Context(), source(t, "passport", passport()), 1, opt); !errors.Is(err, fault.BadField) {
		t.Errorf("a pattern that is none: %v", err)
	}
}
