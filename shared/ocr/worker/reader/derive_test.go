//go:build linux

package reader_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	_ "golang.org/x/image/webp" // for DecodeConfig

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
	"github.com/lethe-ocr/lethe/shared/picture"
)

func derive(t *testing.T, p *worker.Pool, name string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := p.Derive(t.Context(), source(t, name, data), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDerivativesOfPicturesKeepTheFormAndNothingElse(t *testing.T) {
	p := newPool(t, nil)
	for _, c := range pictures(t) {
		t.Run(c.name, func(t *testing.T) {
			derived := derive(t, p, c.name, c.data)
			if diff := cmp.Diff(form(t, c.data), form(t, derived)); diff != "" {
				t.Error(diff)
			}
			if c.dpi > 0 && !strings.Contains(strings.Join(form(t, derived), "\n"), "dpi 200") {
				t.Errorf("no resolution in %v", form(t, derived))
			}
			if traces(derived) {
				t.Error("metadata is left")
			}
			showsNothing(t, p, c.name, c.data, derived, c.pages)
		})
	}
}

func TestDerivativeOfAPDFKeepsTheGeometryAndNothingElse(t *testing.T) {
	p := newPool(t, nil)
	data := describedPDF()
	derived := derive(t, p, "pdf", data)
	if traces(derived) {
		t.Error("metadata is left")
	}
	for _, key := range []string{"/Info", "/Metadata", "/Annots", "/AcroForm", "/Names", "/OpenAction", "/JS", "/Font", "/ID", "/Outlines"} {
		if bytes.Contains(derived, []byte(key)) {
			t.Errorf("there is an entry %s", key)
		}
	}
	showsNothing(t, p, "pdf", data, derived, 2)
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

// showsNothing recognises both documents: the pages must have the same dimensions, and no word in common.
func showsNothing(t *testing.T, p *worker.Pool, name string, data, derived []byte, pages int) {
	t.Helper()
	before, after := source(t, name, data), source(t, name+" derived", derived)
	was, err := p.Inspect(t.Context(), before)
	if err != nil {
		t.Fatal(err)
	}
	is, err := p.Inspect(t.Context(), after)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(was, is); diff != "" || is.Pages != pages {
		t.Errorf("%d pages, want %d; %s", is.Pages, pages, diff)
	}
	for n := 1; n <= pages; n += max(1, pages-1) { // the first and the last
		original, err := p.Recognise(t.Context(), before, n, english())
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Recognise(t.Context(), after, n, english())
		if err != nil {
			t.Fatal(err)
		}
		if is.Type != "application/pdf" && (got.Width != original.Width || got.Height != original.Height || got.DPI != original.DPI) {
			t.Errorf("page %d is %d x %d at %d dpi, was %d x %d at %d", n,
				got.Width, got.Height, got.DPI, original.Width, original.Height, original.DPI)
		}
		if got.Origin == ocr.TextLayer {
			t.Errorf("page %d has a text layer", n)
		}
		words := longWords(ocrtest.Letter(1))
		read := longWords(text(original))
		if known := shared(words, read); len(known) < len(words)/2 {
			t.Fatalf("of %d words of the original %d are read: the test would find nothing", len(words), len(known))
		}
		if found := append(shared(words, longWords(text(got))), shared(read, longWords(text(got)))...); len(found) > 0 {
			t.Errorf("page %d shows %q", n, found)
		}
	}
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

// form tells what is to stay of a picture, read from its bytes without the code that derives: size, depth, resolution.
func form(t *testing.T, data []byte) []string {
	t.Helper()
	mediaType, err := ocr.MediaType(data)
	if err != nil {
		t.Fatal(err)
	}
	facts := []string{mediaType}
	say := func(format string, args ...any) { facts = append(facts, fmt.Sprintf(format, args...)) }
	metre := func(n uint32) int { return int(float64(n)*0.0254 + 0.5) }
	be, le := binary.BigEndian, binary.LittleEndian
	switch mediaType {
	case "image/png":
		say("header %x", data[16:26]) // size, depth, type of colour
		if at := bytes.Index(data, []byte("pHYs")); at > 0 {
			say("dpi %d %d", metre(be.Uint32(data[at+4:])), metre(be.Uint32(data[at+8:])))
		}
	case "image/jpeg":
		at := bytes.Index(data, []byte{0xff, 0xc0, 0})
		say("frame %x", data[at+4:at+10]) // depth, size, components
		if string(data[6:11]) == "JFIF\x00" && data[13] == 1 {
			say("dpi %d %d", be.Uint16(data[14:]), be.Uint16(data[16:]))
		}
		say("orientation %d", picture.Orientation(data))
	case "image/bmp":
		say("%d x %d, %d bits, dpi %d %d", le.Uint32(data[18:]), int32(le.Uint32(data[22:])), le.Uint16(data[28:]),
			metre(le.Uint32(data[38:])), metre(le.Uint32(data[42:])))
	case "image/gif":
		say("screen and depth %x", []byte{data[6], data[7], data[8], data[9], data[10] & 0x87})
	case "image/webp":
		config, _, err := image.DecodeConfig(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		say("%d x %d, lossy: %t", config.Width, config.Height, bytes.Contains(data[:64], []byte("VP8 ")))
	case "image/jp2":
		at := bytes.Index(data, []byte("ihdr"))
		say("header %s", hex.EncodeToString(data[at+4:at+15]))
	case "image/tiff":
		for at := le.Uint32(data[4:]); at != 0; {
			n := le.Uint16(data[at:])
			for e := range int(n) {
				entry := data[int(at)+2+12*e:]
				switch tag := le.Uint16(entry); tag {
				case 256, 257, 258, 277:
					say("tag %d: %d", tag, le.Uint16(entry[8:]))
				case 282:
					value := data[le.Uint32(entry[8:]):]
					say("dpi %d", le.Uint32(value)/le.Uint32(value[4:]))
				}
			}
			at = le.Uint32(data[int(at)+2+12*int(n):])
		}
	}
	return facts
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
	want := derive(t, p, "first", asPNG(t, first))
	if got := derive(t, p, "second", asPNG(t, second)); !bytes.Equal(want, got) {
		t.Error("the words of a page change its derivative")
	}
	if again := derive(t, p, "first again", asPNG(t, first)); !bytes.Equal(want, again) {
		t.Error("a derivative is another one each time")
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
	var b bytes.Buffer
	if err := p.Derive(t.Context(), src, &b); err != nil {
		t.Fatal(err)
	}
	if info, err := p.Inspect(t.Context(), source(t, "b", b.Bytes())); err != nil || info.Pages != 1 || info.Encrypted {
		t.Errorf("got %+v, %v", info, err)
	}
}
