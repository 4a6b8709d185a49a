//go:build linux

package reader_test

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/derivative"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// derive returns what a derivative tells of a document, and its pages: PNG pictures, or one PDF.
func derive(t *testing.T, p *worker.Pool, name string, data []byte) (plan derivative.Plan, documents [][]byte) {
	t.Helper()
	var b bytes.Buffer
	if err := p.Derive(t.Context(), source(t, name, data), &b); err != nil {
		t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if traces(content) {
			t.Errorf("%s: %s holds metadata", name, f.Name)
		}
		if f.Name != derivative.PlanFile {
			documents = append(documents, content)
		} else if err := json.Unmarshal(content, &plan); err != nil {
			t.Fatal(err)
		}
	}
	return plan, documents
}

func TestDerivativesOfPicturesTellTheFormAndNothingElse(t *testing.T) {
	depths := map[string]derivative.Depth{
		"PNG of 1 bit with a palette": {Bits: 1, Samples: 1, Palette: true}, "PNG of 16 bits": {Bits: 16, Samples: 1},
		"PNG of colour": {Bits: 8, Samples: 3}, "PNG with alpha": {Bits: 8, Samples: 4}, "JPEG of colour": {Bits: 8, Samples: 3},
		"GIF": {Bits: 1, Samples: 1, Palette: true}, "BMP": {Bits: 8, Samples: 1, Palette: true}, "BMP of colour": {Bits: 8, Samples: 3},
		"WebP": {Bits: 8, Samples: 3, Lossy: true}, "WebP without loss": {Bits: 8, Samples: 3}, "JPEG 2000": {Bits: 8, Samples: 3},
	}
	p := newPool(t, nil)
	specimens := pictures(t) // of one sheet
	read := readable(t, p, specimens[0].name, specimens[0].data, 1)
	for _, c := range specimens {
		t.Run(c.name, func(t *testing.T) {
			plan, pages := derive(t, p, c.name, c.data)
			mediaType, err := ocr.MediaType(c.data)
			if err != nil || plan.Type != mediaType || len(plan.Pages) != c.pages || len(pages) != c.pages {
				t.Fatalf("%d pages of %s, want %d of %s, %v", len(plan.Pages), plan.Type, c.pages, mediaType, err)
			}
			want := derivative.Page{Width: ocrtest.Width, Height: ocrtest.Height, DPIX: c.dpi, DPIY: c.dpi, Depth: derivative.Depth{Bits: 8, Samples: 1}}
			if strings.Contains(c.name, "turned") {
				want.Width, want.Height, want.Orientation = want.Height, want.Width, 6
			}
			if d, other := depths[c.name]; other {
				want.Depth = d
			}
			for _, got := range plan.Pages {
				got.Ink = derivative.Ink{}
				if mediaType == ocr.JPEG && want.Orientation == 0 || mediaType == ocr.TIFF {
					got.Orientation = 0 // upright, stated or not
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			}
			for n, page := range pages {
				config, err := png.DecodeConfig(bytes.NewReader(page))
				if err != nil || config.Width != want.Width || config.Height != want.Height {
					t.Errorf("page %d is %d x %d, %v", n+1, config.Width, config.Height, err)
				}
				showsNothing(t, p, c.name, page, 1, read)
			}
		})
	}
}

func TestDerivativeOfAPDFKeepsTheGeometryAndNothingElse(t *testing.T) {
	p := newPool(t, nil)
	data := describedPDF()
	plan, documents := derive(t, p, "pdf", data)
	if plan.Type != ocr.PDF || len(plan.Pages) != 2 || len(documents) != 1 {
		t.Fatalf("%+v and %d documents", plan, len(documents))
	}
	derived := documents[0]
	for _, key := range []string{"/Info", "/Metadata", "/Annots", "/AcroForm", "/Names", "/OpenAction", "/JS", "/Font", "/ID", "/Outlines"} {
		if bytes.Contains(derived, []byte(key)) {
			t.Errorf("there is an entry %s", key)
		}
	}
	for n := range plan.Pages {
		showsNothing(t, p, "pdf", derived, n+1, readable(t, p, "pdf", data, n+1))
	}
	if _, err := exec.LookPath("pdfinfo"); err != nil {
		t.Skip("boxes are not compared: pdfinfo is not installed")
	}
	if diff := cmp.Diff(boxes(t, data), boxes(t, derived)); diff != "" {
		t.Error(diff)
	}
}

// boxes has another program tell the geometry of the pages.
func boxes(t *testing.T, data []byte) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "pdfinfo", "-box", "-l", "99", "-")
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(?m)^Page +\d.*(MediaBox|CropBox|rot|size).*$`).FindAllString(string(out), -1)
}

// showsNothing recognises a page of a derivative: it must have none of the words of the original.
func showsNothing(t *testing.T, p *worker.Pool, name string, derived []byte, n int, words []string) {
	t.Helper()
	got, err := p.Recognise(t.Context(), source(t, name+" derived", derived), n, english())
	if err != nil {
		t.Fatal(err)
	}
	if got.Origin == ocr.TextLayer {
		t.Errorf("page %d has a text layer", n)
	}
	if found := shared(words, longWords(text(got))); len(found) > 0 {
		t.Errorf("page %d shows %q", n, found)
	}
}

// readable returns the words that stand on a page of an original, and those that are read of it.
func readable(t *testing.T, p *worker.Pool, name string, data []byte, n int) []string {
	t.Helper()
	original, err := p.Recognise(t.Context(), source(t, name, data), n, english())
	if err != nil {
		t.Fatal(err)
	}
	words, read := longWords(ocrtest.Letter(1)), longWords(text(original))
	if known := shared(words, read); len(known) < len(words)/2 {
		t.Fatalf("of %d words of the original %d are read: the test would find nothing", len(words), len(known))
	}
	return append(words, read...)
}

// longWords returns the different words of at least four letters, in lower case.
func longWords(text string) []string {
	words := regexp.MustCompile(`\pL{4,}`).FindAllString(strings.ToLower(text), -1)
	slices.Sort(words)
	return slices.Compact(words)
}

func shared(a, b []string) []string {
	var both []string
	for _, w := range a {
		if slices.Contains(b, w) {
			both = append(both, w)
		}
	}
	return both
}

// traces reports whether the canary or a word of the letter is in the bytes, or in a stream of a PDF.
func traces(data []byte) bool {
	texts := [][]byte{data}
	for rest := data; ; {
		_, after, found := bytes.Cut(rest, []byte("stream\n"))
		if !found {
			break
		}
		rest = after
		if z, err := zlib.NewReader(bytes.NewReader(after)); err == nil {
			if inflated, err := io.ReadAll(z); err == nil {
				texts = append(texts, inflated)
			}
		}
	}
	for _, text := range texts {
		for _, trace := range append(ocrtest.Words(ocrtest.Letter(1)), canary) {
			if bytes.Contains(text, []byte(trace)) {
				return true
			}
		}
	}
	return false
}

func TestDocumentsOfTheSameStatisticsHaveTheSameDerivative(t *testing.T) {
	p := newPool(t, nil)
	first, err := ocrtest.Draw(ocrtest.Letter(1), ocrtest.Clean(), 1)
	if err != nil {
		t.Fatal(err)
	}
	second, err := ocrtest.Draw(ocrtest.Letter(2), ocrtest.Clean(), 1)
	if err != nil {
		t.Fatal(err)
	}
	plan, want := derive(t, p, "first", asPNG(t, first))
	for _, page := range []*image.Gray{second, first} {
		told, got := derive(t, p, "again", asPNG(t, page))
		if diff := cmp.Diff(plan, told) + cmp.Diff(want, got); diff != "" {
			t.Errorf("the words of a page change its derivative, or it is another one each time: %.200s", diff)
		}
	}
}

func TestDocumentsThatDoNotDecodeHaveNoDerivative(t *testing.T) {
	p := newPool(t, nil)
	sheet := asPNG(t, drawn(t))
	tiff := describedTIFF(drawn(t), 2)
	second := int(binary.LittleEndian.Uint32(tiff[8+2+12*13:]))
	for _, c := range []struct {
		name string
		data []byte
		want fault.Code
	}{
		{name: "empty file", want: fault.DocumentEmpty},
		{name: "text", data: []byte("plain words"), want: fault.DocumentUnknownType},
		{name: "pixel bomb of 500 megapixels", data: bomb(t, 22_361), want: fault.PageTooLarge},
		{name: "header of a PNG alone", data: sheet[:20], want: fault.DocumentDamaged},
		{name: "PNG without pixels", data: sheet[:60], want: fault.PageDamaged},
		{name: "header of a PDF alone", data: []byte("%PDF-1.7\n"), want: fault.DocumentDamaged},
		{name: "encrypted PDF", data: encrypted("open", "owner"), want: fault.DocumentPasswordNeed},
		{name: "TIFF whose second page is cut off", data: tiff[:second+20], want: fault.PageDamaged},
		{name: "PDF of a page without end", data: pdftest.Build("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>",
			"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600000 600000]>>"), want: fault.PageTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := p.Derive(t.Context(), source(t, c.name, c.data), &b); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if b.Len() > 0 {
				t.Errorf("%d bytes were written", b.Len())
			}
		})
	}
	derive(t, p, "the one after them", sheet)
}

func TestDerivativeOfAnEncryptedPDFNeedsItsPassword(t *testing.T) {
	p := newPool(t, nil)
	src := source(t, "a", encrypted("open", "owner"))
	src.Password = "owner"
	if err := p.Derive(t.Context(), src, io.Discard); err != nil {
		t.Fatal(err)
	}
	src.Password = ""
	if err := p.Derive(t.Context(), src, io.Discard); !errors.Is(err, fault.DocumentPasswordNeed) {
		t.Errorf("without it: %v", err)
	}
}
