//go:build cgo

package businesscard

import (
	"flag"
	"slices"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/reading"
	"github.com/lethe-ocr/lethe/shared/ocr/reading/enginetest"
	"github.com/lethe-ocr/lethe/shared/ocr/tesseract"
	"github.com/lethe-ocr/lethe/shared/picture"
)

var everyLayout = flag.Bool("every-layout", false, "recognise each card in every layout, to measure")

func TestMain(m *testing.M) { enginetest.Main(m) }

// Each card is read in one of the layouts, those whose language is not installed not at all.
func TestFieldsOfDrawnCardsAreFoundInWhatIsRecognised(t *testing.T) {
	models, err := tesseract.OpenModels("")
	if err != nil {
		t.Skipf("Tesseract's language data is not installed: %v", err)
	}
	r := reading.New(tesseract.New(models))
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	s := newScore()
	for i, p := range cards() {
		if !slices.Contains(r.Languages(), p.language) {
			continue
		}
		for j, layout := range layouts() {
			if i%len(layouts()) != j && !*everyLayout {
				continue
			}
			img, _ := draw(t, p, layout)
			im, err := picture.NewGray(img.Pix, img.Stride, cardWidth, cardHeight, cardDPI)
			if err != nil {
				t.Fatal(err)
			}
			page, err := r.Read(t.Context(), im, cardDPI, cardDPI, ocr.Options{Languages: languages(p), Profile: ocr.Accurate})
			im.Close()
			if err != nil {
				t.Fatal(err)
			}
			s.add(t, p, layout, &page)
		}
	}
	if len(s.said) == 0 {
		t.Skip("no language of the cards is installed")
	}
	s.require(t, 85)
}

// languages has English beside the language of a card: its model has the sign of mail addresses, and their letters.
func languages(p printed) []string {
	if p.language == "eng" {
		return []string{"eng"}
	}
	return []string{p.language, "eng"}
}
