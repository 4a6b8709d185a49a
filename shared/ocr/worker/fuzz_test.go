//go:build linux

package worker

import (
	"bytes"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// FuzzAnswer feeds bytes of a child to what the pool does with them: whatever passes must be a page that can be true.
func FuzzAnswer(f *testing.F) {
	valid, err := encode(response{Page: &ocr.Page{
		Number: 1, Width: 10, Height: 10, DPI: 300, Origin: ocr.Recognised, Languages: []string{"eng"},
		Blocks: []ocr.Block{{Box: ocr.Box{X1: 10, Y1: 10}, Paragraphs: []ocr.Paragraph{{Lines: []ocr.Line{{
			Words: []ocr.Word{{Text: "a", Box: ocr.Box{X1: 1, Y1: 1}, Confidence: 1}},
		}}}}}},
	}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(valid)
	f.Add([]byte{0, 0, 0, 2, '{', '}'})
	f.Add([]byte{255, 255, 255, 255})
	f.Add([]byte{0, 0, 0, 200, '{'})
	check := newChecker(ocr.DefaultLimits())
	f.Fuzz(func(t *testing.T, data []byte) {
		body, err := readFrame(bytes.NewReader(data))
		if err != nil {
			return
		}
		var h hello
		if decode(body, &h) == nil && check.languages(h.Languages) == nil && len(h.Languages) > maxLanguages {
			t.Error("too many languages")
		}
		var r response
		if decode(body, &r) != nil {
			return
		}
		if e := r.Refusal; e != nil && e.Check() == nil {
			if said := e.Fault().Detail; said == "" || strings.Contains(said, "%!") {
				t.Errorf("%+v says %q", e, said)
			}
		}
		if check.info(r.Info) == nil && (r.Info.Pages < 1 || r.Info.Type == "") {
			t.Errorf("impossible document: %+v", r.Info)
		}
		if check.page(r.Page, 1, ocr.Options{Languages: []string{"eng"}}) != nil {
			return
		}
		for w := range r.Page.Words {
			if w.Text == "" || w.Box.X1 > r.Page.Width || w.Box.Y1 > r.Page.Height || w.Box.X0 < 0 || w.Box.Y0 < 0 || w.Confidence > 100 {
				t.Errorf("impossible word: %+v", w)
			}
		}
		if _, err := encode(item{Page: r.Page}); err != nil {
			t.Errorf("an accepted page cannot be sent on: %v", err)
		}
	})
}
