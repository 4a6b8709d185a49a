package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/functions/verbs"
)

// A beginning that failed in the middle and goes on under another name must not lose the key of the published ledger.
func TestBeginningUnderOneNameAfterAnotherKeepsEveryKey(t *testing.T) {
	folder := t.TempDir()
	var made []string
	for _, name := range []string{"first.test", "second.test", "second.test", "third.test", "third.test"} {
		key, err := freshKey(folder, name)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(filepath.Join(folder, keyFile)); err != nil || strings.TrimSpace(string(text)) != strings.TrimSpace(key) {
			t.Errorf("the key in use is not the one made for %s: %v", name, err)
		}
		if key = strings.TrimSpace(key); !slices.Contains(made, key) {
			made = append(made, key)
		}
	}
	if len(made) != 3 {
		t.Errorf("%d keys were made for 3 names", len(made))
	}
	var kept []string
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, strings.TrimSpace(string(text)))
	}
	for _, key := range made {
		if !slices.Contains(kept, key) {
			t.Error("a key is lost")
		}
	}
}

// Events of the log are for servers: whoever begins a ledger reads what is to be published, and nothing else.
func TestBeginningOfALedgerPrintsNoEvents(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	if _, said, code := call(t, "app", "create", "--init", "--data", data); code != 0 {
		t.Fatal(said)
	}
	beginLedger(t, data)
	out, said, code := call(t, "ledger", "begin", "second.test", "--data", data)
	if code != 0 || !strings.HasPrefix(out, "A new ledger has begun.") || strings.Contains(out, "{") {
		t.Errorf("code %d: %s%s", code, out, said)
	}
}

func TestHelpOnWhatThereIsNotNamesWhatIsNear(t *testing.T) {
	for name, near := range map[string]string{"exit-code": "did you mean exit-codes?", "sumbit": "did you mean submit?", "zebra": `topic "zebra"; see`} {
		if _, said, code := call(t, "help", name); code != verbs.ExitNoCommand || !strings.Contains(said, near) {
			t.Errorf("%s: code %d: %s", name, code, said)
		}
	}
}
