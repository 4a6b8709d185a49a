//go:build cgo

// Package enginetest holds what every engine that finds words in pictures must do, whoever made it.
package enginetest

import (
	"context"
	"errors"
	"image"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/ocr/reading"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// Run holds an engine to the rules. Its languages must include eng.
func Run(t *testing.T, e reading.Engine) {
	t.Helper()
	t.Run("WordsComeInReadingOrderWithTheirPlaces", func(t *testing.T) { inOrder(t, e) })
	t.Run("RegionsAreReadAlone", func(t *testing.T) { inRegions(t, e) })
	t.Run("CharactersSpellTheirWord", func(t *testing.T) { spelt(t, e) })
	t.Run("LanguagesThatAreNotInstalledAreRefused", func(t *testing.T) { refused(t, e) })
	t.Run("EveryModeFindsAWordOrIsNotThere", func(t *testing.T) { inModes(t, e) })
	t.Run("NothingButTheLettersThatAreAskedForIsFound", func(t *testing.T) { lettered(t, e) })
	t.Run("FieldsOfFormsAreReadWithoutWhatIsPrintedInThem", func(t *testing.T) { inForms(t, e) })
	t.Run("NothingIsReadInEmptyFields", func(t *testing.T) { emptyForms(t, e) })
	t.Run("TheWayUpOfAPageIsFound", func(t *testing.T) { upright(t, e) })
	t.Run("ResultsDoNotDependOnWhatWasReadBefore", func(t *testing.T) { repeated(t, e) })
	t.Run("NothingIsReadOnceItIsNotWanted", func(t *testing.T) { unwanted(t, e) })
}

// English asks for words of a page in English.
func English() reading.Ask { return reading.Ask{Languages: []string{"eng"}} }

// Letter draws a letter in clean print, at 200 dpi. The test closes it.
func Letter(t testing.TB, n int) (*picture.Image, string) {
	t.Helper()
	img, err := ocrtest.Draw(ocrtest.Letter(n), ocrtest.Clean(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return Picture(t, img), ocrtest.Letter(n)
}

// Picture is a picture of a page at the same resolution. The test closes it.
func Picture(t testing.TB, img *image.Gray) *picture.Image {
	t.Helper()
	im, err := picture.NewGray(img.Pix, img.Stride, img.Rect.Dx(), img.Rect.Dy(), ocrtest.DPI)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(im.Close)
	return im
}

// Main runs the tests of a package that uses Tesseract in this process. It executes the test once more with OpenMP off: its
// runtime reads the environment before any Go code runs.
func Main(m *testing.M) {
	const limit = "OMP_THREAD_LIMIT"
	if os.Getenv(limit) != "1" {
		if self, err := os.Executable(); err == nil {
			err = syscall.Exec(self, os.Args, append(os.Environ(), limit+"=1")) // #nosec G204 G702 -- the test binary itself
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// Texts returns the words that an engine finds, without those of nothing.
func Texts(words []reading.Word) []string {
	var texts []string
	for _, w := range words {
		if text := strings.TrimSpace(w.Text); text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

func recognise(t *testing.T, e reading.Engine, im *picture.Image, ask reading.Ask) reading.Found {
	t.Helper()
	found, err := e.Recognise(t.Context(), im, ask)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func inOrder(t *testing.T, e reading.Engine) {
	im, want := Letter(t, 1)
	found := recognise(t, e, im, English())
	if f1 := ocrtest.F1(want, strings.Join(Texts(found.Words), " ")); f1 < 0.95 {
		t.Errorf("F1 is %.3f", f1)
	}
	page := image.Rect(0, 0, im.Width(), im.Height())
	last := reading.Word{}
	for _, w := range found.Words {
		if strings.TrimSpace(w.Text) == "" {
			continue
		}
		if w.Box.Empty() || !w.Box.In(page) || w.Confidence < 0 || w.Confidence > 100 {
			t.Errorf("%q: %v, %v", w.Text, w.Box, w.Confidence)
		}
		if min(w.Block, w.Paragraph, w.Line) < 1 {
			t.Errorf("%q stands in block %d, paragraph %d, line %d", w.Text, w.Block, w.Paragraph, w.Line)
		}
		place, before := []int{w.Block, w.Paragraph, w.Line}, []int{last.Block, last.Paragraph, last.Line}
		if slices.Compare(place, before) < 0 || slices.Equal(place, before) && w.Box.Min.X < last.Box.Min.X {
			t.Errorf("%q at %v of %v comes after %q at %v of %v", w.Text, w.Box, place, last.Text, last.Box, before)
		}
		last = w
	}
}

func inRegions(t *testing.T, e reading.Engine) {
	im, _ := Letter(t, 1)
	whole := recognise(t, e, im, English())
	ask := English()
	ask.Region = image.Rect(0, im.Height()/4, im.Width(), im.Height()/2)
	var inside []string
	for _, w := range whole.Words {
		if w.Box.In(ask.Region.Inset(20)) {
			inside = append(inside, strings.TrimSpace(w.Text))
		}
	}
	part := recognise(t, e, im, ask)
	texts := Texts(part.Words)
	found := 0
	for _, w := range inside {
		if slices.Contains(texts, w) {
			found++
		}
	}
	if len(inside) < 10 || found*10 < len(inside)*9 {
		t.Errorf("of %d words in the region %d are found: %q", len(inside), found, texts)
	}
	for _, w := range part.Words {
		if strings.TrimSpace(w.Text) != "" && !w.Box.In(ask.Region) {
			t.Errorf("%q at %v is outside %v", w.Text, w.Box, ask.Region)
		}
	}
	ask.Region = image.Rect(im.Width(), 0, im.Width()+10, 10)
	if found := recognise(t, e, im, ask); len(found.Words) > 0 {
		t.Errorf("beside the picture there is %q", Texts(found.Words))
	}
}

func spelt(t *testing.T, e reading.Engine) {
	im, _ := Letter(t, 2)
	ask := English()
	ask.Characters = true
	for _, w := range recognise(t, e, im, ask).Words {
		var text strings.Builder
		for _, c := range w.Characters {
			text.WriteString(c.Text)
			if !c.Box.Overlaps(w.Box) {
				t.Errorf("%q of %q is at %v beside %v", c.Text, w.Text, c.Box, w.Box)
			}
		}
		if strings.TrimSpace(w.Text) != "" && text.String() != w.Text {
			t.Errorf("%q is spelt %q", w.Text, text.String())
		}
	}
	for _, w := range recognise(t, e, im, English()).Words {
		if w.Characters != nil {
			t.Fatalf("nobody asked for the characters of %q", w.Text)
		}
	}
}

func refused(t *testing.T, e reading.Engine) {
	im, _ := Letter(t, 1)
	for _, languages := range [][]string{nil, {"none"}, {"eng", "../eng"}, {"osd"}} {
		if _, err := e.Recognise(t.Context(), im, reading.Ask{Languages: languages}); !errors.Is(err, fault.LanguageUnknown) {
			t.Errorf("%q: %v", languages, err)
		}
	}
}

func inModes(t *testing.T, e reading.Engine) {
	im, _ := Letter(t, 1)
	first := recognise(t, e, im, English()).Words
	i := slices.IndexFunc(first, func(w reading.Word) bool { return len(w.Text) > 4 && w.Confidence > 90 })
	if i < 0 {
		t.Fatal("there is no long word")
	}
	ask := English()
	ask.Region = first[i].Box.Inset(-12)
	for _, ask.Mode = range []reading.Mode{reading.Auto, reading.SingleBlock, reading.Sparse, reading.SingleLine} {
		region := ask
		if ask.Mode == reading.Auto {
			region.Region = image.Rectangle{} // too few letters for it
		}
		found, err := e.Recognise(t.Context(), im, region)
		if err != nil || !slices.Contains(Texts(found.Words), first[i].Text) {
			t.Errorf("mode %d: %q is not in %q, %v", ask.Mode, first[i].Text, Texts(found.Words), err)
		}
	}
	ask.Mode = -1
	if _, err := e.Recognise(t.Context(), im, ask); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a mode that there is not: %v", err)
	}
}

// The letters are those of that reading alone.
func lettered(t *testing.T, e reading.Engine) {
	im, _ := Letter(t, 1)
	for _, ask := range []reading.Ask{
		{Languages: []string{"eng"}, Letters: "0123456789"},
		{Languages: []string{"eng"}, Letters: "abcdefghijklmnopqrstuvwxyz", Mode: reading.SingleBlock, Characters: true, Alternatives: true},
	} {
		texts := Texts(recognise(t, e, im, ask).Words)
		for _, w := range texts {
			if strings.Trim(w, ask.Letters) != "" {
				t.Errorf("%q is not of %q", w, ask.Letters)
			}
		}
		if len(texts) == 0 {
			t.Errorf("nothing of %q was found", ask.Letters)
		}
	}
	if f1 := ocrtest.F1(ocrtest.Letter(1), strings.Join(Texts(recognise(t, e, im, English()).Words), " ")); f1 < 0.95 {
		t.Errorf("afterwards F1 is %.3f", f1)
	}
}

func upright(t *testing.T, e reading.Engine) {
	im, _ := Letter(t, 1)
	ask := English()
	ask.Mode = reading.Orientation
	for _, turned := range []int{0, 90, 180, 270} {
		given, err := im.Turn(turned)
		if err != nil {
			t.Fatal(err)
		}
		defer given.Close()
		given.SetDPI(ocrtest.DPI)
		found, err := e.Recognise(t.Context(), given, ask)
		if errors.Is(err, errors.ErrUnsupported) {
			t.Skip("the language data of osd is not installed")
		}
		if want := (360 - turned) % 360; err != nil || found.Turn != want {
			t.Errorf("a page turned by %d needs a turn of %d, not %d: %v", turned, want, found.Turn, err)
		}
	}
}

func repeated(t *testing.T, e reading.Engine) {
	im, _ := Letter(t, 1)
	other, _ := Letter(t, 2)
	first := recognise(t, e, im, English())
	ask := English()
	ask.Mode, ask.Characters, ask.Alternatives = reading.SingleBlock, true, true
	recognise(t, e, other, ask)
	again := recognise(t, e, im, English())
	if !slices.Equal(Texts(first.Words), Texts(again.Words)) {
		t.Errorf("%q became %q", Texts(first.Words), Texts(again.Words))
	}
}

func unwanted(t *testing.T, e reading.Engine) {
	im, _ := Letter(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Recognise(ctx, im, English()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	recognise(t, e, im, English()) // the next one is
}
