//go:build linux

package reader_test

import (
	"bytes"
	"image"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
	"github.com/lethe-ocr/lethe/shared/render"
)

// flat is a text with its words one space apart.
func flat(text string) string { return strings.Join(strings.Fields(text), " ") }

// Pages of which only a part may be believed, read by a real worker: the text and both viewers' copies of the searchable PDF
// hold what shows and not what does not, and the PDF looks as before.
func TestKindsOfPagesThatTellOnlyPartOfTheTruth(t *testing.T) {
	p, viewers := newPool(t, nil), map[string]viewer{"poppler": poppler{}, "PDFium": newChrome(t)}
	for _, k := range pdftest.Kinds(func(text string) *image.Gray {
		style := ocrtest.Clean()
		style.Noise, style.Paper, style.Ink = 6, 245, 40
		img, err := ocrtest.Draw(text, style, 1)
		if err != nil {
			t.Fatal(err)
		}
		return img
	}) {
		t.Run(k.Name, func(t *testing.T) {
			src := source(t, k.Name, k.Data)
			var lines, copied bytes.Buffer
			page, err := p.Recognise(t.Context(), src, 1, english())
			if err != nil {
				t.Fatal(err)
			}
			pages := func(yield func(ocr.Page, error) bool) { yield(page, nil) }
			var notes []ocr.Note
			original := render.Original{Engine: p, Source: src, Noted: func(told []ocr.Note) { notes = told }}
			err = render.Write(t.Context(), render.Document{Original: original}, pages,
				render.Output{Format: render.TXT, W: &lines}, render.Output{Format: render.PDF, W: &copied})
			if err != nil {
				t.Fatal(err)
			}
			texts := map[string]string{"the text": lines.String()}
			for name, see := range viewers {
				if n := see.looks(t, k.Data, 72).unlike(see.looks(t, copied.Bytes(), 72)); n > 0 {
					t.Errorf("%s: %d pixels are others than those of the original", name, n)
				}
				if !k.Lies {
					texts["what "+name+" copies"] = see.text(t, copied.Bytes())
				}
			}
			for name, text := range texts {
				for _, has := range k.Has {
					if !strings.Contains(flat(text), has) {
						t.Errorf("%s lacks %q: %q", name, has, text)
					}
				}
				for _, not := range k.Not {
					if strings.Contains(flat(text), not) {
						t.Errorf("%s holds %q; the notes are %v", name, not, notes)
					}
				}
			}
			if k.Scan != (page.Origin == ocr.Recognised) {
				t.Errorf("the page's origin is %s", page.Origin)
			}
		})
	}
}
