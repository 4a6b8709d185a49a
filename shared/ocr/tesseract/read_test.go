package tesseract_test

import (
	"image"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFirstPageOfAReaderIsReadInColumns(t *testing.T) {
	img := drawn(t, 1500, 700, 30, map[image.Point][]string{{80, 100}: sentences(), {820, 100}: sentences()})
	want := strings.Join(append(sentences(), sentences()...), " ")
	r := newReader(t)
	for _, place := range []string{"first", "second"} {
		if got := text(read(t, r, grey(t, img))); got != want {
			t.Errorf("%s page: %q", place, got)
		}
	}
}

func TestResultsDoNotDependOnWhatWasReadBefore(t *testing.T) {
	r := newReader(t)
	hard := drawn(t, 900, 700, 14, map[image.Point][]string{{100, 100}: sentences()})
	for i := range hard.Pix { // a pattern of dirt that lowers the confidence
		if i%7 == 0 || i%11 == 0 {
			hard.Pix[i] /= 2
		}
	}
	first := read(t, r, grey(t, hard))
	read(t, r, grey(t, letter(t)))
	read(t, r, grey(t, turned(letter(t), 2)))
	last := read(t, r, grey(t, hard))
	if diff := cmp.Diff(first, last); diff != "" {
		t.Error(diff)
	}
}
