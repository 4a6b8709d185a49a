//go:build linux && cgo

package main_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"image/jpeg"
	"image/png"
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/render"
)

// scan returns a PNG of a page that is hard to read.
func scan(t *testing.T, n int) []byte {
	t.Helper()
	img, err := ocrtest.Draw(ocrtest.Letter(n), ocrtest.Scanned(), uint64(n))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// photo returns a small JPEG with one paragraph, quick to read.
func photo(t *testing.T, text string) []byte {
	t.Helper()
	img, err := ocrtest.Draw(text, ocrtest.Clean(), 1)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func recall(text string, words []string) float64 {
	n := 0
	for _, w := range words {
		if strings.Contains(text, w) {
			n++
		}
	}
	return float64(n) / float64(len(words))
}

// plain is a result as it is and without its markup, and without the package that it is in.
func plain(t *testing.T, result []byte) string {
	t.Helper()
	if bytes.HasPrefix(result, []byte("PK")) {
		parts, err := zip.NewReader(bytes.NewReader(result), int64(len(result)))
		if err != nil {
			t.Fatal(err)
		}
		var all []byte
		for _, f := range parts.File {
			part, err := fs.ReadFile(parts, f.Name)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, part...)
		}
		result = all
	}
	return string(result) + regexp.MustCompile(`<charRecVariants>.*?</charRecVariants>|<[^>]*>\s*`).ReplaceAllString(string(result), "")
}

func TestDocumentGoesInItsTextComesOutAndNothingIsLeft(t *testing.T) {
	s := start(t)
	all := formats()
	task := s.send(scan(t, 1), client.Settings{Formats: all})
	done := s.follow(task.ID, patience)
	if done.State != "Completed" || done.Pages.Done != 1 || len(done.Results) != len(all) {
		t.Fatalf("task ended as %+v", done)
	}
	words := ocrtest.Words(ocrtest.Letter(1))
	for _, format := range all {
		var b bytes.Buffer
		if _, err := s.Fetch(t.Context(), task.ID, format, &b); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		if render.Format(format).MediaType() == ocr.PDF {
			if !bytes.HasPrefix(b.Bytes(), []byte("%PDF-")) {
				t.Errorf("%s is no PDF", format)
			}
		} else if render.Format(format) == render.Preview {
			if !strings.HasPrefix(plain(t, b.Bytes()), "\xff\xd8\xff") {
				t.Errorf("%s has no picture", format)
			}
		} else if found := recall(plain(t, b.Bytes()), words); found < 0.95 {
			t.Errorf("%s holds %.0f %% of the words", format, 100*found)
		}
	}
	if len(s.left(words[0])) == 0 {
		t.Fatal("nothing of the living task is found: the search proves nothing")
	}
	gone, err := s.Delete(t.Context(), task.ID)
	if err != nil || gone.Erased.IsZero() {
		t.Fatalf("delete: %+v, %v", gone, err)
	}
	if found := s.left(words...); len(found) > 0 {
		t.Errorf("left behind: %v", found)
	}
	var p *client.Problem
	if _, err := s.Get(t.Context(), task.ID, 0); !errors.As(err, &p) || p.Status != 410 {
		t.Errorf("after the delete: %v", err)
	}
}

func TestClocksEraseWithoutAnybodyAsking(t *testing.T) {
	s := start(t)
	word := ocrtest.Words(ocrtest.Letter(2))[0]
	waiting, err := s.Create(t.Context(), client.Settings{}, "")
	if err != nil {
		t.Fatal(err)
	}
	processed := s.follow(s.send(photo(t, ocrtest.Letter(2)), client.Settings{}).ID, patience)
	short := s.follow(s.send(photo(t, ocrtest.Letter(2)), client.Settings{RetainSeconds: 3600}).ID, patience)
	status := func(id string) int {
		_, err := s.Get(t.Context(), id, 0)
		var p *client.Problem
		if errors.As(err, &p) {
			return p.Status
		}
		return 200
	}
	for _, step := range []struct {
		advance                    time.Duration
		processed, short, awaiting int
	}{
		{59 * time.Minute, 200, 200, 200},
		{2 * time.Minute, 200, 410, 200},
		{21*time.Hour + 55*time.Minute, 200, 410, 200},
		{10 * time.Minute, 410, 410, 200},
		{time.Hour, 410, 410, 410},
		{31 * 24 * time.Hour, 404, 404, 404},
	} {
		s.advance(step.advance)
		if a, b, c := status(processed.ID), status(short.ID), status(waiting.ID); a != step.processed || b != step.short || c != step.awaiting {
			t.Errorf("after %v more: processed %d, shortened %d, never uploaded %d; want %d %d %d", step.advance, a, b, c, step.processed, step.short, step.awaiting)
		}
	}
	if found := s.left(word); len(found) > 0 {
		t.Errorf("left behind: %v", found)
	}
}

func TestDeleteOnFetchErasesOnceEveryResultWasSent(t *testing.T) {
	s := start(t)
	task := s.follow(s.send(photo(t, ocrtest.Letter(3)), client.Settings{Formats: []string{"txt", "json"}, DeleteOnFetch: new(true)}).ID, patience)
	for i, format := range []string{"txt", "json"} {
		if _, err := s.Get(t.Context(), task.ID, 0); err != nil {
			t.Fatalf("before fetch %d: %v", i+1, err)
		}
		var b bytes.Buffer
		if _, err := s.Fetch(t.Context(), task.ID, format, &b); err != nil {
			t.Fatal(err)
		}
	}
	var p *client.Problem
	if _, err := s.Get(t.Context(), task.ID, 0); !errors.As(err, &p) || p.Status != 410 {
		t.Errorf("after the last fetch: %v", err)
	}
	if found := s.left(); len(found) > 0 {
		t.Errorf("left behind: %v", found)
	}
}
