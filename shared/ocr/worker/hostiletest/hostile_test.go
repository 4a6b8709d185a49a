package hostiletest_test

import (
	"bytes"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"strings"
	"testing"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"

	"github.com/lethe-ocr/lethe/shared/ocr/worker/hostiletest"
)

func TestCorpusIsTheSameEachTime(t *testing.T) {
	first, second := hostiletest.Documents(), hostiletest.Documents()
	if len(first) < 300 || len(first) != len(second) {
		t.Fatalf("%d and %d documents", len(first), len(second))
	}
	seen := map[string]bool{}
	for i, d := range first {
		if d.Name != second[i].Name || seen[d.Name] || len(d.Ends) == 0 {
			t.Errorf("document %d is %q with %d ends, the second time %q; seen before: %v", i, d.Name, len(d.Ends), second[i].Name, seen[d.Name])
		}
		seen[d.Name] = true
		if i%7 == 0 && !bytes.Equal(d.Content(), second[i].Content()) {
			t.Errorf("%s: other bytes the second time", d.Name)
		}
	}
}

func TestCorpusHoldsEveryFormat(t *testing.T) {
	families := map[string]int{}
	for _, d := range hostiletest.Documents() {
		family, _, _ := strings.Cut(d.Name, ":")
		families[family]++
	}
	for _, f := range []string{"PDF", "TIFF", "PNG", "JPEG", "BMP", "GIF", "WebP", "JPEG 2000", "two in one", "no document"} {
		if families[f] < 15 {
			t.Errorf("%s: %d documents", f, families[f])
		}
	}
}

// The defects are made in documents that are good otherwise: other people's decoders take them.
func TestWhatIsBrokenWasGood(t *testing.T) {
	for name, data := range hostiletest.Good() {
		if name == "PDF" || name == "JPEG 2000" {
			continue // the standard library reads neither
		}
		if _, kind, err := image.Decode(bytes.NewReader(data)); err != nil {
			t.Errorf("%s: read as %q: %v", name, kind, err)
		}
	}
}
