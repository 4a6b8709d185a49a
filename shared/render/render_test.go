package render

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestEveryFormatMatchesItsGoldenFile(t *testing.T) {
	for _, f := range formats() {
		t.Run(string(f), func(t *testing.T) {
			got := render(t, f, document(), model()...)
			name := filepath.Join("testdata", string(f)+".golden")
			if *update {
				if err := os.WriteFile(name, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("run with -update if the change is meant (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFormatsAgreeOnEveryWordItsPlaceAndItsConfidence(t *testing.T) {
	want := modelWords(model())
	for _, f := range []Format{JSON, HOCR, ALTO, TSV} {
		t.Run(string(f), func(t *testing.T) {
			got, err := parseWords(f, render(t, f, document(), model()...))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("words (-model +%s):\n%s", f, diff)
			}
		})
	}
}

func TestEachPageIsWrittenBeforeTheNextIsAskedFor(t *testing.T) {
	for _, f := range formats() {
		t.Run(string(f), func(t *testing.T) {
			var b bytes.Buffer
			pages := model()
			pages[0].Blocks, pages[1].Blocks = pages[5].Blocks, pages[5].Blocks
			seq := func(yield func(ocr.Page, error) bool) {
				_ = yield(pages[0], nil)
				if n := strings.Count(b.String(), "Turned"); n != 1 {
					t.Errorf("%d pages written after the first, want 1", n)
				}
				_ = yield(pages[1], nil)
			}
			if err := Write(&b, f, Document{}, seq); err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(b.String(), "Turned"); n != 2 {
				t.Errorf("%d pages written at the end, want 2", n)
			}
		})
	}
}

func TestErrorOfTheSequenceIsReturnedAndEndsTheResult(t *testing.T) {
	cause := errors.New("no more pages")
	for _, f := range formats() {
		err := Write(io.Discard, f, Document{}, func(yield func(ocr.Page, error) bool) {
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
	for _, f := range formats() {
		size := len(render(t, f, document(), model()...))
		for _, left := range []int{0, size / 2, size - 1} {
			if err := Write(&full{left}, f, document(), sequence(model()...)); !errors.Is(err, io.ErrShortWrite) {
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
			for _, f := range formats() {
				if err := Write(io.Discard, f, test.doc, sequence(test.pages...)); !errors.Is(err, fault.InternalError) {
					t.Errorf("%s: got %v, want an internal error", f, err)
				}
			}
		})
	}
}

func TestFormatsNobodyWritesHereAreRefused(t *testing.T) {
	if err := Write(io.Discard, PDF, Document{}, sequence(model()...)); !errors.Is(err, fault.InternalError) {
		t.Errorf("pdf: got %v, want an internal error", err)
	}
	if err := Write(io.Discard, "docx", Document{}, sequence(model()...)); !errors.Is(err, fault.FormatUnknown) {
		t.Errorf("docx: got %v, want an unknown format", err)
	}
}

func TestParseFormatKnowsEveryFormatAndListsThemOtherwise(t *testing.T) {
	seen := make(map[string]Format)
	for _, f := range Formats() {
		got, err := ParseFormat(string(f))
		if err != nil || got != f {
			t.Errorf("ParseFormat(%q) = %q, %v", f, got, err)
		}
		if f.MediaType() == Format("").MediaType() {
			t.Errorf("%s has no media type", f)
		}
		if other, ok := seen[f.Extension()]; ok || f.Extension() == "" {
			t.Errorf("%s and %s share the extension %q", f, other, f.Extension())
		}
		seen[f.Extension()] = f
	}
	_, err := ParseFormat("doc\nx")
	if !errors.Is(err, fault.FormatUnknown) {
		t.Fatalf("got %v, want an unknown format", err)
	}
	if !strings.Contains(err.Error(), "txt, json, hocr, alto, tsv, pdf") || strings.Contains(err.Error(), "doc") {
		t.Errorf("%q does not list the formats, or repeats the name given", err)
	}
}
