//go:build cgo

package reading_test

import (
	"errors"
	"fmt"
	"image"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/image/draw"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
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

func TestTurnedPagesAreReadUprightWithBoxesOfThePageAsGiven(t *testing.T) {
	r := newReader(t)
	img := letter(t)
	upright := read(t, r, grey(t, img))
	want := strings.Join(sentences(), " ")
	if got := text(upright); got != want || upright.Angle != 0 {
		t.Fatalf("angle %d: %q", upright.Angle, got)
	}
	for quarters := 1; quarters <= 3; quarters++ {
		t.Run(fmt.Sprint(90*quarters), func(t *testing.T) {
			given := turned(img, quarters)
			page := read(t, r, grey(t, given))
			if got := text(page); got != want {
				t.Fatalf("angle %d: %q", page.Angle, got)
			}
			if back := 360 - 90*quarters; page.Angle != back || page.Width != given.Rect.Dx() || page.Height != given.Rect.Dy() {
				t.Errorf("angle %d, %d x %d", page.Angle, page.Width, page.Height)
			}
			for _, d := range page.Decisions {
				if whole := (ocr.Box{X1: page.Width, Y1: page.Height}); d.Why == ocr.Turned && d.Box != whole {
					t.Errorf("all of the page was tried another way up, not %+v", d.Box)
				}
			}
			if quarters > 1 && len(page.Decisions) == 0 { // the engine reads the other one as it is
				t.Error("nothing explains how the page was turned")
			}
			var boxes []ocr.Box
			for w := range upright.Words {
				boxes = append(boxes, turnedBox(w.Box, quarters, img.Rect.Dx(), img.Rect.Dy()))
			}
			i := 0
			for w := range page.Words {
				if !near(w.Box, boxes[i], 5) {
					t.Errorf("%s is at %+v, want %+v", w.Text, w.Box, boxes[i])
				}
				i++
			}
		})
	}
}

// turnedBox is where a box of a page of width × height comes to lie when the page is turned clockwise.
func turnedBox(b ocr.Box, quarters, width, height int) ocr.Box {
	for range quarters {
		b = ocr.Box{X0: height - b.Y1, Y0: b.X0, X1: height - b.Y0, Y1: b.X1}
		width, height = height, width
	}
	return b
}

func near(a, b ocr.Box, tolerance int) bool {
	for _, d := range []int{a.X0 - b.X0, a.Y0 - b.Y0, a.X1 - b.X1, a.Y1 - b.Y1} {
		if max(d, -d) > tolerance {
			return false
		}
	}
	return true
}

func TestLettersOfAnySizeAreReadWithBoxesOfThePageAsGiven(t *testing.T) {
	r := newReader(t)
	for _, points := range []float64{11, 20, 40, 90} {
		t.Run(fmt.Sprint(points), func(t *testing.T) {
			at := image.Pt(int(3*points), int(3*points))
			img := drawn(t, int(25*points), int(16*points), points, map[image.Point][]string{at: sentences()})
			page := read(t, r, grey(t, img))
			if got, want := text(page), strings.Join(sentences(), " "); got != want {
				t.Fatalf("%q", got)
			}
			b := page.Blocks[0].Box
			if d := b.X0 - at.X; max(d, -d) > int(points/3) || b.Height() < int(7*points) || b.Height() > int(10*points) {
				t.Errorf("box %+v of letters of %.0f pixels that start at %v", b, points, at)
			}
		})
	}
}

func TestEmptyPagesAreBlank(t *testing.T) {
	r := newReader(t)
	white := image.NewGray(image.Rect(0, 0, 800, 1000))
	for i := range white.Pix {
		white.Pix[i] = 255
	}
	specked := image.NewGray(white.Rect)
	copy(specked.Pix, white.Pix)
	random := rand.New(rand.NewPCG(1, 1)) // a fixed seed is the point
	for range 4000 {
		specked.Pix[random.IntN(len(specked.Pix))] = uint8(random.IntN(200))
	}
	for name, img := range map[string]*image.Gray{"white": white, "black": image.NewGray(white.Rect), "specks": specked} {
		page := read(t, r, grey(t, img))
		if page.Origin != ocr.Blank || page.Confidence != 0 || page.Angle != 0 {
			t.Errorf("%s: %s, confidence %.0f, angle %d, %q", name, page.Origin, page.Confidence, page.Angle, text(page))
		}
	}
}

func TestLanguagesThatAreNotInstalledAreRefused(t *testing.T) {
	r := newReader(t)
	for _, languages := range [][]string{nil, {"none"}, {"eng", "../eng"}, {"osd"}} {
		_, err := r.Read(t.Context(), grey(t, letter(t)), 200, 200, ocr.Options{Languages: languages})
		if !errors.Is(err, fault.LanguageUnknown) {
			t.Errorf("%q: got %v", languages, err)
		}
	}
	if slices.Contains(r.Languages(), "osd") || !slices.IsSorted(r.Languages()) {
		t.Errorf("languages %q", r.Languages())
	}
}

func TestManySetsOfLanguagesAreReadInTurn(t *testing.T) {
	r := newReader(t)
	letters := func(p ocr.Page) string { return strings.ReplaceAll(text(p), " ", "") }
	want := letters(read(t, r, grey(t, letter(t))))
	for _, set := range [][]string{{"eng", "deu"}, {"deu"}, {"deu", "eng"}, {"eng"}} {
		for _, l := range set {
			if !slices.Contains(r.Languages(), l) {
				t.Skipf("the language data of %s is not installed", l)
			}
		}
		page, err := r.Read(t.Context(), grey(t, letter(t)), 200, 200, ocr.Options{Languages: set, Profile: ocr.Fast})
		if err != nil {
			t.Fatal(err)
		}
		if got := letters(page); got != want {
			t.Errorf("%q: %q", set, got)
		}
		if diff := cmp.Diff(set, page.Languages); diff != "" {
			t.Error(diff)
		}
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

func TestLinesHaveABaselineAndWordsASize(t *testing.T) {
	r := newReader(t)
	for quarters := range 4 {
		page := read(t, r, grey(t, turned(letter(t), quarters)))
		n := 0
		for _, b := range page.Blocks {
			for p := range b.Text {
				for _, l := range p.Lines {
					n++
					x, y, width, height := 100, 100+45*n, 900, 700 // where the line begins on the upright page
					for range quarters {
						x, y, width, height = height-y, x, height, width
					}
					const tolerance = 5
					if l.Baseline == nil || max(l.Baseline.X0-x, x-l.Baseline.X0, l.Baseline.Y0-y, y-l.Baseline.Y0) > tolerance {
						t.Errorf("turned by %d, line %d: baseline %+v, drawn at %d, %d", quarters, n, l.Baseline, x, y)
					}
					for _, w := range l.Words {
						// 30 pixels at 200 dpi are 10.8 points.
						if w.Font < 1 || w.Font > len(page.Fonts) || page.Fonts[w.Font-1].Size < 8 || page.Fonts[w.Font-1].Size > 14 {
							t.Errorf("turned by %d: font %d of %+v", quarters, w.Font, page.Fonts)
						}
					}
				}
			}
		}
		if n != len(sentences()) {
			t.Errorf("turned by %d: %d lines", quarters, n)
		}
	}
}

func TestCharactersAreGivenWhereAskedFor(t *testing.T) {
	r := newReader(t)
	opt := english()
	opt.Characters, opt.Alternatives = true, true
	variants := 0
	for quarters := range 4 {
		page, err := r.Read(t.Context(), grey(t, turned(letter(t), quarters)), 200, 200, opt)
		if err != nil {
			t.Fatal(err)
		}
		for w := range page.Words {
			var spelt strings.Builder
			var box ocr.Box
			for _, c := range w.Characters {
				spelt.WriteString(c.Text)
				box = box.Union(c.Box)
				variants += len(c.Variants)
			}
			if spelt.String() != w.Text {
				t.Errorf("turned by %d: %q is spelt %q", quarters, w.Text, spelt.String())
			}
			first, last := w.Characters[0].Box, w.Characters[len(w.Characters)-1].Box
			step := map[int]int{0: last.X0 - first.X0, 90: first.Y0 - last.Y0, 180: first.X0 - last.X0, 270: last.Y0 - first.Y0}
			if step[page.Angle] < 0 {
				t.Errorf("turned by %d: %q begins at %+v and ends at %+v", quarters, w.Text, first, last)
			}
			if !near(box, w.Box, 6) {
				t.Errorf("turned by %d: the characters of %q are in %+v, the word in %+v", quarters, w.Text, box, w.Box)
			}
		}
	}
	if variants == 0 {
		t.Error("no character may be another")
	}
	for w := range func(yield func(ocr.Word) bool) { page := read(t, r, grey(t, letter(t))); page.Words(yield) } {
		if w.Characters != nil {
			t.Fatalf("nobody asked for the characters of %q", w.Text)
		}
	}
}

func TestPagesWhosePixelsAreNotSquareAreReadAsTheyLook(t *testing.T) {
	r := newReader(t)
	upright := letter(t)
	for _, c := range []struct{ x, y int }{{200, 96}, {200, 400}, {100, 200}} {
		size := image.Rect(0, 0, upright.Rect.Dx()*c.x/200, upright.Rect.Dy()*c.y/200)
		stored := image.NewGray(size)
		draw.CatmullRom.Scale(stored, size, upright, upright.Rect, draw.Src, nil)
		page, err := r.Read(t.Context(), grey(t, stored), c.x, c.y, english())
		if err != nil {
			t.Fatal(err)
		}
		check(t, page)
		if got, want := text(page), strings.Join(sentences(), " "); got != want {
			t.Errorf("%d x %d dpi: %q", c.x, c.y, got)
		}
		if x, y := page.Resolution(); x != c.x || y != c.y || page.Width != size.Dx() || page.Height != size.Dy() {
			t.Errorf("%d x %d dpi: a page of %d x %d pixels at %d x %d", c.x, c.y, page.Width, page.Height, x, y)
		}
		first := page.Blocks[0].Paragraphs[0].Lines[0]
		// "The" begins at 100, 122 on the upright page and is 23 pixels high.
		want := ocr.Box{X0: 100 * c.x / 200, Y0: 122 * c.y / 200, X1: 147 * c.x / 200, Y1: 146 * c.y / 200}
		if !near(first.Words[0].Box, want, 5) {
			t.Errorf("%d x %d dpi: the first word is in %+v, want %+v", c.x, c.y, first.Words[0].Box, want)
		}
	}
}
