package verbs_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/functions/api/apitest"
	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/task"
)

// The server is told how large documents are, so that none is sent in vain, and one that is too large stops no other.
func TestDocumentThatIsTooLargeIsNotSent(t *testing.T) {
	t.Parallel()
	s := apitest.Start(t)
	s.Tasks.Limits.Document.Bytes = 20
	in := inbox(t, map[string]string{"large.pdf": "a letter of more than 20 bytes", "small.pdf": "a letter"})
	for name, c := range map[string]struct {
		args []string
		exit int
	}{
		"one":    {[]string{"submit", in + "/large.pdf"}, verbs.ExitDocument},
		"folder": {[]string{"submit", "-o", t.TempDir(), in}, verbs.ExitSome},
	} {
		cmd, stderr := lethe(t, s, c.args...)
		err := cmd.Run()
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != c.exit || !strings.Contains(stderr.String(), "at most 20 are accepted: split it") {
			t.Errorf("%s: %v, %s", name, err, stderr)
		}
	}
	tasks := s.List()
	if len(tasks) != 1 || tasks[0].State != task.Completed || tasks[0].Settings.Size != int64(len("a letter")) || s.Uploaded() != 1 {
		t.Errorf("%d tasks, %d uploads; want those of the small document", len(tasks), s.Uploaded())
	}
}
