//go:build cgo

package reading_test

import (
	"fmt"
	"image"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
)

// form is a page of boxes with a word in each, and its text.
func form(t *testing.T) (*image.Gray, string) {
	t.Helper()
	const rows, columns, width, height, left, top = 8, 4, 210, 70, 30, 30
	texts := []string{"Invoice", "Customer", "Address", "Quantity", "Delivery", "Payment", "Signature", "Account", "Number"}
	blocks := map[image.Point][]string{}
	var want []string
	for i := range rows * columns {
		word := fmt.Sprintf("%s%d", texts[i%len(texts)], 10+i)
		blocks[image.Pt(left+i%columns*width+12, top+i/columns*height+14)] = []string{word}
		want = append(want, word)
	}
	img := drawn(t, columns*width+2*left, rows*height+2*top, 28, blocks)
	rule := func(r image.Rectangle) {
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				img.Pix[y*img.Stride+x] = 0
			}
		}
	}
	for i := range rows + 1 {
		rule(image.Rect(left, top+i*height, left+columns*width+3, top+i*height+3))
	}
	for i := range columns + 1 {
		rule(image.Rect(left+i*width, top, left+i*width+3, top+rows*height))
	}
	return img, strings.Join(want, " ")
}

// faint is a letter that lacks every third dot.
func faint(t *testing.T) *image.Gray {
	t.Helper()
	img := drawn(t, 900, 400, 16, map[image.Point][]string{{100, 60}: sentences()})
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			if i := y*img.Stride + x; (x+y)%3 == 2 {
				img.Pix[i] = 255
			}
		}
	}
	return img
}

func TestFaintPrintIsRead(t *testing.T) {
	page := read(t, newReader(t), grey(t, faint(t)))
	if got := ocrtest.F1(strings.Join(sentences(), " "), text(page)); got < 0.9 {
		t.Errorf("F1 is %.2f: %q", got, text(page))
	}
}

func TestRuledFormsAreReadInFullByLaterReadings(t *testing.T) {
	img, want := form(t)
	page := read(t, newReader(t), grey(t, img))
	if got := ocrtest.F1(want, text(page)); got < 0.9 || len(page.Decisions) == 0 {
		t.Errorf("F1 is %.2f: %q; %+v", got, text(page), page.Decisions)
	}
}

func TestShuffledPagesHaveTheSameBytes(t *testing.T) {
	boxes, _ := form(t)
	pages := []*image.Gray{letter(t), faint(t), turned(letter(t), 2), boxes}
	first := map[int]ocr.Page{}
	r := newReader(t)
	for i, img := range pages {
		first[i] = read(t, r, grey(t, img))
	}
	for _, i := range []int{2, 0, 3, 1} {
		if diff := cmp.Diff(first[i], read(t, r, grey(t, pages[i]))); diff != "" {
			t.Errorf("page %d: %s", i, diff)
		}
	}
}
