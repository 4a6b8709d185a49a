package render

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// fuzz writes pages made of arbitrary words, boxes and confidences and hands result and pages to check.
func fuzz(f *testing.F, format Format, check func(t *testing.T, result []byte, pages []ocr.Page)) {
	f.Helper()
	for w := range (&ocr.Page{Blocks: hostile().Blocks}).Words {
		f.Add(w.Text, "word", w.Box.X0, w.Box.Y1, w.Confidence, 90)
	}
	f.Add("recog-", "nition", 10, 20, 99.5, 0)
	f.Add("中", "文", -1, 1<<62, -1.0, 180)
	f.Add("µ", "0", 0, 0, 0.0, 0)
	f.Add("\uFEFF", "\f", 0, 0, 1e300, -7)
	f.Fuzz(func(t *testing.T, first, second string, x, y int, confidence float64, angle int) {
		word := func(s string) ocr.Word {
			return ocr.Word{Text: s, Box: ocr.Box{X0: x, Y0: y, X1: y, Y1: x}, Confidence: confidence}
		}
		lines := []ocr.Line{
			{Words: []ocr.Word{word(first), word(second), word(first)}, Box: ocr.Box{X0: y, Y1: x}},
			{Words: []ocr.Word{word(second)}},
		}
		page := ocr.Page{Number: 1, Width: x, Height: y, Angle: angle, Origin: ocr.Origin(second), Languages: []string{first}, Confidence: confidence}
		page.Blocks = []ocr.Block{{Paragraphs: []ocr.Paragraph{{Lines: lines}}}}
		page.Failure = &ocr.Failure{Code: first, Detail: second}
		next := page
		next.Number = 2
		var b bytes.Buffer
		doc := Document{ID: first, Software: second, Languages: []string{second}}
		if err := write(t, &b, format, doc, sequence(page, next)); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(packages, format) && !utf8.Valid(b.Bytes()) {
			t.Error("not UTF-8")
		}
		check(t, b.Bytes(), []ocr.Page{page, next})
	})
}

// sameWords requires that a reader of the result finds the words of the model.
func sameWords(format Format) func(*testing.T, []byte, []ocr.Page) {
	return func(t *testing.T, result []byte, pages []ocr.Page) {
		t.Helper()
		got, err := parseWords(format, result)
		if err != nil {
			t.Fatalf("%v in:\n%s", err, result)
		}
		if diff := cmp.Diff(modelWords(pages), got); diff != "" {
			t.Errorf("(-model +%s):\n%s", format, diff)
		}
	}
}

func FuzzJSON(f *testing.F) { fuzz(f, JSON, sameWords(JSON)) }
func FuzzHOCR(f *testing.F) { fuzz(f, HOCR, sameWords(HOCR)) }
func FuzzALTO(f *testing.F) { fuzz(f, ALTO, sameWords(ALTO)) }
func FuzzTSV(f *testing.F)  { fuzz(f, TSV, sameWords(TSV)) }

func FuzzABBYYXML(f *testing.F) {
	fuzz(f, ABBYYXML, func(t *testing.T, result []byte, _ []ocr.Page) {
		if err := checkABBYY(result); err != nil {
			t.Error(err)
		}
	})
}

func FuzzTXT(f *testing.F) {
	fuzz(f, TXT, func(t *testing.T, result []byte, pages []ocr.Page) {
		split := strings.Split(string(result), "\f")
		if len(split) != len(pages) {
			t.Fatalf("%d pages, want %d", len(split), len(pages))
		}
		for i, p := range pages {
			var want strings.Builder
			p = clean(p)
			for w := range p.Words {
				want.WriteString(strings.ReplaceAll(w.Text, " ", ""))
			}
			if got := strings.NewReplacer(" ", "", "\n", "").Replace(split[i]); got != want.String() {
				t.Errorf("page %d holds %q, want %q", i+1, got, want.String())
			}
		}
	})
}
