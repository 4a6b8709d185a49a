package verbs_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/task"
)

// What is noted of a document is told by whoever tells of its task, and in its results.
func TestNotesAreToldWhereverTheTaskIs(t *testing.T) {
	w := newWorld(t)
	folder := files(t, map[string]string{"a.pdf": "a countersigned and blackened text", "b.pdf": "another text"})
	out := t.TempDir()
	_, stderr := w.want(verbs.ExitOK, "submit", "-o", out, "--format", "json,pdf", folder)
	told := func(text string) bool {
		return strings.Contains(text, "(signature_invalidated: 1)") && strings.Contains(text, "(hidden_words: 2)")
	}
	if !told(stderr) || strings.Contains(stderr, "b.pdf:") {
		t.Errorf("submit: %s", stderr)
	}
	if _, stderr := w.want(verbs.ExitOK, "submit", "--format", "pdf", filepath.Join(folder, "a.pdf")); !told(stderr) {
		t.Errorf("submit of one: %s", stderr)
	}
	if _, stderr := w.want(verbs.ExitOK, "submit", filepath.Join(folder, "a.pdf")); strings.Contains(stderr, "signature") {
		t.Errorf("no searchable PDF was asked for: %s", stderr)
	}

	var result render.Result
	data, err := os.ReadFile(filepath.Join(out, "a.pdf.json"))
	if err != nil || json.Unmarshal(data, &result) != nil || len(result.Pages) != 1 {
		t.Fatalf("%v: %s", err, data)
	}
	if p := result.Pages[0]; p.HiddenWords != 2 || len(p.Notes) != 1 || p.Notes[0].Code != "signature_invalidated" {
		t.Errorf("page: %+v", p)
	}

	listed, _ := w.want(verbs.ExitOK, "list", "--json")
	var first client.Task
	for line := range strings.Lines(listed) {
		var task client.Task
		if json.Unmarshal([]byte(line), &task) == nil && len(task.Notes) > 0 {
			first = task
		}
	}
	if first.HiddenWords != 2 || len(first.Notes) != 1 || first.Notes[0].Detail == "" {
		t.Fatalf("task: %+v", first)
	}
	if stdout, _ := w.want(verbs.ExitOK, "status", first.ID); !told(stdout) {
		t.Errorf("status: %s", stdout)
	}
}

func TestSignedDocumentIsRefusedWhereThatWasAskedFor(t *testing.T) {
	w := newWorld(t)
	document := filepath.Join(files(t, map[string]string{"a.pdf": "a countersigned text"}), "a.pdf")
	code, _, stderr := w.run(context.Background(), "", "submit", "--signature", "refuse", "--format", "pdf", document)
	if code != verbs.ExitDocument || !strings.Contains(stderr, "document_signed") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if _, stderr := w.want(verbs.ExitOK, "submit", "--signature", "refuse", document); stderr != "" {
		t.Errorf("no searchable PDF was asked for: %s", stderr)
	}
	if _, stderr := w.want(verbs.ExitOK, "submit", "--signature", "keep", "--keep-hidden", "--keep-active", "--format", "pdf", document); stderr == "" {
		t.Error("nothing is told")
	}
	if code, _, stderr := w.run(context.Background(), "", "submit", "--signature", "forge", document); code != verbs.ExitUsage || !strings.Contains(stderr, "signature") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// Whoever can still look at the document is told which pages to look at.
func TestDoubtfulPagesAreToldWhereverTheTaskIs(t *testing.T) {
	w := newWorld(t)
	document := filepath.Join(files(t, map[string]string{"a.pdf": "a plain text"}), "a.pdf")
	if _, stderr := w.want(verbs.ExitOK, "submit", "--review-below", "90", document); strings.Contains(stderr, "confidence") {
		t.Errorf("nothing is under the bound: %s", stderr)
	}
	if _, stderr := w.want(verbs.ExitOK, "submit", "--review-below", "90.5", document); !strings.Contains(stderr, "mean confidence 90.0, doubtful pages: 1 (needs_review)") {
		t.Errorf("submit: %s", stderr)
	}
	listed, _ := w.want(verbs.ExitOK, "list", "--json")
	lines := strings.Split(strings.TrimSpace(listed), "\n")
	for i, want := range []string{`"confidence":90,`, `"confidence":90,"doubtful_pages":[1],"needs_review":true`} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("task %d is %s, want %s", i, lines[i], want)
		}
	}
	var task client.Task
	if err := json.Unmarshal([]byte(lines[1]), &task); err != nil {
		t.Fatal(err)
	}
	if stdout, _ := w.want(verbs.ExitOK, "status", task.ID); !strings.Contains(stdout, "needs review") || !strings.Contains(stdout, "doubtful pages: 1 (needs_review)") {
		t.Errorf("status: %s", stdout)
	}
	if code, _, stderr := w.run(context.Background(), "", "submit", "--review-below", "101", document); code != verbs.ExitUsage || !strings.Contains(stderr, "0 to 100") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// The limit of an application shortens a longer retention without a word of the server: the command line says what holds.
func TestShorterRetentionThanWasAskedForIsTold(t *testing.T) {
	w := newWorld(t)
	app, secret := w.Create(access.Application{Name: "brief", Scopes: access.ApplicationScopes()[:3], Ceilings: task.Ceilings{Retain: time.Hour}})
	t.Setenv("LETHE_APP", app)
	t.Setenv("LETHE_SECRET", secret)
	folder := files(t, map[string]string{"a.pdf": word, "b.pdf": word})
	const said = ".pdf: kept for 1 hour after processing, the limit of the application, instead of the 2 hours of --retain"
	for _, args := range [][]string{{filepath.Join(folder, "a.pdf")}, {folder, "-o", t.TempDir()}} {
		for retain, tells := range map[string]bool{"2h": true, "1h": false, "30m": false} {
			if _, stderr := w.want(verbs.ExitOK, append([]string{"submit", "--retain", retain}, args...)...); strings.Contains(stderr, said) != tells || strings.Count(stderr, said) > 1 {
				t.Errorf("%s of %v: %q", retain, args, stderr)
			}
		}
	}
}
