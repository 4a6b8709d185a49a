package verbs_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/task"
)

// A folder that is named as if it were a result is most often meant to be one.
func TestOutputNamedLikeAResultIsRefused(t *testing.T) {
	w := newWorld(t)
	dir := files(t, map[string]string{"scan.pdf": word, "scans.txt/kept": ""})
	path := filepath.Join(dir, "scan.pdf")
	for _, name := range []string{"result.pdf", "RESULT.TXT", "out.json"} {
		if _, stderr := w.want(verbs.ExitUsage, "submit", "-o", filepath.Join(dir, name), path); !strings.Contains(stderr, "folder") {
			t.Errorf("%s: %s", name, stderr)
		}
	}
	w.want(verbs.ExitOK, "submit", "-o", filepath.Join(dir, "scans.txt"), path) // it is a folder
	w.want(verbs.ExitOK, "submit", "-o", filepath.Join(dir, "2026.11"), path)
}

// A refusal names what is on the command line, and not the field of the interface.
func TestRefusalOfTheServerNamesTheFlagAndItsValue(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(files(t, map[string]string{"scan.pdf": word}), "scan.pdf")
	for _, flag := range []string{"--retain 48h", "--format doc", "--lang tlh"} {
		for _, args := range [][]string{{"submit", path}, {"submit", "-o", t.TempDir(), path}} {
			_, stderr := w.want(verbs.ExitUsage, append(args, strings.Fields(flag)...)...)
			if !strings.HasPrefix(stderr, flag+": ") {
				t.Errorf("%v: %s", args, stderr)
			}
		}
	}
}

func TestDocumentsThatAreNotWaitedForAreSentAndNotDone(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(files(t, map[string]string{"scan.pdf": word}), "scan.pdf")
	if _, stderr := w.want(verbs.ExitOK, "submit", "--no-wait", path); !strings.Contains(stderr, "documents: 1 sent") {
		t.Errorf("messages: %s", stderr)
	}
}

// Where no language is named, the server chooses: an application may be limited to others than English.
func TestSubmitNamesNoLanguageUnasked(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(files(t, map[string]string{"scan.pdf": word}), "scan.pdf")
	app, secret := w.Create(access.Application{Name: "german", Scopes: access.ApplicationScopes()[:3], Ceilings: task.Ceilings{Languages: []string{"deu"}}})
	t.Setenv("LETHE_APP", app)
	t.Setenv("LETHE_SECRET", secret)
	w.want(verbs.ExitOK, "submit", path)
	w.want(verbs.ExitOK, "submit", "--lang", "DEU", path)
	if told, _ := w.want(verbs.ExitOK, "list", "--json"); strings.Count(told, `"languages":["deu"]`) != 2 {
		t.Errorf("tasks: %s", told)
	}
}
