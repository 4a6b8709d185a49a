//go:build linux

package reader_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// viewer is a program that people look at PDFs with, here at their first page.
type viewer interface {
	// looks draws the page with so many dots an inch, in colour.
	looks(t *testing.T, data []byte, dpi int) sight
	// text is what is copied from the page.
	text(t *testing.T, data []byte) string
}

// sight is a page as drawn, three bytes a pixel.
type sight struct {
	width, height int
	pixels        []byte
}

// unlike counts the pixels that differ, all of them where sizes do.
func (p sight) unlike(q sight) int {
	if p.width != q.width || p.height != q.height {
		return max(p.width*p.height, q.width*q.height)
	}
	n := 0
	for i := 0; i < len(p.pixels); i += 3 {
		if !bytes.Equal(p.pixels[i:i+3], q.pixels[i:i+3]) {
			n++
		}
	}
	return n
}

// run runs a program on a document in a file and returns what it writes; it skips the test where there is no such program.
// The arguments IN and OUT stand for the document and a file to write, which then is what counts.
func run(t *testing.T, data []byte, name string, args ...string) []byte {
	t.Helper()
	tool, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.pdf"), filepath.Join(dir, "out.pdf")
	if err := os.WriteFile(in, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, a := range args {
		args[i] = strings.NewReplacer("IN", in, "OUT", out).Replace(a)
	}
	cmd := exec.CommandContext(t.Context(), tool, args...)
	var said, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &complaint
	err = cmd.Run()
	written, missing := os.ReadFile(out)
	switch {
	case missing == nil:
		return written
	case err != nil:
		t.Fatalf("%s: %v\n%s", name, err, complaint.String())
	}
	return said.Bytes()
}

// poppler is the viewer of most Linux desktops.
type poppler struct{}

func (poppler) looks(t *testing.T, data []byte, dpi int) sight {
	t.Helper()
	ppm := run(t, data, "pdftoppm", "-r", strconv.Itoa(dpi), "-cropbox", "-f", "1", "-l", "1", "IN")
	var p sight
	if _, err := fmt.Sscanf(string(ppm[:min(len(ppm), 40)]), "P6\n%d %d\n255\n", &p.width, &p.height); err != nil {
		t.Fatalf("pdftoppm drew %d bytes: %v", len(ppm), err)
	}
	p.pixels = ppm[len(ppm)-3*p.width*p.height:]
	return p
}

func (poppler) text(t *testing.T, data []byte) string {
	t.Helper()
	return string(run(t, data, "pdftotext", "-cropbox", "IN", "-"))
}

// place is a word as poppler selects it, in points of the page as it displays it.
type place struct {
	word           string
	x0, y0, x1, y1 float64
}

var placed = regexp.MustCompile(`<word xMin="(.*)" yMin="(.*)" xMax="(.*)" yMax="(.*)">(.*)</word>`)

func (poppler) places(t *testing.T, data []byte) []place {
	t.Helper()
	var places []place
	for _, found := range placed.FindAllStringSubmatch(string(run(t, data, "pdftotext", "-cropbox", "-bbox", "IN", "-")), -1) {
		var edges [4]float64
		for i := range edges {
			var err error
			if edges[i], err = strconv.ParseFloat(found[1+i], 64); err != nil {
				t.Fatal(err)
			}
		}
		places = append(places, place{found[5], edges[0], edges[1], edges[2], edges[3]})
	}
	return places
}

// chrome is the viewer of a browser: PDFium.
type chrome struct{ pool pdfium.Pool }

func newChrome(t *testing.T) chrome {
	t.Helper()
	compiled, err := wazero.NewCompilationCacheWithDir(cache)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := webassembly.Init(webassembly.Config{
		Context: context.WithoutCancel(t.Context()), MaxTotal: -1, FSConfig: wazero.NewFSConfig(),
		RuntimeConfig: wazero.NewRuntimeConfig().WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).WithCompilationCache(compiled),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	return chrome{pool}
}

// page calls do with the first page of a document.
func (c chrome) page(t *testing.T, data []byte, do func(pdfium.Pdfium, *requests.OpenDocument, requests.Page) error) {
	t.Helper()
	instance, err := c.pool.GetInstanceWithContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = instance.Close() }()
	open := &requests.OpenDocument{File: &data}
	doc, err := instance.OpenDocument(open)
	if err != nil {
		t.Fatal(err)
	}
	page := requests.Page{ByIndex: &requests.PageByIndex{Document: doc.Document, Index: 0}}
	if err := do(instance, open, page); err != nil {
		t.Fatal(err)
	}
}

func (c chrome) looks(t *testing.T, data []byte, dpi int) sight {
	t.Helper()
	var p sight
	c.page(t, data, func(instance pdfium.Pdfium, _ *requests.OpenDocument, page requests.Page) error {
		drawn, err := instance.RenderPageInDPI(&requests.RenderPageInDPI{
			Page: page, DPI: dpi, RenderForm: true, Document: &page.ByIndex.Document, RenderFlags: enums.FPDF_RENDER_FLAG_ANNOT,
		})
		if err != nil {
			return err
		}
		defer drawn.CleanupFunc()
		im, ok := drawn.Result.RenderedImage.(*image.RGBA)
		if !ok {
			return fmt.Errorf("drawn as %T", drawn.Result.RenderedImage)
		}
		p = sight{width: im.Rect.Dx(), height: im.Rect.Dy()}
		for y := range p.height {
			for x := range p.width {
				p.pixels = append(p.pixels, im.Pix[y*im.Stride+4*x:][:3]...)
			}
		}
		return nil
	})
	return p
}

func (c chrome) text(t *testing.T, data []byte) string {
	t.Helper()
	var text string
	c.page(t, data, func(instance pdfium.Pdfium, _ *requests.OpenDocument, page requests.Page) error {
		got, err := instance.GetPageText(&requests.GetPageText{Page: page})
		if err == nil {
			text = got.Text
		}
		return err
	})
	return text
}
