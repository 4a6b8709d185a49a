package tesseract_test

import (
	"fmt"
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

func TestPagesOfAnyShapeAreRead(t *testing.T) {
	r := newReader(t)
	for _, size := range []image.Point{{1, 1}, {2, 3}, {1, 300}, {300, 1}, {65_535, 1}, {8, 65_535}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			img := image.NewGray(image.Rectangle{Max: size})
			for i := range img.Pix {
				img.Pix[i] = uint8(i % 3 * 100)
			}
			if page := read(t, r, grey(t, img)); page.Width != size.X || page.Height != size.Y {
				t.Errorf("%d x %d", page.Width, page.Height)
			}
		})
	}
}

func TestTextAcrossAVeryLongPageIsRead(t *testing.T) {
	img := drawn(t, 34_000, 200, 30, map[image.Point][]string{{33_000, 60}: {"The quick brown fox jumps over the lazy dog."}})
	page := read(t, newReader(t), grey(t, img))
	if got := text(page); got != "The quick brown fox jumps over the lazy dog." {
		t.Fatalf("%q", got)
	}
	if b := page.Blocks[0].Box; b.X0 < 32_950 || b.X0 > 33_050 {
		t.Errorf("box %+v", b)
	}
}
