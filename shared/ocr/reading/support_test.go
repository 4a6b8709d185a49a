//go:build cgo

package reading_test

import (
	"image"
	"image/color"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/reading"
	"github.com/lethe-ocr/lethe/shared/ocr/reading/enginetest"
	"github.com/lethe-ocr/lethe/shared/ocr/tesseract"
	"github.com/lethe-ocr/lethe/shared/picture"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// sentences are the lines of the pages drawn here.
func sentences() []string {
	return []string{
		"The quick brown fox jumps over",
		"the lazy dog near the river bank.",
		"Every invoice must be paid within",
		"thirty days of the delivery date.",
		"Please send questions in writing",
		"to the office named on this page.",
	}
}

// drawn returns a white page of the size with lines of text from a place on; letters are points pixels high.
func drawn(t *testing.T, width, height int, points float64, blocks map[image.Point][]string) *image.Gray {
	t.Helper()
	parsed, err := opentype.Parse(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: points, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		t.Fatal(err)
	}
	img := image.NewGray(image.Rect(0, 0, width, height))
	draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
	for at, lines := range blocks {
		d := font.Drawer{Dst: img, Src: image.NewUniform(color.Black), Face: face}
		for i, line := range lines {
			d.Dot = fixed.P(at.X, at.Y+int(float64(i+1)*points*1.5))
			d.DrawString(line)
		}
	}
	return img
}

// letter is an upright page of one column at 200 dpi.
func letter(t *testing.T) *image.Gray {
	t.Helper()
	return drawn(t, 900, 700, 30, map[image.Point][]string{{100, 100}: sentences()})
}

// turned returns a copy turned clockwise by quarters × 90 degrees.
func turned(src *image.Gray, quarters int) *image.Gray {
	for range quarters {
		dst := image.NewGray(image.Rect(0, 0, src.Rect.Dy(), src.Rect.Dx()))
		for y := range src.Rect.Dy() {
			for x := range src.Rect.Dx() {
				dst.SetGray(src.Rect.Dy()-1-y, x, src.GrayAt(x, y))
			}
		}
		src = dst
	}
	return src
}

func newReader(t *testing.T) *reading.Reader {
	t.Helper()
	models, err := tesseract.OpenModels("")
	if err != nil {
		t.Skipf("Tesseract's language data is not installed: %v", err)
	}
	r := reading.New(tesseract.New(models))
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	if !slices.Contains(r.Languages(), "eng") {
		t.Skip("the language data of eng is not installed")
	}
	return r
}

func english() ocr.Options { return ocr.Options{Languages: []string{"eng"}, Profile: ocr.Accurate} }

func grey(t *testing.T, img *image.Gray) *picture.Image {
	t.Helper()
	im, err := picture.NewGray(img.Pix, img.Stride, img.Rect.Dx(), img.Rect.Dy(), 200)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(im.Close)
	return im
}

func read(t *testing.T, r *reading.Reader, im *picture.Image) ocr.Page {
	t.Helper()
	page, err := r.Read(t.Context(), im, 200, 200, english())
	if err != nil {
		t.Fatal(err)
	}
	check(t, page)
	return page
}

// check holds a page against what every page promises.
func check(t *testing.T, page ocr.Page) {
	t.Helper()
	inside := func(b ocr.Box) bool {
		return !b.Empty() && b.X0 >= 0 && b.Y0 >= 0 && b.X1 <= page.Width && b.Y1 <= page.Height
	}
	for w := range page.Words {
		if !inside(w.Box) || w.Text == "" || w.Confidence < 0 || w.Confidence > 100 {
			t.Errorf("word %+v on a page of %d x %d", w, page.Width, page.Height)
		}
	}
	if page.Origin == ocr.Blank && len(page.Blocks) > 0 || page.Origin == ocr.Recognised && len(page.Blocks) == 0 {
		t.Errorf("origin %s with %d blocks", page.Origin, len(page.Blocks))
	}
}

func text(page ocr.Page) string {
	var words []string
	for w := range page.Words {
		words = append(words, w.Text)
	}
	return strings.Join(words, " ")
}
