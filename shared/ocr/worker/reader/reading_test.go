//go:build linux

package reader_test

import (
	"bytes"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
	"github.com/lethe-ocr/lethe/shared/ocr/worker/reader"
)

func TestDocumentsAreRead(t *testing.T) {
	p := newPool(t, nil)
	for _, c := range []struct {
		name   string
		data   []byte
		want   ocr.Info
		origin ocr.Origin
		size   [2]int
	}{
		{
			name: "PNG", data: asPNG(t, drawn(t)), want: ocr.Info{Type: "image/png", Pages: 1},
			origin: ocr.Recognised, size: [2]int{ocrtest.Width, ocrtest.Height},
		},
		{
			name: "JPEG to be turned for display", data: lying(t, drawn(t)), want: ocr.Info{Type: "image/jpeg", Pages: 1},
			origin: ocr.Recognised, size: [2]int{ocrtest.Width, ocrtest.Height},
		},
		{
			name: "scanned PDF", data: scanned(t, 2), want: ocr.Info{Type: "application/pdf", Pages: 2},
			origin: ocr.Recognised, size: [2]int{ocrtest.Width, ocrtest.Height},
		},
		{
			name: "born-digital PDF", data: born(3), want: ocr.Info{Type: "application/pdf", Pages: 3},
			origin: ocr.TextLayer, size: [2]int{1653, 2339},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := source(t, c.name, c.data)
			info, err := p.Inspect(t.Context(), src)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, info); diff != "" {
				t.Error(diff)
			}
			for n := range info.Pages {
				got, err := p.Recognise(t.Context(), src, n+1, english())
				if err != nil {
					t.Fatal(err)
				}
				if text(got) != prose || got.Origin != c.origin || got.Number != n+1 || [2]int{got.Width, got.Height} != c.size {
					t.Errorf("page %d: %s, %d x %d, %q", got.Number, got.Origin, got.Width, got.Height, text(got))
				}
				if c.origin == ocr.Recognised && got.Confidence < 80 {
					t.Errorf("confidence %.0f", got.Confidence)
				}
			}
		})
	}
}

func TestOrderOfPagesDoesNotMatter(t *testing.T) {
	p := newPool(t, nil)
	img, err := ocrtest.Draw(strings.Repeat(prose+" ", 20), ocrtest.Scanned(), 1)
	if err != nil {
		t.Fatal(err)
	}
	hard := source(t, "hard", asPNG(t, img))
	first, err := p.Recognise(t.Context(), hard, 1, english())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Recognise(t.Context(), source(t, "other", asPNG(t, drawn(t))), 1, english()); err != nil {
		t.Fatal(err)
	}
	last, err := p.Recognise(t.Context(), hard, 1, english())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, last); diff != "" {
		t.Error(diff)
	}
}

func TestPDFIsReadWithoutCompilationCache(t *testing.T) {
	p := newPool(t, func(_ *worker.Config, c *reader.Config) { c.Cache = t.TempDir() })
	got, err := p.Recognise(t.Context(), source(t, "a", born(1)), 1, english())
	if err != nil {
		t.Fatal(err)
	}
	if text(got) != prose {
		t.Errorf("got %q", text(got))
	}
}

func results(p *worker.Pool, t *testing.T, src ocr.Source, n int) iter.Seq2[ocr.Page, error] {
	var pages []ocr.Page
	for i := range n {
		got, err := p.Recognise(t.Context(), src, i+1, english())
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, got)
	}
	return func(yield func(ocr.Page, error) bool) {
		for _, p := range pages {
			if !yield(p, nil) {
				return
			}
		}
	}
}

