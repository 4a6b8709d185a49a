package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
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
