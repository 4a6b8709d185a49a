package verbs_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/client"
)

// The list says when a document will be gone by the retention that was asked for, not by the longest that the server allows.
func TestListShowsWhenTheDocumentWillBeGone(t *testing.T) {
	w := newWorld(t)
	dir := files(t, map[string]string{"scan.pdf": word})
	w.want(verbs.ExitOK, "submit", "--no-wait", "--retain", "90m", filepath.Join(dir, "scan.pdf"))
	told, _ := w.want(verbs.ExitOK, "list", "--json")
	var listed client.Task
	if err := json.Unmarshal([]byte(told), &listed); err != nil || !listed.EraseDue.Before(listed.DeleteAfter.Add(-time.Hour)) {
		t.Fatalf("%v: %s", err, told)
	}
	shown, _ := w.want(verbs.ExitOK, "list")
	if !strings.Contains(shown, listed.EraseDue.UTC().Format(time.RFC3339)) || strings.Contains(shown, listed.DeleteAfter.UTC().Format(time.RFC3339)) {
		t.Errorf("due %v, and the list shows\n%s", listed.EraseDue, shown)
	}
}

func TestTaskWithoutDocumentHasNoDeadline(t *testing.T) {
	w := newWorld(t)
	c, err := client.New(client.Config{URL: w.URL, Application: w.App, Secret: w.Secret})
	if err != nil {
		t.Fatal(err)
	}
	waiting, err := c.Create(t.Context(), client.Settings{}, "")
	if err != nil {
		t.Fatal(err)
	}
	shown, _ := w.want(verbs.ExitOK, "status", waiting.ID)
	_, row, _ := strings.Cut(strings.TrimSpace(shown), "\n")
	want := []string{waiting.ID, "Submitted", "-", "-", waiting.Created.UTC().Format(time.RFC3339), "-", "-"}
	if got := strings.Join(strings.Fields(row), " "); got != strings.Join(want, " ") {
		t.Errorf("row %q, want %q", got, want)
	}
}

// What a receipt does not tell of an erased task is left out, and no time is made up.
func TestStatusOfAnErasedTaskTellsWhatIsKnown(t *testing.T) {
	w := newWorld(t)
	dir := files(t, map[string]string{"scan.pdf": word})
	id, _ := w.want(verbs.ExitOK, "submit", "--no-wait", filepath.Join(dir, "scan.pdf"))
	id = strings.TrimSpace(id)
	w.want(verbs.ExitOK, "delete", id)
	shown, _ := w.want(verbs.ExitGone, "status", id)
	told, _ := w.want(verbs.ExitGone, "status", "--json", id)
	for _, text := range []string{shown, told} {
		if !strings.Contains(text, id) || strings.Contains(text, "0001") || strings.Contains(text, `"total"`) {
			t.Errorf("it tells %s", text)
		}
	}
	var tomb map[string]any
	if err := json.Unmarshal([]byte(told), &tomb); err != nil || tomb["uploaded"] == nil || tomb["erased"] == nil {
		t.Errorf("%v: %s", err, told)
	}
}
