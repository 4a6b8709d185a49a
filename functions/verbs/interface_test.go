package verbs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/task"
)

// unknown is the id of no task.
const unknown = "0198c5a2-6d1e-7c3b-9a51-2f0f6b1f7d55"

func TestVerbsFollowATaskThroughItsLife(t *testing.T) {
	w := newWorld(t)
	dir := files(t, map[string]string{"scan.pdf": word})
	stdout, _ := w.want(verbs.ExitOK, "submit", "--no-wait", "--format", "txt,pdf", filepath.Join(dir, "scan.pdf"))
	id := strings.TrimSpace(stdout)

	if stdout, _ = w.want(verbs.ExitOK, "status", id); !strings.Contains(stdout, id) || !strings.Contains(stdout, "Completed") {
		t.Errorf("status: %s", stdout)
	}
	var listed struct{ ID, State string }
	stdout, _ = w.want(verbs.ExitOK, "list", "--json")
	if err := json.Unmarshal([]byte(stdout), &listed); err != nil || listed.ID != id || listed.State != "Completed" {
		t.Errorf("list: %v: %s", err, stdout)
	}
	if stdout, _ = w.want(verbs.ExitOK, "get", id); strings.TrimSpace(stdout) != word {
		t.Errorf("get: %q", stdout)
	}
	pdf := filepath.Join(dir, "out.pdf")
	w.want(verbs.ExitOK, "get", id, "--format", "PDF", "-o", pdf)
	if content, err := os.ReadFile(pdf); err != nil || string(content) != "%PDF-"+word {
		t.Errorf("%v: %q", err, content)
	}
	if stat, err := os.Stat(pdf); err != nil || stat.Mode().Perm() != 0o600 {
		t.Errorf("others may read the result: %v", err)
	}
	for range 2 {
		w.want(verbs.ExitOK, "delete", id)
	}
	for _, verb := range []string{"get", "status"} {
		w.want(verbs.ExitGone, verb, id)
	}
	if stdout, _ = w.want(verbs.ExitOK, "list", "--json"); stdout != "" {
		t.Errorf("list after delete: %s", stdout)
	}
	if stdout, _ = w.want(verbs.ExitOK, "list", "--state", "Deleted"); !strings.Contains(stdout, id) {
		t.Errorf("list of the deleted: %s", stdout)
	}
}

func TestSubmitWritesOneResultToStandardOutput(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(files(t, map[string]string{"scan.pdf": word}), "scan.pdf")
	t.Setenv("TMPDIR", os.DevNull) // standard input lies on no disk
	for name, s := range map[string]struct {
		stdin string
		args  []string
	}{
		"file":            {"", []string{"submit", path}},
		"standard input":  {word, []string{"submit", "-"}},
		"erased after":    {"", []string{"submit", "--delete", path}},
		"erased on fetch": {"", []string{"submit", "--delete-on-fetch", path}},
	} {
		code, stdout, stderr := w.run(t.Context(), s.stdin, s.args...)
		if code != verbs.ExitOK || strings.TrimSpace(stdout) != word || stderr != "" {
			t.Errorf("%s: exit code %d with %q and %q", name, code, stdout, stderr)
		}
	}
	if n := w.States()[task.Deleted]; n != 2 {
		t.Errorf("%d tasks are erased, want 2", n)
	}
}

func TestExitCodesTellWhatWentWrong(t *testing.T) {
	w := newWorld(t)
	dir := files(t, map[string]string{"good.pdf": word, "bad.pdf": "damaged", "empty.pdf": "", "wrong-secret": "guess\n"})
	good, bad, empty := filepath.Join(dir, "good.pdf"), filepath.Join(dir, "bad.pdf"), filepath.Join(dir, "empty.pdf")
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	for name, s := range map[string]struct {
		code int
		args []string
	}{
		"unknown task":          {verbs.ExitGone, []string{"status", unknown}},
		"unknown result":        {verbs.ExitGone, []string{"get", unknown}},
		"unknown task to erase": {verbs.ExitGone, []string{"delete", unknown}},
		"malformed id":          {verbs.ExitGone, []string{"status", "../applications"}},
		"wrong secret":          {verbs.ExitRefused, []string{"status", unknown, "--secret-file", filepath.Join(dir, "wrong-secret")}},
		"wrong secret to send":  {verbs.ExitRefused, []string{"submit", good, "--secret-file", filepath.Join(dir, "wrong-secret")}},
		"no such server":        {verbs.ExitUnreachable, []string{"status", unknown, "--url", server.URL}},
		"damaged document":      {verbs.ExitDocument, []string{"submit", bad}},
		"empty document":        {verbs.ExitDocument, []string{"submit", empty}},
		"unknown language":      {verbs.ExitUsage, []string{"submit", "--lang", "tlh", good}},
		"unknown format":        {verbs.ExitUsage, []string{"submit", "--format", "epub", good}},
		"unknown state":         {verbs.ExitUsage, []string{"list", "--state", "Done"}},
		"no such file":          {verbs.ExitFile, []string{"submit", filepath.Join(dir, "none.pdf")}},
		"plain http":            {verbs.ExitSetting, []string{"status", unknown, "--url", "http://lethe.example.org"}},
		"secret file missing":   {verbs.ExitFile, []string{"list", "--secret-file", filepath.Join(dir, "none")}},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := w.run(t.Context(), "", s.args...)
			if code != s.code || stdout != "" || stderr == "" || strings.Contains(stderr, os.Getenv("LETHE_SECRET")) {
				t.Errorf("exit code %d, want %d, with %q and %q", code, s.code, stdout, stderr)
			}
		})
	}
	w.login(access.Read) // a scope is missing
	w.want(verbs.ExitRefused, "submit", good)
}

