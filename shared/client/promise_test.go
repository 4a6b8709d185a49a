package client_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/lethe-ocr/lethe/shared/client"
)

// What the server promised stays, whatever is promised later under the same name: another task, or the same with a new key.
func TestPromisesAreKeptAndNeverWrittenOver(t *testing.T) {
	base := filepath.Join(t.TempDir(), "out", "scan.pdf")
	keep := func(task client.Task, whole bool) {
		t.Helper()
		if got, err := task.KeepPromises(base); err != nil || got != whole {
			t.Errorf("kept %+v: %t, %v", task, got, err)
		}
	}
	part := filepath.Join(filepath.Dir(base), ".lethe-scan.pdf.created.promise.part") // of a run that was killed
	if err := errors.Join(os.MkdirAll(filepath.Dir(base), 0o700), os.WriteFile(part, []byte("task o"), 0o600)); err != nil {
		t.Fatal(err)
	}
	first := client.Task{ID: "one", Promise: "task one\n\n— old key\n"}
	keep(first, false)
	first.Promise, first.Acceptance = "task one\n\n— new key\n", "document one\n\n— new key\n"
	keep(first, true)
	keep(client.Task{ID: "two", Promise: "task two\n\n— new key\n", Acceptance: "document two\n\n— new key\n"}, true)
	for suffix, want := range map[string]string{
		".created.promise": "task one\n\n— old key\n", ".accepted.promise": first.Acceptance,
		".two.created.promise": "task two\n\n— new key\n", ".two.accepted.promise": "document two\n\n— new key\n",
	} {
		if got, err := os.ReadFile(base + suffix); err != nil || string(got) != want {
			t.Errorf("%s holds %q, %v; want %q", suffix, got, err, want)
		}
	}
	if _, err := os.Stat(part); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("half a promise is left: %v", err)
	}
	if _, err := (&client.Task{ID: "two", Promise: "task three"}).KeepPromises(base); err == nil {
		t.Error("two promises about one task that differ pass for one")
	}
}
