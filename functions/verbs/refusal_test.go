package verbs_test

import (
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// Whatever a worker finds wrong with a document, the API and the command line say it in the worker's meaning: the code and
// the sentence with its numbers. The command line puts its own remedies in place of those of the API.
func TestEveryRefusalReachesTheUserWithItsSentence(t *testing.T) {
	w := newWorld(t)
	for _, reason := range refusal.Reasons() {
		said := &refusal.Error{Reason: reason, Numbers: []int64{70_001, 12, 65_535}[:reason.Count()]}
		document, err := json.Marshal(said)
		if err != nil {
			t.Fatal(err)
		}
		dir := files(t, map[string]string{"scan.pdf": string(document)})
		want := said.Fault()
		_, stderr := w.want(verbs.ExitDocument, "submit", filepath.Join(dir, "scan.pdf"))
		if told := verbs.Explain(want.Code, want.Detail); !strings.Contains(stderr, told) {
			t.Errorf("%s: the command line says %q, want %q", reason, stderr, told)
		}
		stdout, _ := w.want(verbs.ExitOK, "list", "--json")
		var last client.Task
		for lines := json.NewDecoder(strings.NewReader(stdout)); ; {
			var task client.Task
			if err := lines.Decode(&task); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			last = task
		}
		if last.Failure == nil || last.Failure.Code != string(want.Code) || last.Failure.Detail != want.Detail {
			t.Errorf("%s: the API says %+v, want %v", reason, last.Failure, want)
		}
	}
}
