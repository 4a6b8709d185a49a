package ocr_test

import (
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

func TestEachNoteHasItsSentence(t *testing.T) {
	seen := map[string]bool{"": true}
	for _, code := range ocr.NoteCodes() {
		s := ocr.Note{Code: code}.Sentence()
		if seen[s] {
			t.Errorf("%s says %q", code, s)
		}
		seen[s] = true
	}
	if s := (ocr.Note{Code: "made_up"}).Sentence(); s != "" {
		t.Errorf("a code that nobody knows says %q", s)
	}
}
