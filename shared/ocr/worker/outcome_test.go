//go:build linux

package worker_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
)

// languageFile is a file that stands for language data, of which a test changes the content, and a pool whose children use it. They
// are replaced after each page.
func languageFile(t *testing.T) (p *worker.Pool, write func(content string)) {
	t.Helper()
	path := t.TempDir() + "/data"
	write = func(content string) {
		t.Helper()
		if err := os.WriteFile(path+".new", []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	write("deu eng")
	p = newPool(t, "serve", func(c *worker.Config) {
		c.Env = append(c.Env, dataVariable+"="+path, readVariable+"="+filepath.Dir(path))
		c.Limits.Pages = 1
	})
	return p, write
}

// Language data that is damaged while the service runs is its own fault: no document is to blame, whoever asks whether children
// start is told why not, and it ends by itself.
func TestDamagedLanguageDataIsToldUntilItIsMended(t *testing.T) {
	for name, damaged := range map[string]struct {
		data string
		lost []string // as it is told
	}{
		"none is left":        {"", nil},
		"one is gone":         {"deu", []string{"eng"}},
		"one cannot load":     {"deu eng/", []string{"eng"}},
		"one ends the loader": {"deu eng//", []string{"eng"}},
	} {
		t.Run(name, func(t *testing.T) {
			p, write := languageFile(t)
			src := document(t, "a", "echo")
			if _, err := p.Recognise(t.Context(), src, 1, options()); err != nil {
				t.Fatal(err)
			}
			if _, err := p.Sandbox(t.Context()); err != nil {
				t.Fatalf("before: %v", err)
			}
			write(damaged.data)
			_, err := p.Recognise(t.Context(), src, 2, options())
			if !errors.Is(err, fault.EngineUnavailable) || !errors.Is(err, fault.EngineStarved) || !fault.Transient(err) {
				t.Errorf("a page: %v, want a fault that costs no attempt", err)
			}
			_, err = p.Sandbox(t.Context())
			told, ok := errors.AsType[*worker.Unusable](err)
			if !ok || !slices.Equal(told.Languages, damaged.lost) {
				t.Errorf("told is %v, want that %q cannot be used", err, damaged.lost)
			}
			if got := p.Languages(); !slices.Equal(got, []string{"deu", "eng"}) {
				t.Errorf("the languages are %q: what is asked for without a language would be read in another", got)
			}
			write("deu eng")
			eventually(t, func() bool {
				_, err := p.Sandbox(t.Context())
				return err == nil
			})
			if _, err := p.Recognise(t.Context(), src, 2, options()); err != nil {
				t.Errorf("after it was mended: %v", err)
			}
		})
	}
}

// A document in another language is no sign that the damaged one can be used again.
func TestDamagedLanguageStaysToldWhileOthersCanBeUsed(t *testing.T) {
	p, write := languageFile(t)
	src := document(t, "a", "echo")
	p.Languages()
	write("deu eng/")
	if _, err := p.Recognise(t.Context(), src, 1, options()); !errors.Is(err, fault.EngineStarved) {
		t.Fatalf("a page: %v", err)
	}
	german := options()
	german.Languages = []string{"deu"}
	_, _ = p.Recognise(t.Context(), src, 1, german)
	if _, err := p.Sandbox(t.Context()); err == nil {
		t.Error("all is said to be well")
	}
}

// The crash of a document is not taken for damaged language data.
func TestCrashOverADocumentIsNoDamagedLanguageData(t *testing.T) {
	p, _ := languageFile(t)
	if _, err := p.Recognise(t.Context(), document(t, "a", "crash"), 1, options()); !errors.Is(err, fault.PageFailed) {
		t.Errorf("got %v", err)
	}
	if _, err := p.Sandbox(t.Context()); err != nil {
		t.Errorf("told is %v", err)
	}
}
