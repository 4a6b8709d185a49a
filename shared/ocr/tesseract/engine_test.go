//go:build cgo

package tesseract_test

import (
	"context"
	"errors"
	"image"
	"image/draw"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/ocr/reading"
	"github.com/lethe-ocr/lethe/shared/ocr/reading/enginetest"
	"github.com/lethe-ocr/lethe/shared/ocr/tesseract"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

func newEngine(t testing.TB) *tesseract.Engine {
	t.Helper()
	models, err := tesseract.OpenModels("")
	if err != nil || !slices.Contains(models.Languages(), "eng") {
		t.Skipf("the language data of eng is not installed: %v", err)
	}
	e := tesseract.New(models)
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func TestConformance(t *testing.T) { enginetest.Run(t, newEngine(t)) }

func recognise(t *testing.T, e *tesseract.Engine, img *image.Gray, ask reading.Ask) reading.Found {
	t.Helper()
	found, err := e.Recognise(t.Context(), enginetest.Picture(t, img), ask)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func letter(t testing.TB) *image.Gray {
	t.Helper()
	img, err := ocrtest.Draw(ocrtest.Letter(1), ocrtest.Clean(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestWordsHaveABaselineAndAHeight(t *testing.T) {
	for _, w := range recognise(t, newEngine(t), letter(t), enginetest.English()).Words {
		if strings.TrimSpace(w.Text) == "" {
			continue
		}
		// 11 points at 200 dpi are 31 pixels.
		if w.Height < 20 || w.Height > 40 {
			t.Errorf("letters of %q are %.1f pixels high", w.Text, w.Height)
		}
		if from, to := w.Baseline[0], w.Baseline[1]; from.X >= to.X || from.Y < w.Box.Min.Y || from.Y > w.Box.Max.Y+10 {
			t.Errorf("%q at %v stands on %v", w.Text, w.Box, w.Baseline)
		}
	}
}

func TestAlternativesAreGivenWhereAskedFor(t *testing.T) {
	e := newEngine(t)
	img := letter(t)
	ask := enginetest.English()
	ask.Characters = true
	plain := recognise(t, e, img, ask)
	ask.Alternatives = true
	rich := recognise(t, e, img, ask)
	if !slices.Equal(enginetest.Texts(plain.Words), enginetest.Texts(rich.Words)) {
		t.Errorf("the words change: %q and %q", enginetest.Texts(plain.Words), enginetest.Texts(rich.Words))
	}
	count := func(found reading.Found) (n int) {
		for _, w := range found.Words {
			for _, c := range w.Characters {
				n += len(c.Alternatives)
				last := 100.0
				for _, a := range c.Alternatives {
					if a.Text == "" || a.Text == c.Text || a.Confidence > last || a.Confidence < 0 {
						t.Errorf("%q of %q may be %+v", c.Text, w.Text, c.Alternatives)
					}
					last = a.Confidence
				}
			}
		}
		return n
	}
	if n := count(plain); n != 0 {
		t.Errorf("%d alternatives that nobody asked for", n)
	}
	if n := count(rich); n == 0 {
		t.Error("no character may be another")
	}
}

// A page in many pieces takes seconds. That it ends early shows that it is stopped in the middle.
func TestRecognitionStopsInTheMiddle(t *testing.T) {
	e := newEngine(t)
	im := enginetest.Picture(t, letter(t))
	ask := enginetest.English()
	ask.Mode = reading.SingleBlock
	if _, err := e.Recognise(t.Context(), im, ask); err != nil { // loads the model
		t.Fatal(err)
	}
	for name, stop := range map[string]func(time.Duration) (context.Context, context.CancelFunc){
		"deadline": func(d time.Duration) (context.Context, context.CancelFunc) {
			return context.WithTimeout(t.Context(), d)
		},
		"cancelled": func(d time.Duration) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(t.Context())
			timer := time.AfterFunc(d, cancel)
			return ctx, func() { timer.Stop(); cancel() }
		},
	} {
		ctx, cancel := stop(20 * time.Millisecond) // far less than any machine needs for the page
		found, err := e.Recognise(ctx, im, ask)
		cancel()
		if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) || len(found.Words) > 0 {
			t.Errorf("%s: %d words, %v", name, len(found.Words), err)
		}
	}
	if found, err := e.Recognise(t.Context(), im, ask); err != nil || len(found.Words) < 50 {
		t.Errorf("afterwards: %d words, %v", len(found.Words), err)
	}
}

// TestMemoryStaysFlat reads small pages one after the other, with all that can be asked for; with LETHE_SOAK 10,000 of them.
func TestMemoryStaysFlat(t *testing.T) {
	const most = 8 << 20 // bytes more than after the first quarter
	pages := 200
	if os.Getenv("LETHE_SOAK") != "" {
		pages = 10_000
	}
	e := newEngine(t)
	whole := letter(t)
	part := image.NewGray(image.Rect(0, 0, 700, 200))
	draw.Draw(part, part.Rect, whole, image.Pt(190, 190), draw.Src)
	im := enginetest.Picture(t, part)
	ask := enginetest.English()
	ask.Characters, ask.Alternatives = true, true
	first := int64(0)
	for n := range pages {
		found, err := e.Recognise(t.Context(), im, ask)
		if err != nil || len(found.Words) == 0 {
			t.Fatalf("page %d: %d words, %v", n, len(found.Words), err)
		}
		if n == pages/4 {
			first = ocrtest.Resident(t)
		}
	}
	last := ocrtest.Resident(t)
	t.Logf("%d pages: %.1f MiB after a quarter, %.1f MiB at the end", pages, float64(first)/(1<<20), float64(last)/(1<<20))
	if last > first+most {
		t.Errorf("memory grew from %d to %d bytes", first, last)
	}
}
