package verbs_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/functions/api/apitest"
	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/task"
)

// inbox makes a folder of documents.
func inbox(t *testing.T, documents map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range documents {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// lethe prepares a command line of the program against a server.
func lethe(t *testing.T, s *apitest.Server, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "lethe", args...)
	cmd.Env = os.Environ()
	for name, value := range s.Environment() {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	stderr := &bytes.Buffer{}
	cmd.Stderr = stderr
	return cmd, stderr
}

func TestStoppedSubmissionGoesOnWithoutSendingTwice(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("interruption: Windows sends no signals to other processes")
	}
	for _, c := range []struct {
		name   string
		signal os.Signal
		exit   int
	}{
		{"interrupted", os.Interrupt, verbs.ExitInterrupted},
		{"killed", os.Kill, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := apitest.Start(t)
			documents := map[string]string{}
			for n := range 6 {
				documents[fmt.Sprintf("%d.pdf", n)] = fmt.Sprintf("slow letter %d", n)
			}
			in, out := inbox(t, documents), t.TempDir()
			args := []string{"submit", "--parallel", "3", "-o", out, in}
			first, stderr := lethe(t, s, args...)
			if err := first.Start(); err != nil {
				t.Fatal(err)
			}
			s.Await(3) // as many as run at a time; none ends
			if err := first.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			if got := exitCode(first.Wait()); got != c.exit {
				t.Errorf("exit code %d, want %d\n%s", got, c.exit, stderr)
			}
			sent, made := s.Uploaded(), len(s.Calls("POST /v1/tasks:batch"))

			s.List() // once what was under way has arrived
			s.Release()
			second, stderr := lethe(t, s, args...)
			if err := second.Run(); err != nil {
				t.Fatalf("second run: %v\n%s", err, stderr)
			}
			if got := s.Uploaded(); sent != 3 || got != 6 {
				t.Errorf("%d uploads in the first run and %d in all, want 3 and 6", sent, got)
			}
			if made != 1 {
				t.Errorf("%d batches in the first run, want 1", made)
			}
			if n := s.States()[task.Completed]; n != 6 || len(s.States()) != 1 {
				t.Errorf("tasks %v, want 6 completed", s.States())
			}
			if n := len(s.Calls("PUT /uploads/")); n > 9 {
				t.Errorf("%d uploads were tried, want at most 9", n)
			}
			for name, content := range documents {
				result, err := os.ReadFile(filepath.Join(out, name+".txt"))
				if err != nil || strings.TrimSpace(string(result)) != content {
					t.Errorf("%s: result %q, %v", name, result, err)
				}
			}
			if left, _ := filepath.Glob(filepath.Join(out, ".lethe-[0-9]*")); len(left) > 0 {
				t.Errorf("temporary files are left: %v", left)
			}
		})
	}
}

// Results that differ in their endings alone are taken for those of one document.
func TestResultsOfAnotherDocumentOfTheNameAreNotLeftBeside(t *testing.T) {
	w := newWorld(t)
	first, second := inbox(t, map[string]string{"page.png": "one letter"}), inbox(t, map[string]string{"page.png": "another letter"})
	out := t.TempDir()
	submit := func(code int, folder, formats string) string {
		t.Helper()
		_, stderr := w.want(code, "submit", "-o", out, "--format", formats, filepath.Join(folder, "page.png"))
		return stderr
	}
	submit(verbs.ExitOK, first, "json")
	sent := w.Uploaded()
	if told := submit(verbs.ExitUsage, second, "txt"); !strings.Contains(told, "page.png.json") || !strings.Contains(told, "--output") {
		t.Errorf("it says %q", told)
	}
	if w.Uploaded() != sent {
		t.Error("a document that is refused was sent")
	}
	submit(verbs.ExitOK, first, "txt") // more of the same document
	submit(verbs.ExitUsage, second, "txt")
	submit(verbs.ExitOK, second, "txt,json") // takes the place of all
	if text, err := os.ReadFile(filepath.Join(out, "page.png.txt")); err != nil || strings.TrimSpace(string(text)) != "another letter" {
		t.Errorf("result %q, %v", text, err)
	}
	submit(verbs.ExitOK, second, "md")
	submit(verbs.ExitUsage, first, "txt,json")
}

func TestHalfALineInTheJournalIsForgotten(t *testing.T) {
	t.Parallel()
	s := apitest.Start(t)
	in, out := inbox(t, map[string]string{"a.pdf": "a letter"}), t.TempDir()
	submit := func() error {
		cmd, stderr := lethe(t, s, "submit", "-o", out, in)
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%w: %s", err, stderr)
		}
		return nil
	}
	if err := submit(); err != nil {
		t.Fatal(err)
	}
	journal := filepath.Join(out, ".lethe-submit.jsonl")
	whole, err := os.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(journal, append(whole, `{"document":"4a`...), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := submit(); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Uploaded(); n != 1 {
		t.Errorf("%d uploads, want 1", n)
	}
	if err := os.WriteFile(journal, []byte("something else\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if submit() == nil {
		t.Error("a journal that makes no sense was taken")
	}
}

func TestPasswordIsNotInTheJournal(t *testing.T) {
	t.Parallel()
	s := apitest.Start(t)
	in := inbox(t, map[string]string{"a.pdf": "locked"})
	right := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(right, []byte("open sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	first, _ := lethe(t, s, "submit", "-o", out, in)
	if got := exitCode(first.Run()); got != verbs.ExitDocument {
		t.Fatalf("without the password: exit code %d, want %d", got, verbs.ExitDocument)
	}
	second, stderr := lethe(t, s, "submit", "--password-file", right, "-o", out, in)
	if err := second.Run(); err != nil {
		t.Fatalf("with the password: %v\n%s", err, stderr)
	}
	journal, err := os.ReadFile(filepath.Join(out, ".lethe-submit.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(journal), []byte("\n"))
	document := func(line []byte) string { return string(bytes.SplitN(line, []byte(","), 2)[0]) }
	if document(lines[0]) != document(lines[len(lines)-1]) || bytes.Contains(journal, []byte("sesame")) {
		t.Error("the journal depends on the password")
	}
}
