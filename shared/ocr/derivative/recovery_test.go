package derivative_test

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/derivative"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
)

func letter(t *testing.T, n int, style ocrtest.Style) *image.Gray {
	t.Helper()
	img, err := ocrtest.Draw(ocrtest.Letter(n), style, uint64(n))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func measure(img *image.Gray) derivative.Ink {
	return derivative.Measure(img.Pix, img.Stride, img.Rect.Dx(), img.Rect.Dy())
}

// rolled returns a copy moved right and down; what leaves on one side comes in on the other.
func rolled(img *image.Gray, right, down int) *image.Gray {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	moved := image.NewGray(img.Rect)
	for y := range h {
		for x := range w {
			moved.Pix[(y+down)%h*w+(x+right)%w] = img.Pix[y*img.Stride+x]
		}
	}
	return moved
}

func mirrored(img *image.Gray) *image.Gray {
	w := img.Rect.Dx()
	turned := image.NewGray(img.Rect)
	for i, v := range img.Pix {
		turned.Pix[i/w*w+w-1-i%w] = v
	}
	return turned
}

func TestNothingButTheStatisticsOfAPageCounts(t *testing.T) {
	first := letter(t, 1, ocrtest.Clean())
	want := measure(first)
	if want.Density == 0 || want.Lines == 0 {
		t.Fatalf("a page of text has the statistics %+v", want)
	}
	for name, img := range map[string]*image.Gray{
		"other words":      letter(t, 2, ocrtest.Clean()),
		"mirrored":         mirrored(first),
		"moved by 3 mm":    rolled(first, 24, 24),
		"moved by 60 mm":   rolled(first, 472, 200),
		"a page with name": letter(t, 4, ocrtest.Clean()),
	} {
		if got := measure(img); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

// cells returns the ink of the squares of a page with sides of so many pixels.
func cells(grey []byte, width, height, side int) (ink []float64, columns int) {
	columns = width / side
	for top := 0; top+side <= height; top += side {
		for left := 0; left+side <= columns*side; left += side {
			sum := 0.0
			for y := range side {
				for _, v := range grey[(top+y)*width+left:][:side] {
					sum += 255 - float64(v)
				}
			}
			ink = append(ink, sum)
		}
	}
	return ink, columns
}

// fine takes from each cell the mean of its block of so many cells in a square: what is left is finer than the block.
func fine(ink []float64, columns, block int) []float64 {
	sums, counts := map[[2]int]float64{}, map[[2]int]float64{}
	place := func(i int) [2]int { return [2]int{i / columns / block, i % columns / block} }
	for i, v := range ink {
		sums[place(i)] += v
		counts[place(i)]++
	}
	residue := make([]float64, len(ink))
	for i, v := range ink {
		residue[i] = v - sums[place(i)]/counts[place(i)]
	}
	return residue
}

func correlation(a, b []float64) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab += a[i] * b[i]
		aa += a[i] * a[i]
		bb += b[i] * b[i]
	}
	return ab / math.Sqrt(aa*bb)
}

// TestFineDetailOfAPageDoesNotCorrelateWithItsDerivative moves a page about on its paper, so that rows of text meet rows
// of ink by chance only. A derivative that kept something of its page, as blurred as squares of 5 mm, would follow it.
func TestFineDetailOfAPageDoesNotCorrelateWithItsDerivative(t *testing.T) {
	const (
		side  = 20 // 2.5 mm at 200 dpi
		block = 4  // 10 mm
		moves = 40
	)
	random := rand.New(rand.NewPCG(7, 7))
	original := letter(t, 1, ocrtest.Scanned())
	compare := func(derive func(*image.Gray) []byte) (mean, deviation float64) {
		var sum, squares float64
		for range moves {
			img := rolled(original, random.IntN(ocrtest.Width), random.IntN(ocrtest.Height))
			a, columns := cells(img.Pix, ocrtest.Width, ocrtest.Height, side)
			b, _ := cells(derive(img), ocrtest.Width, ocrtest.Height, side)
			r := correlation(fine(a, columns, block), fine(b, columns, block))
			sum += r
			squares += r * r
		}
		mean = sum / moves
		return mean, math.Sqrt(max(0, squares/moves-mean*mean) / moves)
	}
	mean, deviation := compare(func(img *image.Gray) []byte {
		return derivative.Draw(ocrtest.Width, ocrtest.Height, measure(img), 0).Grey()
	})
	t.Logf("mean correlation %.4f, standard error %.4f", mean, deviation)
	if math.Abs(mean) > 4*deviation || math.Abs(mean) > 0.05 {
		t.Errorf("correlation %.4f with a standard error of %.4f", mean, deviation)
	}
	leaking, _ := compare(func(img *image.Gray) []byte {
		ink, columns := cells(img.Pix, ocrtest.Width, ocrtest.Height, 2*side)
		grey := make([]byte, ocrtest.Width*ocrtest.Height)
		for i := range grey {
			row, column := min(i/ocrtest.Width/(2*side), len(ink)/columns-1), min(i%ocrtest.Width/(2*side), columns-1)
			grey[i] = 255 - uint8(ink[row*columns+column]/(4*side*side))
		}
		return grey
	})
	if leaking < 0.2 {
		t.Errorf("the test would not see a derivative that shows its page: correlation %.2f", leaking)
	}
}

func TestStatisticsAreLessThanTenBits(t *testing.T) {
	values := 0
	for density := -1; density < 20; density++ {
		for lines := -1; lines < 20; lines++ {
			for height := -1; height < 20; height++ {
				p := derivative.Page{
					Boxes: &derivative.Boxes{Media: derivative.Rect{0, 0, 595, 842}},
					Ink:   derivative.Ink{Density: density, Lines: lines, Height: height},
				}
				if p.Check(ocr.PDF, limits()) == nil {
					values++
				}
			}
		}
	}
	if values != 576 {
		t.Errorf("%d values, documented are 576", values)
	}
}

func TestInkIsAboutAsMuchAsWasMeasured(t *testing.T) {
	for density := range 8 {
		for _, ink := range []derivative.Ink{{Density: density}, {Density: density, Lines: 6, Height: 4}, {Density: density, Lines: 8, Height: 7}, {Density: density, Lines: 1}} {
			if density == 0 {
				ink = derivative.Ink{}
			}
			dark := 0.0
			for _, v := range derivative.Draw(1000, 1400, ink, 0).Grey() {
				dark += 1 - float64(v)/255
			}
			share, want := dark/1_400_000, math.Ldexp(1, density-8)
			if density == 0 {
				want = 0
			}
			if share > 2*want || share < want/2 {
				t.Errorf("%+v: %.4f of the page is dark, want %.4f", ink, share, want)
			}
		}
	}
}

func FuzzMeasure(f *testing.F) {
	f.Add([]byte{255, 255, 0, 255}, 2, 2, 2)
	f.Add([]byte{255}, 1, 1, 1)
	f.Add([]byte{}, 0, 0, 0)
	f.Fuzz(func(t *testing.T, grey []byte, stride, width, height int) {
		if width > 1000 || height > 1000 {
			t.Skip("larger than the bytes can be")
		}
		ink := derivative.Measure(grey, stride, width, height)
		p := derivative.Page{Boxes: &derivative.Boxes{Media: derivative.Rect{0, 0, 1, 1}}, Ink: ink}
		if err := p.Check(ocr.PDF, limits()); err != nil {
			t.Errorf("%+v: %v", ink, err)
		}
		if width > 0 && height > 0 {
			derivative.Draw(width, height, ink, 0).Grey()
		}
	})
}
