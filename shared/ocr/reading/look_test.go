//go:build cgo

package reading_test

import (
	"image"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// A look reads pieces alone: it finds languages whichever way up a page lies, of those that are allowed, and reads no page.
func TestLookAtAPageFindsItsLanguages(t *testing.T) {
	r := newReader(t)
	german := []string{
		"Die Vermesser haben an der Grenze", "des Grundstücks mehrere Risse in den", "Steinen gefunden, und der Graben ist",
		"vor dem Winter zu reparieren. Von den", "Pächtern wurde ein Zaun versetzt, der", "nicht ohne Erlaubnis stehen darf.",
	}
	russian := []string{
		"Землемеры нашли на границе участка", "несколько трещин в камнях, и канаву", "надо отремонтировать до зимы.",
		"Соседи переставили забор, который", "не может стоять без разрешения.", "Расходы оплачивает совет округа.",
	}
	page := func(lines []string) *image.Gray {
		return drawn(t, 900, 700, 30, map[image.Point][]string{{100, 100}: lines})
	}
	for _, test := range []struct {
		name    string
		img     *image.Gray
		allowed string
		want    string
	}{
		{"English", page(sentences()), "ara chi_sim deu eng fra ita rus spa", "eng"},
		{"German", page(german), "ara chi_sim deu eng fra ita rus spa", "deu"},
		{"German, turned", turned(page(german), 1), "deu eng rus", "deu"},
		{"German upside down", turned(page(german), 2), "deu eng rus", "deu"},
		{"Russian", page(russian), "ara chi_sim deu eng fra ita rus spa", "rus"},
		{"German where that is not allowed", page(german), "eng rus", "eng"},
		{"nothing", page(nil), "deu eng rus", ""},
	} {
		opt := ocr.Options{Languages: strings.Fields(test.allowed), Choose: true}
		first, err := r.Read(t.Context(), grey(t, test.img), 200, 200, opt)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(first.Languages, " "); got != test.want || len(first.Blocks) > 0 {
			t.Errorf("%s: %q, want %q; %d blocks", test.name, got, test.want, len(first.Blocks))
		}
	}
}
