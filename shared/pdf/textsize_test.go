package pdf

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

func TestInvisibleTextTakesFewBytes(t *testing.T) {
	vocabulary := strings.Fields("The Company shall keep at its registered office a register of members in which there shall be entered " +
		"the names and addresses of the holders together with a statement of the shares held by each of them distinguishing each share " +
		"by its number and the amount paid or agreed to be considered as paid on those shares")
	random := rand.New(rand.NewPCG(1, 2)) // #nosec G404 -- the same page every time
	words := make([]string, 500)
	for i := range words {
		words[i] = vocabulary[random.IntN(len(vocabulary))]
	}
	for _, c := range []struct{ skew, most float64 }{ // bytes a character, compressed
		{0, 0.72}, {0.7, 1.4}, {1.5, 1.5}, {-2.2, 1.55},
	} {
		s := newGalley(t, c.skew, 0)
		s.paragraph(200, 250, 1250, 11, 0.28, false, words)
		var f font
		var packed strings.Builder
		content := f.invisible(s.page, matrix{a: 0.36, d: -0.36, f: 842}, fontResource, func(ocr.Box) bool { return false })
		if err := deflate(&packed, content); err != nil {
			t.Fatal(err)
		}
		if a := float64(packed.Len()) / float64(len(s.written())); a > c.most {
			t.Errorf("skewed by %g: %.2f bytes a character, want at most %g", c.skew, a, c.most)
		} else {
			t.Logf("skewed by %g: %.2f bytes a character", c.skew, a)
		}
	}
}
