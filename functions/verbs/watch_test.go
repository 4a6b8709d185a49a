package verbs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/lethe-ocr/lethe/functions/api/apitest"
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
	killed(t, s, out, documents, kills, "watch", "--once", "--every", "1s", in, out)
	for n := range documents {
		name := fmt.Sprintf("letter %d.pdf", n)
		if _, err := os.Stat(filepath.Join(in, name)); err == nil {
			t.Errorf("%s is in the inbox still", name)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(in, ".lethe-watch", "[0-9a-f]*")); len(left) > 0 {
		t.Errorf("%q are under way still", left)
	}
}
