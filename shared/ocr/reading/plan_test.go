//go:build cgo

package reading

import (
	"context"
	"image"
	"slices"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/picture"
)

func TestPlanFollowsTheEvidence(t *testing.T) {
	const many, few = 3000, 10
	for _, c := range []struct {
		name string
		e    evidence
		want []step
	}{
		{"read well", evidence{letters: many, mean: 95, alphabetic: true}, nil},
		{"nothing to read", evidence{alphabetic: true}, nil},
		{"lines in doubt", evidence{letters: many, mean: 80, alphabetic: true}, []step{doubtful}},
		{"hardly legible", evidence{letters: many, mean: 50, alphabetic: true}, []step{turn, blurred}},
		{"nothing found in ink", evidence{letters: many, uncovered: 1, alphabetic: true}, []step{turn, blurred}},
		{"a column is missing from a good reading", evidence{letters: many, mean: 95, uncovered: 0.3, alphabetic: true}, []step{unruled}},
		{"a column is missing and the rest is doubtful", evidence{letters: many, mean: 80, uncovered: 0.3, alphabetic: true}, []step{unruled, doubtful}},
		{"doubtful letters that cannot be joined", evidence{letters: many, mean: 80}, []step{unruled}},
		{"a column is missing from a costly page", evidence{letters: 4 * many, mean: 95, uncovered: 0.3, alphabetic: true}, nil},
		{"a costly page is hardly legible", evidence{letters: 4 * many, mean: 50, alphabetic: true}, []step{turn, doubtful}},
		{"a costly page cannot be joined", evidence{letters: 4 * many, mean: 80}, nil},
		{"fast and in doubt", evidence{profile: ocr.Fast, letters: many, mean: 80, uncovered: 0.3, alphabetic: true}, nil},
		{"fast and the wrong way up", evidence{profile: ocr.Fast, letters: few, mean: 30, alphabetic: true}, []step{turn}},
	} {
		var got []step
		c.e.done = map[step]bool{}
		for do, why := next(c.e); do != stop; do, why = next(c.e) {
			if why.Sentence() == "" {
				t.Fatalf("%s: step %d has no reason", c.name, do)
			}
			if c.e.done[do] {
				t.Fatalf("%s: step %d is done again", c.name, do)
			}
			c.e.done[do] = true
			got = append(got, do)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: steps %v, want %v", c.name, got, c.want)
		}
	}
}

// sceptic is an engine that finds a word in each piece of ink and trusts it so much. It counts the ink that it is to read,
// and takes every page for upside down.
type sceptic struct {
	confidence float64
	shown      []int  // pieces of ink of each look
	modes      []Mode // of each
}

func (*sceptic) Languages() []string { return []string{"eng"} }
func (*sceptic) Close() error        { return nil }

func (e *sceptic) Recognise(_ context.Context, im *picture.Image, ask Ask) (Found, error) {
	ink, err := im.Ink()
	if err != nil {
		return Found{}, err
	}
	var found Found
	for i, r := range ink {
		if !ask.Region.Empty() && !r.In(ask.Region) {
			continue
		}
		confidence := e.confidence
		if i%4 == 0 { // of each line of four
			confidence = 99
		}
		found.Words = append(found.Words, Word{Text: "a", Box: r, Confidence: confidence, Block: 1, Paragraph: 1, Line: i})
	}
	e.modes = append(e.modes, ask.Mode)
	if ask.Mode == Orientation { // reads nothing
		return Found{Turn: 180}, nil
	}
	e.shown = append(e.shown, len(found.Words))
	return found, nil
}

// blots returns a page with that many pieces of ink that look like letters, or of dots that are so many pixels apart.
func blots(t *testing.T, columns, rows, apart int) *picture.Image {
	t.Helper()
	const pitch, width, height = 18, 9, 15
	img := image.NewGray(image.Rect(0, 0, columns*pitch+40, rows*2*pitch+40))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	for i := range columns * rows {
		x, y := 20+i%columns*pitch, 20+i/columns*2*pitch
		for dy := 0; dy < height; dy += apart {
			for dx := 0; dx < width; dx += apart {
				img.Pix[(y+dy)*img.Stride+x+dx] = 0
			}
		}
	}
	im, err := picture.NewGray(img.Pix, img.Stride, img.Rect.Dx(), img.Rect.Dy(), 200)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(im.Close)
	return im
}

// Ink stands for cost: lines of it are what an engine spends its time on.
func TestLaterReadingsCostNoMoreThanTheFirstAllows(t *testing.T) {
	for _, c := range []struct {
		name       string
		rows       int
		confidence float64
		most       float64 // ink of later readings against that of the first
	}{
		{"good", 40, 95, 0},
		{"three lines of four in doubt", 40, 70, 0.76},
		{"hopeless", 40, 10, 1.4}, // the middle is turned for nothing
		{"dense and in doubt", 210, 70, 0.76},
		{"dense and hopeless", 210, 10, 1.16},
	} {
		e := &sceptic{confidence: c.confidence}
		page, err := New(e).Read(t.Context(), blots(t, 50, c.rows, 1), 200, 200, ocr.Options{Languages: []string{"eng"}, Explain: true})
		if err != nil {
			t.Fatal(err)
		}
		later := 0
		for _, n := range e.shown[1:] {
			later += n
		}
		if e.shown[0] != 50*c.rows {
			t.Fatalf("%s: %d pieces of ink", c.name, e.shown[0])
		}
		if got := float64(later) / float64(e.shown[0]); got > c.most {
			t.Errorf("%s: later readings see %.2f times the ink of the first, want at most %.2f: %v in modes %v", c.name, got, c.most, e.shown, e.modes)
		}
		if (len(e.shown) > 1) != (len(page.Decisions) > 0) {
			t.Errorf("%s: %d looks are explained by %+v", c.name, len(e.shown), page.Decisions)
		}
	}
}

// Copies of a page are in memory that the garbage collector does not know.
func TestEveryCopyOfAPageIsFreed(t *testing.T) {
	solid, dots := blots(t, 25, 25, 1), blots(t, 25, 25, 3) // 490 × 940 pixels
	const pages, warm, most = 40, 15, 8_000_000             // the heap settles first; a copy that stays each time is more
	var first int64
	for n := range pages {
		for _, c := range []struct {
			im         *picture.Image
			confidence float64
		}{{solid, 70}, {solid, 10}, {dots, 99}} { // doubtful lines, a hopeless page, and dots that are joined
			if _, err := New(&sceptic{confidence: c.confidence}).Read(t.Context(), c.im, 200, 200, ocr.Options{Languages: []string{"eng"}}); err != nil {
				t.Fatal(err)
			}
		}
		if n == warm {
			first = ocrtest.Resident(t)
		}
	}
	if last := ocrtest.Resident(t); last > first+most {
		t.Errorf("memory grew from %d to %d bytes in %d readings", first, last, pages-warm)
	}
}