func TestSearchablePDFs(t *testing.T) {
	p := newPool(t, nil)
	for _, c := range []struct {
		name  string
		data  []byte
		pages int
	}{
		{name: "of a PNG", data: asPNG(t, drawn(t)), pages: 1},
		{name: "of a JPEG to be turned for display", data: lying(t, drawn(t)), pages: 1},
		{name: "of a scanned PDF", data: scanned(t, 2), pages: 2},
		{name: "of a born-digital PDF", data: born(2), pages: 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := source(t, c.name, c.data)
			var out bytes.Buffer
			if _, err := p.WritePDF(t.Context(), src, ocr.PDFOptions{}, results(p, t, src, c.pages), &out); err != nil {
				t.Fatal(err)
			}
			written := source(t, c.name+" written", out.Bytes())
			info, err := p.Inspect(t.Context(), written)
			if err != nil {
				t.Fatal(err)
			}
			if info.Pages != c.pages {
				t.Errorf("%d pages, want %d", info.Pages, c.pages)
			}
			// Invisible text is not trusted, so the page as drawn is read again.
			got, err := p.Recognise(t.Context(), written, 1, english())
			if err != nil {
				t.Fatal(err)
			}
			if text(got) != prose {
				t.Errorf("the page shows %q", text(got))
			}
		})
	}
}

func TestPageThatFailedIsDrawnBlankInThePDFOfAnImage(t *testing.T) {
	p := newPool(t, nil)
	src := source(t, "a", asPNG(t, drawn(t)))
	failed := func(yield func(ocr.Page, error) bool) {
		yield(ocr.Page{Number: 1, Origin: ocr.Failed, Failure: &ocr.Failure{Code: "page_time_limit"}}, nil)
	}
	var out bytes.Buffer
	if _, err := p.WritePDF(t.Context(), src, ocr.PDFOptions{}, failed, &out); err != nil {
		t.Fatal(err)
	}
	if _, err := ocr.MediaType(out.Bytes()); err != nil {
		t.Error(err)
	}
}

// Pages that are not asked for are left out, or drawn as they are without text.
func TestPDFOfSomePagesOfAPicture(t *testing.T) {
	p := newPool(t, nil)
	src := source(t, "three", describedTIFF(drawn(t), 3))
	read, err := p.Recognise(t.Context(), src, 2, english())
	if err != nil {
		t.Fatal(err)
	}
	for keep, want := range map[bool]int{false: 1, true: 3} {
		var out bytes.Buffer
		opt := ocr.PDFOptions{Pages: "2", KeepPages: keep}
		if _, err := p.WritePDF(t.Context(), src, opt, func(yield func(ocr.Page, error) bool) { yield(read, nil) }, &out); err != nil {
			t.Fatal(err)
		}
		info, err := p.Inspect(t.Context(), source(t, fmt.Sprint("kept ", keep), out.Bytes()))
		if err != nil || info.Pages != want {
			t.Errorf("%d pages, want %d, %v", info.Pages, want, err)
		}
	}
}

func TestPDFOf300PagesDoesNotFillTheServer(t *testing.T) {
	p := newPool(t, nil)
	src := source(t, "long", scanned(t, 300))
	one, err := p.Recognise(t.Context(), src, 1, english())
	if err != nil {
		t.Fatal(err)
	}
	before := resident(t)
	highest := before
	pages := func(yield func(ocr.Page, error) bool) {
		for n := range 300 {
			one.Number = n + 1
			if !yield(one, nil) {
				return
			}
			highest = max(highest, resident(t))
		}
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	if _, err := p.WritePDF(t.Context(), src, ocr.PDFOptions{}, pages, out); err != nil {
		t.Fatal(err)
	}
	if grown := max(highest, resident(t)) - before; grown > 150<<20 {
		t.Errorf("grew by %d MiB", grown>>20)
	}
	if peak := p.Stats().PeakResident; peak > worker.DefaultLimits().Memory {
		t.Errorf("the child took %d MiB", peak>>20)
	}
}

// resident returns the resident memory of this process in bytes.
func resident(t *testing.T) int64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var size, pages int64
	if _, err := fmt.Fscan(bytes.NewReader(b), &size, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}
