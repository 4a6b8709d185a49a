package render

import (
	"errors"
	"io"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
)

func TestErrorOfTheSequenceIsReturnedAndEndsTheResult(t *testing.T) {
	cause := errors.New("no more pages")
	for _, f := range everyFormat() {
		err := write(t, io.Discard, f, Document{}, func(yield func(ocr.Page, error) bool) {
			if yield(model()[0], nil) && yield(ocr.Page{}, cause) {
				t.Errorf("%s: asked for a page after an error", f)
			}
		})
		if !errors.Is(err, cause) {
			t.Errorf("%s: got %v, want the error of the sequence", f, err)
		}
	}
}

// full refuses what comes after its first bytes.
type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if len(p) > f.left {
		return 0, io.ErrShortWrite
	}
	f.left -= len(p)
	return len(p), nil
}

func TestErrorOfTheWriterIsReturned(t *testing.T) {
	for _, f := range everyFormat() {
		size := len(render(t, f, document(), model()...))
		for _, left := range []int{0, size / 2, size - 1} {
			if err := write(t, &full{left}, f, document(), sequence(model()...)); !errors.Is(err, io.ErrShortWrite) {
				t.Errorf("%s: after %d of %d bytes got %v, want the error of the writer", f, left, size, err)
			}
		}
	}
}

func TestWrongSequencesAreRefused(t *testing.T) {
	one, two := ocr.Page{Number: 1}, ocr.Page{Number: 2}
	tests := []struct {
		name  string
		doc   Document
		pages []ocr.Page
	}{
		{name: "no page"},
		{name: "page without a number", pages: []ocr.Page{{}}},
		{name: "page twice", pages: []ocr.Page{one, one}},
		{name: "pages out of order", pages: []ocr.Page{two, one}},
		{name: "fewer pages than announced", doc: Document{Pages: 2}, pages: []ocr.Page{one}},
		{name: "more pages than announced", doc: Document{Pages: 1}, pages: []ocr.Page{one, two}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, f := range everyFormat() {
				if err := write(t, io.Discard, f, test.doc, sequence(test.pages...)); !errors.Is(err, fault.InternalError) {
					t.Errorf("%s: got %v, want an internal error", f, err)
				}
			}
		})
	}
}