func TestSomeTasksOfSeveralFail(t *testing.T) {
	w := newWorld(t)
	dir := files(t, map[string]string{"scan.pdf": word})
	stdout, _ := w.want(verbs.ExitOK, "submit", "--no-wait", filepath.Join(dir, "scan.pdf"))
	stdout, stderr := w.want(verbs.ExitSome, "status", unknown, strings.TrimSpace(stdout))
	if !strings.Contains(stdout, "Completed") || !strings.Contains(stderr, unknown) {
		t.Errorf("%q and %q", stdout, stderr)
	}
}

func TestOneBadDocumentDoesNotStopTheOthers(t *testing.T) {
	w := newWorld(t)
	dir := files(t, map[string]string{"a.pdf": word, "b.pdf": "damaged", "deep/c.pdf": word, ".hidden.pdf": word})
	out := filepath.Join(t.TempDir(), "out")
	_, stderr := w.want(verbs.ExitSome, "submit", "--output", out, "--delete", dir)
	if !strings.Contains(stderr, "b.pdf: ") || !strings.Contains(stderr, "2 done, 0 done earlier, 1 failed") {
		t.Errorf("messages: %s", stderr)
	}
	for name, want := range map[string]bool{"a.pdf.txt": true, "b.pdf.txt": false, "deep/c.pdf.txt": true, ".hidden.pdf.txt": false} {
		content, err := os.ReadFile(filepath.Join(out, name))
		if (err == nil && strings.TrimSpace(string(content)) == word) != want {
			t.Errorf("%s: %q, %v", name, content, err)
		}
	}
}

func TestSubmitGoesOnWhereItWasStopped(t *testing.T) {
	const documents, before = 12, 5
	w := newWorld(t)
	contents := map[string]string{}
	for i := range documents {
		contents[fmt.Sprintf("%02d.pdf", i)] = word
	}
	dir, out := files(t, contents), filepath.Join(t.TempDir(), "out")
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("open-sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"submit", "--parallel", "3", "--password-file", password, "--output", out, dir}

	ctx, stop := context.WithCancel(t.Context())
	var stored atomic.Int32
	w.Break("PUT /uploads/", -1, func(answer http.ResponseWriter, r *http.Request, server http.Handler) {
		server.ServeHTTP(answer, r)
		if stored.Add(1) == before {
			stop() // the document is stored, its answer is lost
		}
	})
	code, _, stderr := w.run(ctx, "", args...)
	if code != verbs.ExitInterrupted || !strings.Contains(stderr, "Run the same command again") {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	w.List() // once what was under way has arrived
	w.want(verbs.ExitOK, args...)
	_, stderr = w.want(verbs.ExitOK, args...)
	if !strings.Contains(stderr, "0 done, 12 done earlier, 0 failed") {
		t.Errorf("third run: %s", stderr)
	}
	uploads := w.Uploads()
	if len(uploads) != documents {
		t.Errorf("%d tasks got documents, want %d", len(uploads), documents)
	}
	for name, n := range uploads {
		if n != 1 {
			t.Errorf("%s was sent %d times", name, n)
		}
	}
	for name := range contents {
		if _, err := os.Stat(filepath.Join(out, name+".txt")); err != nil {
			t.Errorf("no result: %v", err)
		}
	}
	checkJournal(t, out, dir)
}

// checkJournal asserts that the journal tells nothing of documents, and nothing that opens them.
func checkJournal(t *testing.T, out, dir string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(out, ".lethe-submit.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"open-sesame", os.Getenv("LETHE_SECRET"), dir, ".pdf"} {
		if strings.Contains(string(content), secret) {
			t.Errorf("the journal holds %q", secret)
		}
	}
}

// A server that was taken over, or a proxy before it, must not lead credentials astray.
func TestRedirectsAreNotFollowed(t *testing.T) {
	w := newWorld(t)
	var reached atomic.Bool
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
	defer elsewhere.Close()
	astray := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer astray.Close()
	dir := files(t, map[string]string{"scan.pdf": word})
	for _, args := range [][]string{{"status", unknown}, {"get", unknown}, {"delete", unknown}, {"list"}, {"submit", filepath.Join(dir, "scan.pdf")}} {
		code, _, stderr := w.run(t.Context(), "", append(args, "--url", astray.URL)...)
		if code != verbs.ExitFailure || !strings.Contains(stderr, "redirect") || reached.Load() {
			t.Errorf("%s: exit code %d, redirect followed %v: %s", args[0], code, reached.Load(), stderr)
		}
	}
}
