//go:build linux

package reader_test

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
)

// several is a document of several files, with its pages as they are read of each alone.
func several(t *testing.T, p *worker.Pool, files ...ocr.Source) (ocr.Source, iter.Seq2[ocr.Page, error]) {
	t.Helper()
	whole := ocr.Source{ID: "several"}
	var pages []ocr.Page
	for _, src := range files {
		info, err := p.Inspect(t.Context(), src)
		if err != nil {
			t.Fatal(err)
		}
		whole.Parts = append(whole.Parts, ocr.Part{File: src.File, Password: src.Password, Pages: info.Pages, Locked: info.Locked})
		for n := range info.Pages {
			page, err := p.Recognise(t.Context(), src, n+1, english())
			if err != nil {
				t.Fatal(err)
			}
			page.Number = len(pages) + 1
			pages = append(pages, page)
		}
	}
	return whole, func(yield func(ocr.Page, error) bool) {
		for _, page := range pages {
			if !yield(page, nil) {
				return
			}
		}
	}
}

// Pages of several files make one PDF: the text of each is on its page, pictures keep their bytes, and a page that nobody read is
// there without text.
func TestOnePDFOfSeveralFiles(t *testing.T) {
	p := newPool(t, nil)
	photo, sheet, letter := asJPEG(t, drawn(t)), asPNG(t, drawn(t)), born(2)
	src, pages := several(t, p, source(t, "photo", photo), source(t, "letter", letter), source(t, "sheet", sheet))
	for _, kind := range []ocr.PDFKind{ocr.Searchable, ocr.Archive} {
		for _, skip := range []int{0, 3} {
			var b bytes.Buffer
			left := func(yield func(ocr.Page, error) bool) {
				for page, err := range pages {
					if page.Number != skip && !yield(page, err) {
						return
					}
				}
			}
			if _, err := p.WritePDF(t.Context(), src, ocr.PDFOptions{Kind: kind}, left, &b); err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			if !bytes.Contains(b.Bytes(), photo) {
				t.Errorf("%s: the JPEG is not kept byte for byte", kind)
			}
			texts := strings.Split(string(run(t, b.Bytes(), "pdftotext", "IN", "-")), "\f")
			if len(texts) != 5 { // there is one after each page
				t.Fatalf("%s: %d pages: %q", kind, len(texts)-1, texts)
			}
			for page, err := range pages {
				want := flat(text(page))
				if page.Number == skip {
					want = ""
				}
				if got := flat(texts[page.Number-1]); err != nil || got != want {
					t.Errorf("%s: page %d reads %q, want %q", kind, page.Number, got, want)
				}
			}
		}
	}
	if _, err := p.Recognise(t.Context(), source(t, "next", sheet), 1, english()); err != nil {
		t.Errorf("a page after it: %v", err)
	}
	if starts := p.Stats().Starts; starts != 1 {
		t.Errorf("%d starts, want the same child for all", starts)
	}
}

// What came under a password does not leave without one.
func TestPDFOfSeveralFilesOpensWithTheirPasswordOnly(t *testing.T) {
	p := newPool(t, nil)
	locked := source(t, "locked", encryptedWith("secret", "owner", -4))
	locked.Password = "secret"
	src, pages := several(t, p, source(t, "sheet", asPNG(t, drawn(t))), locked)
	var b bytes.Buffer
	if _, err := p.WritePDF(t.Context(), src, ocr.PDFOptions{}, pages, &b); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Inspect(t.Context(), source(t, "without", b.Bytes())); !errors.Is(err, fault.DocumentPasswordNeed) {
		t.Errorf("it opens without a password: %v", err)
	}
	if copied := flat(string(run(t, b.Bytes(), "pdftotext", "-upw", "secret", "IN", "-"))); strings.Count(copied, prose) != 2 {
		t.Errorf("with it the text is %q", copied)
	}
	b.Reset()
	if _, err := p.WritePDF(t.Context(), src, ocr.PDFOptions{RemovePassword: true}, pages, &b); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Inspect(t.Context(), source(t, "freed", b.Bytes())); err != nil {
		t.Errorf("without one: %v", err)
	}
}

func TestPDFOfTheMostFilesThereAre(t *testing.T) {
	p := newPool(t, nil)
	picture := asPNG(t, drawn(t))
	page, err := p.Recognise(t.Context(), source(t, "sheet", picture), 1, english())
	if err != nil {
		t.Fatal(err)
	}
	src := ocr.Source{ID: "many"}
	for range ocr.MaxParts {
		src.Parts = append(src.Parts, ocr.Part{File: source(t, "sheet", picture).File, Pages: 1})
	}
	pages := func(yield func(ocr.Page, error) bool) {
		for n := range ocr.MaxParts {
			page.Number = n + 1
			if !yield(page, nil) {
				return
			}
		}
	}
	if _, err := p.WritePDF(t.Context(), src, ocr.PDFOptions{}, pages, io.Discard); err != nil {
		t.Error(err)
	}
}
