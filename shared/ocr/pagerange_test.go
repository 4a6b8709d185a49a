package ocr_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
)

func TestPageRangesNameTheirPages(t *testing.T) {
	for list, want := range map[ocr.PageRanges][]int{
		"":          {1, 2, 3, 4, 5, 6, 7},
		"1":         {1},
		"1-3,7":     {1, 2, 3, 7},
		"2,4-4,6-7": {2, 4, 6, 7},
	} {
		if err := list.Check(); err != nil {
			t.Errorf("%q: %v", list, err)
		}
		if err := list.Within(7); err != nil {
			t.Errorf("%q: %v", list, err)
		}
		if got := list.Of(7); !slices.Equal(got, want) {
			t.Errorf("%q of 7 pages is %v, want %v", list, got, want)
		}
	}
	if got := ocr.RangesOf([]int{1, 2, 3, 7, 9, 10}); got != "1-3,7,9-10" {
		t.Errorf("the list of pages is %q", got)
	}
}

// Each refusal says what is wrong and what to write instead.
func TestPageRangesRefuseEverySlipWithItsRemedy(t *testing.T) {
	long := strings.TrimSuffix(strings.Repeat("1,", ocr.MaxPageRanges+1), ",")
	for list, want := range map[string]string{
		"x":         "such as 1-3,7",
		"1,,3":      "part 2 is neither",
		"1, 3":      "no spaces",
		"0":         "page numbers from 1",
		"-3":        "part 1 is neither",
		"3-":        "part 1 is neither",
		"+1":        "part 1 is neither",
		"01":        "part 1 is neither",
		"1-2-3":     "part 1 is neither",
		"99999999":  "part 1 is neither",
		"7-3":       "write 3-7",
		"1-3,2":     "page 2 is given twice",
		"3,3":       "page 3 is given twice",
		"7,1-3":     "ascending order",
		"1-3,5,2-4": "page 2 is given twice",
		long:        "at most 200",
	} {
		err := ocr.PageRanges(list).Check()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want something about %q", list, err, want)
		}
	}
	if err := ocr.PageRanges("1-3,7").Within(6); !errors.Is(err, fault.DocumentPageMissing) || !strings.Contains(err.Error(), "name pages up to 6 in pages") {
		t.Errorf("a page beyond the document: %v", err)
	}
}
