//go:build linux

package reader_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"iter"
	"math"
	"os/exec"
	"regexp"
	"strconv"
	"testing"

	"golang.org/x/image/draw"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
)

// faxed returns a sheet as a fax machine sends it: black and white, 204 pixels an inch across and so many down.
func faxed(sheet *image.Gray, down int) []byte {
	const across = 204
	fax := image.NewGray(image.Rect(0, 0, sheet.Rect.Dx()*across/ocrtest.DPI, sheet.Rect.Dy()*down/ocrtest.DPI))
	draw.BiLinear.Scale(fax, fax.Rect, sheet, sheet.Rect, draw.Src, nil)
	for i, v := range fax.Pix {
		fax.Pix[i] = 0
		if v > 140 {
			fax.Pix[i] = 255
		}
	}
	data := describedTIFF(fax, 1)
	le := binary.LittleEndian
	for i, resolution := range []int{across, down} {
		const first, entry, value = 10, 12, 8 // of the directory; the tenth entry and the next are the resolutions
		le.PutUint32(data[first+(10+i)*entry+value:], uint32(len(data)))
		data = le.AppendUint32(le.AppendUint32(data, uint32(resolution)), 1)
	}
	return data
}

func TestFaxKeepsItsShape(t *testing.T) {
	sheet, err := ocrtest.Draw(ocrtest.Letter(1), ocrtest.Style{Paper: 255, Size: 14}, 1)
	if err != nil {
		t.Fatal(err)
	}
	p := newPool(t, nil)
	for _, down := range []int{98, 196, 391} {
		t.Run(strconv.Itoa(down), func(t *testing.T) {
			src := source(t, fmt.Sprint("fax ", down), faxed(sheet, down))
			page, err := p.Recognise(t.Context(), src, 1, english())
			if err != nil {
				t.Fatal(err)
			}
			if x, y := page.Resolution(); x != 204 || y != down {
				t.Errorf("%d x %d dpi", x, y)
			}
			if f1 := ocrtest.F1(ocrtest.Letter(1), text(page)); f1 < 0.95 {
				t.Errorf("F1 is %.3f", f1)
			}
			var pdf bytes.Buffer
			pages := iter.Seq2[ocr.Page, error](func(yield func(ocr.Page, error) bool) { yield(page, nil) })
			if _, err := p.WritePDF(t.Context(), src, ocr.PDFOptions{}, pages, &pdf); err != nil {
				t.Fatal(err)
			}
			if _, err := exec.LookPath("pdftotext"); err != nil {
				t.Skip("the searchable PDF is not measured: pdftotext is not installed")
			}
			cmd := exec.CommandContext(t.Context(), "pdftotext", "-bbox", "-", "-")
			cmd.Stdin = &pdf
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			const inch, tolerance = 72, 2.5 // points
			for name, c := range map[string]struct {
				pattern string
				want    [2]float64
			}{
				"page":       {`<page width="([\d.]+)" height="([\d.]+)"`, [2]float64{ocrtest.Width * inch / ocrtest.DPI, ocrtest.Height * inch / ocrtest.DPI}},
				"first word": {`<word xMin="([\d.]+)" .*yMax="([\d.]+)">Quarterly`, [2]float64{inch, inch}}, // its left edge and its baseline, where letters of the invisible font end
			} {
				found := regexp.MustCompile(c.pattern).FindSubmatch(out)
				if found == nil {
					t.Fatalf("%s is not in %s", name, out)
				}
				for i, want := range c.want {
					if got, err := strconv.ParseFloat(string(found[i+1]), 64); err != nil || math.Abs(got-want) > tolerance {
						t.Errorf("%s: %.1f points, want %.1f", name, got, want)
					}
				}
			}
		})
	}
}
