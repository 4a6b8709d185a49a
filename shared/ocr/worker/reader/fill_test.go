//go:build linux

package reader_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/ocr/worker/hostiletest"
	"github.com/lethe-ocr/lethe/shared/ocr/worker/reader"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// gazer is a recogniser whose only word tells the pixels that it was given.
type gazer struct{ blind }

func (gazer) Read(_ context.Context, im *picture.Image, x, y int, _ ocr.Options) (ocr.Page, error) {
	pixels, err := im.Pixels()
	if err != nil {
		return ocr.Page{}, err
	}
	sum := sha256.Sum256(pixels.Data)
	box := ocr.Box{X1: 100, Y1: 20}
	word := ocr.Word{Text: hex.EncodeToString(sum[:]), Box: box, Confidence: 90}
	return ocr.Page{
		Width: im.Width(), Height: im.Height(), DPI: x, DPIY: y, Origin: ocr.Recognised,
		Blocks: []ocr.Block{{Box: box, Paragraphs: []ocr.Paragraph{{Box: box, Lines: []ocr.Line{{Box: box, Words: []ocr.Word{word}}}}}}},
	}, nil
}

// exact fills exactly what it is asked for.
type exact struct {
	content []byte
	file    *os.File
}

func (e *exact) Fill(_ context.Context, offset, length int64) error {
	if offset < 0 || length < 1 || offset+length > int64(len(e.content)) {
		return fmt.Errorf("asked for %d bytes from %d of %d", length, offset, len(e.content))
	}
	_, err := e.file.WriteAt(e.content[offset:offset+length], offset)
	return err
}

// sparse returns a document whose file is junk but for what is asked for.
func sparse(t *testing.T, id string, data []byte) ocr.Source {
	t.Helper()
	src := source(t, id, bytes.Repeat([]byte{0xA5}, len(data)))
	src.Fill = &exact{data, src.File}
	return src
}

// everyKind returns documents of every kind that is read.
func everyKind(t *testing.T) map[string][]byte {
	t.Helper()
	kinds := map[string][]byte{
		"scanned PDF":        scanned(t, 3),
		"born-digital PDF":   born(3),
		"encrypted PDF":      encrypted("", "owner"),
		"PDF with metadata":  describedPDF(),
		"fax":                faxed(drawn(t), 1),
		"JPEG to be turned":  lying(t, drawn(t)),
		"TIFF of five pages": describedTIFF(drawn(t), 5),
	}
	for name, data := range hostiletest.Good() {
		kinds["small "+name] = data
	}
	for name, kept := range keptPictures(t) {
		if strings.HasSuffix(name, ".tif") {
			kinds["kept "+name] = kept.data
		}
	}
	for name, args := range map[string][]string{
		"linearized PDF":          {"--linearize"},
		"PDF with object streams": {"--object-streams=generate"},
		"PDF with strong cipher":  {"--encrypt", "", "owner", "256", "--"},
	} {
		kinds[name] = run(t, scanned(t, 3), "qpdf", append(args, "IN", "OUT")...)
	}
	draw := func(text string) *image.Gray {
		img, err := ocrtest.Draw(text, ocrtest.Clean(), 1)
		if err != nil {
			t.Fatal(err)
		}
		return img
	}
	for _, k := range pdftest.Kinds(draw)[:4] {
		kinds["PDF: "+k.Name] = k.Data
	}
	return kinds
}

// Nothing of a document is looked at that was not asked for before: what its file holds until then is junk.
func TestEveryKindOfDocumentIsReadByAsking(t *testing.T) {
	engine := func() *reader.Engine {
		e, err := reader.New(reader.Config{Cache: cache, Limits: ocr.DefaultLimits()}, gazer{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = e.Close() })
		return e
	}
	whole, asking := engine(), engine()
	for name, data := range everyKind(t) {
		t.Run(name, func(t *testing.T) {
			want := everything(t, whole, source(t, name, data))
			if diff := cmp.Diff(want, everything(t, asking, sparse(t, name, data))); diff != "" {
				t.Error(diff)
			}
			asking.Release()
		})
	}
}

// everything returns all that an engine makes of a document.
func everything(t *testing.T, e *reader.Engine, src ocr.Source) map[string]any {
	t.Helper()
	all := map[string]any{}
	info, err := e.Inspect(t.Context(), src)
	all["info"], all["inspect"] = info, fmt.Sprint(err)
	var pages []ocr.Page
	for n := info.Pages; n >= 1; n-- {
		page, err := e.Recognise(t.Context(), src, n, ocr.Options{Languages: []string{"eng"}})
		all[fmt.Sprint("page ", n)], all[fmt.Sprint("error ", n)] = page, fmt.Sprint(err)
		pages = append([]ocr.Page{page}, pages...)
		survey, err := e.Survey(t.Context(), src, n)
		all[fmt.Sprint("survey ", n)], all[fmt.Sprint("error of survey ", n)] = survey, fmt.Sprint(err)
	}
	yield := func(yield func(ocr.Page, error) bool) {
		for _, p := range pages {
			if !yield(p, nil) {
				return
			}
		}
	}
	var copied bytes.Buffer
	notes, err := e.WritePDF(t.Context(), src, ocr.PDFOptions{}, yield, &copied)
	sum := sha256.Sum256(copied.Bytes())
	all["notes"], all["pdf"] = notes, fmt.Sprint(err, copied.Len(), hex.EncodeToString(sum[:]))
	part := ocr.Part{File: src.File, Fill: src.Fill, Pages: info.Pages}
	var out bytes.Buffer
	_, err = e.WritePDF(t.Context(), ocr.Source{ID: "parts", Parts: []ocr.Part{part, part}}, ocr.PDFOptions{}, yield, &out)
	all["parts"] = fmt.Sprint(err, out.Len())
	return all
}
