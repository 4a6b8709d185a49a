package ocr_test

import (
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

func surePage(n, letters int, confidence float64) *ocr.Page {
	p := &ocr.Page{Number: n, Origin: ocr.Recognised, Confidence: confidence}
	if letters > 0 {
		line := ocr.Line{Words: []ocr.Word{{Text: strings.Repeat("ä", letters), Confidence: confidence}}}
		p.Blocks = []ocr.Block{{Paragraphs: []ocr.Paragraph{{Lines: []ocr.Line{line}}}}}
	}
	return p
}

// The mean is that of letters, blank pages doubt nothing, and a page that failed always does.
func TestConfidenceTellsWhichPagesToLookAt(t *testing.T) {
	pages := []*ocr.Page{surePage(1, 90, 95), surePage(2, 10, 84.96), surePage(3, 0, 0), {Number: 7, Origin: ocr.Failed}}
	for _, c := range []struct {
		below float64
		want  ocr.Confidence
	}{
		{0, ocr.Confidence{Mean: 93.9, Doubtful: "2,7"}},
		{84.9, ocr.Confidence{Mean: 93.9, Doubtful: "7", NeedsReview: true}},
		{94, ocr.Confidence{Mean: 93.9, Doubtful: "2,7", NeedsReview: true}},
		{100, ocr.Confidence{Mean: 93.9, Doubtful: "1-2,7", NeedsReview: true}},
	} {
		told := ocr.Account{ReviewBelow: c.below}
		for _, p := range pages {
			told.Page(p)
		}
		if got := told.Confidence(); got != c.want {
			t.Errorf("below %v: %+v, want %+v", c.below, got, c.want)
		}
	}
	told := ocr.Account{ReviewBelow: 90}
	told.Page(surePage(1, 0, 0))
	if got := told.Confidence(); got != (ocr.Confidence{}) {
		t.Errorf("a blank document: %+v", got)
	}
	told.Page(surePage(2, 5, 90))
	if got := told.Confidence(); got.NeedsReview {
		t.Errorf("what is at the bound is not under it: %+v", got)
	}
}
