package ocr_test

import (
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

func TestEachReasonHasItsSentence(t *testing.T) {
	seen := map[string]bool{"": true}
	for _, reason := range ocr.Reasons() {
		s := reason.Sentence()
		if seen[s] {
			t.Errorf("%s says %q", reason, s)
		}
		seen[s] = true
	}
	if s := ocr.Reason("made_up").Sentence(); s != "" {
		t.Errorf("a reason that nobody knows says %q", s)
	}
}
