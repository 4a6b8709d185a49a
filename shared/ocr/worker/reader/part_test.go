//go:build linux

package reader_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/worker/reader"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
)

// noise is a picture that no compression makes much smaller.
func noise(width, height int) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, width, height))
	_, _ = rand.NewChaCha8([32]byte{1}).Read(img.Pix)
	return img
}

// scanner writes a PDF of n pages as scanners do: one page after the other, each behind its picture.
func scanner(n int, picture []byte, width, height int) []byte {
	objects := []string{"<</Type/Catalog/Pages 2 0 R>>", ""}
	var kids strings.Builder
	for range n {
		at := len(objects) + 1
		objects = append(objects,
			pdftest.Stream(fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/DCTDecode", width, height), picture),
			pdftest.Stream("", []byte("595 0 0 842 0 0 cm/Scan Do")),
			fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</XObject<</Scan %d 0 R>>>>/Contents %d 0 R>>", at, at+1))
		fmt.Fprintf(&kids, "%d 0 R ", at+2)
	}
	objects[1] = fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", n, kids.String())
	return pdftest.Build(objects...)
}

// Whoever reads a fifth of the pages of a large document fetches little more than a fifth of it. The figures are in the
// documentation of package storage.
func TestPartOfADocumentTakesThatPartOfIt(t *testing.T) {
	const pages, width, height = 100, 640, 900
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, noise(width, height), &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	plain := scanner(pages, picture.Bytes(), width, height)
	for name, data := range map[string]func(t *testing.T) []byte{
		"PDF":                     func(*testing.T) []byte { return plain },
		"linearized PDF":          func(t *testing.T) []byte { return run(t, plain, "qpdf", "--linearize", "IN", "OUT") },
		"PDF with object streams": func(t *testing.T) []byte { return run(t, plain, "qpdf", "--object-streams=generate", "IN", "OUT") },
		"TIFF":                    func(*testing.T) []byte { return describedTIFF(noise(width, height), pages) },
	} {
		t.Run(name, func(t *testing.T) {
			blobs := memory.New(time.Now).Blobs()
			b, err := blobs.Put(t.Context(), "uploads/2026112408/a/t/1", "application/octet-stream", bytes.NewReader(data(t)))
			if err != nil {
				t.Fatal(err)
			}
			o, err := storage.OpenRanges(t.Context(), blobs, b.Name, b.ETag, b.Size)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = o.Close() }()
			if o.Ranges == nil {
				t.Skip("this kernel has no seal against writing later on")
			}
			e, err := reader.New(reader.Config{Cache: cache, Limits: ocr.DefaultLimits()}, gazer{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = e.Close() }()
			src := ocr.Source{File: o.File, Fill: o.Ranges, ID: name}
			for n := 41; n <= 60; n++ {
				if _, err := e.Recognise(t.Context(), src, n, english()); err != nil {
					t.Fatal(err)
				}
			}
			got := o.Ranges.Fetched()
			share := float64(got.Bytes) / float64(b.Size)
			t.Logf("20 of %d pages: %.1f of %.1f MiB (%.0f %%), %d requests", pages, float64(got.Bytes)/(1<<20), float64(b.Size)/(1<<20), 100*share, got.Requests)
			if share > 0.3 {
				t.Errorf("fetched %.0f %% of the document for 20 %% of its pages", 100*share)
			}
		})
	}
}
