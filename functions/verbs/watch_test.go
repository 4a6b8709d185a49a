package verbs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/functions/api/apitest"
	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/task"
)

// Killed again and again, wherever it is, a watch sends no document twice and loses none.
func TestWatchThatIsKilledAgainAndAgainEnds(t *testing.T) {
	t.Parallel()
	documents, kills := 24, 3
	if os.Getenv("LETHE_SOAK") != "" {
		documents, kills = 900, 40
	}
	s := apitest.Start(t)
	in, out := folder(t, documents), t.TempDir()
	args := []string{"watch", "--once", "--every", "1s", in, out}
	for k := range kills {
		cmd, _ := lethe(t, s, args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		s.Await((k + 1) * documents / (kills + 1))
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // killed
	}
	cmd, stderr := lethe(t, s, args...)
	if got := exitCode(cmd.Run()); got != verbs.ExitOK {
		t.Fatalf("exit code %d: %s", got, stderr)
	}
	for path, n := range s.Uploads() {
		if n != 1 {
			t.Errorf("%s was stored %d times", path, n)
		}
	}
	if states := s.States(); states[task.Completed] != documents || len(states) != 1 || s.Uploaded() != documents {
		t.Errorf("%d documents: %d uploads, tasks %v", documents, s.Uploaded(), states)
	}
	for n := range documents {
		name := fmt.Sprintf("letter %d.pdf", n)
		if result, err := os.ReadFile(filepath.Join(out, name+".txt")); err != nil || strings.TrimSpace(string(result)) != fmt.Sprintf("letter %d", n) {
			t.Errorf("%s: %q, %v", name, result, err)
		}
		if _, err := os.Stat(filepath.Join(in, name)); err == nil {
			t.Errorf("%s is in the inbox still", name)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(in, ".lethe-watch", "[0-9a-f]*")); len(left) > 0 {
		t.Errorf("%q are under way still", left)
	}
}
