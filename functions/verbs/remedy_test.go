package verbs_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// Who uses the command line sends no requests and knows of no tasks.
func TestEveryReasonIsExplainedWithoutTheAPI(t *testing.T) {
	t.Parallel()
	ofAPI := regexp.MustCompile(`GET /|\btask\b|/v1/`)
	explained := func(what string, code fault.Code, detail string) {
		line := verbs.Explain(code, detail)
		if ofAPI.MatchString(line) || !strings.HasSuffix(line, " ("+string(code)+")") {
			t.Errorf("%s: %s", what, line)
		}
	}
	for _, reason := range refusal.Reasons() {
		e := refusal.Error{Reason: reason, Numbers: make([]int64, reason.Count())}
		explained(string(reason), e.Fault().Code, e.Fault().Detail)
	}
	if line, want := verbs.Explain(fault.PageTooLarge, "The page has 9 pixels."), "The page has 9 pixels. (page_too_many_pixels)"; line != want {
		t.Errorf("%q, want %q", line, want)
	}
	if missing, ok := errors.AsType[*fault.Error](ocr.PageRanges("9").Within(2)); !ok || !strings.Contains(verbs.Explain(missing.Code, missing.Detail), "name pages up to 2 with --pages") {
		t.Errorf("of a page that is missing: %v", missing)
	}
	for _, code := range fault.Codes() {
		if code.Kind() == fault.Document {
			explained(string(code), code, "")
		}
	}
}
