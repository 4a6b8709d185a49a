//go:build cgo

package gosseract_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/ocr/gosseract"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/ocr/reading"
	"github.com/lethe-ocr/lethe/shared/ocr/reading/enginetest"
	"github.com/lethe-ocr/lethe/shared/ocr/tesseract"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

func models(t *testing.T) *tesseract.Models {
	t.Helper()
	m, err := tesseract.OpenModels("")
	if err != nil || !slices.Contains(m.Languages(), "eng") {
		t.Skipf("the language data of eng is not installed: %v", err)
	}
	return m
}

func TestConformance(t *testing.T) {
	e := gosseract.New(models(t))
	t.Cleanup(func() { _ = e.Close() })
	enginetest.Run(t, e)
}

// Two ways to the same library find the same words in the same places, so that neither loses or moves any.
func TestBothEnginesFindTheSame(t *testing.T) {
	m := models(t)
	reference, own := gosseract.New(m), tesseract.New(m)
	t.Cleanup(func() { _, _ = reference.Close(), own.Close() })
	for name, style := range map[string]ocrtest.Style{"clean": ocrtest.Clean(), "scanned": ocrtest.Scanned()} {
		img, err := ocrtest.Draw(ocrtest.Letter(3), style, 3)
		if err != nil {
			t.Fatal(err)
		}
		im := enginetest.Picture(t, img)
		for _, mode := range []reading.Mode{reading.Auto, reading.SingleBlock, reading.Sparse} {
			ask := enginetest.English()
			ask.Mode, ask.Characters = mode, true
			want, err := reference.Recognise(t.Context(), im, ask)
			if err != nil {
				t.Fatal(err)
			}
			got, err := own.Recognise(t.Context(), im, ask)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(known(want.Words), known(got.Words)); diff != "" || len(want.Words) < 50 {
				t.Errorf("%s, mode %d: of %d words differ %.1000s", name, mode, len(want.Words), diff)
			}
		}
	}
}

// known leaves of words what both engines know.
func known(words []reading.Word) []reading.Word {
	var all []reading.Word
	for _, w := range words {
		if w.Text = strings.TrimSpace(w.Text); w.Text != "" {
			w.Baseline, w.Height = reading.Word{}.Baseline, 0
			all = append(all, w)
		}
	}
	return all
}
